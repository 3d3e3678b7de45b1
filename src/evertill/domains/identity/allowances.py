"""How often something may be done: one counter for each window, moved and checked in one statement."""

from __future__ import annotations

import datetime as dt
import uuid

from evertill.domains.identity.rules import window_of
from evertill.domains.identity.types import Allowed
from evertill.kernel import crypto, db, sql

_HERE = "evertill.domains.identity"


def take(*, allowed: Allowed, key: str, now: dt.datetime) -> bool:
    """This function will count one more, and say whether that was still allowed; when not, nothing is counted.

    Whoever takes the same at the same time waits for the caller's transaction.
    """
    window_at = window_of(now, window_s=allowed.window_s)
    return bool(
        db.fetch(
            sql.load(_HERE, "take_allowance"), (allowed.kind, _key(allowed, key), window_at, allowed.most, allowed.most)
        )
    )


def give_back(*, allowed: Allowed, key: str, now: dt.datetime) -> None:
    """This function will count one less of what was taken in this window."""
    window_at = window_of(now, window_s=allowed.window_s)
    db.execute(sql.load(_HERE, "give_back_allowance"), (allowed.kind, _key(allowed, key), window_at))


def _key(allowed: Allowed, key: str) -> uuid.UUID:
    # Addresses of people and of machines are personal data: a keyed hash counts as well.
    return uuid.UUID(bytes=crypto.mac(allowed.kind.encode(), key.encode(), purpose="identity-allowance")[:16])
