"""What crosses the boundary of bulk."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import msgspec


class State(StrEnum):
    """How a bulk stands. A draft was looked at and not begun."""

    DRAFT = "DRAFT"
    RUNNING = "RUNNING"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    # Its asker may not do this any more.
    STOPPED = "STOPPED"


class ItemState(StrEnum):
    """How one thing of a bulk stands. What was refused when the bulk was made is never tried."""

    WAITING = "WAITING"
    REFUSED = "REFUSED"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class NewItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a bulk is to be about. `content` is JSON; with a `code` it was refused, and `note` says why."""

    subject: str
    label: str
    content: str
    before: str
    after: str
    code: str
    note: str


class NewBulk(msgspec.Struct, frozen=True, kw_only=True):
    """A bulk to be made, but its things. `options` and `actor` are JSON, `asked_by` names who acts: `STAFF:17`."""

    operation: str
    options: str
    why: str
    asked_by: str
    actor: str


class Bulk(msgspec.Struct, frozen=True):
    """One operation on many things. `digest` stands for the operation, its options and all of its items.

    The order of the fields is that of the statements.
    """

    id: int
    operation: str
    options: str
    why: str
    asked_by: str
    actor: str
    digest: bytes
    total: int
    refused: int
    state: State
    made_at: dt.datetime
    confirmed_at: dt.datetime | None
    approved_by: str
    ended_at: dt.datetime | None


class Item(msgspec.Struct, frozen=True):
    """One thing of a bulk, in its place. The order of the fields is that of the statements."""

    id: int
    bulk_id: int
    place: int
    subject: str
    label: str
    content: str
    before: str
    after: str
    state: ItemState
    code: str
    note: str
    tries: int
    ended_at: dt.datetime | None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a bulk is: things in each state, and when the last one ended."""

    waiting: int = 0
    refused: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    last_at: dt.datetime | None = None

    @property
    def tried(self) -> int:
        return self.done + self.failed

    @property
    def wanted(self) -> int:
        """What was to be done when it began."""
        return self.waiting + self.done + self.failed + self.cancelled

    @property
    def percent(self) -> int:
        """How much of it is behind, whole percents; a hundred only when nothing is left."""
        return (self.wanted - self.waiting) * 100 // self.wanted if self.wanted else 100
