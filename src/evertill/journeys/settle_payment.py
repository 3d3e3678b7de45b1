"""Settle a payment: ask its provider how it stands, and apply the answer once.

The customer's return, the webhook and the poller all come here, in any order and at the same time. Whoever applies an
answer locks the payment and looks at it again; what is applied already changes nothing. Locks are taken in the order
payment, order, stock, ledger.
"""

from __future__ import annotations

import datetime as dt
import secrets

import structlog

from evertill.domains import fulfilment, ledger, orders, payments, stock
from evertill.journeys.ask_review import Reason, ask_review, review_large
from evertill.journeys.book_entries import post
from evertill.journeys.owed_codes import owed_by
from evertill.journeys.refund_payment import send_refund
from evertill.journeys.tell_customers import PaidOrder, tell_paid
from evertill.journeys.view_order import view_order
from evertill.kernel import crypto, db, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import Money
from evertill.kernel.said import Said

_log = structlog.get_logger("evertill.payments")

# What the order's history is told of its payments; money that came is told of once it is known what it meant.
_EVENTS = {
    payments.State.PENDING: orders.EventKind.PAYMENT_PENDING,
    payments.State.AUTHORIZED: orders.EventKind.PAYMENT_AUTHORIZED,
    payments.State.FAILED: orders.EventKind.PAYMENT_FAILED,
    payments.State.CANCELLED: orders.EventKind.PAYMENT_CANCELLED,
}
# Why somebody looks at money, in words.
_TOLD = {
    payments.Ending.LATE: "it came late, and bought the order",
    payments.Ending.UNDERPAID: "less than the price; it goes back",
    payments.Ending.WRONG_CURRENCY: "another currency; it goes back",
    payments.Ending.PAID_TWICE: "the order was paid already; it goes back",
    payments.Ending.UNDELIVERABLE: "the order had ended and its goods are gone; it goes back",
}
_STANDING = {
    orders.State.PLACED: payments.Standing.OPEN,
    orders.State.PAID: payments.Standing.PAID,
    orders.State.REFUNDED: payments.Standing.PAID,
    orders.State.CANCELLED: payments.Standing.ENDED,
    orders.State.EXPIRED: payments.Standing.ENDED,
}


class PaymentNotFound(EvertillError):
    """There is no such payment."""

    code = "PAYMENT_NOT_FOUND"
    status = "not_found"
    remedy = "Check the payment's number; it stands in the answer that began it."


def settle_payment(*, intent_id: int, actor: str, now: dt.datetime) -> payments.Intent:
    """This function will ask the provider how a payment stands, apply that once, and return the payment as it is then.

    What nobody paid within the provider's patience is cancelled at the provider; what is authorised is captured. Raises
    PaymentNotFound, ProviderUnavailable, and what db.write raises; repeating is always safe.
    """
    intent = payments.read_intents(intent_ids=[intent_id]).get(intent_id)
    if intent is None:
        raise PaymentNotFound("There is no payment with this number.")
    if intent.state is payments.State.CAPTURED:
        return intent
    provider = payments.provider(intent.provider)
    age, patience = now - intent.created_at, dt.timedelta(seconds=provider.patience_s)
    is_old = age >= patience
    truth = provider.fetch(intent=intent)
    if truth is None:
        # A call to begin it may still be on its way, but none sets out after the provider's patience. It is given up
        # when even the slowest of them must have come to its end.
        if age < 2 * patience or payments.is_final(intent.state):
            return intent
        truth = payments.Truth(state=payments.State.FAILED, reason="the provider never heard of it")
    elif truth.state is payments.State.PENDING and is_old:
        if intent.state is payments.State.CREATED:
            # The answer that began it was lost, so that only now the provider's id of it is known.
            intent = apply_truth(intent_id=intent_id, truth=truth, actor=actor, now=now)
        truth = provider.cancel(intent=intent)
    elif truth.state is payments.State.AUTHORIZED:
        # Written down before the call: a capture whose answer is lost is found again from here.
        intent = apply_truth(intent_id=intent_id, truth=truth, actor=actor, now=now)
        truth = provider.capture(intent=intent)
    return apply_truth(intent_id=intent_id, truth=truth, actor=actor, now=now)


def apply_truth(*, intent_id: int, truth: payments.Truth, actor: str, now: dt.datetime) -> payments.Intent:
    """This function will apply what a provider told, in one transaction, and return the payment as it is then.

    Money that bought nothing is on its way back when this returns, or will be sent by the next run of the jobs.
    """
    with db.write():
        refund = apply_here(intent_id=intent_id, truth=truth, actor=actor, now=now)
    if refund is not None:
        try:
            send_refund(refund_id=refund, now=now)
        except EvertillError as error:
            # It is written down, and followed until it is sent.
            _log.warning("refund waits", refund=ids.to_number(refund), error=error.code)
    return payments.read_intents(intent_ids=[intent_id])[intent_id]


def apply_here(*, intent_id: int, truth: payments.Truth, actor: str, now: dt.datetime) -> int | None:
    """This function will apply what a provider told in the caller's transaction.

    It returns the refund that is promised of it, to be sent after the commit; raises PaymentNotFound.
    """
    intent = payments.lock_intent(intent_id=intent_id)
    if intent is None:
        raise PaymentNotFound("There is no payment with this number.")
    if not payments.may_move(source=intent.state, target=truth.state):
        return None
    conclusion, was = None, None
    if truth.state is payments.State.CAPTURED:
        conclusion, was = _conclude(intent, _captured(truth), now=now)
    payments.record_truth(intent=intent, truth=truth, conclusion=conclusion, actor=actor, now=now)
    if truth.state is payments.State.PENDING:
        _wait_for_staff(intent)
    if conclusion is None:
        orders.note(order_id=intent.order_id, kind=_EVENTS[truth.state], actor=actor, now=now)
        return None
    return _account_for(intent, truth, conclusion, was=was, actor=actor, now=now)


