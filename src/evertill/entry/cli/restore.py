"""`evertill restore`: the shop again, from the copies alone."""

from __future__ import annotations

import datetime as dt
import logging
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evertill.kernel import embedded

from .common import QUIET, DataOption, asker, data_folder, given_database, use_data_folder
from .moving import Moving
from .targets import Copies, FromOption, KeyOption, find_copies

if TYPE_CHECKING:
    from evertill.journeys.compare_shops import Loss
    from evertill.journeys.replace_shop import Emergency

app = typer.Typer(add_completion=False)

# Nobody listens there.
_NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@app.command()
def restore(  # noqa: PLR0913 — an option each.
    *,
    into: Annotated[Path | None, typer.Option(help="The new data folder; it must be empty or not exist.")] = None,
    over_live: Annotated[
        str | None,
        typer.Option(
            help="Put it in the place of the living shop, by this consent of the desk's; with --into, from there."
        ),
    ] = None,
    break_glass: Annotated[
        str | None,
        typer.Option(
            help="The same without consent, for a living shop whose database cannot be opened; says why, on record."
        ),
    ] = None,
    at: Annotated[str, typer.Option(help="The moment to restore, such as 2026-11-22T12:30:00Z, or latest.")] = "latest",
    source: FromOption = None,
    key: KeyOption = None,
    line: Annotated[
        str | None, typer.Option(help="Which line, when several shops lie there.", show_default="the latest")
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(help="A backup, or an object at the target, that is not to be used; may be repeated."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Make the shop again from the copies and the key alone: in a new folder, or in the living one's place."""
    copies = find_copies(source, key=key, data=data)
    moment = None if at == "latest" else read_moment(at)
    into = None if into is None else into.expanduser().resolve()
    if over_live is not None:
        if break_glass is not None or line is not None or moment is not None:
            raise typer.BadParameter("The consent says which line, which moment and why.", param_hint="--over-live")
        _restore_over(over_live, into=into, copies=copies, without=without or [], data=data)
    elif break_glass is not None:
        from evertill.journeys.replace_shop import Emergency

        if not break_glass.strip():
            raise typer.BadParameter("Say why; it stands in the audit trail.", param_hint="--break-glass")
        emergency = Emergency(line=line or "", at=moment, why=break_glass.strip())
        _restore_over(emergency, into=into, copies=copies, without=without or [], data=data)
    elif into is None:
        raise typer.BadParameter("Name the new data folder.", param_hint="--into")
    else:
        _restore_into(into, copies=copies, moment=moment, line=line, without=without or [])


def _restore_into(
    into: Path, *, copies: Copies, moment: dt.datetime | None, line: str | None, without: list[str]
) -> None:
    from evertill.journeys.plan_restore import plan_restore
    from evertill.journeys.restore_shop import restore_shop, tell_passed_over

    with copies.open() as target:
        plan = plan_restore(target=target, key=copies.key, at=moment, line=line, without=without, warn=_warn)
    chain = f" and {len(plan.chain) - 1} that build on it" if len(plan.chain) > 1 else ""
    size = f"{plan.fetch_bytes / (1 << 20):.1f} MiB to fetch"
    typer.echo(f"Restoring line {plan.line.id} from {plan.chain[0].id}{chain}: {size}.", err=True)
    with Moving() as moving:
        restored = restore_shop(plan=plan, opener=copies.opener, key=copies.key, into=into, report=moving.report)
    if damaged := tell_passed_over(restored):
        _warn(damaged)
    last = f" The last thing that happened in it: {restored.last_at:%Y-%m-%d %H:%M:%S} UTC." if restored.last_at else ""
    typer.echo(f"Restored in {restored.seconds:.1f} s.{last}")
    typer.echo(f"Open it: evertill up --data {restored.into}")


def _restore_over(
    asked: str | Emergency, *, into: Path | None, copies: Copies, without: list[str], data: Path | None
) -> None:
    from evertill.journeys.replace_shop import replace_shop
    from evertill.journeys.replace_work import Means
    from evertill.kernel import clock

    folder, given = data_folder(data), given_database()
    moving = Moving()
    with moving:
        replaced = replace_shop(
            folder=folder,
            asked=asked,
            into=into,
            means=Means(
                asker=asker(),
                clock=clock.now,
                opener=copies.opener,
                key=copies.key,
                without=without,
                database=given,
                connect=lambda: _connect(folder),
                within=_run_within,
                agree=lambda loss, file: _agree(loss, file, moving=moving),
                tell=_warn,
                report=moving.report,
            ),
        )
    last = f", as of {replaced.last_at:%Y-%m-%d %H:%M:%S} UTC" if replaced.last_at else ""
    typer.echo(
        f"The shop in {replaced.folder} is the restored one{last}."
        f" Nothing was deleted: what was there is {replaced.old}."
    )
    if replaced.loss is not None:
        _tell_loss(replaced.loss, replaced.folder / replaced.file)
    without_url = ", without DATABASE_URL" if given else ""
    typer.echo(
        "It opens again by itself."
        if replaced.reopens
        else f"Open it: evertill up --data {replaced.folder}{without_url}"
    )


def _run_within(folder: Path, words: list[str], given: str) -> str:
    # Only now, because it needs a process that was led to a shop.
    from evertill.entry.worker.examine import run_within

    return run_within(folder, words, given)


def _connect(folder: Path) -> None:
    """Lead this process to where the living shop's database is; to nowhere when the folder does not say any more."""
    if not (folder / "secret.key").exists():
        # Nothing is made in a folder that is broken. What bears the mark of the one that is gone is worth nothing.
        os.environ.setdefault("EVERTILL_SECRET", secrets.token_urlsafe(32))
    try:
        use_data_folder(folder)
    except embedded.NoCluster:
        os.environ["DATABASE_URL"] = _NOWHERE
        use_data_folder(folder)
    import django

    from evertill.kernel import log

    django.setup()
    log.set_up(process="restore")
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _agree(loss: Loss | None, file: Path, *, moving: Moving) -> bool:
    moving.pause()
    if loss is None:
        _warn("What is in the living shop and not in the restored one cannot be told: its database cannot be read.")
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
