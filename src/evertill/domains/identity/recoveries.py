"""Recovery of an account whose owner lost what he proves himself by: slow, so that an owner who did not has time.

One is under way at a time; asking again changes nothing. The caller holds a transaction, and the account.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from evertill.domains.identity.types import Recovery
from evertill.kernel import config, crypto, db, ids, sql

_HERE = "evertill.domains.identity"
_WHY_CHARS = 40
_PURPOSE = "identity-recovery-cancel"


def ask(*, account_id: int, now: dt.datetime) -> tuple[Recovery, bool]:
    """This function will begin a recovery, and say whether it is new: one that is under way goes on as it was."""
    settings = config.get()
    (recovery_id,) = ids.new_ids(1, now=now)
    ready_at = now + dt.timedelta(hours=settings.recovery_wait_h)
    ends_at = ready_at + dt.timedelta(hours=settings.recovery_open_h)
    db.execute(sql.load(_HERE, "end_late_recovery"), (now, account_id, now))
    added = db.execute(sql.load(_HERE, "ask_recovery"), (recovery_id, account_id, now, ready_at, ends_at))
    ((*row,),) = db.fetch(sql.load(_HERE, "open_recovery"), (account_id, now))
    return _recovery(row), added == 1


def find(*, account_id: int, now: dt.datetime) -> Recovery | None:
    """This function will return the recovery that is under way for an account."""
    rows = db.fetch(sql.load(_HERE, "open_recovery"), (account_id, now))
    return _recovery(rows[0]) if rows else None


def cancel(*, account_id: int, why: str, now: dt.datetime) -> bool:
    """This function will end a recovery without doing anything, and say whether one was under way."""
    return bool(db.fetch(sql.load(_HERE, "cancel_recovery"), (now, why[:_WHY_CHARS], account_id, now)))


def finish(*, account_id: int, now: dt.datetime) -> bool:
    """This function will end a recovery that has waited long enough, and say whether there was one: then do it."""
    return db.execute(sql.load(_HERE, "finish_recovery"), (now, account_id, now, now)) == 1


def claim_ready(*, now: dt.datetime, limit: int) -> list[Recovery]:
    """This function will take up to `limit` recoveries that have become ready and whose owners are to be told."""
    return [_recovery(row) for row in db.fetch(sql.load(_HERE, "claim_ready_recoveries"), (now, now, limit))]


def cancel_token(recovery: Recovery) -> str:
    """This function will return what cancels a recovery, for a message to its owner. It opens nothing."""
    return f"{ids.to_number(recovery.id)}.{_seal(recovery.id)}"


def find_by_token(*, token: str, now: dt.datetime) -> int | None:
    """This function will return whose recovery a token cancels; None when it is none, or is over."""
    number, _, sealed = token[:100].partition(".")
    try:
        recovery_id = ids.from_number(number)
    except ids.InvalidNumber:
        return None
    if not crypto.equal(sealed, _seal(recovery_id)):
        return None
    rows = db.fetch(sql.load(_HERE, "recovery_of"), (recovery_id, now))
    return int(rows[0][0]) if rows else None


def _seal(recovery_id: int) -> str:
    return crypto.seal(str(recovery_id).encode(), purpose=_PURPOSE)


def _recovery(row: Sequence[Any]) -> Recovery:
    recovery_id, account_id, asked_at, ready_at, ends_at = row
    return Recovery(id=recovery_id, account_id=account_id, asked_at=asked_at, ready_at=ready_at, ends_at=ends_at)
