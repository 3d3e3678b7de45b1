"""Reads of stock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evertill.domains.stock.types import Difference, Item, Kind
from evertill.kernel import db, sql
from evertill.kernel.arrays import Texts

_KINDS = {kind.value: kind for kind in Kind}


def lock_items(*, skus: Iterable[str]) -> dict[str, Item]:
    """This function will lock the balances of these SKUs, in SKU order, until the caller's transaction ends.

    A SKU without a balance is missing from the answer.
    """
    rows = db.fetch(sql.load("evertill.domains.stock", "lock_items"), (Texts(sorted(skus)),))
    return {
        sku: Item(sku=sku, kind=_KINDS[kind], on_hand=on_hand, reserved=reserved)
        for sku, kind, on_hand, reserved in rows
    }


def hold_items(*, skus: Iterable[str]) -> db.Later[None]:
    """This function will ask to lock the balances of these SKUs as lock_items does, for who need not read them."""
    return db.ask(sql.load("evertill.domains.stock", "lock_items"), (Texts(sorted(skus)),), shape=lambda _: None)


def read_items(*, skus: Iterable[str]) -> dict[str, Item]:
    """This function will read the balances of these SKUs without locking them."""
    wanted = list(skus)
    rows = db.fetch(sql.load("evertill.domains.stock", "read_items"), (Texts(wanted),)) if wanted else []
    return {sku: Item(sku=sku, kind=_KINDS[kind], on_hand=on, reserved=held) for sku, kind, on, held in rows}


def find_running_out(*, at_most: int, limit: int) -> list[Item]:
    """This function will return what is counted and has at most so many pieces left to sell, the fewest first."""
    rows = db.fetch(sql.load("evertill.domains.stock", "running_out"), (at_most, limit))
    return [Item(sku=sku, kind=_KINDS[kind], on_hand=on, reserved=held) for sku, kind, on, held in rows]


def list_items(*, search: str = "", after: str = "", only_low: int | None = None, limit: int) -> list[Item]:
    """This function will return balances in the order of SKUs, behind one of them, up to `limit`.

    `search` is how a SKU begins; with `only_low`, those of which no more than so many pieces can still be promised.
    """
    rows = db.fetch(
        sql.load("evertill.domains.stock", "list_items"),
        {"after": after, "from": search, "to": search + chr(0x10FFFF), "low": only_low, "limit": limit},
    )
    return [Item(sku=sku, kind=_KINDS[kind], on_hand=on_hand, reserved=held) for sku, kind, on_hand, held in rows]


def find_differences() -> list[Difference]:
    """This function will return every balance that is not the sum of its movements; a sound shop has none."""
    return [
        Difference(
            sku=sku,
            on_hand=on_hand,
            on_hand_by_movements=on_hand_moved,
            reserved=reserved,
            reserved_by_movements=reserved_moved,
        )
        for sku, on_hand, on_hand_moved, reserved, reserved_moved in db.fetch(
            sql.load("evertill.domains.stock", "differences")
        )
    ]


def find_oversold() -> list[Item]:
    """This function will return every counted SKU of which more is promised than there is; a sound shop has none."""
    rows = db.fetch(sql.load("evertill.domains.stock", "oversold"))
    return [Item(sku=sku, kind=Kind.COUNTED, on_hand=on_hand, reserved=reserved) for sku, on_hand, reserved in rows]


def stream_pieces_held() -> Iterator[tuple[int, str, int]]:
    """This function will give (order id, SKU, pieces) for what is reserved, in that order; the caller's transaction."""
    return db.stream(sql.load("evertill.domains.stock", "pieces_held"))


def stream_pieces_returned() -> Iterator[tuple[int, str, int]]:
    """This function will give (order id, SKU, pieces) for what came back, in that order; the caller's transaction."""
    return db.stream(sql.load("evertill.domains.stock", "pieces_returned"))
