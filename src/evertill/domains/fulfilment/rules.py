"""What a file of codes says, line by line. Nothing that can be wrong with a code tells the code."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

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
    """A line that has no code that can be used, and why, in an English sentence that pages translate."""

    line: int
    says: str
    facts: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        return self.says % self.facts


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
        facts = {"chars": len(code), "most": CODE_CHARS_MAX, "line": seen.get(code, 0)}
        if says := _fault(code, seen):
            yield Faulty(line=number, says=says, facts=facts)
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


def _fault(code: str, seen: Collection[str]) -> str:
    if not code:
        return "It has no code."
    if len(code) > CODE_CHARS_MAX:
        return "It has %(chars)s characters; %(most)s is the most."
    if not code.isprintable():
        return "It has a character that cannot be printed."
    return "It is the same code as in line %(line)s." if code in seen else ""
