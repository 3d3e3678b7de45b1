"""What a file of codes says, line by line. Nothing that can be wrong with a code tells the code."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

CODE_CHARS_MAX = 400
# Names of a column that has the codes.
_HEADINGS = ("code", "codes", "key", "licence", "license", "voucher")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A code, and the line where it stands, from 1."""

    line: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulty:
    """A line that has no code that can be used, and why."""

    line: int
    reason: str


def read_codes(text: str) -> Iterator[Read | Faulty]:
    """This function will read a text of codes, one a line, or a CSV table with a column `code`.

    Blank lines do not count. A code that stands there twice is faulty where it is repeated.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    first = next((line for line in lines if line.strip()), "")
    column = _column(first)
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or (column is not None and line == first):
            continue
        code = _cell(line, column)
        fault = _fault(code)
        if fault is None and code in seen:
            fault = f"It is the same code as in line {seen[code]}."
        if fault is not None:
            yield Faulty(line=number, reason=fault)
            continue
        seen[code] = number
        yield Read(line=number, code=code)


def hide(code: str) -> str:
    """This function will return so much of a code that whoever has it knows which one is meant, and nobody else."""
    return f"…{code[-2:]}" if len(code) > len("…123456") else "…"


def _column(line: str) -> int | None:
    names = [name.strip().lower() for name in next(csv.reader(io.StringIO(line)), [])]
    return next((names.index(name) for name in _HEADINGS if name in names), None)


def _cell(line: str, column: int | None) -> str:
    if column is None:
        return line.strip()
    cells = next(csv.reader(io.StringIO(line)), [])
    return cells[column].strip() if column < len(cells) else ""


def _fault(code: str) -> str | None:
    if not code:
        return "It has no code."
    if len(code) > CODE_CHARS_MAX:
        return f"It has {len(code)} characters; {CODE_CHARS_MAX} is the most."
    return None if code.isprintable() else "It has a character that cannot be printed."
