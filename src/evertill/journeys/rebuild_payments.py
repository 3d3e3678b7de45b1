"""Rebuild payments: what a rebuilt order was paid with comes back under its own number, so that it counts once.

A payment that the shop still has is taken as it is. One that a backup has is written down as begun, and its provider
is asked how it stands, as of any other. What a provider's bill says is applied as the provider's word. Each has the
number, or the provider's id, by which a webhook, the poller and the next bill find it, and do nothing a second time.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence

import msgspec

from evertill.domains import fulfilment, ledger, orders, payments, reconciliation, stock
from evertill.domains.reconciliation import About, Capture, Subject
from evertill.journeys.book_entries import post
from evertill.journeys.booked_subjects import read_ours
from evertill.journeys.owed_codes import owed_by
from evertill.journeys.settle_payment import apply_here
from evertill.kernel import crypto, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import Money

__all__ = [
    "BilledBooked",
    "BilledDiffers",
    "BilledTaken",
    "BilledUnknown",
    "Capture",
    "KeptPayment",
    "MoneyReturned",
    "find_billed",
    "hold_known",
    "rebuild_payments",
]

_WAY = "bill"


class KeptPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as a backup has it, with the digests that make repeating its request harmless."""

    id: int
    provider: str
    way: str
    expected: Money
    key_digest: bytes
    body_digest: bytes


class BilledUnknown(EvertillError):
    """No bill has this line, or no money came in by it."""

    code = "BILLED_UNKNOWN"
    status = "not_found"
    remedy = "Fetch the bill of its day, and name the line as the claim shows it."


class BilledDiffers(EvertillError):
    """A line of a bill is of another amount than the order."""

    code = "BILLED_DIFFERS"
    status = "conflict"
    remedy = "Look for the line of this order's payment; what was paid of another amount is settled by hand."


class BilledTaken(EvertillError):
    """A line of a bill is of the payment of another order."""

    code = "BILLED_TAKEN"
    status = "conflict"
    remedy = "Look at that order: the customer may have ordered twice, or the line is not his."


class BilledBooked(EvertillError):
    """The books have this money already, by a correction."""

    code = "BILLED_BOOKED"
    status = "conflict"
    remedy = "Whoever keeps the books takes the correction back first; see the difference of that day."


class MoneyReturned(EvertillError):
    """Some of what was paid for this order has gone back, or is on its way."""

    code = "MONEY_RETURNED"
    status = "conflict"
    remedy = "Look at its payments and refunds; an order whose money went back is settled with its customer by hand."


def find_billed(*, name: str) -> Capture:
    """This function will return the line of a bill that is called so; raises BilledUnknown."""
    found = reconciliation.find_capture(name=name.strip())
    if found is None:
        raise BilledUnknown(f"No bill has a line '{name[:60]}' by which money came in.")
    return found


def hold_known(*, order_id: int) -> list[payments.Intent]:
    """This function will lock the payments that the shop still has of an order that it lost, before anything else."""
    known = payments.read_intents_of_orders(order_ids=[order_id]).get(order_id, ())
    held = (payments.lock_intent(intent_id=intent.id) for intent in sorted(known, key=lambda one: one.id))
    return [intent for intent in held if intent is not None]


def rebuild_payments(
    *,
    order: orders.Order,
    known: Sequence[payments.Intent],
    kept: Sequence[KeptPayment],
    billed: Capture | None,
    actor: str,
    now: dt.datetime,
) -> None:
    """This function will give a rebuilt order its payments, in the caller's transaction.

    Raises MoneyReturned, BilledDiffers, BilledTaken and BilledBooked.
    """
    if any(intent.has_bought and intent.refunded for intent in known):
        raise MoneyReturned("Some of what was paid for this order has gone back.")
    if any(intent.state is payments.State.CAPTURED and intent.has_bought for intent in known):
        _mark_paid(order, actor=actor, now=now)
    _begin_kept(order, known, kept, actor=actor, now=now)
    if billed is not None and not any(intent.has_bought for intent in known):
        _take_over(order, billed, actor=actor, now=now)


