"""Confirm a payment: staff saw the money come, by bank transfer or over the counter."""

from __future__ import annotations

import datetime as dt
import re
import secrets

import msgspec

from evertill.domains import payments, trail
from evertill.domains.access import Permission
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, check_permitted, order_thing, permitted
from evertill.journeys.settle_payment import PaymentNotFound, apply_truth
from evertill.kernel import crypto, db, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import AMOUNT_MAX, InvalidMoney, Money, is_currency

# What a bank, or the till, calls one movement of money.
_REFERENCE = re.compile(r"[^\x00-\x1f\x7f]{1,128}")


class ConfirmPayment(msgspec.Struct, frozen=True, kw_only=True):
    """Money that came for a payment, as the bank's statement says: how much, and the bank's reference."""

    intent_id: int
    money: Money
    reference: str


class NotByHand(EvertillError):
    """The provider tells by itself how its payments and refunds stand; staff's word does not count there."""

    code = "NOT_BY_HAND"
    status = "conflict"
    remedy = "Look at the payment: its provider is asked each time, and webhooks can be handled again."


class InvalidReference(EvertillError):
    """A bank's reference is empty, too long, or not of printable signs."""

    code = "INVALID_REFERENCE"
    remedy = "Copy the reference from the bank's statement, or give the number of the receipt: 1 to 128 signs."


class ReferenceUsed(EvertillError):
    """The bank's reference was confirmed before, for another order, another amount, or another refund."""

    code = "REFERENCE_USED"
    status = "conflict"
    kept = "What was confirmed under this reference stands; nothing else was changed."
    remedy = "Compare with the bank's statement: each movement of money has a reference of its own."


def confirm_payment(*, asked: ConfirmPayment, asker: Asker, now: dt.datetime) -> payments.Intent:
    """This function will account for money that came, and return the payment that it became.

    It means what it would mean from any provider: it buys the order, or goes back, which is then for staff to send. The
    same reference counts once. More money for a payment that has its money already is a further payment of the same
    order. Raises PaymentNotFound, NotByHand, InvalidReference, InvalidMoney, ReferenceUsed, Forbidden, also for his own
    order, and what db.write raises.
    """
    reference = read_reference(asked.reference)
    if not 0 < asked.money.amount <= AMOUNT_MAX or not is_currency(asked.money.currency):
        raise InvalidMoney("Money that came is an amount above zero, of a currency.")
    subject = Subject(kind="payment", id=ids.to_number(asked.intent_id))
    # Nobody is called in this transaction: such a provider is staff themselves.
    with permitted(asker=asker, permission=Permission.PAYMENTS_CONFIRM, subject=subject, now=now):
        intent = payments.read_intents(intent_ids=[asked.intent_id]).get(asked.intent_id)
        if intent is None:
            raise PaymentNotFound("There is no payment with this number.")
        check_permitted(asker=asker, permission=Permission.PAYMENTS_CONFIRM, thing=order_thing(intent.order_id))
        check_by_hand(intent)
        known = payments.find_by_provider_id(provider=intent.provider, provider_id=reference)
        if known is not None:
            return _same(known, intent, asked)
        done = _same(_apply(intent, asked.money, reference, asker, now=now), intent, asked)
        trail.write(
            actor=asker.actor,
            operation="payments.confirm",
            subject=subject,
            after={"amount": asked.money.amount, "currency": asked.money.currency, "reference": reference},
            now=now,
        )
        return done


def _apply(intent: payments.Intent, money: Money, reference: str, asker: Asker, *, now: dt.datetime) -> payments.Intent:
    truth = payments.Truth(state=payments.State.CAPTURED, provider_id=reference, captured=money)
    try:
        done = apply_truth(intent_id=intent.id, truth=truth, actor=asker.name, now=now)
        if done.provider_id == reference:
            return done
        # It has its money, so this is money on top.
        further = _further(intent, reference, actor=asker.name, now=now)
        return apply_truth(intent_id=further, truth=truth, actor=asker.name, now=now)
    except payments.ProviderIdTaken:
        raise ReferenceUsed(f"The reference '{reference}' is another payment's.") from None


def read_reference(text: str) -> str:
    """This function will return a bank's reference without the blanks around it; raises InvalidReference."""
    reference = text.strip()
    if _REFERENCE.fullmatch(reference) is None:
        raise InvalidReference("A reference has 1 to 128 printable signs.")
    return reference


def check_by_hand(intent: payments.Intent) -> None:
    """This function will raise NotByHand unless staff confirm what becomes of such payments."""
    if payments.Capability.OFFLINE not in payments.provider(intent.provider).capabilities:
        raise NotByHand(f"What becomes of this payment is asked of '{intent.provider}'.")


def _same(done: payments.Intent, intent: payments.Intent, asked: ConfirmPayment) -> payments.Intent:
    if done.order_id != intent.order_id or done.captured != asked.money:
        raise ReferenceUsed(f"This reference was confirmed for payment {done.number}, {done.captured}.")
    return done


def _further(intent: payments.Intent, reference: str, *, actor: str, now: dt.datetime) -> int:
    """Write down another payment of the same order; the reference is the key under which that happens once."""
    key_digest = crypto.fingerprint(b"confirmed", intent.provider.encode(), reference.encode())
    (intent_id,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
    new = payments.NewIntent(
        id=intent_id,
        order_id=intent.order_id,
        provider=intent.provider,
        way=intent.way,
        expected=intent.expected,
        key_digest=key_digest,
        body_digest=crypto.fingerprint(b"confirmed"),
    )
    with db.write():
        payments.create_intent(new=new, actor=actor, now=now)
    found = payments.find_intent(key_digest=key_digest)
    assert found is not None  # noqa: S101 — written now, or by whoever was faster, and never deleted.
    return found.id
