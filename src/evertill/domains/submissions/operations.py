"""Writes of submissions. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping

import msgspec

from evertill.domains.submissions.queries import to_submission
from evertill.domains.submissions.types import Failed, Submission
from evertill.kernel import db, sql
from evertill.kernel.arrays import Bigints

_HERE = "evertill.domains.submissions"
_ACTOR_CHARS, _NOTE_CHARS = 64, 500


def keep(*, failed: Failed) -> None:
    """This function will keep a failed checkout, or how it failed last if its key is kept already.

    Keeping the same again changes nothing. One that has an order stays as it is; one that was closed before it failed
    once more is open again.
    """
    db.execute(
        sql.load(_HERE, "keep"),
        {
            **{name: getattr(failed, name) for name in failed.__struct_fields__},
            "key_digest": uuid.UUID(bytes=failed.key_digest),
            "body_digest": uuid.UUID(bytes=failed.body_digest),
            "lines": msgspec.json.encode(failed.lines).decode(),
        },
    )


def lock(*, submission_id: int) -> Submission | None:
    """This function will lock a submission until the caller's transaction ends, and return it; None: no such."""
    rows = db.fetch(sql.load(_HERE, "lock"), (submission_id,))
    return to_submission(rows[0]) if rows else None


def finish(*, submission_id: int, order_id: int, actor: str, now: dt.datetime) -> None:
    """This function will note which order was placed under a submission's key; it does so once."""
    finish_placed(orders={submission_id: order_id}, actor=actor, now=now)


def finish_placed(*, orders: Mapping[int, int], actor: str, now: dt.datetime) -> int:
    """This function will note which orders have the keys of submissions, by their ids; returns how many it noted."""
    return db.execute(
        sql.load(_HERE, "finish"), (actor[:_ACTOR_CHARS], now, Bigints(list(orders)), Bigints(list(orders.values())))
    )


def close(*, submission_id: int, actor: str, note: str, now: dt.datetime) -> bool:
    """This function will close a submission that nobody will place, and say whether it was open."""
    return bool(db.execute(sql.load(_HERE, "close"), (now, actor[:_ACTOR_CHARS], note[:_NOTE_CHARS], submission_id)))


def take(*, submission_id: int, by: str, stale: dt.datetime, is_forced: bool, now: dt.datetime) -> bool:
    """This function will say who is at an open submission, and return whether he is.

    Another person's stays his if he took it after `stale`, unless it is taken from him by force.
    """
    values = {"id": submission_id, "by": by, "stale": stale, "is_forced": is_forced, "now": now}
    return bool(db.execute(sql.load(_HERE, "take"), values))


def drop(*, submission_id: int, by: str) -> bool:
    """This function will leave a submission to others again, and say whether it was his."""
    return bool(db.execute(sql.load(_HERE, "drop"), (submission_id, by)))


def remove_of_account(*, account_id: int, limit: int) -> int:
    """This function will remove what an account wanted and did not get, and return how many, at most so many."""
    return db.execute(sql.load(_HERE, "remove_of_account"), (account_id, limit))


def remove_old(*, now: dt.datetime, limit: int) -> int:
    """This function will remove submissions whose time is over, and return how many there were, at most so many."""
    return db.execute(sql.load(_HERE, "remove_old"), (now, limit))
