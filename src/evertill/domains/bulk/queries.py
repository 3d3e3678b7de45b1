"""Reads of bulk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from evertill.domains.bulk.operations import as_bulks, as_items
from evertill.domains.bulk.types import Bulk, Item, Progress
from evertill.kernel import db, sql

_HERE = "evertill.domains.bulk"


def find(*, bulk_id: int) -> Bulk | None:
    """This function will return a bulk, or None."""
    found = as_bulks(db.fetch(sql.load(_HERE, "find"), (bulk_id,)))
    return found[0] if found else None


def list_latest(*, asked_by: str | None, operations: Sequence[str], limit: int) -> list[Bulk]:
    """This function will return up to `limit` bulks of these operations, the latest first: somebody's, or all."""
    values = (asked_by or "", asked_by is None, list(operations), limit)
    return as_bulks(db.fetch(sql.load(_HERE, "list_latest"), values))


def read_running(*, limit: int) -> list[int]:
    """This function will return the ids of up to `limit` bulks that are to be worked on, the first one first."""
    return [bulk_id for (bulk_id,) in db.fetch(sql.load(_HERE, "read_running"), (limit,))]


def read_items(*, bulk_id: int, behind: int = 0, state: str = "", limit: int) -> list[Item]:
    """This function will return up to `limit` things of a bulk behind a place, in their places; "" for every state."""
    return as_items(db.fetch(sql.load(_HERE, "read_items"), (bulk_id, behind, state, state, limit)))


def read_progress(*, bulk_id: int) -> Progress:
    """This function will return how far a bulk is."""
    counts: dict[str, Any] = {}
    for state, count, last_at in db.fetch(sql.load(_HERE, "read_progress"), (bulk_id,)):
        counts[str(state).lower()] = count
        if state in ("DONE", "FAILED"):
            counts["last_at"] = max(filter(None, (counts.get("last_at"), last_at)))
    return Progress(**counts)


def count_open_of(*, asked_by: str, since: dt.datetime) -> int:
    """This function will return how many bulks of somebody run or may begin, of those made since a moment."""
    ((count,),) = db.fetch(sql.load(_HERE, "count_open_of"), (asked_by, since))
    return int(count)
