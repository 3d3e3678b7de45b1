"""The messages that tell of orders: found by their keys, which are made of the orders' and refunds' numbers."""

from __future__ import annotations

from collections.abc import Sequence

from evertill.domains import payments, reviews
from evertill.kernel import ids


def keys_of(order_ids: Sequence[int], refunds: Sequence[payments.Refund]) -> list[str]:
    """This function will return the keys under which customers were told of these orders and refunds."""
    asked = range(1, reviews.QUESTIONS_MAX + 1)
    told = [
        key
        for number in ids.to_numbers(order_ids)
        for key in (f"placed:{number}", f"paid:{number}", *(f"asked:{number}:{time}" for time in asked))
    ]
    return [*told, *(f"refunded:{refund.number}" for refund in refunds)]


def refunds_of(order_ids: Sequence[int]) -> tuple[dict[int, list[payments.Intent]], dict[int, list[payments.Refund]]]:
    """This function will return the payments of orders, by order, and the refunds of these, by payment."""
    by_order = payments.read_intents_of_orders(order_ids=order_ids)
    intent_ids = [intent.id for some in by_order.values() for intent in some]
    found = payments.find_refunds_of(intent_ids=intent_ids) if intent_ids else []
    refunds = payments.read_refunds(refund_ids=[refund_id for _intent, refund_id, _theirs in found])
    by_payment: dict[int, list[payments.Refund]] = {}
    for refund in refunds.values():
        by_payment.setdefault(refund.intent_id, []).append(refund)
    return by_order, by_payment
