"""Refund again: what a provider refused to give back is asked of it anew, once somebody has set right why."""

from __future__ import annotations

import datetime as dt
import secrets

from evertill.domains import incidents, orders, payments, preferences, trail
from evertill.domains.access import Permission
from evertill.domains.approvals import Approval
from evertill.domains.trail import Subject
from evertill.journeys import decide_approvals
from evertill.journeys.permitted import Asker, Wish, approved, buyers_of, check_permitted, order_thing, permitted
from evertill.journeys.refund_order import RefundTooMuch, left_of, promise_exactly, try_to_send
from evertill.kernel import crypto, ids
from evertill.kernel.errors import EvertillError

__all__ = ["RefundNotFailed", "RefundTooMuch", "ask_to_refund_again", "refund_again"]


class RefundNotFailed(EvertillError):
    """There is no such refund, or no provider has refused it."""

    code = "REFUND_NOT_FAILED"
    status = "conflict"
    remedy = "Check the refund's number: it stands in the alert. One that is on its way is sent again by itself."


def refund_again(*, refund_id: int, asker: Asker, now: dt.datetime) -> payments.Refund:
    """This function will promise anew what a failed refund promised, send it, and return the new refund as it stands.

    Money that bought nothing goes back in no other way, so this is how that ends well. Asked again, it is the same new
    refund. It counts towards what may be given back alone, since others may have been given back meanwhile. Raises
    RefundNotFailed, RefundTooMuch, orders.TooManyPieces, ApprovalRequired, Forbidden, also for his own order, and what
    db.write raises.
    """
    with permitted(asker=asker, permission=Permission.ORDERS_REFUND, subject=_subject(refund_id), now=now):
        failed = _failed(refund_id)
        # A new refund has a new number, by which the provider does not answer with its old refusal.
        key_digest = crypto.fingerprint(b"again", failed.id.to_bytes(8, "big"))
        intent = payments.lock_intent(intent_id=failed.intent_id)
        assert intent is not None  # noqa: S101 — payments are never deleted.
        check_permitted(asker=asker, permission=Permission.ORDERS_REFUND, thing=order_thing(intent.order_id))
        refund = payments.find_refund(key_digest=key_digest)
        if refund is None:
            refund = _promise(failed, intent, key_digest=key_digest, actor=asker.name, now=now)
            by = _leave(asker, failed, intent, now=now)
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
                subject=_subject(refund_id),
                after={"refund": refund.number, "amount": refund.amount} | ({"approved_by": by} if by else {}),
                now=now,
            )
    return try_to_send(refund, now=now)


def ask_to_refund_again(*, asker: Asker, refund_id: int, why: str, now: dt.datetime) -> Approval:
    """This function will ask for the approval that `refund_again` needs; raises what that raises before it."""
    with permitted(asker=asker, permission=Permission.ORDERS_REFUND, subject=_subject(refund_id), now=now):
        failed = _failed(refund_id)
        intent = payments.read_intents(intent_ids=[failed.intent_id])[failed.intent_id]
    thing = order_thing(intent.order_id)
    return decide_approvals.ask(asker=asker, wish=_wish(failed, intent), why=why, thing=thing, now=now)


def _failed(refund_id: int) -> payments.Refund:
    failed = payments.read_refunds(refund_ids=[refund_id]).get(refund_id)
    if failed is None or failed.state is not payments.RefundState.FAILED:
        raise RefundNotFailed(f"There is no refund {ids.to_number(refund_id)} that was refused.")
    return failed


def _leave(asker: Asker, failed: payments.Refund, intent: payments.Intent, *, now: dt.datetime) -> str:
    """Use up an approval where the sale's refunds, with this one that is promised, are beyond what one gives alone.

    Money that bought nothing is nobody's to keep, and goes back as it came.
    """
    if failed.kind is not payments.RefundKind.SALE:
        return ""
    promised = payments.sum_promised(intent_id=intent.id, kind=payments.RefundKind.SALE)
    if promised <= preferences.number(preferences.Name.REFUND_ALONE_MAX):
        return ""
    return approved(asker=asker, wish=_wish(failed, intent), now=now)


def _wish(failed: payments.Refund, intent: payments.Intent) -> Wish:
    return Wish(
        permission=Permission.ORDERS_REFUND,
        subject=_subject(failed.id),
        content={
            "amount": failed.amount,
            "currency": intent.expected.currency,
            "order": ids.to_number(intent.order_id),
            "reason": failed.reason,
        },
        touched=buyers_of(intent.order_id),
    )


def _subject(refund_id: int) -> Subject:
    return Subject(kind="refund", id=ids.to_number(refund_id))


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
