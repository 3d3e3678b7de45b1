"""Who gets what when there is not enough for everyone: first come, first served, and all or nothing per order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evertill.domains.stock.types import Item, Kind

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