def _wait_for_staff(intent: payments.Intent) -> None:
    """Where nobody can be asked, keep the goods for as long as the provider waits, and look again only then."""
    provider = payments.provider(intent.provider)
    if payments.Capability.OFFLINE not in provider.capabilities:
        return
    patience = dt.timedelta(seconds=provider.patience_s)
    orders.extend_reservation(order_id=intent.order_id, lasting=patience)
    payments.wait_with_intent(intent_id=intent.id, until=intent.created_at + patience)


def _captured(truth: payments.Truth) -> Money:
    if truth.captured is None or truth.captured.amount <= 0:
        raise payments.ProviderUnavailable("The provider tells of a capture of nothing.")
    return truth.captured


def _conclude(
    intent: payments.Intent, captured: Money, *, now: dt.datetime
) -> tuple[payments.Conclusion, orders.State | None]:
    """Decide what the money means, and take the goods that it may still buy; returns how the order stood as well."""
    state = orders.lock_order(order_id=intent.order_id)
    standing = payments.Standing.ENDED if state is None else _STANDING[state]
    buys = payments.buys(expected=intent.expected, captured=captured)
    is_deliverable = buys and standing is payments.Standing.ENDED and _take_again(intent.order_id, now=now)
    conclusion = payments.conclude(
        expected=intent.expected, captured=captured, standing=standing, is_deliverable=is_deliverable
    )
    return conclusion, state


def _take_again(order_id: int, *, now: dt.datetime) -> bool:
    """Reserve the goods of an order that has ended, all or nothing, and say whether that was possible."""
    pieces = orders.pieces_by_sku(view_order(order_id=order_id).lines)
    items = stock.lock_items(skus=pieces)
    (allotment,) = stock.allot(asked=[pieces], items=items)
    if allotment.is_served:
        stock.move(
            movements=[
                stock.Movement(sku=sku, kind=stock.MovementKind.RESERVED, quantity=quantity, order_id=order_id)
                for sku, quantity in pieces.items()
            ],
            now=now,
        )
    return allotment.is_served


def _account_for(
    intent: payments.Intent,
    truth: payments.Truth,
    conclusion: payments.Conclusion,
    *,
    was: orders.State | None,
    actor: str,
    now: dt.datetime,
) -> int | None:
    """Move order, stock and ledger as concluded, and promise back what is left over; returns the refund's id."""
    order, captured = ids.to_number(intent.order_id), _captured(truth)
    entries = [ledger.standard.capture(reference=intent.number, order=order, provider=intent.provider, amount=captured)]
    if truth.fee > 0:
        fee = Money(amount=truth.fee, currency=captured.currency)
        entries.append(ledger.standard.fee(reference=intent.number, provider=intent.provider, amount=fee))
    if conclusion.kept:
        orders.change_state(order_ids=[intent.order_id], to=orders.State.PAID, actor=actor, now=now)
        bought = view_order(order_id=intent.order_id)
        pieces = {intent.order_id: orders.pieces_by_sku(bought.lines)}
        stock.sell(pieces=pieces, now=now)
        fulfilment.note_due(owed=owed_by(pieces), now=now)
        tell_paid(paid=[PaidOrder(order_id=bought.id, customer=bought, total=intent.expected)], now=now)
        entries.append(ledger.standard.sale(reference=order, order=order, amount=intent.expected))
    else:
        orders.note(order_id=intent.order_id, kind=orders.EventKind.PAYMENT_CAPTURED, actor=actor, now=now)
    if conclusion.kept:
        review_large(paid=[(intent.order_id, intent.expected.amount)], now=now)
    if was is not None:
        _have_seen(intent, captured, conclusion, was=was, actor=actor, now=now)
    post(entries, now=now)
    if not conclusion.returned:
        return None
    (refund_id,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
    payments.request_refund(
        new=payments.NewRefund(
            id=refund_id,
            intent_id=intent.id,
            kind=payments.RefundKind.EXCESS,
            amount=conclusion.returned,
            reason=conclusion.ending.value,
            actor=actor,
            key_digest=crypto.fingerprint(b"automatic", intent.id.to_bytes(8, "big")),
        ),
        now=now,
    )
    orders.note(order_id=intent.order_id, kind=orders.EventKind.REFUND_REQUESTED, actor=actor, now=now)
    return refund_id


def _have_seen(
    intent: payments.Intent,
    captured: Money,
    conclusion: payments.Conclusion,
    *,
    was: orders.State,
    actor: str,
    now: dt.datetime,
) -> None:
    """Have a person look at money that came after its order's end, or that bought nothing.

    A cancelled order waits for that: somebody had said that he does not want it. Else nothing waits.
    """
    if conclusion.kept and conclusion.ending is not payments.Ending.LATE:
        return
    reason = Reason.CANCELLED if was is orders.State.CANCELLED else Reason.LATE
    if not conclusion.kept:
        reason = Reason.MONEY
    said = Said(
        text=f"Payment {intent.number} of {captured}: {_TOLD[conclusion.ending]}.",
        code=f"MONEY_{conclusion.ending.value}",
        values={"payment": intent.number, "amount": str(captured)},
    )
    ask_review(order_id=intent.order_id, reason=reason, details=[said], actor=actor, now=now)
