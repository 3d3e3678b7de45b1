"""Refund an order: pieces of its lines, an amount, or all that is left; promised first, then asked of the provider.

Promised together, in one transaction: money within what was paid, and pieces within what was bought. Goods go back on
sale when the refund has succeeded, and not before: until then the provider may refuse it, and what was sold again
meanwhile could not be taken back.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Sequence

import msgspec

from evertill.domains import orders, payments
from evertill.domains.orders import AmbiguousLine, AskedReturn, TooManyPieces, UnknownLine
from evertill.domains.payments import UnknownProvider
from evertill.journeys.owed_codes import check_restock
from evertill.journeys.refund_payment import send_refund
from evertill.journeys.view_order import OrderNotFound, view_order
from evertill.kernel import crypto, db, ids
from evertill.kernel.errors import EvertillError

__all__ = [
    "AmbiguousLine",
    "AskedReturn",
    "OrderNotFound",
    "OrderNotPaid",
    "RefundKeyReused",
    "RefundOrder",
    "RefundTooMuch",
    "RefundUnclear",
    "Refunded",
    "TooManyPieces",
    "UnknownLine",
    "UnknownProvider",
    "refund_order",
]


_REASON_CHARS = 200


# Says by raising that a refund of a payment, which was just promised, may not be.
Leave = Callable[[payments.Intent, payments.Refund], None]


class RefundOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A request to give back pieces of lines, or minor units, or with neither all that is left; under a caller's key.

    `restock` says that the goods go back on sale.
    """

    order_id: int
    lines: Sequence[AskedReturn] = ()
    amount: int | None = None
    reason: str
    restock: bool = False
    caller: str
    key: bytes


