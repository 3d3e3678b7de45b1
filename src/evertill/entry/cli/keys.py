"""`evertill keys …`: the keys that encrypt what the shop stores."""

from __future__ import annotations

import typer

from .common import DataOption, asker, open_shop

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def keys() -> None:
    """Rotate the keys that encrypt what the shop stores."""


@app.command()
def rotate(*, data: DataOption = None) -> None:
    """Make a new key, encrypt everything by it, and remove the old ones. Cut off, it goes on when it is run again."""
    open_shop(data)
    from evertill.journeys import rotate_keys as rotating
    from evertill.kernel import clock

    is_new = rotating.begin(asker=asker(), now=clock.now())
    typer.echo("A new key encrypts from now on." if is_new else "Going on with a rotation that was cut short.")
    done = 0
    for count in rotating.encrypt_anew(now=clock.now()):
        done += count
        typer.echo(f"{done} secrets encrypted anew.")
    typer.echo(f"Done: {done} secrets encrypted anew, old keys removed: {rotating.end()}.")
