"""View a payment: how it stands, asked of its provider as long as it is not final."""

from __future__ import annotations

import datetime as dt

from evertill.domains import payments
from evertill.domains.payments import Intent
from evertill.journeys.settle_payment import PaymentNotFound, settle_payment

__all__ = ["Intent", "PaymentNotFound", "view_payment"]


def view_payment(*, order_id: int, intent_id: int, now: dt.datetime) -> payments.Intent:
    """This function will return one payment of an order as it stands; raises PaymentNotFound.

    This is what a customer's return calls. When the provider does not answer, it is what we know.
    """
    intent = payments.read_intents(intent_ids=[intent_id]).get(intent_id)
    if intent is None or intent.order_id != order_id:
        raise PaymentNotFound("This order has no payment with this number.")
    if payments.is_final(intent.state):
        return intent
    try:
        return settle_payment(intent_id=intent_id, actor="customer", now=now)
    except payments.ProviderUnavailable:
        return intent
