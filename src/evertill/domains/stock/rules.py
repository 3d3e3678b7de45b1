"""Who gets what when there is not enough for everyone: first come, first served, and all or nothing per order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evertill.domains.stock.types import ChangeKind, Item, Kind, Said

# Tables that the shop only adds to.
RIGHTS: Mapping[str, tuple[str, ...]] = {"stock_change": ("select", "insert")}
# Far above any shelf, and far below the edge of a 64-bit column.
PIECES_MAX = 10**9

# What one order wants: pieces per SKU.
Ask = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Allotment:
    """The outcome for one order: served, or short of these SKUs with this much left of each."""

    short: Mapping[str, int]

    @property
    def is_served(self) -> bool:
        """Whether the order gets everything it asked for."""
        return not self.short


_SERVED = Allotment({})


def allot(*, asked: Sequence[Ask], items: Mapping[str, Item]) -> list[Allotment]:
    """This function will serve orders in their sequence, each whole or not at all.

    An order that is short takes nothing, so those behind it may still be served. A SKU without an item is short with
    0 left. Returns one allotment per order, in the same sequence.
    """
    left = {sku: item.available for sku, item in items.items() if item.kind is Kind.COUNTED}
    outcome = []
    for ask in asked:
        short = {
            sku: max(left.get(sku, 0), 0)
            for sku, quantity in ask.items()
            if (left[sku] < quantity if sku in left else sku not in items)
        }
        if short:
            outcome.append(Allotment(short))
            continue
        for sku, quantity in ask.items():
            if sku in left:
                left[sku] -= quantity
        outcome.append(_SERVED)
    return outcome


def quantity_of(said: Said, *, item: Item) -> int:
    """This function will return how many pieces come, or go where it is below 0, by what somebody says."""
    if said.kind is ChangeKind.COUNTED:
        return said.pieces - item.on_hand
    return said.pieces if said.kind is ChangeKind.CAME_IN else -said.pieces


def fault_of_change(*, item: Item, quantity: int) -> str | None:
    """This function will say in one sentence why the pieces of a SKU cannot change so, or return None when they can."""
    if item.kind is Kind.UNLIMITED:
        return f"{item.sku} cannot run out, so nobody counts it."
    after = item.on_hand + quantity
    if after < item.reserved:
        return f"{item.reserved} pieces of {item.sku} are promised to customers, so {max(after, 0)} cannot be all."
    return f"{PIECES_MAX} pieces are the most." if after > PIECES_MAX else None
