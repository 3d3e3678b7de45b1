"""Refund again: what a provider refused to give back is asked of it anew, once somebody has set right why."""

from __future__ import annotations

import datetime as dt
import secrets

from evertill.domains import incidents, orders, payments, trail
from evertill.domains.access import Permission
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, permitted
from evertill.journeys.refund_order import RefundTooMuch, left_of, promise_exactly, try_to_send
from evertill.kernel import crypto, ids
from evertill.kernel.errors import EvertillError

__all__ = ["RefundNotFailed", "RefundTooMuch", "refund_again"]


class RefundNotFailed(EvertillError):
    """There is no such refund, or no provider has refused it."""

    code = "REFUND_NOT_FAILED"
    status = "conflict"
    remedy = "Check the refund's number: it stands in the alert. One that is on its way is sent again by itself."


def refund_again(*, refund_id: int, asker: Asker, now: dt.datetime) -> payments.Refund:
    """This function will promise anew what a failed refund promised, send it, and return the new refund as it stands.

    Money that bought nothing goes back in no other way, so this is how that ends well. Asked again, it is the same new
    refund. Raises RefundNotFailed, RefundTooMuch, orders.TooManyPieces, and what db.write raises.
    """
    subject = Subject(kind="refund", id=ids.to_number(refund_id))
    with permitted(asker=asker, permission=Permission.ORDERS_REFUND, subject=subject, now=now):
        failed = payments.read_refunds(refund_ids=[refund_id]).get(refund_id)
        if failed is None or failed.state is not payments.RefundState.FAILED:
            raise RefundNotFailed(f"There is no refund {ids.to_number(refund_id)} that was refused.")
        # A new refund has a new number, by which the provider does not answer with its old refusal.
        key_digest = crypto.fingerprint(b"again", failed.id.to_bytes(8, "big"))
        intent = payments.lock_intent(intent_id=failed.intent_id)
        assert intent is not None  # noqa: S101 — payments are never deleted.
        refund = payments.find_refund(key_digest=key_digest)
        if refund is None:
            refund = _promise(failed, intent, key_digest=key_digest, actor=asker.name, now=now)
            incidents.close_alerts(
                kind=incidents.Kind.REFUND_REFUSED,
                subject=failed.number,
                actor=asker.name,
                why=f"asked again as {refund.number}",
                now=now,
            )
            trail.write(
                actor=asker.actor,
                operation="orders.refund_again",
                subject=subject,
                after={"refund": refund.number, "amount": refund.amount},
                now=now,
            )
    return try_to_send(refund, now=now)


def _promise(
    failed: payments.Refund, intent: payments.Intent, *, key_digest: bytes, actor: str, now: dt.datetime
) -> payments.Refund:
    orders.lock_order(order_id=intent.order_id)
    left = left_of(intent) if failed.kind is payments.RefundKind.SALE else intent.left
    given = orders.read_returns(refund_ids=[failed.id]).get(failed.id, orders.Return(pieces=(), restock=False))
    (refund_id,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
    new = payments.NewRefund(
        id=refund_id,
        intent_id=intent.id,
        kind=failed.kind,
        amount=failed.amount,
        reason=failed.reason,
        actor=actor,
        key_digest=key_digest,
    )
    return promise_exactly(new, given, intent, left=left, now=now)
