"""Refund a payment, whole or in part: promised first, then asked of the provider, then booked."""

from __future__ import annotations

import datetime as dt
import secrets

import msgspec
import structlog

from evertill.domains import ledger, orders, payments
from evertill.journeys.book_entries import post
from evertill.kernel import crypto, db, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import Money

_log = structlog.get_logger("evertill.payments")


class AskRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A request to give back minor units of a payment, and why, under a key of the caller's."""

    intent_id: int
    amount: int
    reason: str
    key: bytes


class RefundTooMuch(EvertillError):
    """More is to be given back than the payment has left, or nothing, or a part where only the whole can be."""

    code = "REFUND_TOO_MUCH"
    status = "conflict"
    remedy = "Look at what the payment captured and what was given back already."


def refund_payment(*, asked: AskRefund, actor: str, now: dt.datetime) -> payments.Refund:
    """This function will give money back and return the refund as it stands: SUCCEEDED, FAILED, or still REQUESTED.

    Goods do not come back by this. The same key asks once. Raises RefundTooMuch and what db.write raises; a refund
    whose provider does not answer stays REQUESTED and is sent again by the jobs.
    """
    key_digest = crypto.fingerprint(b"refund", asked.intent_id.to_bytes(8, "big"), asked.key)
    with db.write():
        # Requests for one payment queue here, so that a repeat finds the first one.
        intent = payments.lock_intent(intent_id=asked.intent_id)
        refund = payments.find_refund(key_digest=key_digest)
        if refund is None:
            refund = _promise(intent, asked, key_digest=key_digest, actor=actor, now=now)
    if refund.state is not payments.RefundState.REQUESTED:
        return refund
    try:
        return send_refund(refund_id=refund.id, now=now)
    except payments.ProviderUnavailable:
        return refund


def _promise(
    intent: payments.Intent | None, asked: AskRefund, *, key_digest: bytes, actor: str, now: dt.datetime
) -> payments.Refund:
    if intent is None or intent.captured is None or not intent.has_bought:
        raise RefundTooMuch("This payment has bought nothing that could be given back.")
    left = intent.captured.amount - intent.refunded
    provider = payments.provider(intent.provider)
    if asked.amount != left and payments.Capability.PARTIAL_REFUND not in provider.capabilities:
        raise RefundTooMuch("This provider gives back the whole only.", left=left)
    (refund_id,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
    new = payments.NewRefund(
        id=refund_id,
        intent_id=intent.id,
        kind=payments.RefundKind.SALE,
        amount=asked.amount,
        reason=asked.reason,
        actor=actor,
        key_digest=key_digest,
    )
    if asked.amount <= 0 or not payments.request_refund(new=new, now=now):
        raise RefundTooMuch(f"{asked.amount} cannot be given back; {left} is left.", left=left)
    return payments.read_refunds(refund_ids=[refund_id])[refund_id]


def send_refund(*, refund_id: int, now: dt.datetime) -> payments.Refund:
    """This function will have the provider give back what was promised, book it once, and return the refund.

    Raises ProviderUnavailable when it is not known whether the provider did; sending again is harmless.
    """
    refund = payments.read_refunds(refund_ids=[refund_id])[refund_id]
    intent = payments.read_intents(intent_ids=[refund.intent_id])[refund.intent_id]
    if refund.state is not payments.RefundState.REQUESTED:
        return refund
    state, provider_id = payments.RefundState.SUCCEEDED, ""
    try:
        provider_id = payments.provider(intent.provider).refund(intent=intent, refund=refund)
    except payments.ProviderRefused as refusal:
        # The money stays on the order's account in the ledger until somebody decides.
        _log.error("refund refused", refund=refund.number, payment=intent.number, why=refusal.detail)
        state = payments.RefundState.FAILED
    with db.write():
        payments.lock_intent(intent_id=intent.id)
        is_first = payments.finish_refund(refund=refund, state=state, provider_id=provider_id, now=now)
        if is_first and state is payments.RefundState.SUCCEEDED:
            _book(intent, refund, now=now)
    return payments.read_refunds(refund_ids=[refund_id])[refund_id]


def _book(intent: payments.Intent, refund: payments.Refund, *, now: dt.datetime) -> None:
    assert intent.captured is not None  # noqa: S101 — a constraint: only captured money is refunded.
    amount = Money(amount=refund.amount, currency=intent.captured.currency)
    is_sale = refund.kind is payments.RefundKind.SALE
    post([_entry(intent, refund, amount)], now=now)
    if is_sale:
        given_back = payments.sum_refunds(intent_id=intent.id, kind=payments.RefundKind.SALE)
        if given_back == intent.expected.amount:
            orders.change_state(order_ids=[intent.order_id], to=orders.State.REFUNDED, actor=refund.actor, now=now)


def _entry(intent: payments.Intent, refund: payments.Refund, amount: Money) -> ledger.Transaction:
    order = ids.to_number(intent.order_id)
    payer = ledger.find_payer(reference=intent.number)
    if payer is not None:
        # What a balance paid goes back to it. It only ever paid orders that stood open, so there is no other refund.
        return ledger.standard.refund_to_balance(reference=refund.number, order=order, customer=payer, amount=amount)
    book = ledger.standard.refund if refund.kind is payments.RefundKind.SALE else ledger.standard.late_refund
    return book(reference=refund.number, order=order, provider=intent.provider, amount=amount)