def _mark_paid(order: orders.Order, *, actor: str, now: dt.datetime) -> None:
    """The money is in the books; only the order had forgotten it."""
    orders.change_state(order_ids=[order.id], to=orders.State.PAID, actor=actor, now=now)
    pieces: Mapping[int, Mapping[str, int]] = {order.id: orders.pieces_by_sku(order.lines)}
    stock.sell(pieces=pieces, now=now)
    fulfilment.note_due(owed=owed_by(pieces), now=now)
    number = ids.to_number(order.id)
    # A repeat of what was recorded when it was paid, where that is still there.
    total = Money(amount=order.total, currency=order.currency)
    post([ledger.standard.sale(reference=number, order=number, amount=total)], now=now)


def _begin_kept(
    order: orders.Order,
    known: Sequence[payments.Intent],
    kept: Sequence[KeptPayment],
    *,
    actor: str,
    now: dt.datetime,
) -> None:
    here = {intent.id for intent in known}
    for one in kept:
        if one.id in here:
            continue
        new = payments.NewIntent(
            id=one.id,
            order_id=order.id,
            provider=one.provider,
            way=one.way,
            expected=one.expected,
            key_digest=one.key_digest,
            body_digest=one.body_digest,
        )
        # Its key is used again when the customer began anew after the loss; then that payment is the one that counts.
        payments.create_intent(new=new, actor=actor, now=now)


def _take_over(order: orders.Order, billed: Capture, *, actor: str, now: dt.datetime) -> None:
    total = Money(amount=order.total, currency=order.currency)
    if billed.amount != total:
        raise BilledDiffers(f"The bill says {billed.amount}, and the order comes to {total}.")
    intent = _known(billed)
    if intent is None:
        intent_id = _create(order, billed, actor=actor, now=now)
    elif intent.order_id != order.id:
        raise BilledTaken(f"This money is of the payment {intent.number} of another order.")
    else:
        intent_id = intent.id
    has_fees_by_bill = payments.Capability.BILLED_FEES in payments.provider(billed.provider).capabilities
    fee = reconciliation.sum_fee(provider=billed.provider, subject=billed.subject, currency=billed.amount.currency)
    truth = payments.Truth(
        state=payments.State.CAPTURED,
        provider_id=billed.provider_id,
        captured=billed.amount,
        fee=0 if has_fees_by_bill else fee,
        reason=f"told by the bill: {billed.name}",
    )
    apply_here(intent_id=intent_id, truth=truth, actor=actor, now=now)


def _known(billed: Capture) -> payments.Intent | None:
    number = _number(billed)
    if number is not None and (found := payments.read_intents(intent_ids=[number]).get(number)):
        return found
    if not billed.provider_id:
        return None
    return payments.find_by_provider_id(provider=billed.provider, provider_id=billed.provider_id)


def _create(order: orders.Order, billed: Capture, *, actor: str, now: dt.datetime) -> int:
    subject = Subject(About.CAPTURE, billed.subject)
    if read_ours([subject], provider=billed.provider):
        raise BilledBooked(f"The books have the money of {billed.name} already.")
    number = _number(billed)
    if number is None:
        (number,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
    # Of its own for each line, so that nothing is taken over twice.
    key = crypto.fingerprint(b"billed", billed.provider.encode(), billed.subject.encode())
    new = payments.NewIntent(
        id=number,
        order_id=order.id,
        provider=billed.provider,
        way=_WAY,
        expected=billed.amount,
        key_digest=key,
        body_digest=key,
    )
    if not payments.create_intent(new=new, actor=actor, now=now):
        raise BilledTaken("Somebody else has just taken this money over.")
    return number


def _number(billed: Capture) -> int | None:
    """Our number of the payment, as the provider was told it."""
    for text in (billed.payment, billed.reference):
        try:
            return ids.from_number(text)
        except ids.InvalidNumber:
            continue
    return None
