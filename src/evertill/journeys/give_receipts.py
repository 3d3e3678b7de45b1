"""Give receipts: the signed proof of an order, written again as often as somebody asks for it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from evertill.domains import orders, receipts
from evertill.journeys.view_order import view_order

__all__ = ["Proof", "facts_of", "find_receipts", "give_receipt"]


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """An order's receipt: `text` is all of it, `short` what fits a QR code. Empty for one from before receipts."""

    text: str = ""
    short: str = ""


def facts_of(order: orders.Order) -> receipts.Facts:
    """This function will return what a receipt says of an order."""
    return receipts.Facts(
        order_id=order.id, placed_at=order.placed_at, currency=order.currency, total=order.total, lines=order.lines
    )


def find_receipts(found: Sequence[orders.Order]) -> dict[int, str]:
    """This function will write the receipts of orders anew, by order; one from before receipts is missing."""
    return {order.id: receipts.texts.write_one(batch, facts=facts_of(order), index=i) for order, batch, i in _of(found)}


def give_receipt(*, order_id: int) -> Proof:
    """This function will return an order's receipt in both forms; raises OrderNotFound."""
    for order, batch, index in _of([view_order(order_id=order_id)]):
        facts = facts_of(order)
        return Proof(
            text=receipts.texts.write_one(batch, facts=facts, index=index),
            short=receipts.texts.write_short(batch, facts=facts, index=index),
        )
    return Proof()


def _of(found: Sequence[orders.Order]) -> list[tuple[orders.Order, receipts.Batch, int]]:
    named = orders.read_receipt_batches(order_ids=[order.id for order in found])
    batches = receipts.read_batches(batch_ids=set(named.values()))
    placed = []
    for order in found:
        batch = batches.get(named.get(order.id, -1))
        index = receipts.position_in(batch, order_id=order.id) if batch else None
        if batch is not None and index is not None:
            placed.append((order, batch, index))
    return placed
