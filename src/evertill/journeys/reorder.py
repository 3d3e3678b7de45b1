"""Re-order: what of an order can be had again, at today's prices and as far as there is any left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evertill.domains import orders
from evertill.journeys.browse_products import VariantOnSale, find_variants
from evertill.journeys.view_order import view_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Pieces of one SKU, as they were ordered, and how many of them can be had; 0 for none, or none for sale."""

    sku: str
    title: str
    ordered: int
    can_be_had: int


def look_again(*, order_id: int, languages: Sequence[str]) -> list[Wanted]:
    """This function will say of each SKU of an order how much of it can be had now; raises OrderNotFound.

    Titles are those of today where it is for sale, else those of the order.
    """
    lines = view_order(order_id=order_id).lines
    found = find_variants(skus=sorted({line.sku for line in lines}), languages=languages)
    titles = {line.sku: line.title for line in lines} | {sku: product.title for sku, (product, _) in found.items()}
    return [
        Wanted(
            sku=sku,
            title=titles[sku],
            ordered=ordered,
            can_be_had=_can_be_had(found[sku][1], ordered) if sku in found else 0,
        )
        for sku, ordered in orders.pieces_by_sku(lines).items()
    ]


def _can_be_had(variant: VariantOnSale, ordered: int) -> int:
    if not variant.in_stock or not variant.prices:
        return 0
    # How many are left is only told when they are few; more than that is enough for most.
    return ordered if variant.left is None else min(ordered, variant.left)
