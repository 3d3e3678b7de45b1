"""What crosses the boundary of the trail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec


class ActorKind(StrEnum):
    """Who can have done something; `Actor.id` says which one."""

    # The account's number.
    STAFF = "STAFF"
    CUSTOMER = "CUSTOMER"
    # Whoever holds an order's token: nobody by name.
    GUEST = "GUEST"
    # The number of an API token.
    TOKEN = "TOKEN"  # noqa: S105 — the name of a kind.
    # The name of an account of the shop's machine, at its command line.
    OPERATOR = "OPERATOR"
    # The name of a job.
    CLOCK = "CLOCK"


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts: in which roles, which factors proved him, and from where. No name and no address of a person."""

    kind: ActorKind
    id: str = ""
    roles: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    place: str = ""
    session_id: int = 0


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What something was done to: the kind of thing, and its number or name."""

    kind: str
    id: str = ""


class Outcome(StrEnum):
    """Whether it was done, or refused because he may not."""

    DONE = "DONE"
    REFUSED = "REFUSED"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be recorded. `before` and `after` hold plain values: numbers and digests, no contents of people's."""

    actor: Actor
    operation: str
    subject: Subject
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    why: str = ""
    outcome: Outcome = Outcome.DONE


class Record(msgspec.Struct, frozen=True):
    """A record as it is stored; lists are texts with commas, `before` and `after` are JSON or empty.

    `chain` and `seq` say where it stands, `mac` is the keyed hash over it and the one before it, `key_mark` by which
    key. The order of the fields is that of the statements that write and read them.
    """

    form: int
    chain: int
    seq: int
    id: int
    at: dt.datetime
    session_id: int
    actor_kind: str
    actor_id: str
    roles: str
    factors: str
    place: str
    operation: str
    subject_kind: str
    subject_id: str
    before: str
    after: str
    why: str
    outcome: str
    key_mark: int
    mac: bytes


class Head(msgspec.Struct, frozen=True):
    """Where a chain stands, or stood: its newest record and that one's keyed hash."""

    chain: int
    seq: int
    mac: bytes


class Fault(StrEnum):
    """What can be wrong with the trail."""

    CHANGED = "this record is not what was written here"
    MISSING = "records are missing before this one"
    TWICE = "this place is taken twice"
    END = "the chain does not end where it should"
    CUT = "a record that stood here is gone, or was replaced"
    OTHER_SECRET = "this record was made under another secret"  # noqa: S105 — a sentence.
    UNGUARDED = "the tables are not guarded"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, and where: chain 0 for the tables as a whole."""

    fault: Fault
    chain: int = 0
    seq: int = 0
    detail: str = ""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why something was done, as a record has it."""

    id: int
    at: dt.datetime
    operation: str
    why: str


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Which records to read; what is None or empty does not matter. An `operation` that ends in "." is a whole room."""

    id: int | None = None
    actor_kind: str = ""
    actor_id: str = ""
    operation: str = ""
    subject_kind: str = ""
    subject_id: str = ""
    outcome: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    # The last record of the page before this one: its moment and its id.
    older_than: tuple[dt.datetime, int] | None = None
