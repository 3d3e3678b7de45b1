"""Refund an order as staff: alone up to a limit, beyond it when another person has approved exactly this."""

from __future__ import annotations

import datetime as dt

from evertill.domains import payments, preferences, trail
from evertill.domains.access import Permission, Thing
from evertill.domains.approvals import Approval, ApprovalRequired
from evertill.domains.trail import Subject
from evertill.journeys import decide_approvals
from evertill.journeys.permitted import Asker, Wish, approved, buyers_of, check_permitted, recording_refusals
from evertill.journeys.refund_order import Leave, Refunded, RefundOrder, refund_order
from evertill.journeys.view_order import view_order
from evertill.kernel import ids

__all__ = [
    "ApprovalRequired",
    "RefundOrder",
    "Refunded",
    "ask_to_refund",
    "check_leave",
    "refund_as_staff",
    "subject_of",
]


class _Found(Exception):
    """What the refund would be; raised so that nothing of it is kept."""

    def __init__(self, wish: Wish) -> None:
        super().__init__()
        self.wish = wish


def refund_as_staff(*, asker: Asker, asked: RefundOrder, now: dt.datetime) -> Refunded:
    """This function will give money back as `refund_order` does, when the asker may.

    All refunds of one order together count towards the preference `refunds.alone-max`; beyond it, exactly this has to
    be approved. Raises Forbidden, also for his own order, ApprovalRequired, and what refund_order raises.
    """

    def leave(intent: payments.Intent, refund: payments.Refund) -> None:
        check_leave(asker, asked, intent, refund, now=now)

    return _refund(asker, asked, leave, now=now)


def check_leave(
    asker: Asker, asked: RefundOrder, intent: payments.Intent, refund: payments.Refund, *, now: dt.datetime
) -> None:
    """This function will record a refund that was just promised, if the asker may make it; else it raises.

    Raises Forbidden, and ApprovalRequired beyond the limit.
    """
    check_permitted(asker=asker, permission=Permission.ORDERS_REFUND, thing=_thing(asked))
    by = ""
    if _promised(refund) > preferences.number(preferences.Name.REFUND_ALONE_MAX):
        by = approved(asker=asker, wish=_wish(asked, intent, refund), now=now)
    trail.write(
        actor=asker.actor,
        operation="orders.refund",
        subject=subject_of(asked),
        after=_told(intent, refund) | ({"approved_by": by} if by else {}),
        why=asked.reason,
        now=now,
    )


def ask_to_refund(*, asker: Asker, asked: RefundOrder, why: str, now: dt.datetime) -> Approval:
    """This function will ask for the approval of exactly this refund; raises what refund_as_staff raises."""

    def leave(intent: payments.Intent, refund: payments.Refund) -> None:
        check_permitted(asker=asker, permission=Permission.ORDERS_REFUND, thing=_thing(asked))
        raise _Found(_wish(asked, intent, refund))

    try:
        _refund(asker, asked, leave, now=now)
    except _Found as found:
        return decide_approvals.ask(asker=asker, wish=found.wish, why=why, thing=_thing(asked), now=now)
    raise decide_approvals.ApprovalNotOpen("This refund was made already.")


def _refund(asker: Asker, asked: RefundOrder, leave: Leave, *, now: dt.datetime) -> Refunded:
    with recording_refusals(asker=asker, subject=subject_of(asked), now=now):
        # Before anything about the order is told, and again in the transaction, because roles change meanwhile.
        check_permitted(asker=asker, permission=Permission.ORDERS_REFUND)
        return refund_order(asked=asked, actor=asker.name, now=now, leave=leave)


def _promised(refund: payments.Refund) -> int:
    return payments.sum_promised(intent_id=refund.intent_id, kind=payments.RefundKind.SALE)


def _thing(asked: RefundOrder) -> Thing:
    order = view_order(order_id=asked.order_id)
    return Thing(kind="order", id=ids.to_number(asked.order_id), owner=order.account_id)


def _wish(asked: RefundOrder, intent: payments.Intent, refund: payments.Refund) -> Wish:
    told = _told(intent, refund)
    del told["refund"]
    lines = [[line.sku, line.quantity, line.unit_price] for line in asked.lines]
    return Wish(
        permission=Permission.ORDERS_REFUND,
        subject=subject_of(asked),
        content=told
        | {
            "lines": lines,
            "whole": not asked.lines and asked.amount is None,
            "restock": asked.restock,
            "reason": asked.reason,
        },
        touched=buyers_of(asked.order_id),
    )


def subject_of(asked: RefundOrder) -> Subject:
    """This function will return what a refund is recorded on: its order."""
    return Subject(kind="order", id=ids.to_number(asked.order_id))


def _told(intent: payments.Intent, refund: payments.Refund) -> dict[str, object]:
    return {"refund": refund.number, "amount": refund.amount, "currency": intent.expected.currency}
