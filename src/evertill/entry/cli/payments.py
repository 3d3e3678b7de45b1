"""`evertill payments …`: what an operator does about payments."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from .common import DataOption, open_shop

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def payments() -> None:
    """Follow payments again. Giving back is `evertill orders refund`."""


@app.command()
def replay(
    *,
    hours: Annotated[int, typer.Option(min=1, max=24 * 366, help="How far back to begin, in hours.")] = 24,
    data: DataOption = None,
) -> None:
    """Handle every stored webhook again; what was applied already changes nothing."""
    open_shop(data)
    from evertill.journeys.follow_payments import replay_events
    from evertill.kernel import clock
    from evertill.outside.connect import connect

    connect()
    now = clock.now()
    count = replay_events(since=now - dt.timedelta(hours=hours), now=now)
    typer.echo(f"{count} webhooks were handled again.")
