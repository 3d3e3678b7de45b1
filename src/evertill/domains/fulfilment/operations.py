"""Writes of fulfilment. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from evertill.domains.fulfilment.types import NewCode, Owed, Slot
from evertill.kernel import crypto, db, sql
from evertill.kernel.arrays import Bigints, Ints, Texts
from evertill.kernel.errors import EvertillError

_HERE = "evertill.domains.fulfilment"


class CodesGone(EvertillError):
    """A code that was free a moment ago was given to somebody else; whoever locked it has a fault."""

    code = "CODES_GONE"
    status = "internal"


def open_pool(*, sku: str, now: dt.datetime) -> bool:
    """This function will have a SKU sold by codes from now on, and say whether it was not before."""
    return db.execute(sql.load(_HERE, "open_pool"), (sku, now)) == 1


def add_codes(*, sku: str, codes: Sequence[NewCode], by: str, now: dt.datetime) -> int:
    """This function will keep codes that are free, and return how many; those that are known already are left out."""
    return db.execute(
        sql.load(_HERE, "add_codes"),
        {
            "sku": sku,
            "by": by,
            "now": now,
            "ids": Bigints([code.id for code in codes]),
            "secrets": [code.stored for code in codes],
            "keys": Ints([code.key_id for code in codes]),
            "digests": [code.digest for code in codes],
        },
    )


def note_due(*, owed: Sequence[Owed], now: dt.datetime) -> None:
    """This function will note what orders that are paid now wait for; what is not sold by codes is left out."""
    if owed:
        ask_to_note_due(owed=owed, now=now).get()


def ask_to_note_due(*, owed: Sequence[Owed], now: dt.datetime) -> db.Later[None]:
    """This function will ask for what note_due does, so that it can travel with what makes it true."""
    return db.tell(
        sql.load(_HERE, "note_due"),
        (
            now,
            Bigints([one.order_id for one in owed]),
            Texts([one.sku for one in owed]),
            Bigints([one.pieces for one in owed]),
        ),
        shape=lambda _: None,
    )


def lock_due(*, now: dt.datetime, limit: int) -> list[int]:
    """This function will lock what up to `limit` orders wait for, the longest waiting first, and return their ids.

    What others are giving out is left to them.
    """
    rows = db.fetch(sql.load(_HERE, "lock_due"), (now, limit))
    return sorted({order_id for (order_id,) in rows})


def lock_free(*, wanted: Mapping[str, int]) -> dict[str, list[int]]:
    """This function will lock so many free codes of each SKU, as far as there are, and return their ids.

    What others are giving out is passed over.
    """
    skus = sorted(wanted)
    found: dict[str, list[int]] = {sku: [] for sku in skus}
    rows = db.fetch(sql.load(_HERE, "lock_free"), (Texts(skus), Bigints([wanted[sku] for sku in skus])))
    for sku, code_id in rows:
        found[sku].append(code_id)
    return found


def give(*, slots: Sequence[tuple[int, Slot]], now: dt.datetime) -> None:
    """This function will give codes, by their ids, that the caller has locked; raises CodesGone.

    A second code for the same piece violates fulfilment_code_given_once.
    """
    given = db.execute(
        sql.load(_HERE, "give"),
        (
            now,
            Bigints([code_id for code_id, _ in slots]),
            Bigints([slot.order_id for _, slot in slots]),
            Ints([slot.position for _, slot in slots]),
            Ints([slot.piece for _, slot in slots]),
            Texts([slot.sku for _, slot in slots]),
        ),
    )
    if given != len(slots):
        raise CodesGone("A code was given to somebody else.")


def end_given(*, given: Sequence[Owed], now: dt.datetime) -> None:
    """This function will end the waiting of orders for SKUs of which they have all codes now, so many."""
    db.execute(
        sql.load(_HERE, "end_given"),
        (
            now,
            Bigints([one.order_id for one in given]),
            Texts([one.sku for one in given]),
            Bigints([one.pieces for one in given]),
        ),
    )


def end_void(*, order_ids: Sequence[int], now: dt.datetime) -> None:
    """This function will end what orders still wait for: they are to get no more codes."""
    db.execute(sql.load(_HERE, "end_void"), (now, Bigints(order_ids)))


def postpone(*, order_ids: Sequence[int], until: dt.datetime) -> None:
    """This function will look at orders again at a moment: they are held, or there are not codes enough."""
    db.execute(sql.load(_HERE, "postpone"), (until, Bigints(order_ids)))


def encrypt_anew(*, newest: int, key: bytes, old: Callable[[int], bytes], limit: int) -> int:
    """This function will encrypt up to `limit` codes by the newest key, and return how many: 0 when none is left.

    `old` gives the key of an id. Raises crypto.Unreadable for a code that does not open.
    """
    rows = db.fetch(sql.load(_HERE, "lock_of_old_keys"), (newest, limit))
    for code_id, stored, key_id in rows:
        at = place(code_id)
        anew = crypto.encrypt(crypto.decrypt(bytes(stored), key=old(key_id), place=at), key=key, place=at)
        db.execute(sql.load(_HERE, "store_anew"), (anew, newest, code_id))
    return len(rows)


def place(code_id: int) -> crypto.Place:
    """This function will return where a code stands; it opens nowhere else."""
    return crypto.Place(table="fulfilment_code", column="secret", row=code_id)
