"""`evertill drill …`: whether what we rely on for bad days would work."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from .common import DataOption, open_shop, use_data_folder
from .moving import Moving, give_way
from .restore import read_moment

app = typer.Typer(no_args_is_help=True, add_completion=False)

_LIMIT = 20


@app.callback()
def drill() -> None:
    """Try what is for bad days."""


@app.command()
def restore(
    *,
    at: Annotated[str, typer.Option(help="The moment to restore, such as 2026-11-22T12:30:00Z, or latest.")] = "latest",
    data: DataOption = None,
) -> None:
    """Make the shop again from its copies, look at all of it, take an order in it, throw it away."""
    moment = None if at == "latest" else read_moment(at)
    give_way()
    open_shop(data)
    from evertill.domains.recovery import Occasion, Verdict
    from evertill.entry.worker.examine import examine_apart
    from evertill.journeys.drill_restore import hold_drill
    from evertill.kernel import clock
    from evertill.outside.connect import connect

    connect()
    with Moving() as moving:
        held = hold_drill(
            occasion=Occasion.ASKED, at=moment, examine=examine_apart, clock=clock.now, report=moving.report
        )
    wanted = f"{held.wanted_at:%Y-%m-%d %H:%M:%S} UTC" if held.wanted_at else "the latest moment"
    typer.echo(f"Restore drill of {held.began_at:%Y-%m-%d %H:%M:%S} UTC, to {wanted}")
    for line in held.certificate:
        typer.echo(f"  {line}")
    typer.echo(f"  {_times(held.rpo_ms, held.rto_ms)}")
    typer.echo(f"{held.verdict}: {_VERDICTS[held.verdict.value]}")
    if held.verdict is Verdict.FAILED:
        raise typer.Exit(1)


@app.command(name="list")
def list_(
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = _LIMIT,
    data: DataOption = None,
) -> None:
    """List drills, the latest first, with how much would have been lost and how long it took; failed ones in full."""
    open_shop(data)
    from evertill.domains.recovery import Verdict
    from evertill.journeys.drill_restore import list_drills

    held = list_drills(limit=limit)
    for one in held:
        typer.echo(
            f"{one.ended_at:%Y-%m-%d %H:%M} UTC  {one.verdict:6}  {one.occasion:6}  {one.backup or '-'}"
            f"  {_times(one.rpo_ms, one.rto_ms)}"
        )
        for line in one.certificate if one.verdict is Verdict.FAILED else ():
            typer.echo(f"    {line}")
    if not held:
        typer.echo("There were no drills yet.")


@app.command(hidden=True)
def examine(*, before: Annotated[str, typer.Option(help="Orders placed before this moment are counted.")]) -> None:
    """Examine the shop that the environment names, which is thrown away afterwards; what a drill runs inside one."""
    import os
    from pathlib import Path

    use_data_folder(Path(os.environ["EVERTILL_DATA"]))
    import django
    import msgspec

    from evertill.kernel import clock, log

    django.setup()
    log.set_up(process="drill")
    from django.core.management import call_command

    from evertill.journeys.examine_shop import examine_shop

    # What was copied before an upgrade is opened by this release too.
    call_command("migrate", interactive=False, verbosity=0)
    found = examine_shop(placed_before=dt.datetime.fromisoformat(before), now=clock.now())
    typer.echo(msgspec.json.encode(found).decode())


@app.command(hidden=True)
def audit() -> None:
    """Audit the restored shop that the environment names; what a restore over a living shop runs inside one."""
    _enter_restored()
    import msgspec

    from evertill.journeys.record_restore import look_into_restored

    typer.echo(msgspec.json.encode(look_into_restored()).decode())


@app.command(hidden=True)
def ask() -> None:
    """Answer a question, read as JSON, about the shop that the environment names; what a search runs inside a copy."""
    _enter_restored()
    import sys

    import msgspec

    from evertill.journeys.look_into_copy import Question, look_into_copy
    from evertill.kernel import clock

    question = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
    typer.echo(msgspec.json.encode(look_into_copy(question=question, now=clock.now())).decode())


@app.command(hidden=True)
def record() -> None:
    """Record in the restored shop that the environment names how it comes to take another one's place."""
    _enter_restored()
    import sys

    import msgspec

    from evertill.journeys.record_restore import Replacement, record_restore
    from evertill.kernel import clock

    record_restore(asked=msgspec.json.decode(sys.stdin.buffer.read(), type=Replacement), now=clock.now())


def _enter_restored() -> None:
    """Work in the shop that the environment names, brought up to this release."""
    import os
    from pathlib import Path

    use_data_folder(Path(os.environ["EVERTILL_DATA"]))
    import django

    from evertill.kernel import log

    django.setup()
    log.set_up(process="restore")
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)


_VERDICTS = {"PASSED": "this shop can be brought back.", "FAILED": "this shop could not be brought back like that."}


def _times(rpo_ms: int | None, rto_ms: int | None) -> str:
    lost = "-" if rpo_ms is None else f"{rpo_ms / 1000:.1f} s"
    took = "-" if rto_ms is None else f"{rto_ms / 1000:.1f} s"
    return f"would have been lost (RPO): {lost}; until the first order (RTO): {took}"
