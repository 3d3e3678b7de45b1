"""Writes of stock. The caller holds a transaction; movements and balance are written together or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from evertill.domains.stock.models import StockItem
from evertill.domains.stock.types import Kind, Movement
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
    if not movements:
        return
    moved = db.execute(
        sql.load("evertill.domains.stock", "move"),
        (
            Texts([m.sku for m in movements]),
            Texts([m.kind for m in movements]),
            Bigints([m.quantity for m in movements]),
            Bigints([m.order_id or 0 for m in movements]),
            now,
            reason,
        ),
    )
    if moved != len({m.sku for m in movements}):
        raise UnknownStock("A movement names a SKU that has no stock record.")
