"""Read the trail: search it, or take out what fits a search. Taking out is recorded itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from evertill.domains import trail
from evertill.domains.trail import Actor, Record, Search, Subject
from evertill.kernel import db

__all__ = ["Record", "Search", "export_trail", "read_trail"]


def read_trail(*, search: Search, limit: int) -> list[Record]:
    """This function will return up to `limit` records that fit a search, newest first."""
    return trail.read_records(search=search, limit=limit)


def export_trail(*, search: Search, actor: Actor, why: str, now: dt.datetime) -> Iterator[Record]:
    """This function will record that the trail is taken out, by whom and why, and then give what fits, oldest first."""
    asked = {name: value for name, value in msgspec.structs.asdict(search).items() if value not in (None, "")}
    with db.write():
        trail.write(
            actor=actor,
            operation="trail.export",
            subject=Subject(kind="trail", id="records"),
            after={"search": asked},
            why=why,
            now=now,
        )
    with db.snapshot():
        yield from trail.stream_records(search=search)
