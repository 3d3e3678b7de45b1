"""`evertill restore`: the shop again, from the copies alone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from .common import DataOption
from .moving import Moving
from .targets import FromOption, KeyOption, find_copies

app = typer.Typer(add_completion=False)


@app.command()
def restore(
    *,
    into: Annotated[Path, typer.Option(help="The new data folder; it must be empty or not exist.")],
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
    """Make the shop again in a new folder, from the copies and the key alone. A shop that runs is never touched."""
    from evertill.journeys.restore_shop import plan_restore, restore_shop

    moment = None if at == "latest" else read_moment(at)
    copies = find_copies(source, key=key, data=data)
    with copies.open() as target:
        plan = plan_restore(target=target, key=copies.key, at=moment, line=line, without=without or (), warn=_warn)
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