class Refunded(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that was promised: now, or earlier under the same key."""

    refund: payments.Refund
    is_repeat: bool


class OrderNotPaid(EvertillError):
    """No payment has bought this order, so there is nothing that could be given back."""

    code = "ORDER_NOT_PAID"
    status = "conflict"
    kept = "The order stays as it is. Money that bought nothing goes back by itself."
    remedy = "Look at the order's state; cancel the order if nobody is to pay it any more."


class RefundTooMuch(EvertillError):
    """More is to be given back than is left of what was paid, or nothing, or a part where only the whole can be."""

    code = "REFUND_TOO_MUCH"
    status = "conflict"
    remedy = "Look at what was paid for the order, at the refunds that it has already, and at what is disputed."


class RefundUnclear(EvertillError):
    """The request names lines and an amount at once, or goods to put back on sale that it does not name."""

    code = "REFUND_UNCLEAR"
    remedy = "Name lines, or an amount, or neither for all that is left. Only goods of lines go back on sale."


class RefundKeyReused(EvertillError):
    """The Idempotency-Key belongs to another refund of this order already."""

    code = "IDEMPOTENCY_KEY_REUSED"
    kept = "The refund that was asked for under this key stands; nothing else was changed."
    remedy = "Use a new key for a new refund."


def refund_order(*, asked: RefundOrder, actor: str, now: dt.datetime, leave: Leave | None = None) -> Refunded:
    """This function will give money back and return the refund as it stands: SUCCEEDED, FAILED, or still REQUESTED.

    The same key asks once, whatever became of it. A refund whose provider does not answer stays REQUESTED and is sent
    again by the jobs. `leave` is told the refund in the transaction that promises it; when it raises, nothing was
    promised. Raises OrderNotFound, OrderNotPaid, RefundUnclear, RefundTooMuch, RefundKeyReused, UnknownLine,
    AmbiguousLine, TooManyPieces, and what db.write raises.
    """
    if asked.amount is not None and (asked.lines or asked.restock):
        raise RefundUnclear("Lines or goods were named, and an amount too.")
    key_digest = crypto.fingerprint(b"refund", asked.caller.encode(), asked.order_id.to_bytes(8, "big"), asked.key)
    body_digest = _digest_body(asked)
    with db.write():
        intent = lock_buyer(order_id=asked.order_id)
        # Requests for one order queue at its payment, so that a repeat finds the first one here.
        refund = payments.find_refund(key_digest=key_digest)
        is_repeat = refund is not None
        if refund is None:
            refund = promise(asked, intent, key_digest=key_digest, body_digest=body_digest, actor=actor, now=now)
            if leave is not None:
                leave(intent, refund)
    if refund.body_digest != body_digest:
        raise RefundKeyReused("This Idempotency-Key was used for another refund.")
    return Refunded(refund=try_to_send(refund, now=now), is_repeat=is_repeat)


def refunded_by(*, order_id: int) -> str:
    """This function will return the name of the provider through which an order's money goes back.

    Raises OrderNotFound, OrderNotPaid.
    """
    intent_id = payments.find_buyer(order_id=order_id)
    if intent_id is None:
        raise _not_paid(order_id)
    return payments.read_intents(intent_ids=[intent_id])[intent_id].provider


def lock_buyer(*, order_id: int) -> payments.Intent:
    """This function will lock the payment that bought an order; raises OrderNotFound, OrderNotPaid."""
    intent_id = payments.find_buyer(order_id=order_id)
    intent = payments.lock_intent(intent_id=intent_id) if intent_id is not None else None
    if intent is None:
        raise _not_paid(order_id)
    return intent


def _not_paid(order_id: int) -> OrderNotPaid:
    order = view_order(order_id=order_id)
    return OrderNotPaid(f"This order is {order.state.value}, and no payment has bought it.")


def left_of(intent: payments.Intent) -> int:
    """This function will return the minor units of a sale that were not given back, or promised to be, until now.

    Money beyond the order's price is not among them: it goes back by itself. Nor is what is disputed: the customer's
    bank has it, or will say whose it is.
    """
    sale = payments.sum_promised(intent_id=intent.id, kind=payments.RefundKind.SALE)
    return min(intent.expected.amount - sale, intent.left)


def promise(
    asked: RefundOrder,
    intent: payments.Intent,
    *,
    key_digest: bytes,
    body_digest: bytes | None,
    actor: str,
    now: dt.datetime,
) -> payments.Refund:
    """This function will promise money and pieces of a payment that the caller has locked, both or neither."""
    orders.lock_order(order_id=asked.order_id)
    left = left_of(intent)
    lines = orders.read_lines(order_ids=[asked.order_id])[asked.order_id]
    pieces: Sequence[orders.Pieces] = ()
    if asked.lines:
        pieces = orders.choose_pieces(lines=lines, asked=asked.lines)
    elif asked.amount is None:
        pieces = orders.pieces_left(lines)
    if asked.restock:
        check_restock(order_id=asked.order_id, skus={part.sku for part in pieces})
    amount = asked.amount if asked.amount is not None else left
    if asked.lines:
        amount = sum(part.quantity * part.unit_price for part in pieces)
    (refund_id,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
    new = payments.NewRefund(
        id=refund_id,
        intent_id=intent.id,
        kind=payments.RefundKind.SALE,
        amount=amount,
        reason=asked.reason[:_REASON_CHARS],
        actor=actor,
        key_digest=key_digest,
        body_digest=body_digest,
    )
    given = orders.Return(pieces=tuple(pieces), restock=asked.restock)
    return promise_exactly(new, given, intent, left=left, now=now)


def promise_exactly(
    new: payments.NewRefund, given: orders.Return, intent: payments.Intent, *, left: int, now: dt.datetime
) -> payments.Refund:
    """This function will promise money within what is `left`, and pieces; the caller has locked payment and order."""
    if not 0 < new.amount <= left:
        raise RefundTooMuch(f"{new.amount} cannot be given back; {left} is left.", left=left)
    is_whole = intent.captured is not None and new.amount == intent.captured.amount - intent.refunded
    if not is_whole and payments.Capability.PARTIAL_REFUND not in payments.provider(intent.provider).capabilities:
        raise RefundTooMuch("This provider gives back the whole only.", left=left)
    if not payments.request_refund(new=new, now=now):
        raise RefundTooMuch(f"{new.amount} cannot be given back; {left} is left.", left=left)
    orders.note(order_id=intent.order_id, kind=orders.EventKind.REFUND_REQUESTED, actor=new.actor, now=now)
    if given.pieces:
        orders.promise_return(
            order_id=intent.order_id,
            refund_id=new.id,
            pieces=given.pieces,
            restock=given.restock,
            actor=new.actor,
            now=now,
        )
    return payments.read_refunds(refund_ids=[new.id])[new.id]


def try_to_send(refund: payments.Refund, *, now: dt.datetime) -> payments.Refund:
    """This function will send a refund that was promised; one whose provider does not answer is sent by the jobs."""
    if refund.state is not payments.RefundState.REQUESTED:
        return refund
    try:
        return send_refund(refund_id=refund.id, now=now)
    except payments.ProviderUnavailable:
        return refund


def _digest_body(asked: RefundOrder) -> bytes:
    return crypto.fingerprint(msgspec.json.encode((asked.lines, asked.amount, asked.reason, asked.restock)))
