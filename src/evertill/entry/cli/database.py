"""`evertill database …`: the shop's database, for people and their tools."""

from __future__ import annotations

import typer

from evertill.kernel import embedded
from evertill.kernel.supervise import NotRunning, read_run

from .common import DataFolderUnusable, DataOption, data_folder, given_database

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def database() -> None:
    """Look at the shop's database."""


@app.command()
def url(*, data: DataOption = None) -> None:
    """Print the address of the shop's database, for psql and other tools."""
    if given := given_database():
        typer.echo(given)
        return
    folder = data_folder(data)
    try:
        typer.echo(embedded.url(folder))
    except PermissionError as cause:
        raise DataFolderUnusable(f"The database in {folder} belongs to another user.") from cause
    try:
        read_run(folder)
    except NotRunning as stopped:
        typer.echo(f"evertill: {stopped.detail} The address answers once it does.", err=True)
