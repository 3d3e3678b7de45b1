"""Start a payment: written down and committed, then begun at its provider, then what that said applied."""

from __future__ import annotations

import datetime as dt
import secrets

import msgspec

from evertill.domains import orders, payments
from evertill.domains.payments import ProviderUnavailable, UnknownMethod
from evertill.journeys.guard_payment import OwnerNeeded, Payer, StepUpRequired, guard_payment
from evertill.journeys.settle_payment import apply_truth, settle_payment
from evertill.journeys.view_order import view_order
from evertill.kernel import config, crypto, db, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import Money

__all__ = [
    "OrderNotPayable",
    "OwnerNeeded",
    "Payer",
    "ProviderUnavailable",
    "StartPayment",
    "Started",
    "StepUpRequired",
    "UnknownMethod",
    "payment_key",
    "provider_of",
    "start_payment",
]


class StartPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A request to pay one order by a method, under a key of the caller's, from the customer's address if known.

    `payer` is who is signed in there.
    """

    order_id: int
    method: str
    caller: str
    key: bytes
    client_ip: str = ""
    payer: Payer | None = None


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that was begun: now, or earlier under the same key."""

    intent: payments.Intent
    is_repeat: bool


class PaymentKeyReused(EvertillError):
    """The Idempotency-Key belongs to another way of paying this order already."""

    code = "IDEMPOTENCY_KEY_REUSED"
    kept = "The payment that was begun under this key stands; nothing else was changed."
    remedy = "Use a new key for a new payment."


class OrderNotPayable(EvertillError):
    """The order does not wait for money: it is paid, or has ended, or costs nothing."""

    code = "ORDER_NOT_PAYABLE"
    status = "conflict"
    kept = "The order stays as it is, and nothing was asked of any provider."
    remedy = "Look at the order's state; place a new order if this one has ended."


def payment_key(*, caller: str, order_id: int, key: bytes) -> bytes:
    """This function will return the digest that stands for a caller's Idempotency-Key for one order."""
    return crypto.fingerprint(caller.encode(), order_id.to_bytes(8, "big"), key)


def provider_of(method: str) -> str:
    """This function will return the name of the provider that a method of paying goes through; raises UnknownMethod."""
    provider, _ = payments.choose(method)
    return provider.name


def start_payment(*, asked: StartPayment, actor: str, now: dt.datetime) -> Started:
    """This function will begin a payment at its provider and return it with what the customer does next.

    The same key begins it once: a repeat finds it, and finishes beginning it where that was cut short. Raises
    OrderNotFound, OrderNotPayable, OwnerNeeded, StepUpRequired, UnknownMethod, PaymentKeyReused, ProviderUnavailable,
    and what db.write raises.
    After ProviderUnavailable the payment is followed until it is known what became of it.
    """
    provider, way = payments.choose(asked.method)
    if payments.Capability.INSTANT in provider.capabilities:
        raise UnknownMethod(f"'{asked.method}' has nothing to begin: it pays at once.", methods=payments.methods())
    key_digest = payment_key(caller=asked.caller, order_id=asked.order_id, key=asked.key)
    body_digest = crypto.fingerprint(asked.method.encode())
    intent = payments.find_intent(key_digest=key_digest)
    is_repeat = intent is not None
    if intent is None:
        order = view_order(order_id=asked.order_id)
        if order.state is not orders.State.PLACED or order.total == 0:
            raise OrderNotPayable(f"This order is {order.state.value} and does not wait for money.")
        if not provider.is_available:
            # Nothing is written for a call that would not be made; with a dead provider that could be a great deal.
            raise ProviderUnavailable(f"'{provider.name}' did not answer lately and is not asked for a while.")
        (intent_id,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
        new = payments.NewIntent(
            id=intent_id,
            order_id=order.id,
            provider=provider.name,
            way=way,
            expected=Money(amount=order.total, currency=order.currency),
            key_digest=key_digest,
            body_digest=body_digest,
        )
        with db.write():
            # Whoever loses this race finds the winner's payment and goes on with it.
            is_repeat = not payments.create_intent(new=new, actor=actor, now=now)
            if not is_repeat:
                guard_payment(
                    order_id=order.id,
                    account_id=order.account_id,
                    total=order.total,
                    actor=actor,
                    payer=asked.payer,
                    now=now,
                )
        intent = payments.find_intent(key_digest=key_digest)
        assert intent is not None  # noqa: S101 — written by us or by the winner, and never deleted.
    if intent.body_digest != body_digest:
        raise PaymentKeyReused("This Idempotency-Key was used for another payment.")
    if intent.state is payments.State.CREATED:
        # Whoever follows payments gives up what the provider never heard of, but only as long again after this.
        if now - intent.created_at >= dt.timedelta(seconds=provider.patience_s):
            intent = settle_payment(intent_id=intent.id, actor=actor, now=now)
        else:
            intent = _begin(provider, intent, client_ip=asked.client_ip, actor=actor, now=now)
    return Started(intent=intent, is_repeat=is_repeat)


def _begin(
    provider: payments.Provider, intent: payments.Intent, *, client_ip: str, actor: str, now: dt.datetime
) -> payments.Intent:
    return_url = f"{config.get().public_url.rstrip('/')}/pay/return?payment={intent.number}"
    try:
        truth = provider.start(intent=intent, return_url=return_url, client_ip=client_ip)
    except payments.ProviderRefused as refusal:
        truth = payments.Truth(state=payments.State.FAILED, reason=refusal.detail)
    return apply_truth(intent_id=intent.id, truth=truth, actor=actor, now=now)
