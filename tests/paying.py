"""Small makers of what tests of payments begin with, and what they look at afterwards."""

from __future__ import annotations

import datetime as dt

from evertill.domains import ledger, orders, payments
from evertill.domains.ledger import Account, AccountKind
from evertill.journeys import start_payment as starting
from evertill.journeys.audit_books import audit_books
from evertill.journeys.place_orders import Placed
from evertill.journeys.receive_webhooks import Webhook
from evertill.journeys.refund_order import RefundOrder, refund_order
from evertill.journeys.settle_payment import settle_payment
from evertill.kernel import ids
from tests.builders import NOON, ask, make_product, place_one

PRICE = 250


def placed_order(sku: str = "TEA", *, pieces: int = 10, wanted: int = 1) -> Placed:
    """An order of pieces at 2.50 each, of a product with so many pieces."""
    make_product(sku, pieces=pieces)
    return place_one(ask(f"order of {sku}", {sku: wanted}))


def start(order: Placed, *, key: str = "pay-1", method: str = "twin.page", now: dt.datetime = NOON) -> payments.Intent:
    """A payment that is begun."""
    return start_whole(order, key=key, method=method, now=now).intent


def start_whole(
    order: Placed, *, key: str = "pay-1", method: str = "twin.page", now: dt.datetime = NOON
) -> starting.Started:
    asked = starting.StartPayment(order_id=order.order.id, method=method, caller="customer", key=key.encode())
    return starting.start_payment(asked=asked, actor="customer", now=now)


def settle(intent: payments.Intent, *, now: dt.datetime = NOON) -> payments.Intent:
    return settle_payment(intent_id=intent.id, actor="webhook", now=now)


def refund(intent: payments.Intent, amount: int, *, key: str = "back-1", now: dt.datetime = NOON) -> payments.Refund:
    """A part of a payment given back, without goods."""
    asked = RefundOrder(order_id=intent.order_id, amount=amount, reason="broken", caller="ada", key=key.encode())
    return refund_order(asked=asked, actor="ada", now=now).refund


def state_of(order: Placed) -> orders.State:
    return orders.read_orders(order_ids=[order.order.id])[order.order.id].state


def intent_of(intent: payments.Intent) -> payments.Intent:
    return payments.read_intents(intent_ids=[intent.id])[intent.id]


def webhook(intent: payments.Intent, *, event: str = "evt_1", provider: str = "twin", signed: str = "yes") -> Webhook:
    return Webhook(provider=provider, headers={b"signed": signed.encode()}, body=f"{event} {intent.number}".encode())


def owed(order: Placed, *, currency: str = "GBP") -> int:
    """What the ledger says that an order owes; below zero, what it is owed."""
    account = Account(kind=AccountKind.ORDER_RECEIVABLE, currency=currency, owner=ids.to_number(order.order.id))
    return ledger.sum_entries(accounts=[account])[account]


def clearing(*, currency: str = "GBP", provider: str = "twin") -> int:
    """What the ledger says that the provider holds for the shop."""
    account = Account(kind=AccountKind.PROVIDER_CLEARING, currency=currency, owner=provider)
    return ledger.sum_entries(accounts=[account])[account]


def are_books_sound() -> bool:
    """Whether everything adds up; inside a test's transaction the audit cannot take its moment."""
    return audit_books() == []
