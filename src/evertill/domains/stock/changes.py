"""What staff say of the pieces of a SKU: what came in, was counted, lost or broken. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from evertill.domains.stock.models import StockChange
from evertill.domains.stock.operations import UnknownStock, move
from evertill.domains.stock.queries import lock_items
from evertill.domains.stock.rules import fault_of_change, quantity_of
from evertill.domains.stock.types import Change, ChangeKind, Movement, MovementKind, Said
from evertill.kernel import ids
from evertill.kernel.errors import EvertillError

_WHY_CHARS = 500
# What the reason of a movement holds beside the kind of the change.
_REASON_CHARS = 180


class StockImpossible(EvertillError):
    """The pieces of a SKU cannot change so."""

    code = "STOCK_IMPOSSIBLE"
    status = "conflict"
    remedy = "Look at what lies there and what is promised, and say it again."


class UnknownStockChange(EvertillError):
    """There is no such change of stock."""

    code = "UNKNOWN_STOCK_CHANGE"
    status = "not_found"
    remedy = "Look at the history of the SKU."


class StockUndone(EvertillError):
    """This change of stock was taken back already, or takes another one back."""

    code = "STOCK_UNDONE"
    status = "conflict"
    remedy = "Look at the history of the SKU."


class CountedSince(EvertillError):
    """Somebody has counted since, and his count holds whatever this change said."""

    code = "COUNTED_SINCE"
    status = "conflict"
    remedy = "Count again, or take back the later counts first."


def write(*, said: Sequence[Said], by: str, why: str, now: dt.datetime) -> list[Change]:
    """This function will move balances by what somebody says, each with its history.

    Each SKU is named once. Raises UnknownStock, and StockImpossible for pieces that are promised to customers.
    """
    items = lock_items(skus=[one.sku for one in said])
    rows = []
    for change_id, one in zip(ids.new_ids(len(said), now=now) if said else [], said, strict=True):
        if one.sku not in items:
            raise UnknownStock(f"There is no SKU '{one.sku[:64]}' here.", sku=one.sku)
        item = items[one.sku]
        quantity = quantity_of(one, item=item)
        fault = fault_of_change(item=item, quantity=quantity)
        if fault is not None:
            raise StockImpossible(fault, sku=one.sku)
        rows.append(
            StockChange(
                id=change_id,
                sku=one.sku,
                kind=one.kind,
                quantity=quantity,
                on_hand_before=item.on_hand,
                changed_at=now,
                changed_by=by,
                why=why[:_WHY_CHARS],
            )
        )
    return _write(rows, now=now)


def undo(*, change_id: int, by: str, why: str, now: dt.datetime) -> Change:
    """This function will take a change back by a movement against it, and return the new change.

    Raises UnknownStockChange, StockUndone, CountedSince, and StockImpossible.
    """
    change = find(change_id=change_id)
    items = lock_items(skus=[change.sku])
    # Looked at again behind the lock: whoever held it may have taken it back.
    change = find(change_id=change_id)
    if change.is_undone or change.kind is ChangeKind.UNDONE:
        raise StockUndone("This change was taken back already, or takes another one back itself.")
    if _counted_since(change):
        raise CountedSince(f"{change.sku} was counted since then.", sku=change.sku)
    item = items[change.sku]
    fault = fault_of_change(item=item, quantity=-change.quantity)
    if fault is not None:
        raise StockImpossible(fault, sku=change.sku)
    (new_id,) = ids.new_ids(1, now=now)
    row = StockChange(
        id=new_id,
        sku=change.sku,
        kind=ChangeKind.UNDONE,
        quantity=-change.quantity,
        on_hand_before=item.on_hand,
        changed_at=now,
        changed_by=by,
        why=why[:_WHY_CHARS],
        undoes=change.id,
    )
    return _write([row], now=now)[0]


def find(*, change_id: int) -> Change:
    """This function will return one change of stock; raises UnknownStockChange."""
    found = _changes(StockChange.objects.filter(pk=change_id))
    if not found:
        raise UnknownStockChange("There is no such change of stock.")
    return found[0]


def list_changes(*, sku: str = "", limit: int) -> list[Change]:
    """This function will return changes of stock, the newest first: of one SKU, or of all."""
    rows = StockChange.objects.filter(sku=sku) if sku else StockChange.objects.all()
    return _changes(rows.order_by("-changed_at", "-id")[:limit])


def _counted_since(change: Change) -> bool:
    later = StockChange.objects.filter(sku=change.sku, kind=ChangeKind.COUNTED, changed_at__gte=change.changed_at)
    # Of the same moment, what began with another balance came before or after; to be safe it counts as after.
    counts = list(later.exclude(pk=change.id).values_list("pk", flat=True))
    return StockChange.objects.filter(undoes__in=counts).count() < len(counts)


def _write(rows: Sequence[StockChange], *, now: dt.datetime) -> list[Change]:
    StockChange.objects.bulk_create(rows)
    for row in rows:
        if row.quantity:
            kind = MovementKind.RECEIVED if row.kind == ChangeKind.CAME_IN else MovementKind.CORRECTED
            reason = f"{row.kind} {row.why}".strip()[:_REASON_CHARS]
            move(movements=[Movement(sku=row.sku, kind=kind, quantity=row.quantity)], now=now, reason=reason)
    return _changes(rows)


def _changes(rows: Iterable[StockChange]) -> list[Change]:
    kept = list(rows)
    undone = set(StockChange.objects.filter(undoes__in=[row.pk for row in kept]).values_list("undoes", flat=True))
    return [
        Change(
            id=row.pk,
            sku=row.sku,
            kind=ChangeKind(row.kind),
            quantity=row.quantity,
            on_hand_before=row.on_hand_before,
            changed_at=row.changed_at,
            changed_by=row.changed_by,
            why=row.why,
            undoes=row.undoes,
            is_undone=row.pk in undone,
        )
        for row in kept
    ]
