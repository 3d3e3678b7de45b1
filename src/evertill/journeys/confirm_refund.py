"""Confirm a refund: staff have sent money back, by bank transfer or over the counter."""

from __future__ import annotations

import datetime as dt

from evertill.domains import payments, trail
from evertill.domains.access import Permission
from evertill.domains.trail import Subject
from evertill.journeys.confirm_payment import ReferenceUsed, check_by_hand, read_reference
from evertill.journeys.permitted import Asker, check_permitted, order_thing, permitted
from evertill.journeys.refund_payment import end_refund
from evertill.kernel import ids
from evertill.kernel.errors import EvertillError


class RefundNotFound(EvertillError):
    """There is no such refund."""

    code = "REFUND_NOT_FOUND"
    status = "not_found"
    remedy = "Check the refund's number; `evertill payments waiting` lists those that are to be sent."


class RefundEnded(EvertillError):
    """The refund has ended already, in another way."""

    code = "REFUND_ENDED"
    status = "conflict"
    kept = "The refund stays as it was booked."
    remedy = "Look whether the money was sent twice; if it was, ask the customer for it."


def confirm_refund(*, refund_id: int, reference: str, asker: Asker, now: dt.datetime) -> payments.Refund:
    """This function will book that staff have sent a refund under a bank's reference, once, and return it.

    Raises RefundNotFound, NotByHand, InvalidReference, RefundEnded when it was confirmed under another reference,
    ReferenceUsed when that reference is another refund's, Forbidden, also for his own order, and what db.write raises.
    """
    reference = read_reference(reference)
    subject = Subject(kind="refund", id=ids.to_number(refund_id))
    with permitted(asker=asker, permission=Permission.PAYMENTS_CONFIRM, subject=subject, now=now):
        refund = payments.read_refunds(refund_ids=[refund_id]).get(refund_id)
        if refund is None:
            raise RefundNotFound("There is no refund with this number.")
        check_by_hand(payments.read_intents(intent_ids=[refund.intent_id])[refund.intent_id])
        # Confirmations of one payment's refunds queue here; what is read now is what they are.
        intent = payments.lock_intent(intent_id=refund.intent_id)
        assert intent is not None  # noqa: S101 — payments are never deleted.
        check_permitted(asker=asker, permission=Permission.PAYMENTS_CONFIRM, thing=order_thing(intent.order_id))
        sent = payments.find_sent(intent_id=intent.id, provider_id=reference)
        if sent not in (None, refund_id):
            raise ReferenceUsed("Another refund of this payment was sent under this reference.")
        state = payments.RefundState.SUCCEEDED
        if end_refund(intent=intent, refund=refund, state=state, provider_id=reference, now=now):
            said = f"refund {refund.number} sent: {reference}"
            payments.note(intent_id=intent.id, actor=asker.name, why=said, now=now)
            trail.write(
                actor=asker.actor,
                operation="payments.confirm_refund",
                subject=subject,
                after={"reference": reference},
                now=now,
            )
        elif sent is None:
            raise RefundEnded("This refund has ended before, under another reference or without being sent.")
    return payments.read_refunds(refund_ids=[refund_id])[refund_id]
