"""`evertill restore`: the shop again, from the copies alone."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evertill.kernel.errors import ConfigError

from .common import DataOption, asker, data_folder, given_database, use_data_folder
from .moving import Moving
from .targets import Copies, FromOption, KeyOption, find_copies

if TYPE_CHECKING:
    from evertill.journeys.compare_shops import Loss

app = typer.Typer(add_completion=False)


@app.command()
def restore(
    *,
    into: Annotated[Path | None, typer.Option(help="The new data folder; it must be empty or not exist.")] = None,
    over_live: Annotated[
        str | None,
        typer.Option(help="Instead of --into: put it in the place of the living shop, by this consent of the desk's."),
    ] = None,
    at: Annotated[str, typer.Option(help="The moment to restore, such as 2026-11-22T12:30:00Z, or latest.")] = "latest",
    source: FromOption = None,
    key: KeyOption = None,
    line: Annotated[
        str | None, typer.Option(help="Which line, when several shops lie there.", show_default="the latest")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="A backup that is not to be used, because it is damaged; may be repeated.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Make the shop again from the copies and the key alone: in a new folder, or over the living one by consent."""
    copies = find_copies(source, key=key, data=data)
    if over_live is not None:
        if into is not None or line is not None or at != "latest":
            raise typer.BadParameter("The consent says which line, which moment and where.", param_hint="--over-live")
        _restore_over(over_live, copies=copies, without=without or [], data=data)
    elif into is None:
        raise typer.BadParameter("Name the new data folder.", param_hint="--into")
    else:
        moment = None if at == "latest" else read_moment(at)
        _restore_into(into, copies=copies, moment=moment, line=line, without=without or [])


def _restore_into(
    into: Path, *, copies: Copies, moment: dt.datetime | None, line: str | None, without: list[str]
) -> None:
    from evertill.journeys.restore_shop import plan_restore, restore_shop

    with copies.open() as target:
        plan = plan_restore(target=target, key=copies.key, at=moment, line=line, without=without, warn=_warn)
    chain = f" and {len(plan.chain) - 1} that build on it" if len(plan.chain) > 1 else ""
    size = f"{plan.fetch_bytes / (1 << 20):.1f} MiB to fetch"
    typer.echo(f"Restoring line {plan.line.id} from {plan.chain[0].id}{chain}: {size}.", err=True)
    with Moving() as moving:
        restored = restore_shop(
            plan=plan, opener=copies.opener, key=copies.key, into=into.expanduser().resolve(), report=moving.report
        )
    last = f" The last thing that happened in it: {restored.last_at:%Y-%m-%d %H:%M:%S} UTC." if restored.last_at else ""
    typer.echo(f"Restored in {restored.seconds:.1f} s.{last}")
    typer.echo(f"Open it: evertill up --data {restored.into}")


def _restore_over(number: str, *, copies: Copies, without: list[str], data: Path | None) -> None:
    if given_database():
        raise ConfigError("A shop on a database of your own (DATABASE_URL) cannot be replaced; restore with --into.")
    from evertill.journeys.replace_shop import Means, replace_shop
    from evertill.kernel import clock

    folder = data_folder(data)
    moving = Moving()
    with moving:
        replaced = replace_shop(
            folder=folder,
            number=number,
            means=Means(
                asker=asker(),
                clock=clock.now,
                opener=copies.opener,
                key=copies.key,
                without=without,
                connect=lambda: _connect(folder),
                within=_run_within,
                agree=lambda loss, file: _agree(loss, file, moving=moving),
                tell=_warn,
                report=moving.report,
            ),
        )
    last = f", as of {replaced.last_at:%Y-%m-%d %H:%M:%S} UTC" if replaced.last_at else ""
    typer.echo(
        f"The shop in {folder} is the restored one{last}. Nothing was deleted: what was there is {replaced.old}."
    )
    if replaced.loss is not None:
        _tell_loss(replaced.loss, folder / replaced.file)
    typer.echo("It opens again by itself." if replaced.reopens else f"Open it: evertill up --data {folder}")


def _run_within(folder: Path, words: list[str], given: str) -> str:
    # Only now, because it needs a process that was led to a shop.
    from evertill.entry.worker.examine import run_within

    return run_within(folder, words, given)


def _connect(folder: Path) -> None:
    """Lead this process to the living shop's database."""
    use_data_folder(folder)
    import django

    from evertill.kernel import log

    django.setup()
    log.set_up(process="restore")
    # As open_shop has it: no news for who types.
    logging.getLogger("evertill.trail").setLevel(logging.WARNING)


def _agree(loss: Loss | None, file: Path, *, moving: Moving) -> bool:
    moving.pause()
    if loss is None:
        _warn("What is in the living shop and not in the restored one cannot be told: its database cannot be opened.")
    else:
        _tell_loss(loss, file)
    agreed = typer.confirm("Put the restored shop in the place of the living one?", default=False)
    moving.go_on()
    return agreed


def _tell_loss(loss: Loss, file: Path) -> None:
    sums = ", ".join(str(total) for total in loss.totals)
    typer.echo(f"{loss.missing} orders of the old shop are not in the restored one{f': {sums}' if sums else ''}.")
    for one in loss.told:
        typer.echo(f"  {one.number}  {one.placed_at:%Y-%m-%d %H:%M:%S} UTC  {one.state}  {one.total}")
    if loss.missing > len(loss.told):
        typer.echo(f"  and {loss.missing - len(loss.told)} more")
    typer.echo(f"{loss.changed} orders stand otherwise there; {loss.only_there} are only there.")
    if loss.missing or loss.changed:
        typer.echo(f"All of them: {file}")


def _warn(line: str) -> None:
    typer.echo(f"evertill: {line}", err=True)


def read_moment(text: str) -> dt.datetime:
    """This function will read a moment as people write it, UTC unless it says otherwise; raises BadParameter."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"'{text[:40]}' is no moment; write it as 2026-11-22T12:30:00Z, or latest.", param_hint="--at"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
