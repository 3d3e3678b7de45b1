"""Reads of submissions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec

from evertill.domains.submissions.types import Failed, State, Submission, Wanted
from evertill.kernel import db, sql
from evertill.kernel.arrays import Bigints, Texts

_HERE = "evertill.domains.submissions"
_lines = msgspec.json.Decoder(tuple[Wanted, ...])


def find(*, submission_id: int) -> Submission | None:
    """This function will return the submission of a reference."""
    rows = db.fetch(sql.load(_HERE, "find"), (submission_id,))
    return to_submission(rows[0]) if rows else None


def list_latest(*, limit: int, with_ended: bool = False) -> list[Submission]:
    """This function will return up to `limit` submissions, the one that failed last first; the open ones, or all."""
    return [to_submission(row) for row in db.fetch(sql.load(_HERE, "list_latest"), (with_ended, limit))]


def list_of_account(*, account_id: int, limit: int) -> list[Submission]:
    """This function will return up to `limit` submissions of an account, the one that failed last first."""
    return [to_submission(row) for row in db.fetch(sql.load(_HERE, "list_of_account"), (account_id, limit))]


def seek(
    *,
    submission_ids: Collection[int],
    emails: Collection[str],
    phones: Collection[str],
    total: int | None,
    since: dt.datetime,
    limit: int,
) -> list[Submission]:
    """This function will return submissions of any of these ids, addresses or numbers, or of this total."""
    params = {
        "ids": Bigints(sorted(submission_ids)),
        "emails": Texts(sorted(emails)),
        "phones": Texts(sorted(phones)),
        "total": total,
        "since": since,
        "limit": limit,
    }
    return [to_submission(row) for row in db.fetch(sql.load(_HERE, "seek"), params)]


def read_open_keys(*, behind: int, limit: int) -> dict[bytes, int]:
    """This function will return the ids of up to `limit` open submissions by their keys, in order, behind an id."""
    return {key.bytes: id_ for id_, key in db.fetch(sql.load(_HERE, "open_keys"), (behind, limit))}


def count_open() -> int:
    """This function will return how many submissions are open."""
    ((count,),) = db.fetch(sql.load(_HERE, "count_open"))
    return int(count)


def stream_placed() -> Iterator[tuple[int, bytes, int]]:
    """This function will give (id, key digest, order id) of what has an order; the caller's transaction."""
    for id_, key, order_id in db.stream(sql.load(_HERE, "stream_placed")):
        yield id_, key.bytes, order_id


def to_submission(row: Sequence[Any]) -> Submission:
    """This function will make a submission of a row; for this domain alone."""
    *kept, state, first_failed_at, order_id, ended_at, ended_by, note, taken_by, taken_at = row
    fields = dict(zip(Failed.__struct_fields__, kept, strict=True))
    fields |= {
        "key_digest": fields["key_digest"].bytes,
        "body_digest": fields["body_digest"].bytes,
        "lines": _lines.decode(fields["lines"]),
    }
    return Submission(
        failed=Failed(**fields),
        state=State(state),
        first_failed_at=first_failed_at,
        order_id=order_id,
        ended_at=ended_at,
        ended_by=ended_by,
        note=note,
        taken_by=taken_by,
        taken_at=taken_at,
    )
