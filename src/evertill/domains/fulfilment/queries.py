"""Reads of fulfilment."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from evertill.domains.fulfilment.types import Difference, Given, Pool
from evertill.kernel import crypto, db, ids, sql
from evertill.kernel.arrays import Texts

_HERE = "evertill.domains.fulfilment"


def find_pools(*, skus: Collection[str]) -> set[str]:
    """This function will return those of these SKUs that are sold by codes."""
    return {sku for (sku,) in db.fetch(sql.load(_HERE, "find_pools"), (Texts(sorted(skus)),))}


def list_pools(*, limit: int) -> list[Pool]:
    """This function will return the SKUs that are sold by codes, in their order."""
    return [
        Pool(sku=sku, opened_at=opened_at, free=free, given=given, owed=owed)
        for sku, opened_at, free, given, owed in db.fetch(sql.load(_HERE, "list_pools"), (limit,))
    ]


def find_known(*, digests: Sequence[bytes]) -> set[bytes]:
    """This function will return those of these digests that a code has which is kept already."""
    return {bytes(digest) for (digest,) in db.fetch(sql.load(_HERE, "find_known"), (list(digests),))}


def count_given(*, order_id: int) -> tuple[int, int]:
    """This function will return how many codes an order was given, and how many pieces it still waits for."""
    ((given, owed),) = db.fetch(sql.load(_HERE, "count_given"), (order_id, order_id))
    return given, owed


def read_given(*, order_id: int) -> list[Given]:
    """This function will return the codes that an order was given, as they are stored, line by line."""
    return [
        Given(
            id=code_id,
            sku=sku,
            position=position,
            piece=piece,
            stored=bytes(stored),
            key_id=key_id,
            given_at=given_at,
        )
        for code_id, sku, position, piece, stored, key_id, given_at in db.fetch(
            sql.load(_HERE, "read_given"), (order_id,)
        )
    ]


def open_code(given: Given, *, key: bytes) -> str:
    """This function will return a code in clear, for whom it was given to; raises crypto.Unreadable."""
    at = crypto.Place(table="fulfilment_code", column="secret", row=given.id)
    return crypto.decrypt(given.stored, key=key, place=at).decode()


def used_keys() -> list[int]:
    """This function will return the keys by which some code is encrypted."""
    return [key_id for (key_id,) in db.fetch(sql.load(_HERE, "used_keys"))]


def stream_given() -> Iterator[tuple[int, str, int]]:
    """This function will give (order id, SKU, codes) for what was given, in that order; the caller's transaction."""
    return db.stream(sql.load(_HERE, "given"))


def find_differences() -> list[Difference]:
    """This function will return what does not fit among codes and dues themselves; a sound shop has none."""
    return [
        Difference(subject=f"{ids.to_number(order_id)} {sku}", detail=f"due {state} of {pieces}, codes given {given}")
        for order_id, sku, state, pieces, given in db.fetch(sql.load(_HERE, "differences"))
    ]
