"""Sign-ins that are under way: kept here and not in a form, for a quarter of an hour, ended once.

The browser holds a secret; what was proved, and whose account it is, it cannot say. The caller holds a transaction.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

from evertill.domains.identity.types import Attempt, Factor
from evertill.kernel import config, crypto, db, ids, sql

_HERE = "evertill.domains.identity"


def begin(
    *,
    account_id: int | None,
    kind: str,
    address: str,
    proved: Collection[Factor],
    code_id: str = "",
    code_factor: Factor | None = None,
    now: dt.datetime,
) -> str:
    """This function will begin a sign-in and return its secret, which only the browser keeps.

    `code_id` is of the code that was sent to the address, and `code_factor` what it will prove.
    """
    secret = crypto.new_secret("eva")
    (attempt_id,) = ids.new_ids(1, now=now)
    db.execute(
        sql.load(_HERE, "add_attempt"),
        (
            attempt_id,
            _digest(secret),
            account_id,
            kind,
            address,
            _texts(proved),
            uuid.UUID(code_id) if code_id else None,
            code_factor.value if code_factor else "",
            now,
            now + dt.timedelta(minutes=config.get().attempt_min),
        ),
    )
    return secret


def resume(*, secret: str, now: dt.datetime) -> Attempt | None:
    """This function will return a sign-in that is under way, held until the caller commits; None when it is over."""
    for attempt_id, account_id, kind, address, factors, code, code_factor, started_at, ends_at in db.fetch(
        sql.load(_HERE, "lock_attempt"), (_digest(secret), now)
    ):
        return Attempt(
            id=attempt_id,
            account_id=account_id,
            kind=kind,
            address=address,
            proved=frozenset(map(Factor, factors)),
            code_id=str(code) if code else "",
            code_factor=Factor(code_factor) if code_factor else None,
            started_at=started_at,
            ends_at=ends_at,
        )
    return None


def take_try(*, attempt_id: int) -> bool:
    """This function will count a try at the next step, and say whether it may be made: twenty may."""
    return db.execute(sql.load(_HERE, "take_attempt_try"), (attempt_id,)) == 1


def note(*, attempt: Attempt, account_id: int | None, proved: Collection[Factor]) -> bool:
    """This function will note whose sign-in it is and all that was proved; not when it is somebody else's already."""
    return db.execute(sql.load(_HERE, "note_attempt"), (account_id, _texts(proved), attempt.id, account_id)) == 1


def set_code(*, attempt_id: int, code_id: str, code_factor: Factor) -> None:
    """This function will note the code that was sent last, and what it will prove."""
    db.execute(sql.load(_HERE, "set_attempt_code"), (uuid.UUID(code_id), code_factor.value, attempt_id))


def end(*, attempt_id: int, now: dt.datetime) -> bool:
    """This function will end a sign-in, and say whether it was under way: of those who come at once, one ends it."""
    return db.execute(sql.load(_HERE, "end_attempt"), (now, attempt_id, now)) == 1


def _digest(secret: str) -> uuid.UUID:
    # 256 random bits need no slow hash.
    return uuid.UUID(bytes=crypto.fingerprint(b"identity.attempt", secret[:100].encode()))


def _texts(factors: Collection[Factor]) -> list[str]:
    return sorted({factor.value for factor in factors})
