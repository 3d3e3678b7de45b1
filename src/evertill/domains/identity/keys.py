"""The keys that encrypt what identity stores, and their rotation. The caller holds a transaction.

The newest key encrypts; older ones only decrypt, until nothing is left of theirs. Each is kept encrypted by a key that
derives from the shop's secret, so every node has a new one at once.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Collection

from evertill.kernel import crypto, db, sql
from evertill.kernel.arrays import Ints

_HERE = "evertill.domains.identity"
_PURPOSE = "identity-keys"
# Any number that nothing else of the shop locks; making the first key has no row to lock yet.
_LOCK = 0x6964_6B65


def current(*, now: dt.datetime) -> tuple[int, bytes]:
    """This function will return the newest key and its id, made if there is none; it stays until the caller commits."""
    rows = db.fetch(sql.load(_HERE, "current_key"))
    if not rows:
        _alone()
        # Somebody else may have made it while this one waited.
        rows = db.fetch(sql.load(_HERE, "current_key"))
    if not rows:
        return _make(now=now, randbytes=secrets.token_bytes)
    ((key_id, wrapped),) = rows
    return key_id, _unwrap(key_id, wrapped)


def by_id(*, key_id: int) -> bytes:
    """This function will return a key; raises crypto.Unreadable when the shop's secret is not the one that it had."""
    ((wrapped,),) = db.fetch(sql.load(_HERE, "key_by_id"), (key_id,))
    return _unwrap(key_id, wrapped)


def begin_rotation(*, now: dt.datetime, randbytes: Callable[[int], bytes] = secrets.token_bytes) -> bool:
    """This function will make a new key, and say whether it did: not when an earlier rotation has yet to be ended."""
    _alone()
    ((keys,),) = db.fetch(sql.load(_HERE, "count_keys"))
    if keys > 1:
        return False
    _make(now=now, randbytes=randbytes)
    return True


def end_rotation(*, others: Callable[[], Collection[int]] = tuple) -> int:
    """This function will remove the keys that encrypt nothing any more, but for the newest, and return how many.

    `others` gives the keys that encrypt something elsewhere; it is asked once nobody can begin to use an old one.
    """
    _alone()
    # Locked first and looked at by a second statement, which then sees what those committed who held one.
    db.fetch(sql.load(_HERE, "lock_keys"))
    return db.execute(sql.load(_HERE, "remove_unused_keys"), (Ints(sorted(others())),))


def _alone() -> None:
    db.fetch("select pg_advisory_xact_lock(%s::bigint)", (_LOCK,))


def _make(*, now: dt.datetime, randbytes: Callable[[int], bytes]) -> tuple[int, bytes]:
    key = randbytes(crypto.KEY_BYTES)
    ((key_id,),) = db.fetch(sql.load(_HERE, "next_key_id"))
    wrapped = crypto.encrypt(key, key=crypto.derive_key(_PURPOSE), place=_place(key_id))
    db.execute(sql.load(_HERE, "add_key"), (key_id, wrapped, now))
    return key_id, key


def _unwrap(key_id: int, wrapped: bytes) -> bytes:
    return crypto.decrypt(bytes(wrapped), key=crypto.derive_key(_PURPOSE), place=_place(key_id))


def _place(key_id: int) -> crypto.Place:
    return crypto.Place(table="identity_key", column="wrapped", row=key_id)
