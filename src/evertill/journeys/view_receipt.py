"""View a receipt: what was bought, what was paid for it and when, and what went back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec

from evertill.domains import orders, payments
from evertill.journeys.see_own import own_rows
from evertill.journeys.view_order import OrderNotFound, view_order
from evertill.journeys.view_payment import list_payments
from evertill.journeys.view_refunds import view_refunds
from evertill.kernel.money import Money

__all__ = ["Moved", "OrderNotFound", "Receipt", "view_receipt"]

_PAID = (orders.State.PAID, orders.State.REFUNDED)


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """Money that came or went back: the number of its payment or refund, the provider, and when."""

    number: str
    provider: str
    amount: Money
    at: dt.datetime


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """An order with the money that moved for it, the first first; `is_paid` says that it is a receipt at all."""

    order: orders.Order
    is_paid: bool
    came: Sequence[Moved]
    went_back: Sequence[Moved]


def view_receipt(*, order_id: int) -> Receipt:
    """This function will return what an order's receipt says; raises OrderNotFound.

    Money that came and bought nothing is on it too, and so is its going back: a customer's statement shows both.
    """
    with own_rows():
        return _read(order_id)


def _read(order_id: int) -> Receipt:
    order = view_order(order_id=order_id)
    intents = {intent.number: intent for intent in list_payments(order_id=order_id) if intent.captured is not None}
    captured_at = payments.read_captured_at(intent_ids=[intent.id for intent in intents.values()])
    came = [
        Moved(number=number, provider=intent.provider, amount=intent.captured, at=captured_at[intent.id])
        for number, intent in intents.items()
        if intent.captured is not None
    ]
    refunds = [
        whole
        for whole in view_refunds(order_id=order_id)
        if whole.refund.state is payments.RefundState.SUCCEEDED and whole.payment in intents
    ]
    refunded_at = payments.read_refunded_at(refund_ids=[whole.refund.id for whole in refunds])
    went_back = [
        Moved(
            number=whole.refund.number,
            provider=intents[whole.payment].provider,
            amount=whole.amount,
            at=refunded_at[whole.refund.id],
        )
        for whole in refunds
    ]
    return Receipt(
        order=order,
        is_paid=order.state in _PAID,
        came=sorted(came, key=lambda one: (one.at, one.number)),
        went_back=sorted(went_back, key=lambda one: (one.at, one.number)),
    )
