"""Writes of stock. The caller holds a transaction; movements and balance are written together or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from evertill.domains.stock.models import StockItem
from evertill.domains.stock.queries import lock_items
from evertill.domains.stock.types import Kind, Movement, MovementKind
from evertill.kernel import db, sql
from evertill.kernel.arrays import Bigints, Texts
from evertill.kernel.errors import EvertillError


class UnknownStock(EvertillError):
    """A movement names a SKU that has no balance."""

    code = "UNKNOWN_SKU"


def open_items(*, kinds: dict[str, Kind]) -> None:
    """This function will open an empty balance for each SKU that has none, and leave the others as they are."""
    StockItem.objects.bulk_create(
        [StockItem(sku=sku, kind=kind) for sku, kind in sorted(kinds.items())], ignore_conflicts=True
    )


def move(*, movements: Sequence[Movement], now: dt.datetime, reason: str = "") -> None:
    """This function will write movements and move each balance once by their sum.

    Raises UnknownStock when a SKU has no balance, and leaves the transaction to the caller to roll back. A reservation
    beyond what there is violates the constraint stock_item_not_oversold; callers lock and allot before they reserve.
    """
    if movements:
        ask_to_move(movements=movements, now=now, reason=reason).get()


def ask_to_move(*, movements: Sequence[Movement], now: dt.datetime, reason: str = "") -> db.Later[None]:
    """This function will ask for what move does, of one movement at least; the answer raises what move raises."""
    skus = [m.sku for m in movements]

    def check(moved: int) -> None:
        if moved != len(set(skus)):
            raise UnknownStock("A movement names a SKU that has no stock record.")

    return db.tell(
        sql.load("evertill.domains.stock", "move"),
        (
            Texts(skus),
            Texts([m.kind for m in movements]),
            Bigints([m.quantity for m in movements]),
            Bigints([m.order_id or 0 for m in movements]),
            now,
            reason,
        ),
        shape=check,
    )


def release(*, pieces: Mapping[int, Mapping[str, int]], now: dt.datetime) -> None:
    """This function will return to sale what orders had reserved; `pieces` gives the pieces of each SKU by order.

    Raises UnknownStock when a SKU has no balance. Releasing more than is reserved violates the constraint
    stock_item_reserved_not_negative; callers move the order's state first, so that it happens once.
    """
    _move_whole(pieces, kind=MovementKind.RELEASED, now=now)


def sell(*, pieces: Mapping[int, Mapping[str, int]], now: dt.datetime) -> None:
    """This function will take off the shelf what orders had reserved; `pieces` gives the pieces of each SKU by order.

    Raises and requires what release does.
    """
    _move_whole(pieces, kind=MovementKind.SOLD, now=now)


def take_back(*, pieces: Mapping[int, Mapping[str, int]], now: dt.datetime) -> None:
    """This function will put back on the shelf what orders had bought; `pieces` gives the pieces of each SKU by order.

    Raises UnknownStock when a SKU has no balance.
    """
    _move_whole(pieces, kind=MovementKind.RETURNED, now=now)


def _move_whole(pieces: Mapping[int, Mapping[str, int]], *, kind: MovementKind, now: dt.datetime) -> None:
    # One update of many balances would lock them in whatever order it meets them; other writers wait in SKU order.
    lock_items(skus={sku for wanted in pieces.values() for sku in wanted})
    move(
        movements=[
            Movement(sku=sku, kind=kind, quantity=quantity, order_id=order_id)
            for order_id, wanted in pieces.items()
            for sku, quantity in wanted.items()
        ],
        now=now,
    )
