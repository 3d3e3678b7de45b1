"""Give up delivery: what was paid for goods that cannot be delivered goes back, and the customer is told."""

from __future__ import annotations

import datetime as dt
import secrets

from evertill.domains import payments
from evertill.domains.access import Permission
from evertill.journeys.permitted import Asker, check_permitted, recording_refusals
from evertill.journeys.refund_as_staff import check_leave, subject_of
from evertill.journeys.refund_order import RefundOrder, lock_buyer, promise, try_to_send
from evertill.journeys.tell_customers import UNDELIVERABLE
from evertill.kernel import config, db

__all__ = ["give_up_delivery"]


def give_up_delivery(
    *, order_id: int, reason: str, restock: bool = False, asker: Asker, now: dt.datetime
) -> payments.Refund:
    """This function will give back all that is left of a paid order, and return the refund as it stands.

    Goods go back on sale only when told so; whoever gives up because they are broken or lost does not want that. An
    order that was given up before answers with that refund, unless it failed: then this tries again. Raises
    OrderNotFound, OrderNotPaid, RefundTooMuch when all was given back for other reasons, Forbidden and
    ApprovalRequired as any refund by staff does, and what db.write raises.
    """
    asked = RefundOrder(
        order_id=order_id,
        reason=f"{UNDELIVERABLE}: {reason}",
        restock=restock,
        caller=asker.name,
        # No key: whoever holds the payment's lock sees whether there is anything left, or a refund like this.
        key=b"",
    )
    with recording_refusals(asker=asker, subject=subject_of(asked), now=now), db.write():
        check_permitted(asker=asker, permission=Permission.ORDERS_REFUND)
        intent = lock_buyer(order_id=order_id)
        refund = _given_up(order_id)
        if refund is None:
            digest = secrets.token_bytes(16)
            refund = promise(asked, intent, key_digest=digest, body_digest=None, actor=asker.name, now=now)
            check_leave(asker, asked, intent, refund, now=now)
    return try_to_send(refund, now=now)


def _given_up(order_id: int) -> payments.Refund | None:
    refunds = payments.find_order_refunds(order_id=order_id, limit=config.get().page_size_max)
    for refund in refunds:
        is_like_this = refund.kind is payments.RefundKind.SALE and refund.reason.startswith(UNDELIVERABLE)
        if is_like_this and refund.state is not payments.RefundState.FAILED:
            return refund
    return None
