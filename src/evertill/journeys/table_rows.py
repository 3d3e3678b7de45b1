"""What comes of a table that somebody sends to the desk: what would be done, and which of its rows are wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evertill.journeys.bulk_item import Target
from evertill.kernel.errors import EvertillError
from evertill.kernel.tables import BadRow

__all__ = ["NothingToDo", "Sent", "Wrong", "clipped", "of_bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A row that cannot be used: where it begins, and why, in an English sentence that pages translate."""

    line: int
    says: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        return self.says % self.facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a table would do, in things for a bulk, and how many of its rows that are."""

    targets: Sequence[Target]
    wrong: Sequence[Wrong] = ()
    added: int = 0
    changed: int = 0
    untouched: int = 0

    @property
    def counts(self) -> dict[str, int]:
        return {"added": self.added, "changed": self.changed, "untouched": self.untouched, "wrong": len(self.wrong)}


_BAD = "This row does not fit the heading: it has too many or too few cells, or a quotation mark that is never closed."


class NothingToDo(EvertillError):
    """The table says what the shop has already."""

    code = "NOTHING_TO_DO"
    remedy = "Change the table, save it, and send it again."


def of_bad(row: BadRow) -> Wrong:
    """This function will tell of a row that could not be taken apart."""
    return Wrong(line=row.line, says=_BAD)


def clipped(text: str, most: int) -> str:
    """This function will cut a text for a line of a list."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
