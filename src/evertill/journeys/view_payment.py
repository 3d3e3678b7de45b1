"""View a payment: how it stands, asked of its provider now and then as long as it is not final."""

from __future__ import annotations

import datetime as dt
from functools import cache

from evertill.domains import payments
from evertill.domains.payments import Intent
from evertill.journeys.see_own import own_rows
from evertill.journeys.settle_payment import PaymentNotFound, settle_payment
from evertill.kernel import config
from evertill.kernel.rarely import Rarely

__all__ = ["Intent", "PaymentNotFound", "is_worth_asking", "list_payments", "look_again", "view_payment"]


def view_payment(*, intent_id: int, order_id: int | None = None) -> payments.Intent:
    """This function will return one payment as we know it, of this order if one is named; raises PaymentNotFound."""
    with own_rows():
        intent = payments.read_intents(intent_ids=[intent_id]).get(intent_id)
    if intent is None or order_id not in (None, intent.order_id):
        raise PaymentNotFound("This order has no payment with this number.")
    return intent


def list_payments(*, order_id: int) -> list[payments.Intent]:
    """This function will return the latest payments of an order, at most `config.page_size_max`, the latest first."""
    with own_rows():
        return payments.find_order_intents(order_id=order_id, limit=config.get().page_size_max)


def is_worth_asking(intent: payments.Intent) -> bool:
    """This function will say whether to look again: not when it is final, nor when somebody did a moment ago."""
    return not payments.is_final(intent.state) and _lately().admits(intent.id)


def look_again(*, intent: payments.Intent, actor: str, now: dt.datetime) -> payments.Intent:
    """This function will ask the provider, and return the payment as it is then.

    This is what a customer's return calls. When the provider does not answer, it is what we know.
    """
    try:
        return settle_payment(intent_id=intent.id, actor=actor, now=now)
    except payments.ProviderUnavailable:
        return intent


@cache
def _lately() -> Rarely:
    return Rarely(every_s=config.get().payment_look_s)
