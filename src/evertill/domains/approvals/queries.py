"""Reads of approvals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from evertill.domains.approvals.operations import as_approvals
from evertill.domains.approvals.types import Approval
from evertill.kernel import db, sql
from evertill.kernel.arrays import Texts

_HERE = "evertill.domains.approvals"
_BEGINNING = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def find(*, approval_id: int) -> Approval | None:
    """This function will return an approval however it stands, or None."""
    found = as_approvals(db.fetch(sql.load(_HERE, "find"), (approval_id,)))
    return found[0] if found else None


def read_open(*, behind: Approval | None = None, now: dt.datetime, limit: int) -> list[Approval]:
    """This function will return up to `limit` approvals that wait to be decided, oldest first, from behind one on."""
    since, last = (behind.asked_at, behind.id) if behind else (_BEGINNING, 0)
    return as_approvals(db.fetch(sql.load(_HERE, "read_open"), (now, since, last, limit)))


def find_about(*, subjects: Sequence[str], limit: int) -> list[Approval]:
    """This function will return up to `limit` approvals that are about some things, however they stand."""
    return as_approvals(db.fetch(sql.load(_HERE, "find_about"), (Texts(subjects), limit)))


def list_of_asker(*, asked_by: str, limit: int) -> list[Approval]:
    """This function will return the latest approvals that somebody has asked for, however they stand."""
    return as_approvals(db.fetch(sql.load(_HERE, "list_of_asker"), (asked_by, limit)))
