"""`evertill accounts …`: what whoever runs the shop can do with accounts."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import DataOption, open_shop, operator

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def accounts() -> None:
    """Sign out an account, or everybody."""


@app.command(name="sign-out")
def sign_out(
    address: Annotated[
        str, typer.Argument(metavar="[ADDRESS]", help="An email address or phone that the account has.")
    ] = "",
    *,
    everybody: Annotated[bool, typer.Option("--everybody", help="All accounts, staff's too.")] = False,
    data: DataOption = None,
) -> None:
    """End all sessions of an account, or of everybody: at once, everywhere."""
    if bool(address) is everybody:
        raise typer.BadParameter("Name an address, or --everybody.", param_hint="ADDRESS")
    open_shop(data)
    from evertill.journeys.sign_out_accounts import sign_out_account, sign_out_everybody
    from evertill.kernel import clock

    now = clock.now()
    if everybody:
        ended = sign_out_everybody(actor=operator(), now=now)
    else:
        ended = sign_out_account(address=address, actor=operator(), now=now)
    typer.echo(f"{ended} sessions were ended.")
