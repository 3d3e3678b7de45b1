"""`evertill import …`: bring in what was kept elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from .common import DataOption, open_shop

if TYPE_CHECKING:
    from evertill.journeys.import_products import Imported

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def import_() -> None:
    """Bring in what was kept elsewhere."""


@app.command()
def products(
    file: Annotated[Path, typer.Argument(help="CSV with sku,title,price,currency,stock and more; see the guide.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing.")] = False,
    encoding: Annotated[
        str | None, typer.Option(help="How the file is encoded.", show_default="found out: UTF-8 or cp1252")
    ] = None,
    data: DataOption = None,
) -> None:
    """Import products, prices and stock from a CSV file. All of it or nothing; safe to run again."""
    open_shop(data)
    from evertill.journeys.import_products import RowsRejected, import_products
    from evertill.kernel import clock

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        transient=True,
        disable=not sys.stdout.isatty(),
    )
    with bar:
        task = bar.add_task("Reading", total=None)

        def tell(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total or None)

        try:
            imported = import_products(file, now=clock.now(), encoding=encoding, dry_run=dry_run, tell=tell)
        except RowsRejected as rejected:
            bar.stop()
            err = Console(stderr=True, highlight=False, soft_wrap=True)
            for row in rejected.bad:
                err.print(f"{file.name}, line {row.line}: {row.reason}", markup=False)
            raise
    _tell(imported, dry_run=dry_run)


def _tell(imported: Imported, *, dry_run: bool) -> None:
    saved = imported.products
    encoding = "UTF-8" if imported.encoding == "utf-8-sig" else imported.encoding
    total = saved.created + saved.changed + saved.unchanged
    typer.echo(f"Read as {encoding}: SKUs {imported.skus:,}, products {total:,}")
    typer.echo(f"  new          {saved.created:,}")
    typer.echo(f"  changed      {saved.changed:,}")
    typer.echo(f"  as before    {saved.unchanged:,}")
    typer.echo(f"  stock moved  {imported.stock_moved:,}")
    if dry_run:
        typer.echo("This was a dry run: nothing was changed.")
