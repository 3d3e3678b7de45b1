"""`evertill staff …`: whose accounts work for the shop, and in which roles."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import DataOption, asker, open_shop, plain

app = typer.Typer(no_args_is_help=True, add_completion=False)

_WhyOption = Annotated[str, typer.Option(help="Why, for those who read it in the audit trail.")]
_RoleArgument = Annotated[str, typer.Argument(metavar="ROLE", help="A role, as `evertill staff roles` names them.")]
_AddressArgument = Annotated[
    str, typer.Argument(metavar="ADDRESS", help="An email address or phone that the account has.")
]


@app.callback()
def staff() -> None:
    """Say whose accounts work for the shop, and in which roles."""


@app.command()
def add(address: _AddressArgument, *, data: DataOption = None) -> None:
    """Make an account staff; it must have a passkey or an authenticator app, and signs in anew."""
    open_shop(data)
    from evertill.journeys.manage_staff import add_staff
    from evertill.kernel import clock

    is_new = add_staff(address=address, asker=asker(), now=clock.now())
    typer.echo(f"{address} {'now works' if is_new else 'works already'} for the shop.")


@app.command(name="list")
def list_(*, data: DataOption = None) -> None:
    """List everybody who works for the shop."""
    open_shop(data)
    from evertill.journeys.manage_staff import list_staff
    from evertill.kernel import clock

    members = list_staff(asker=asker(), now=clock.now())
    for member in members:
        known = ", ".join(address.text for address in member.addresses) or f"account {member.account_id}"
        strong = ", ".join(sorted(member.factors & {"PASSKEY", "TOTP"})).lower() or "neither passkey nor totp"
        roles = ", ".join(member.roles) or "no role"
        typer.echo(
            f"{known}  {plain(member.display_name) or '-'}  {roles}  {strong}"
            f"  since {member.added_at:%Y-%m-%d %H:%M} UTC, by {member.added_by}"
        )
    if not members:
        typer.echo("Nobody works for the shop yet.")


@app.command()
def remove(address: _AddressArgument, *, data: DataOption = None) -> None:
    """Make an account a customer's again; it loses its roles, and its sessions end at once."""
    open_shop(data)
    from evertill.journeys.manage_staff import find_staff, remove_staff
    from evertill.kernel import clock

    remove_staff(asker=asker(), account_id=find_staff(address=address), now=clock.now())
    typer.echo(f"{address} no longer works for the shop.")


@app.command()
def grant(address: _AddressArgument, role: _RoleArgument, *, why: _WhyOption = "", data: DataOption = None) -> None:
    """Give a role to an account that works for the shop. At the machine this needs nobody's approval."""
    open_shop(data)
    from evertill.journeys.manage_roles import grant_role
    from evertill.journeys.manage_staff import find_staff
    from evertill.kernel import clock

    grant_role(asker=asker(), account_id=find_staff(address=address), role=role, why=why, now=clock.now())
    typer.echo(f"{address} is {role} now.")


@app.command()
def revoke(address: _AddressArgument, role: _RoleArgument, *, why: _WhyOption = "", data: DataOption = None) -> None:
    """Take a role from an account; what it was doing ends with what it does next."""
    open_shop(data)
    from evertill.journeys.manage_roles import revoke_role
    from evertill.journeys.manage_staff import find_staff
    from evertill.kernel import clock

    revoke_role(asker=asker(), account_id=find_staff(address=address), role=role, why=why, now=clock.now())
    typer.echo(f"{address} is no longer {role}.")


@app.command()
def roles(*, data: DataOption = None) -> None:
    """List the roles that can be given, and what each allows."""
    open_shop(data)
    from evertill.domains.access import PERMISSIONS
    from evertill.journeys.manage_roles import list_roles

    for role in list_roles():
        own = "" if role.is_built_in else f"  (of this shop, version {role.version})  {role.says}"
        typer.echo(f"{role.name}{own}")
        for permission in sorted(role.permissions):
            typer.echo(f"    {permission:18}  {PERMISSIONS[permission].says}")


@app.command()
def define(
    role: Annotated[str, typer.Argument(metavar="ROLE", help="A name for it, such as night-shift.")],
    *,
    allow: Annotated[
        list[str] | None, typer.Option(metavar="PERMISSION", help="What it allows, of those in `roles`; repeat it.")
    ] = None,
    says: Annotated[str, typer.Option(help="What it is for.")] = "",
    why: _WhyOption = "",
    data: DataOption = None,
) -> None:
    """Make a role of the shop's own, or replace what it allows; all who have it have what it then allows."""
    open_shop(data)
    from evertill.domains.access import Permission
    from evertill.journeys.manage_roles import define_role, find_role
    from evertill.kernel import clock

    unknown = sorted(set(allow or ()) - set(Permission))
    if unknown:
        raise typer.BadParameter(f"There is no permission {', '.join(unknown)}.", param_hint="--allow")
    made = define_role(
        asker=asker(),
        name=role,
        says=says,
        permissions=[Permission(text) for text in allow or ()],
        seen=find_role(name=role),
        why=why,
        now=clock.now(),
    )
    typer.echo(f"{made.name}, version {made.version}: {', '.join(sorted(made.permissions)) or 'nothing'}")
