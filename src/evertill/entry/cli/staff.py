"""`evertill staff …`: whose accounts work for the shop."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import DataOption, open_shop, operator

app = typer.Typer(no_args_is_help=True, add_completion=False)

_AddressArgument = Annotated[
    str, typer.Argument(metavar="ADDRESS", help="An email address or phone that the account has.")
]


@app.callback()
def staff() -> None:
    """Say whose accounts work for the shop."""


@app.command()
def add(address: _AddressArgument, *, data: DataOption = None) -> None:
    """Make an account staff; it must have a passkey or an authenticator app, and signs in anew."""
    open_shop(data)
    from evertill.journeys.manage_staff import add_staff
    from evertill.kernel import clock

    is_new = add_staff(address=address, actor=operator(), now=clock.now())
    typer.echo(f"{address} {'now works' if is_new else 'works already'} for the shop.")


@app.command(name="list")
def list_(*, data: DataOption = None) -> None:
    """List everybody who works for the shop."""
    open_shop(data)
    from evertill.journeys.manage_staff import list_staff

    members = list_staff()
    for member in members:
        known = ", ".join(address.text for address in member.addresses) or f"account {member.account_id}"
        strong = ", ".join(sorted(member.factors & {"PASSKEY", "TOTP"})).lower() or "neither passkey nor totp"
        typer.echo(
            f"{known}  {member.display_name or '-'}  {strong}  since {member.added_at:%Y-%m-%d %H:%M} UTC,"
            f" by {member.added_by}"
        )
    if not members:
        typer.echo("Nobody works for the shop yet.")


@app.command()
def remove(address: _AddressArgument, *, data: DataOption = None) -> None:
    """Make an account a customer's again; its sessions end at once."""
    open_shop(data)
    from evertill.journeys.manage_staff import remove_staff
    from evertill.kernel import clock

    remove_staff(address=address, actor=operator(), now=clock.now())
    typer.echo(f"{address} no longer works for the shop.")
