"""`evertill preferences …`: what the shop decides for itself, while it is open."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import DataOption, asker, open_shop, plain

app = typer.Typer(no_args_is_help=True, add_completion=False)

_LIMIT = 50
_NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="What is decided, as `preferences list` names it.")]


@app.callback()
def preferences() -> None:
    """See and change what the shop decides for itself: its name, its limits, its messages."""


@app.command(name="list")
def list_(*, data: DataOption = None) -> None:
    """List everything that can be decided, what holds now, and who decided it."""
    open_shop(data)
    from evertill.journeys.read_preference import list_preferences
    from evertill.kernel import clock

    for shown in list_preferences(asker=asker(), now=clock.now()):
        one = shown.preference
        since = (
            f"version {one.version}, {one.changed_at:%Y-%m-%d %H:%M} UTC, by {one.changed_by}"
            if one.changed_at
            else "default"
        )
        typer.echo(f"{one.name.value:22}  {_told(one.value)}  ({since})")
        typer.echo(f"    {shown.declared.says}")


@app.command(name="set")
def set_(
    name: _NameArgument,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="What is to hold from now on.")],
    *,
    why: Annotated[str, typer.Option(help="Why, for those who read it in the audit trail.")] = "",
    data: DataOption = None,
) -> None:
    """Decide something anew, at once and without a restart. At the machine this needs nobody's approval."""
    open_shop(data)
    from evertill.journeys.change_preference import change_preference, find_name
    from evertill.kernel import clock

    after = change_preference(asker=asker(), name=find_name(name), text=value, why=why, now=clock.now())
    typer.echo(f"{after.name.value} is {_told(after.value)} now, version {after.version}.")


@app.command()
def history(name: _NameArgument, *, data: DataOption = None) -> None:
    """List what was decided before, newest first, by whom and why."""
    open_shop(data)
    from evertill.journeys.change_preference import find_name
    from evertill.journeys.read_preference import show_preference
    from evertill.kernel import clock

    _, changes = show_preference(asker=asker(), name=find_name(name), limit=_LIMIT, now=clock.now())
    for one in changes:
        typer.echo(
            f"version {one.version}  {one.changed_at:%Y-%m-%d %H:%M} UTC  {_told(one.value)}  by {one.changed_by}"
            f"  {plain(one.why)}"
        )
    if not changes:
        typer.echo("Nobody has decided this yet; the default holds.")


def _told(value: int | str) -> str:
    return str(value) if isinstance(value, int) else f"'{value}'"
