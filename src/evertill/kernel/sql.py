"""Named statements: one idea a file, beside the domain that owns it, the comment first."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import LiteralString


def having(text: str) -> str:
    """This function will return the pattern of `like` for whatever has this text in it, its own signs as they are."""
    quoted = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{quoted}%"


@cache
def load(package: str, name: str) -> LiteralString:
    """This function will return the statement in `<package>/sql/<name>.sql`, without its leading comment.

    Raises FileNotFoundError when there is none. The texts are part of the code, hence LiteralString.
    """
    text = resources.files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    lines = text.splitlines()
    while lines and (lines[0].startswith("--") or not lines[0].strip()):
        lines.pop(0)
    return "\n".join(lines)
