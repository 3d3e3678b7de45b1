"""`evertill docs`: the pages of docs/reference that the code itself can write best."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Annotated, Any

import typer

from evertill.entry.cli import app as evertill
from evertill.entry.cli import command_page, desk_page, permission_page
from evertill.kernel.config import Config
from evertill.kernel.files import write_whole
from evertill.kernel.settings import variable

app = typer.Typer(add_completion=False)

_SETTINGS_HEAD = """\
# Settings

Every setting and every limit, read once when a process starts, from its environment. `evertill up` needs none of them.
A value that cannot be used stops the start and names its variable and what that takes.

This page is written by `make docs`; the texts stand in `src/evertill/kernel/config.py`.

| variable | default | takes | meaning |
|---|---|---|---|
"""


@app.command()
def docs(
    *,
    folder: Annotated[Path, typer.Option(help="Where the pages go.", file_okay=False)] = Path("docs/reference"),
) -> None:
    """Rewrite the generated pages of the documentation; for those who change the code."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        write_whole(path=folder / name, text=text, mode=0o644)
        typer.echo(f"{folder / name}")


def pages() -> dict[str, str]:
    """This function will return the text of each generated page by its file's name."""
    return {
        "commands.md": command_page.render(evertill),
        "desk.md": desk_page.render(),
        "permissions.md": permission_page.render(),
        "settings.md": _SETTINGS_HEAD + "".join(f"{_row(item)}\n" for item in fields(Config)),
    }


def _row(item: Field[Any]) -> str:
    cells = (f"`{variable(item.name)}`", _default(item), _takes(item), item.metadata["help"])
    return f"| {' | '.join(cells)} |"


def _default(item: Field[Any]) -> str:
    if item.default is MISSING:
        return "required"
    if isinstance(item.default, tuple):
        return f"`{','.join(item.default)}`"
    return f"`{item.default}`"


def _takes(item: Field[Any]) -> str:
    if isinstance(item.default, int):
        return f"{item.metadata['low']}–{item.metadata['high']}"
    if isinstance(item.default, Path):
        return "a path"
    return "text"
