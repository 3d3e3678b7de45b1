"""What an operation on many things is made of: how it looks at them, and how it does one.

A journey that can be done in bulk declares a BulkOperation beside itself and stands in `bulk_operations`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from evertill.domains.access import Permission
from evertill.journeys.permitted import Asker
from evertill.kernel.errors import EvertillError


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing that it is to be done to: its number or name as people write it, and what is its own of the content."""

    subject: str
    label: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What would become of one thing, in short plain words; with a code it is refused, and not tried."""

    before: str = ""
    after: str = ""
    refused_code: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing that is to be done now. `key` is the same whenever this thing of this bulk is tried."""

    asker: Asker
    subject: str
    content: Mapping[str, Any]
    options: Mapping[str, Any]
    key: bytes
    bulk: str
    why: str
    approved_by: str
    now: dt.datetime


class Preview(Protocol):
    """Says of each target what would become of it, in their sequence, by one look at all of them."""

    def __call__(
        self, *, asker: Asker, targets: Sequence[Target], options: Mapping[str, Any], now: dt.datetime
    ) -> list[Forecast]: ...


# Does several things, in their sequence.
Together = Callable[[Sequence[Task]], Sequence[str | EvertillError]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOperation:
    """Something that can be done to many things. `says` is one English sentence, which pages translate.

    `apply` does one, through the journey that does one elsewhere, and returns a short word on it or "". It runs in the
    transaction that also says that it is done; with `calls_outside` it runs in none, and has to be safe to repeat under
    the task's key. `apply_together` does several in one such transaction, and returns of each a word on it, or why it
    is refused, and then nothing of that one is written; where it raises, each is done by itself. `approval` says of all
    targets whether another person has to approve them together.
    """

    name: str
    says: str
    kind: str
    permission: Permission
    preview: Preview
    apply: Callable[[Task], str]
    apply_together: Together | None = None
    approval: Callable[[Sequence[Target], Mapping[str, Any]], bool] | None = None
    calls_outside: bool = False
