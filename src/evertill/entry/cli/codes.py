"""`evertill codes …`: codes of digital goods, such as licence keys and vouchers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import DataOption, asker, open_shop

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def codes() -> None:
    """Upload the codes of digital goods, and see how many are left."""


@app.command()
def upload(
    file: Annotated[Path, typer.Argument(help="Codes, one a line, or a CSV table with a column code.")],
    *,
    sku: Annotated[str, typer.Option(help="Under which SKU they are sold.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would come to, change nothing.")] = False,
    skip_faults: Annotated[bool, typer.Option("--skip-faults", help="Take the good lines, leave the others.")] = False,
    data: DataOption = None,
) -> None:
    """Upload codes: each is kept encrypted, and so many pieces go on sale. No code is ever shown."""
    open_shop(data)
    from evertill.journeys import upload_codes as uploading
    from evertill.kernel import clock, config

    try:
        with file.open("rb") as opened:
            content = opened.read(config.get().codes_bytes_max + 1)
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}.", param_hint="FILE") from None
    looked = uploading.look_at_codes(asker=asker(), sku=sku, content=content, now=clock.now())
    for fault in looked.faults:
        typer.echo(f"{file.name}, line {fault.line}: {fault.reason}", err=True)
    if dry_run:
        typer.echo(f"This was a dry run: {looked.codes} codes of {sku} could be taken.")
        return
    kept = uploading.upload_codes(
        asker=asker(), sku=sku, content=content, skip_faults=skip_faults, why=file.name, now=clock.now()
    )
    typer.echo(f"{kept} codes of {sku} are on sale.")


@app.command("list")
def list_(*, data: DataOption = None) -> None:
    """List the SKUs that are sold by codes: how many are free, were given, and are owed."""
    open_shop(data)
    from evertill.journeys import upload_codes as uploading
    from evertill.kernel import clock

    for pool in uploading.list_pools(asker=asker(), now=clock.now()):
        typer.echo(f"{pool.sku:<30}  free {pool.free:>8,}  given {pool.given:>8,}  owed {pool.owed:>6,}")
