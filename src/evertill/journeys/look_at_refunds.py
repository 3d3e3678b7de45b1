"""Look at refunds, as staff: which there are and how they stand, and what of an order can be given back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from evertill.domains import orders, payments, preferences
from evertill.domains.access import Permission
from evertill.domains.payments import Intent, RefundKind, RefundState
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, looking
from evertill.journeys.refund_order import left_of
from evertill.journeys.view_order import view_order
from evertill.journeys.view_refunds import OrderRefund, view_refunds, whole_refunds
from evertill.kernel import ids

__all__ = ["Listed", "OrderRefund", "RefundState", "Refundable", "look_at_refundable", "look_at_refunds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A refund of the list: when it was asked for, and of which payment of which order."""

    refund: OrderRefund
    asked_at: dt.datetime
    intent: Intent

    @property
    def is_by_hand(self) -> bool:
        """Whether staff have to send the money themselves, and then say so."""
        is_offline = payments.Capability.OFFLINE in payments.provider(self.intent.provider).capabilities
        return is_offline and self.refund.refund.state is RefundState.REQUESTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Refundable:
    """An order as whoever gives money back looks at it; amounts in minor units.

    `left` can still be given back, None when nobody has paid; `alone` of it without another person.
    """

    order: orders.Order
    refunds: Sequence[OrderRefund]
    left: int | None
    alone: int


def look_at_refunds(
    *, asker: Asker, states: Sequence[RefundState], behind: int | None, limit: int, now: dt.datetime
) -> list[Listed]:
    """This function will return up to `limit` refunds in these states, the latest first; raises Forbidden."""
    subject = Subject(kind="refunds", id=",".join(state.value for state in states))
    with looking(asker=asker, permission=Permission.PAYMENTS_READ, subject=subject, now=now) as look:
        found = payments.list_refunds(states=states, behind=behind, limit=limit)
        whole = whole_refunds([refund for refund, _at in found])
        intents = payments.read_intents(intent_ids={refund.intent_id for refund, _at in found})
        look.note(found=len(found))
    return [
        Listed(refund=refund, asked_at=at, intent=intents[refund.refund.intent_id])
        for refund, (_refund, at) in zip(whole, found, strict=True)
    ]


def look_at_refundable(*, asker: Asker, order_id: int, now: dt.datetime) -> Refundable:
    """This function will return what of an order can be given back; raises OrderNotFound, Forbidden."""
    subject = Subject(kind="order", id=ids.to_number(order_id))
    with looking(asker=asker, permission=Permission.PAYMENTS_READ, subject=subject, now=now):
        order = view_order(order_id=order_id)
        intent_id = payments.find_buyer(order_id=order_id)
        intent = payments.read_intents(intent_ids=[intent_id])[intent_id] if intent_id is not None else None
        given = payments.sum_promised(intent_id=intent.id, kind=RefundKind.SALE) if intent else 0
        limit = preferences.number(preferences.Name.REFUND_ALONE_MAX)
        return Refundable(
            order=order,
            refunds=view_refunds(order_id=order_id),
            left=left_of(intent) if intent else None,
            alone=max(limit - given, 0),
        )
