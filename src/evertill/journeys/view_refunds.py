"""View refunds: what was given back of an order, and what is on its way."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from evertill.domains import orders, payments
from evertill.domains.orders import Pieces
from evertill.domains.payments import Refund
from evertill.journeys.see_own import own_rows
from evertill.kernel import config
from evertill.kernel.money import Money

__all__ = ["OrderRefund", "Pieces", "Refund", "view_refund", "view_refunds"]


class OrderRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund with what it gives back: money, and the pieces that were named or left."""

    refund: payments.Refund
    payment: str
    amount: Money
    pieces: Sequence[orders.Pieces]
    restock: bool


def view_refunds(*, order_id: int) -> list[OrderRefund]:
    """This function will return the latest refunds of an order, at most `config.page_size_max`, the latest first."""
    with own_rows():
        return whole_refunds(payments.find_order_refunds(order_id=order_id, limit=config.get().page_size_max))


def view_refund(refund: payments.Refund) -> OrderRefund:
    """This function will return a refund with what it gives back."""
    with own_rows():
        (whole,) = whole_refunds([refund])
    return whole


def whole_refunds(refunds: Sequence[payments.Refund]) -> list[OrderRefund]:
    """This function will return refunds with what each gives back, in their sequence."""
    if not refunds:
        return []
    returns = orders.read_returns(refund_ids=[refund.id for refund in refunds])
    intents = payments.read_intents(intent_ids={refund.intent_id for refund in refunds})
    nothing = orders.Return(pieces=(), restock=False)
    whole = []
    for refund in refunds:
        intent = intents[refund.intent_id]
        assert intent.captured is not None  # noqa: S101 — a constraint: only captured money is refunded.
        given = returns.get(refund.id, nothing)
        whole.append(
            OrderRefund(
                refund=refund,
                payment=intent.number,
                amount=Money(amount=refund.amount, currency=intent.captured.currency),
                pieces=given.pieces,
                restock=given.restock,
            )
        )
    return whole
