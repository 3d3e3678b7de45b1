"""Read the trail: search it, or take out what fits a search. Taking out is recorded itself.

Searching is not: records hold numbers and digests, and nothing that is personal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from evertill.domains import trail
from evertill.domains.access import Permission
from evertill.domains.trail import Record, Search, Subject
from evertill.journeys.permitted import Asker, permitted
from evertill.kernel import db

__all__ = ["Record", "Search", "export_trail", "read_trail"]

_RECORDS = Subject(kind="trail", id="records")


def read_trail(*, asker: Asker, search: Search, limit: int, now: dt.datetime) -> list[Record]:
    """This function will return up to `limit` records that fit a search, newest first; raises Forbidden."""
    with permitted(asker=asker, permission=Permission.TRAIL_READ, subject=_RECORDS, now=now):
        return trail.read_records(search=search, limit=limit)


def export_trail(*, asker: Asker, search: Search, why: str, now: dt.datetime) -> Iterator[Record]:
    """This function will record that the trail is taken out, by whom and why, and then give what fits, oldest first.

    Raises Forbidden.
    """
    asked = {name: value for name, value in msgspec.structs.asdict(search).items() if value not in (None, "")}
    permission = Permission.TRAIL_EXPORT
    with permitted(asker=asker, permission=permission, subject=_RECORDS, now=now):
        trail.write(
            actor=asker.actor,
            operation=permission.value,
            subject=_RECORDS,
            after={"search": asked},
            why=why,
            now=now,
        )
    return _stream(search)


def _stream(search: Search) -> Iterator[Record]:
    with db.snapshot():
        yield from trail.stream_records(search=search)
