"""`evertill import …`: bring in what was kept elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from .common import DataOption, open_shop, operator

if TYPE_CHECKING:
    from evertill.domains.catalog import Saved
    from evertill.journeys.import_products import RowsRejected

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def import_() -> None:
    """Bring in what was kept elsewhere."""


@app.command()
def products(
    file: Annotated[
        Path, typer.Argument(help="CSV or Excel with sku,title,price,currency,stock and more; see the guide.")
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing.")] = False,
    encoding: Annotated[
        str | None, typer.Option(help="How the file is encoded.", show_default="found out: UTF-8 or cp1252")
    ] = None,
    data: DataOption = None,
) -> None:
    """Import products, prices and stock from a CSV or Excel file. All of it or nothing; safe to run again."""
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
            imported = import_products(
                file, now=clock.now(), encoding=encoding, dry_run=dry_run, actor=operator(), tell=tell
            )
        except RowsRejected as rejected:
            bar.stop()
            _tell_bad(rejected, file=file)
            raise
    _tell_saved(
        imported.products, what=f"SKUs {imported.skus:,}, products", encoding=imported.encoding, dry_run=dry_run
    )
    typer.echo(f"  stock moved  {imported.stock_moved:,}")


@app.command()
def categories(
    file: Annotated[Path, typer.Argument(help="CSV or Excel with slug,title and more; see the guide.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing.")] = False,
    encoding: Annotated[
        str | None, typer.Option(help="How the file is encoded.", show_default="found out: UTF-8 or cp1252")
    ] = None,
    data: DataOption = None,
) -> None:
    """Import categories, their names and order, from a CSV or Excel file. All of it or nothing; safe to run again."""
    open_shop(data)
    from evertill.journeys.import_categories import import_categories
    from evertill.journeys.import_products import RowsRejected
    from evertill.kernel import clock

    try:
        imported = import_categories(file, encoding=encoding, dry_run=dry_run, actor=operator(), now=clock.now())
    except RowsRejected as rejected:
        _tell_bad(rejected, file=file)
        raise
    _tell_saved(imported.categories, what="categories", encoding=imported.encoding, dry_run=dry_run)


def _tell_bad(rejected: RowsRejected, *, file: Path) -> None:
    err = Console(stderr=True, highlight=False, soft_wrap=True)
    for row in rejected.bad:
        err.print(f"{file.name}, line {row.line}: {row.reason}", markup=False)


def _tell_saved(saved: Saved, *, what: str, encoding: str, dry_run: bool) -> None:
    if dry_run:
        typer.echo("This was a dry run: nothing was changed.")
    total = saved.created + saved.changed + saved.unchanged
    typer.echo(f"Read as {'UTF-8' if encoding == 'utf-8-sig' else encoding}: {what} {total:,}")
    typer.echo(f"  new          {saved.created:,}")
    typer.echo(f"  changed      {saved.changed:,}")
    typer.echo(f"  as before    {saved.unchanged:,}")
