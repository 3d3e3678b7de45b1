"""`evertill reconcile DATE --provider P`: the provider's bill of a day beside our books, and what to do about it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from .common import DataOption, asker, open_shop, read_number

if TYPE_CHECKING:
    from evertill.journeys.view_reconciliation import Report, Shown

_SHOWN = 50
_ALL = 1_000_000

# What people read for each kind, in the order in which it is shown.
_KINDS: Mapping[str, str] = {
    "MISSING_HERE": "missing here",
    "MISSING_THERE": "missing there",
    "AMOUNT_DIFFERS": "amount differs",
    "CURRENCY_DIFFERS": "currency differs",
    "DUPLICATED": "billed twice",
}
_COMMANDS: Mapping[str, str] = {
    "SETTLE": "evertill payments settle {payment}",
    "CHECK_DISPUTES": "evertill disputes check {payment}",
    "BOOK": "evertill reconcile book {number}",
    "ACCEPT": 'evertill reconcile accept {number} --why "…"',
}


class _DateFirst(TyperGroup):
    """Commands of which the one that takes a day need not be named: `evertill reconcile 2026-11-22 --provider …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 — typer does not publish its context's base.
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["day", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_DateFirst, add_completion=False, no_args_is_help=True)

_DateArgument = Annotated[
    dt.datetime, typer.Argument(formats=["%Y-%m-%d"], help="The day, YYYY-MM-DD.", metavar="DATE")
]
_ProviderOption = Annotated[str, typer.Option(help="The payment provider: sandbox, stripe …")]
_AllOption = Annotated[bool, typer.Option("--all", help=f"Show every open difference, not only the first {_SHOWN}.")]
_JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]
_IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The difference, as the list names it.")]


@app.command()
def day(
    date: _DateArgument,
    *,
    provider: _ProviderOption,
    show_all: _AllOption = False,
    as_json: _JsonOption = False,
    data: DataOption = None,
) -> None:
    """Fetch a provider's bill of a day, compare it with the books, and suggest an ending for each difference.

    `day` need not be typed. Ends with 1 while a difference is open. Running it again is harmless.
    """
    open_shop(data)
    from evertill.journeys.reconcile_bill import reconcile_bill
    from evertill.kernel import clock
    from evertill.outside.connect import connect

    connect()
    reconcile_bill(provider=provider, date=date.date(), now=clock.now())
    _show(date.date(), provider=provider, show_all=show_all, as_json=as_json)


@app.command()
def show(
    date: _DateArgument,
    *,
    provider: _ProviderOption,
    show_all: _AllOption = False,
    as_json: _JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show how a day stands, without asking the provider. Ends with 1 while a difference is open."""
    open_shop(data)
    _show(date.date(), provider=provider, show_all=show_all, as_json=as_json)


@app.command()
def accept(
    number: _IdArgument,
    *,
    why: Annotated[str, typer.Option(help="Why it may stay so, for those who read this later.")],
    data: DataOption = None,
) -> None:
    """Note why a difference may stay. The books do not change."""
    if not why.strip():
        raise typer.BadParameter("Say why.", param_hint="--why")
    open_shop(data)
    from evertill.journeys.end_difference import accept_difference
    from evertill.kernel import clock

    accept_difference(difference_id=read_number(number), asker=asker(), why=why.strip(), now=clock.now())
    typer.echo(f"{number} is accepted; the books did not change.")


@app.command()
def book(
    number: _IdArgument,
    *,
    why: Annotated[str, typer.Option(help="Why, for the books.")] = "as the bill says",
    data: DataOption = None,
) -> None:
    """Have the books say what the bill says, by new entries; what was booked before is never changed."""
    open_shop(data)
    from evertill.journeys.end_difference import book_difference
    from evertill.kernel import clock
    from evertill.outside.connect import connect

    connect()
    how = book_difference(difference_id=read_number(number), asker=asker(), why=why, now=clock.now())
    done = "is recorded as a refund of this shop" if how.value == "RECORDED" else "is corrected in the ledger"
    typer.echo(f"{number} {done}.")


def _show(date: dt.date, *, provider: str, show_all: bool, as_json: bool) -> None:
    from evertill.journeys.view_reconciliation import view_reconciliation

    report = view_reconciliation(provider=provider, date=date, limit=_ALL if show_all else _SHOWN)
    if as_json:
        typer.echo(json.dumps(_as_record(report)))
    else:
        _print(report)
    if report.open:
        raise typer.Exit(1)


def _print(report: Report) -> None:
    run = report.run
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"Bill of {run.provider} for {run.date}, fetched {run.fetched_at:%Y-%m-%d %H:%M} UTC")
    counts = {kind.value: count for kind, count in report.open.items()}
    rows = {"lines": run.lines, "matched": run.matched}
    rows |= {words: counts.get(kind, 0) for kind, words in _KINDS.items()}
    if run.pending:
        rows["may be on the next day's bill"] = run.pending
    for words, count in rows.items():
        console.print(f"  {words:<30}{count:>12,}")
    for shown in report.shown:
        one = shown.difference
        told = f"ours {one.ours or 'nothing'}, theirs {one.theirs or 'nothing'}"
        console.print(f"{one.number}  {_KINDS[one.kind]}: {one.subject.about} {one.subject.name}, {told}", markup=False)
        console.print(f"    {_command(shown)}", markup=False)
    rest = sum(report.open.values()) - len(report.shown)
    if rest > 0:
        console.print(f"And {rest:,} more; --all shows them.")
    if not report.open:
        console.print("[green]Nothing is open.[/]")


def _command(shown: Shown) -> str:
    one = shown.difference
    return _COMMANDS[shown.ending].format(number=one.number, payment=one.payment)


def _as_record(report: Report) -> dict[str, Any]:
    run = report.run
    return {
        "provider": run.provider,
        "date": str(run.date),
        "fetched_at": run.fetched_at.isoformat(),
        "lines": run.lines,
        "matched": run.matched,
        "pending": run.pending,
        "open": {kind.value: count for kind, count in report.open.items()},
        "differences": [
            {
                "id": one.difference.number,
                "kind": one.difference.kind.value,
                "about": one.difference.subject.about.value,
                "subject": one.difference.subject.name,
                "payment": one.difference.payment,
                "ours": _money(one.difference.ours),
                "theirs": _money(one.difference.theirs),
                "command": _command(one),
            }
            for one in report.shown
        ],
    }


def _money(money: Any) -> dict[str, Any] | None:  # noqa: ANN401 — the kernel's money, which this imports late.
    return None if money is None else {"amount": money.amount, "currency": money.currency}
