"""List what waits for staff: money that has not been seen to come, and refunds that have not been sent."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from evertill.domains import orders, payments


class Awaited(msgspec.Struct, frozen=True, kw_only=True):
    """A payment whose money staff are to confirm, and how its order stands meanwhile."""

    intent: payments.Intent
    order: orders.Order


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that staff are to send, and the payment that it gives back."""

    refund: payments.Refund
    intent: payments.Intent


def list_waiting(*, limit: int) -> tuple[Sequence[Awaited], Sequence[Owed]]:
    """This function will return up to `limit` payments to be confirmed and refunds to be sent, oldest first."""
    providers = payments.providers_with(payments.Capability.OFFLINE)
    intents = payments.read_waiting(providers=providers, limit=limit)
    refunds = payments.read_waiting_refunds(providers=providers, limit=limit)
    placed = orders.read_orders(order_ids=sorted({intent.order_id for intent in intents}))
    paid = payments.read_intents(intent_ids={refund.intent_id for refund in refunds})
    return (
        [Awaited(intent=intent, order=placed[intent.order_id]) for intent in intents],
        [Owed(refund=refund, intent=paid[refund.intent_id]) for refund in refunds],
    )
