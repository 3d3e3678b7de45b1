"""End a difference between bill and books: note why it may stay, or have our books follow the bill.

Nothing that was booked is ever changed: what was wrong is set right by a new entry.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping

from evertill.domains import ledger, payments, reconciliation, trail
from evertill.domains.access import Permission
from evertill.domains.reconciliation import About, Difference, DifferenceSettled, Ending, How, Kind, Subject
from evertill.journeys.book_entries import post
from evertill.journeys.permitted import Asker, check_permitted, order_thing, permitted
from evertill.journeys.reconcile_bill import tell_alerts
from evertill.journeys.refund_payment import end_refund, send_refund
from evertill.journeys.view_reconciliation import suggest
from evertill.kernel import crypto, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import Money

__all__ = ["Difference", "DifferenceSettled", "NotCovered", "SettleFirst", "accept_difference", "book_difference"]

# Where the other half of a correction goes.
_AGAINST: Mapping[About, ledger.AccountKind] = {
    About.CAPTURE: ledger.AccountKind.WRITE_OFFS,
    About.FEE: ledger.AccountKind.FEES,
    About.REFUND: ledger.AccountKind.WRITE_OFFS,
    About.DISPUTE: ledger.AccountKind.DISPUTES,
    About.DISPUTE_WON: ledger.AccountKind.DISPUTES,
    About.PAYOUT: ledger.AccountKind.BANK,
}


class SettleFirst(EvertillError):
    """The payment is not captured here yet; what its provider says of it decides about more than this line."""

    code = "SETTLE_FIRST"
    status = "conflict"
    remedy = "Ask the provider with `evertill payments settle` and the payment's number, then reconcile the day again."


class NotCovered(EvertillError):
    """The bill gives back more than the payment has left here, so it cannot become a refund of ours."""

    code = "NOT_COVERED"
    status = "conflict"
    remedy = "Ask the provider what it gave back; then accept the difference, and say why."


def accept_difference(*, difference_id: int, asker: Asker, why: str, now: dt.datetime) -> Difference:
    """This function will note why a difference may stay, and return it as it was; the books do not change.

    It stays settled for as long as both sides say what they say now. Raises DifferenceSettled.
    """
    with permitted(asker=asker, permission=Permission.BOOKS_RECONCILE, subject=_subject(difference_id), now=now):
        difference = _lock(asker, difference_id)
        _settle(difference, How.ACCEPTED, asker, why=why, now=now)
    return difference


def book_difference(*, difference_id: int, asker: Asker, why: str, now: dt.datetime) -> How:
    """This function will have our books say what the bill says, by new entries, and return how.

    A refund that somebody made at the provider becomes a refund of ours (RECORDED); everything else is a correction
    (BOOKED). Raises DifferenceSettled, SettleFirst, NotCovered when more would go back than was captured, and
    ProviderUnavailable.
    """
    with permitted(asker=asker, permission=Permission.BOOKS_RECONCILE, subject=_subject(difference_id), now=now):
        difference = _lock(asker, difference_id)
    (ending,) = suggest([difference])
    if ending is Ending.SETTLE:
        raise SettleFirst(f"Payment {difference.payment} is not captured here.")
    is_refund = difference.subject.about is About.REFUND and difference.kind is Kind.MISSING_HERE
    if is_refund and difference.payment:
        _send_what_waits(difference, now=now)
    with permitted(asker=asker, permission=Permission.BOOKS_RECONCILE, subject=_subject(difference_id), now=now):
        difference = _lock(asker, difference_id)
        if is_refund and difference.payment:
            how = How.RECORDED
            _record_refund(difference, actor=asker.name, why=why, now=now)
        else:
            how = How.BOOKED
            _correct(difference, now=now)
        _settle(difference, how, asker, why=why, now=now)
    return how


def _lock(asker: Asker, difference_id: int) -> Difference:
    """Lock a difference for somebody who did not buy what it is about."""
    difference = reconciliation.lock_difference(difference_id=difference_id)
    if difference.payment:
        intent_id = ids.from_number(difference.payment)
        intent = payments.read_intents(intent_ids=[intent_id]).get(intent_id)
        thing = order_thing(intent.order_id) if intent else None
        check_permitted(asker=asker, permission=Permission.BOOKS_RECONCILE, thing=thing)
    return difference


def _settle(difference: Difference, how: How, asker: Asker, *, why: str, now: dt.datetime) -> None:
    reconciliation.settle_difference(difference_id=difference.id, how=how, actor=asker.name, why=why, now=now)
    tell_alerts(provider=difference.provider, date=difference.date, actor=asker.name, now=now)
    trail.write(
        actor=asker.actor,
        operation="books.settle_difference",
        subject=_subject(difference.id),
        after={"how": how, "provider": difference.provider, "date": difference.date},
        why=why,
        now=now,
    )


def _subject(difference_id: int) -> trail.Subject:
    return trail.Subject(kind="difference", id=ids.to_number(difference_id))


def _correct(difference: Difference, *, now: dt.datetime) -> None:
    """Add to what the provider holds for us what the bill has more, or take away what it has less."""
    added = reconciliation.what_is_booked(ours=difference.ours, theirs=difference.theirs)
    entries = [
        ledger.standard.correction(
            # One transaction has one currency.
            reference=f"{difference.number}:{currency}",
            provider=difference.provider,
            against=_AGAINST[difference.subject.about],
            amount=Money(amount=amount, currency=currency),
        )
        for currency, amount in added.items()
    ]
    post(entries, now=now)


def _send_what_waits(difference: Difference, *, now: dt.datetime) -> None:
    """Send again what we asked for and never heard the end of: the line may be about that, and it counts once."""
    intent_id = ids.from_number(difference.payment)
    refunds = payments.read_refunds(
        refund_ids=[refund_id for _, refund_id, _ in payments.find_refunds_of(intent_ids=[intent_id])]
    )
    for refund in refunds.values():
        if refund.state is payments.RefundState.REQUESTED:
            send_refund(refund_id=refund.id, now=now)


def _record_refund(difference: Difference, *, actor: str, why: str, now: dt.datetime) -> None:
    """Write down a refund that somebody made at the provider, unless it is one of ours by now."""
    intent_id, name, theirs = ids.from_number(difference.payment), difference.subject.name, difference.theirs
    intent = payments.lock_intent(intent_id=intent_id)
    ours = {sent: refund_id for _, refund_id, sent in payments.find_refunds_of(intent_ids=[intent_id])}
    if name not in ours:
        if intent is None or theirs is None or intent.captured is None:
            raise NotCovered("This payment has captured nothing that could have been given back.")
        ours[name] = _write_refund(intent, theirs, name=name, actor=actor, why=why, now=now)
    reconciliation.rename_subject(
        provider=difference.provider, subject=Subject(About.REFUND, name), name=ids.to_number(ours[name])
    )


def _write_refund(intent: payments.Intent, theirs: Money, *, name: str, actor: str, why: str, now: dt.datetime) -> int:
    (refund_id,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
    new = payments.NewRefund(
        id=refund_id,
        intent_id=intent.id,
        kind=payments.RefundKind.SALE if intent.has_bought else payments.RefundKind.EXCESS,
        amount=-theirs.amount,
        reason=why,
        actor=actor,
        key_digest=crypto.fingerprint(b"bill", intent.provider.encode(), name.encode()),
    )
    is_same_currency = intent.captured is not None and intent.captured.currency == theirs.currency
    if new.amount <= 0 or not is_same_currency or not payments.request_refund(new=new, now=now):
        raise NotCovered(f"{theirs} is more than this payment has left to give back.")
    refund = payments.read_refunds(refund_ids=[refund_id])[refund_id]
    end_refund(intent=intent, refund=refund, state=payments.RefundState.SUCCEEDED, provider_id=name[:128], now=now)
    return refund_id
