"""Change stock: what staff say came in, was counted, lost or broken; its history, and the way back.

Nothing is ever taken below what is promised to customers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from evertill.domains import catalog, fulfilment, preferences, stock, trail
from evertill.domains.access import Permission
from evertill.domains.stock import Change, ChangeKind, Item, Said
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, permitted
from evertill.kernel.errors import EvertillError
from evertill.kernel.versions import check_unchanged

__all__ = [
    "Change",
    "ChangeKind",
    "Item",
    "PiecesInvalid",
    "Said",
    "Shelf",
    "SoldByCodes",
    "change_stock",
    "list_changes",
    "list_stock",
    "read_shelf",
    "undo_stock",
]

SAID_MAX = 200


class PiecesInvalid(EvertillError):
    """This is not a number of pieces that could be so."""

    code = "PIECES_INVALID"
    remedy = "Enter a whole number of pieces."


class SoldByCodes(EvertillError):
    """This SKU is sold by codes: nobody counts it, its pieces are the codes that are there."""

    code = "SOLD_BY_CODES"
    status = "conflict"
    remedy = "Upload codes to have more of it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A balance, what it is called, and what was said of it, the newest first."""

    item: Item
    title: str
    changes: Sequence[Change]


def list_stock(
    *, asker: Asker, search: str = "", after: str = "", only_low: bool = False, limit: int, now: dt.datetime
) -> list[Shelf]:
    """This function will return balances in the order of SKUs, without their history; raises Forbidden.

    `only_low` are those of which few are left to be sold, as the shop's preference has it.
    """
    with permitted(asker=asker, permission=Permission.STOCK_EDIT, subject=Subject(kind="stock"), now=now):
        low = preferences.number(preferences.Name.STOCK_LOW) if only_low else None
        items = stock.list_items(search=search, after=after, only_low=low, limit=min(limit, 500))
        titles = catalog.prices.name_skus(skus=[item.sku for item in items])
        return [Shelf(item=item, title=titles.get(item.sku, item.sku), changes=()) for item in items]


def list_changes(*, asker: Asker, sku: str = "", limit: int = 50, now: dt.datetime) -> list[Change]:
    """This function will return what was said of pieces, the newest first; raises Forbidden."""
    with permitted(asker=asker, permission=Permission.STOCK_EDIT, subject=_subject(sku), now=now):
        return stock.changes.list_changes(sku=sku, limit=min(limit, 500))


def read_shelf(*, asker: Asker, sku: str, limit: int = 50, now: dt.datetime) -> Shelf:
    """This function will return a balance with its history; raises Forbidden and stock.UnknownStock."""
    with permitted(asker=asker, permission=Permission.STOCK_EDIT, subject=_subject(sku), now=now):
        items = stock.read_items(skus=[sku])
        if sku not in items:
            raise stock.UnknownStock(f"There is no SKU '{sku[:64]}' here.", sku=sku)
        title = catalog.prices.name_skus(skus=[sku]).get(sku, sku)
        return Shelf(item=items[sku], title=title, changes=stock.changes.list_changes(sku=sku, limit=min(limit, 500)))


def change_stock(
    *, asker: Asker, said: Sequence[Said], seen: int | None = None, why: str, now: dt.datetime
) -> list[Change]:
    """This function will move balances by what somebody says, all of it or nothing.

    `seen` is what lay there when he looked, for a count of one SKU: what was sold meanwhile would otherwise come back.
    Raises Forbidden, PiecesInvalid, ChangedMeanwhile, stock.UnknownStock, and stock.changes.StockImpossible for pieces
    that are promised to customers.
    """
    _check(said)
    subject = _subject(said[0].sku if len(said) == 1 else "")
    with permitted(asker=asker, permission=Permission.STOCK_EDIT, subject=subject, now=now):
        if seen is not None:
            items = stock.lock_items(skus=[one.sku for one in said])
            check_unchanged(
                what="The stock",
                seen={one.sku: seen for one in said},
                now={sku: item.on_hand for sku, item in items.items()},
            )
        _check_no_codes({one.sku for one in said})
        changes = stock.changes.write(said=said, by=asker.name, why=why, now=now)
        _record(asker, "stock.edit", changes, why=why, now=now)
        return changes


def undo_stock(*, asker: Asker, change_id: int, why: str, now: dt.datetime) -> Change:
    """This function will take back what was said, by a movement against it, and return the new change.

    Raises Forbidden, stock.changes.UnknownStockChange, StockUndone, CountedSince when somebody counted since, and
    StockImpossible.
    """
    sku = stock.changes.find(change_id=change_id).sku
    with permitted(asker=asker, permission=Permission.STOCK_EDIT, subject=_subject(sku), now=now):
        _check_no_codes({sku})
        undone = stock.changes.undo(change_id=change_id, by=asker.name, why=why, now=now)
        _record(asker, "stock.undo", [undone], why=why, now=now)
        return undone


def _check_no_codes(skus: Collection[str]) -> None:
    coded = fulfilment.find_pools(skus=skus)
    if coded:
        raise SoldByCodes(f"{min(coded)} is sold by codes; its pieces are the codes that are there.", sku=min(coded))


def _check(said: Sequence[Said]) -> None:
    if not 0 < len(said) <= SAID_MAX:
        raise PiecesInvalid(f"From 1 to {SAID_MAX} SKUs change at once.")
    if len({one.sku for one in said}) != len(said):
        raise PiecesInvalid("A SKU is named twice.")
    for one in said:
        least = 0 if one.kind is ChangeKind.COUNTED else 1
        if one.kind is ChangeKind.UNDONE or not least <= one.pieces <= stock.PIECES_MAX:
            raise PiecesInvalid(f"{one.sku}: from {least} to {stock.PIECES_MAX} pieces.", sku=one.sku)


def _record(asker: Asker, operation: str, changes: Sequence[Change], *, why: str, now: dt.datetime) -> None:
    trail.write_all(
        entries=[
            trail.Entry(
                actor=asker.actor,
                operation=operation,
                subject=_subject(change.sku),
                before={"on_hand": change.on_hand_before},
                after={"on_hand": change.on_hand_after, "kind": change.kind.value},
                why=why,
            )
            for change in changes
        ],
        now=now,
    )


def _subject(sku: str) -> Subject:
    return Subject(kind="stock", id=sku[:128])
