"""`evertill token …`: API tokens for programs that speak for the shop."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import DataOption, asker, open_shop

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def token() -> None:
    """Issue, list and revoke API tokens."""


@app.command()
def issue(
    name: Annotated[str, typer.Argument(help="Whose token it is, such as 'warehouse'.")],
    *,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="orders:read, orders:cancel, orders:pay, orders:refund or orders:price; may be repeated."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Issue a token and print its secret, once: only a digest of it is kept."""
    open_shop(data)
    from evertill.domains.access import Scope
    from evertill.journeys.manage_tokens import issue_token
    from evertill.kernel import clock

    known = {item.value: item for item in Scope}
    for text in scope or []:
        if text not in known:
            raise typer.BadParameter(f"'{text}' is not a scope; there are {', '.join(known)}.", param_hint="--scope")
    secret = issue_token(asker=asker(), name=name, scopes=[known[text] for text in scope or []], now=clock.now())
    # The secret alone on standard output, so that it can go straight into a file or a variable.
    typer.echo(f"Token '{name}'. Keep this secret now; it is not shown again:", err=True)
    typer.echo(secret)


@app.command(name="list")
def list_(*, data: DataOption = None) -> None:
    """List every token, without secrets."""
    open_shop(data)
    from evertill.journeys.manage_tokens import list_tokens
    from evertill.kernel import clock

    tokens = list_tokens(asker=asker(), now=clock.now()).tokens
    width = max((len(item.name) for item in tokens), default=0)
    for item in tokens:
        state = f"revoked {item.revoked_at:%Y-%m-%d %H:%M} UTC" if item.revoked_at else "in use"
        scopes = ", ".join(sorted(item.scopes)) or "no scope"
        typer.echo(f"{item.name:{width}}  {scopes}  issued {item.created_at:%Y-%m-%d %H:%M} UTC, {state}")
    if not tokens:
        typer.echo("There are no tokens yet.")


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="The name it was issued under.")], *, data: DataOption = None
) -> None:
    """Revoke a token: within seconds it is refused everywhere."""
    open_shop(data)
    from evertill.journeys.manage_tokens import revoke_token
    from evertill.kernel import clock

    revoke_token(asker=asker(), name=name, now=clock.now())
    typer.echo(f"Revoked '{name}'.")
