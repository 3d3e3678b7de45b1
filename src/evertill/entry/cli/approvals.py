"""`evertill approvals`: what one person asks for and another one has to approve."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import DataOption, asker, open_shop, plain, read_number

app = typer.Typer(add_completion=False)

_LIMIT = 100
_NumberArgument = Annotated[str, typer.Argument(metavar="NUMBER", help="The request's number, as the list shows it.")]
_WhyOption = Annotated[str, typer.Option(help="Why, for those who read it in the audit trail.")]


@app.callback(invoke_without_command=True)
def approvals(context: typer.Context, *, data: DataOption = None) -> None:
    """Approve or refuse what staff may not do without another person; by itself, as `list`."""
    if context.invoked_subcommand is None:
        list_(data=data)


@app.command(name="list")
def list_(
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = _LIMIT,
    data: DataOption = None,
) -> None:
    """List what waits to be decided, oldest first."""
    open_shop(data)
    from evertill.journeys.decide_approvals import list_waiting
    from evertill.kernel import clock, ids

    found = list_waiting(asker=asker(), now=clock.now(), limit=limit)
    for one in found:
        typer.echo(
            f"{ids.to_number(one.id)}  {one.operation} {one.subject}  asked by {one.asked_by}"
            f" {one.asked_at:%Y-%m-%d %H:%M} UTC, until {one.expires_at:%Y-%m-%d %H:%M} UTC"
        )
        typer.echo(f"    {one.content}")
        if one.why:
            typer.echo(f"    why: {plain(one.why)}")
    if not found:
        typer.echo("Nothing waits for approval.")


@app.command()
def approve(number: _NumberArgument, *, why: _WhyOption = "", data: DataOption = None) -> None:
    """Approve exactly what is listed; whoever asked for it can then do it, once."""
    _decide(number, why=why, data=data, is_approved=True)


@app.command()
def refuse(number: _NumberArgument, *, why: _WhyOption = "", data: DataOption = None) -> None:
    """Refuse it; it can be asked for anew."""
    _decide(number, why=why, data=data, is_approved=False)


def _decide(number: str, *, why: str, data: DataOption, is_approved: bool) -> None:
    open_shop(data)
    from evertill.journeys.decide_approvals import decide
    from evertill.kernel import clock

    made = decide(asker=asker(), approval_id=read_number(number), is_approved=is_approved, why=why, now=clock.now())
    typer.echo(f"{number}: {made.state.value}")
