"""`evertill receipts …`: the proofs that customers have, and the keys behind them."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .common import DataOption, asker, open_shop

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def receipts() -> None:
    """Publish and rotate the key that signs receipts, and adopt orders from before them."""


@app.command()
def key(*, data: DataOption = None) -> None:
    """Print the public keys by which anybody can check a receipt: give it away, and keep it off this machine too."""
    open_shop(data)
    import msgspec

    from evertill.journeys.publish_keys import tell_keys
    from evertill.kernel import clock

    told = msgspec.json.encode(tell_keys(now=clock.now()))
    sys.stdout.write(msgspec.json.format(told, indent=2).decode() + "\n")


@app.command()
def rotate(*, data: DataOption = None) -> None:
    """Make a new signing key; what earlier ones signed stays good. Publish the keys anew afterwards."""
    open_shop(data)
    from evertill.journeys.publish_keys import rotate_receipt_key
    from evertill.kernel import clock

    made = rotate_receipt_key(asker=asker(), now=clock.now())
    typer.echo(f"Key {made.generation} signs from now on, on every node within a minute. Publish the keys anew:")
    typer.echo("  evertill receipts key")


@app.command()
def adopt(*, reason: Annotated[str, typer.Option(help="Why, for the audit trail.")], data: DataOption = None) -> None:
    """Give receipts to orders without one, which nodes of an older release placed beside this one."""
    open_shop(data)
    from evertill.journeys.seal_receipts import adopt_all
    from evertill.kernel import clock

    orders, events = adopt_all(asker=asker(), why=reason, now=clock.now())
    typer.echo(f"Adopted: {orders} orders, and {events} events of others.")
