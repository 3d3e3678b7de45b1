"""The page of the documentation that lists every command, as `--help` tells it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

_HEAD = """\
# Commands

Every command with all that it takes. `evertill --help`, and `--help` behind any command, say the same. Each ends with
exit code 0 when it did what was asked, with 1 when it could not, and with 2 when it did not understand.

This page is written by `make docs`; the texts stand in `src/evertill/entry/cli/`.
"""


def render(group: typer.Typer) -> str:
    """This function will write the page of everything that can be called below `group`."""
    sections = (_section(name, command) for name, command in _commands(typer.main.get_command(group), name="evertill"))
    return _HEAD + "".join(sections)


# Commands are click's, whose types typer does not publish.
def _commands(command: Any, *, name: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 — as above.
    if not hasattr(command, "list_commands"):
        yield name, command
        return
    for word in command.list_commands(None):
        yield from _commands(command.get_command(None, word), name=f"{name} {word}")


def _section(name: str, command: Any) -> str:  # noqa: ANN401 — as above.
    words = [param.name.upper() for param in command.params if param.param_type_name == "argument"]
    rows = "".join(_row(param) for param in command.params if param.name != "help")
    table = f"\n| | default | |\n|---|---|---|\n{rows}" if rows else ""
    return f"\n## {' '.join([name, *words])}\n\n{command.help}\n{table}"


def _row(param: Any) -> str:  # noqa: ANN401 — as above.
    is_argument = param.param_type_name == "argument"
    what = param.name.upper() if is_argument else ", ".join(param.opts)
    return f"| `{what}` | {_default(param)} | {param.help or ''} |\n"


def _default(param: Any) -> str:  # noqa: ANN401 — as above.
    if param.required:
        return "required"
    if isinstance(param.show_default, str):
        return param.show_default
    if param.default is None or isinstance(param.default, bool):
        return ""
    return f"`{param.default}`"
