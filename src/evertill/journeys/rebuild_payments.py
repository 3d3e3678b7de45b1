"""Rebuild payments: what a rebuilt order was paid with comes back under its own number, so that it counts once.

A payment that the shop still has is taken as it is. One that a backup has is written down as begun, and its provider
is asked how it stands, as of any other; unless some of it had gone back by then, or a prepaid balance had paid, which
is taken as the backup has it (`kept_money.py`). What a provider's bill says is applied as the provider's word. Each
has the number, or the provider's id, by which a webhook, the poller and the next bill find it, and do nothing again.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence

from evertill.domains import balances, fulfilment, ledger, orders, payments, reconciliation, stock
from evertill.domains.reconciliation import About, Capture, Subject
from evertill.journeys.book_entries import post
from evertill.journeys.booked_subjects import read_ours
from evertill.journeys.kept_money import KeptPayment, KeptRefund, is_final
from evertill.journeys.owed_codes import owed_by
from evertill.journeys.refund_payment import end_refund
from evertill.journeys.settle_payment import apply_here
from evertill.kernel import crypto, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import Money
from evertill.kernel.said import Said

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
) -> list[Said]:
    """This function will give a rebuilt order its payments, in the caller's transaction.

    It returns what people have to do about them by hand. Raises MoneyReturned, BilledDiffers, BilledTaken and
    BilledBooked.
    """
    for intent in known:
        if intent.has_bought and intent.refunded:
            raise MoneyReturned(_returned(intent))
    bought = next((one for one in known if one.state is payments.State.CAPTURED and one.has_bought), None)
    if bought is not None:
        _mark_paid(order, bought, actor=actor, now=now)
    here = {intent.id for intent in known}
    missing = [one for one in kept if one.id not in here]
    _begin_kept(order, [one for one in missing if not is_final(one)], actor=actor, now=now)
    by_hand: list[Said] = []
    for one in missing:
        if is_final(one) and bought is None:
            by_hand += _take_as_kept(order, one, actor=actor, now=now)
    if billed is not None and not any(intent.has_bought for intent in known):
        _take_over(order, billed, actor=actor, now=now)
    return by_hand


def _returned(intent: payments.Intent) -> str:
    currency = (intent.captured or intent.expected).currency
    back, left = Money(amount=intent.refunded, currency=currency), Money(amount=intent.left, currency=currency)
    return (
        f"Of the payment {intent.number} by {intent.provider}, which the shop still has, {back} has gone back or is on"
        f" its way; {left} is the customer's, or the goods are."
    )


def _mark_paid(order: orders.Order, bought: payments.Intent, *, actor: str, now: dt.datetime) -> None:
    """The money is in the books; only the order had forgotten it."""
    _sell(order, actor=actor, now=now)
    if ledger.find_payer(reference=bought.number) is not None:
        # What a balance pays is sold in the same entry.
        return
    number = ids.to_number(order.id)
    # A repeat of what was recorded when it was paid, where that is still there.
    total = Money(amount=order.total, currency=order.currency)
    post([ledger.standard.sale(reference=number, order=number, amount=total)], now=now)


def _sell(order: orders.Order, *, actor: str, now: dt.datetime) -> None:
    orders.change_state(order_ids=[order.id], to=orders.State.PAID, actor=actor, now=now)
    pieces: Mapping[int, Mapping[str, int]] = {order.id: orders.pieces_by_sku(order.lines)}
    stock.sell(pieces=pieces, now=now)
    fulfilment.note_due(owed=owed_by(pieces), now=now)


def _begin_kept(order: orders.Order, kept: Sequence[KeptPayment], *, actor: str, now: dt.datetime) -> None:
    for one in kept:
        # Its key is used again when the customer began anew after the loss; then that payment is the one that counts.
        payments.create_intent(new=_new(order, one), actor=actor, now=now)


def _new(order: orders.Order, one: KeptPayment) -> payments.NewIntent:
    return payments.NewIntent(
        id=one.id,
        order_id=order.id,
        provider=one.provider,
        way=one.way,
        expected=one.expected,
        key_digest=one.key_digest,
        body_digest=one.body_digest,
    )


def _take_as_kept(order: orders.Order, one: KeptPayment, *, actor: str, now: dt.datetime) -> list[Said]:
    """Take a payment as the backup has it, and what has gone back of it."""
    if one.payer:
        by_hand = _pay_from_balance_again(order, one, actor=actor, now=now)
        if by_hand:
            return by_hand
    else:
        payments.create_intent(new=_new(order, one), actor=actor, now=now)
        truth = payments.Truth(
            state=payments.State.CAPTURED,
            provider_id=one.provider_id,
            captured=one.captured,
            fee=one.fee,
            reason="as the backup has it",
        )
        apply_here(intent_id=one.id, truth=truth, actor=actor, now=now)
    for refund in one.refunds:
        if refund.is_done:
            _give_back_again(order, one, refund, now=now)
    return []


def _pay_from_balance_again(order: orders.Order, one: KeptPayment, *, actor: str, now: dt.datetime) -> list[Said]:
    """Have the balance that paid pay again, because the books have lost that it did; or say why it does not.

    Where they still have it, only the payment and the order had forgotten it.
    """
    payer = ledger.find_payer(reference=one.number)
    if payer is None:
        balance = balances.read(balance_id=ids.from_number(one.payer))
        account = ledger.Account(
            kind=ledger.AccountKind.CUSTOMER_BALANCE, currency=one.expected.currency, owner=one.payer
        )
        left = -ledger.lock_prepaid(accounts=[account]).get()[account]
        if balance is None or left < one.expected.amount:
            return [_short(one, left=left, is_there=balance is not None)]
        sale = ledger.BalanceSale(
            reference=one.number, order=ids.to_number(order.id), customer=one.payer, amount=one.expected
        )
        ledger.record_sales(sales=[sale], now=now).get()
    with payments.noticing_taken_keys():
        payments.record_captured(new=[_new(order, one)], actors=[actor], now=now).get()
    _sell(order, actor=actor, now=now)
    return []


def _short(one: KeptPayment, *, left: int, is_there: bool) -> Said:
    has = Money(amount=max(left, 0), currency=one.expected.currency)
    lacks = Money(amount=one.expected.amount - has.amount, currency=one.expected.currency)
    stands = f"which has {has} now, so {lacks} is missing" if is_there else "which the shop does not have any more"
    gone = f" Of it, {one.gone} had gone back to the balance." if one.gone.amount else ""
    values = {"expected": one.expected, "has": has, "lacks": lacks, "gone": one.gone}
    return Said(
        text=(
            f"{one.expected} had been paid from the prepaid balance {one.payer} (payment {one.number}), {stands}.{gone}"
            f" The order waits to be paid: put {lacks} on a balance if that was lost too, and have it paid, or cancel"
            " it."
        ),
        code=f"BY_HAND_BALANCE_{'SHORT' if is_there else 'GONE'}{'_PART' if gone else ''}",
        values={"balance": one.payer, "payment": one.number} | {name: str(value) for name, value in values.items()},
    )


def _give_back_again(order: orders.Order, one: KeptPayment, refund: KeptRefund, *, now: dt.datetime) -> None:
    """Write down a refund that had succeeded, under its own number; its customer was told of it then."""
    new = payments.NewRefund(
        id=refund.id,
        intent_id=one.id,
        kind=refund.kind,
        amount=refund.amount,
        reason=refund.reason,
        actor=refund.actor,
        key_digest=refund.key_digest,
        body_digest=refund.body_digest,
    )
    promised = payments.request_refund(new=new, now=now)
    assert promised  # noqa: S101 — find_obstacles: no more went back than came.
    orders.note(order_id=order.id, kind=orders.EventKind.REFUND_REQUESTED, actor=refund.actor, now=now)
    if refund.given is not None:
        orders.promise_return(
            order_id=order.id,
            refund_id=refund.id,
            pieces=refund.given.pieces,
            restock=refund.given.restock,
            actor=refund.actor,
            now=now,
        )
    intent = payments.lock_intent(intent_id=one.id)
    assert intent is not None  # noqa: S101 — it was written a moment ago.
    end_refund(
        intent=intent,
        refund=payments.read_refunds(refund_ids=[refund.id])[refund.id],
        state=payments.RefundState.SUCCEEDED,
        provider_id=refund.provider_id,
        is_told=True,
        now=now,
    )


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
