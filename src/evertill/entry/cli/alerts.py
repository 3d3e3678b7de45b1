"""`evertill alerts`: what somebody has to look at, and what to do about it."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import DataOption, asker, open_shop, plain

app = typer.Typer(add_completion=False)

_LIMIT = 100


@app.callback(invoke_without_command=True)
def alerts(context: typer.Context, *, data: DataOption = None) -> None:
    """See what somebody has to look at; by itself, as `list`."""
    if context.invoked_subcommand is None:
        list_(data=data)


@app.command(name="list")
def list_(
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = _LIMIT,
    data: DataOption = None,
) -> None:
    """List open alerts, newest first, each with what to do about it."""
    open_shop(data)
    from evertill.journeys.watch_alerts import list_alerts, remedy

    found = list_alerts(limit=limit)
    for alert in found:
        often = f", seen {alert.times} times, last {alert.last_at:%Y-%m-%d %H:%M} UTC" if alert.times > 1 else ""
        typer.echo(f"{alert.id}  {alert.kind} {alert.subject}  since {alert.raised_at:%Y-%m-%d %H:%M} UTC{often}")
        typer.echo(f"    {plain(alert.detail)}\n    {remedy(alert.kind)}")
    if not found:
        typer.echo("There are no open alerts.")


@app.command()
def close(
    number: Annotated[int, typer.Argument(help="The alert's number, as the list shows it.")],
    *,
    why: Annotated[str, typer.Option(help="What was done, for those who read this later.")],
    data: DataOption = None,
) -> None:
    """Close an alert. When its cause is still there, it is raised again."""
    if not why.strip():
        raise typer.BadParameter("Say what was done.", param_hint="--why")
    open_shop(data)
    from evertill.journeys.watch_alerts import close_alert
    from evertill.kernel import clock

    close_alert(alert_id=number, asker=asker(), why=why.strip(), now=clock.now())
    typer.echo(f"Alert {number} is closed.")
