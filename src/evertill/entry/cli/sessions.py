"""`evertill sessions …`: signing people out from the machine."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import DataOption, open_shop, operator

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def sessions() -> None:
    """Sign people out."""


@app.command()
def end(
    address: Annotated[
        str, typer.Argument(metavar="[ADDRESS]", help="An email address or phone that the account has.")
    ] = "",
    *,
    everybody: Annotated[bool, typer.Option("--everybody", help="Sign everybody out, staff too.")] = False,
    data: DataOption = None,
) -> None:
    """Sign an account out on every device, or everybody; whoever may signs in again."""
    if bool(address) == everybody:
        raise typer.BadParameter("Name an address, or say --everybody.")
    open_shop(data)
    from evertill.journeys.end_sessions import end_sessions_of, end_sessions_of_everybody
    from evertill.kernel import clock

    if everybody:
        ended = end_sessions_of_everybody(actor=operator(), now=clock.now())
    else:
        ended = end_sessions_of(address=address, actor=operator(), now=clock.now())
    typer.echo(f"{ended} {'session' if ended == 1 else 'sessions'} ended.")
