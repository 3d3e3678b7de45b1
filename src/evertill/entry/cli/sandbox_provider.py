"""`evertill sandbox-provider`: a payment provider to try things out with, beside the shop."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import DataOption, data_folder, make_data_folder
from .sockets import Address, check_free

_PORT_MAX = 65_535

app = typer.Typer(add_completion=False)


@app.command(name="sandbox-provider")
def sandbox_provider(
    *,
    port: Annotated[int, typer.Option(min=1, max=_PORT_MAX, help="Where it answers, on this machine only.")] = 9200,
    data: DataOption = None,
) -> None:
    """Run Sandbox, a payment provider with test cards and faults on demand. It never moves real money."""
    from evertill.sandbox.keys import FILE
    from evertill.sandbox.serve import serve

    folder = data_folder(data)
    make_data_folder(folder)
    address = Address(host="127.0.0.1", port=port)
    check_free(address, option="--port")
    typer.echo(f"Sandbox answers on {address.url}; its keys are in {folder / 'sandbox' / FILE}")
    serve(port, folder / "sandbox")
