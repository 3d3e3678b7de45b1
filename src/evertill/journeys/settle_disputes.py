"""Settle disputes: ask a payment's provider which there are, and apply the answer once.

A webhook about captured money, the timetable and an operator all come here, in any order and at the same time. What the
provider tells is written down in one transaction with all that follows from it: its money in the ledger, the hold on
the order, the alert. Locks are taken in the order payment, order, dispute, ledger.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Sequence

import structlog

from evertill.domains import disputes, incidents, ledger, orders, payments
from evertill.domains.disputes import Dispute
from evertill.journeys.ask_review import Reason, ask_review, end_noticed
from evertill.journeys.book_entries import post
from evertill.journeys.settle_payment import PaymentNotFound, settle_payment
from evertill.kernel import config, db, ids
from evertill.kernel.money import Money
from evertill.kernel.said import Said

__all__ = ["Dispute", "PaymentNotFound", "settle_disputes"]

_log = structlog.get_logger("evertill.disputes")

# What can be a part of a reference in the ledger.
_ID = re.compile(r"[\x21-\x7e]{1,95}")


def settle_disputes(*, intent_id: int, actor: str, now: dt.datetime) -> list[Dispute]:
    """This function will settle a payment, ask which disputes there are about it, apply that, and return them all.

    Raises PaymentNotFound, ProviderUnavailable, and what db.write raises; repeating is always safe.
    """
    intent = settle_payment(intent_id=intent_id, actor=actor, now=now)
    if intent.state is not payments.State.CAPTURED:
        return []
    provider = payments.provider(intent.provider)
    if payments.Capability.DISPUTES in provider.capabilities:
        told = [_told(intent, truth) for truth in provider.disputes(intent=intent)]
        known = {dispute.provider_id: dispute for dispute in disputes.read_disputes(intent_id=intent_id)}
        if any(disputes.is_news(known=known.get(one.provider_id), told=one) for one in told):
            _apply(intent_id=intent_id, told=told, actor=actor, now=now)
    return disputes.read_disputes(intent_id=intent_id)


def _told(intent: payments.Intent, truth: payments.DisputeTruth) -> disputes.Told:
    if truth.amount.amount <= 0 or truth.fee < 0 or _ID.fullmatch(truth.provider_id) is None:
        raise payments.ProviderUnavailable("The provider tells of a dispute that cannot be one.")
    return disputes.Told(
        provider=intent.provider,
        provider_id=truth.provider_id,
        standing=disputes.Standing(truth.standing.value),
        amount=truth.amount,
        fee=truth.fee,
        reason=truth.reason,
        evidence_due_at=truth.evidence_due_at,
    )


def _apply(*, intent_id: int, told: Sequence[disputes.Told], actor: str, now: dt.datetime) -> None:
    with db.write():
        intent = payments.lock_intent(intent_id=intent_id)
        assert intent is not None  # noqa: S101 — it was there, and none is ever deleted.
        assert intent.captured is not None  # noqa: S101 — nothing follows a capture.
        orders.lock_order(order_id=intent.order_id)
        disputes.lock_disputes(intent_id=intent_id)
        entries: list[ledger.Transaction] = []
        for one in told:
            entries += _apply_one(intent, one, actor=actor, now=now)
        held = disputes.held(disputes.read_disputes(intent_id=intent_id), captured=intent.captured)
        payments.set_disputed(intent_id=intent_id, amount=held)
        post(entries, now=now)


def _apply_one(
    intent: payments.Intent, told: disputes.Told, *, actor: str, now: dt.datetime
) -> list[ledger.Transaction]:
    """Write down what is told of one dispute, do what follows from it, and return what it does to money."""
    known = disputes.find(name=told.name)
    dispute = known or _record(intent, told, actor=actor, now=now)
    if dispute is None or dispute.intent_id != intent.id:
        _object(told, "it is about another payment too", now=now)
        return []
    if not disputes.is_news(known=known, told=told):
        return []
    if why := disputes.objection(known=dispute, told=told):
        _object(told, why, now=now)
        return []
    disputes.amend(dispute=dispute, told=told)
    end = disputes.follow(state=dispute.state, told=told)
    if end is not None:
        disputes.move(dispute_id=dispute.id, to=end, actor=actor, why="told by the provider", now=now)
    if disputes.is_open(end or dispute.state):
        _hold(intent, dispute, told, actor=actor, now=now)
        if known is None:
            _have_seen(dispute, is_lost=False, actor=actor, now=now)
    elif end is not None:
        _release(dispute, end, actor=actor, now=now)
    return _entries(dispute, told, end, is_new=known is None, had_fee=known is not None and known.fee > 0)


def _record(intent: payments.Intent, told: disputes.Told, *, actor: str, now: dt.datetime) -> Dispute | None:
    """Write a dispute that was not known; None when the provider has told it of another payment."""
    (dispute_id,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
    new = disputes.NewDispute(
        id=dispute_id, intent_id=intent.id, order_id=intent.order_id, is_sale=intent.has_bought, told=told
    )
    look_at = now + dt.timedelta(seconds=config.get().dispute_look_s)
    is_recorded = disputes.record(new=new, actor=actor, look_at=look_at, now=now)
    return disputes.find(name=told.name) if is_recorded else None


def _entries(
    dispute: Dispute, told: disputes.Told, end: disputes.State | None, *, is_new: bool, had_fee: bool
) -> list[ledger.Transaction]:
    """Say where the money goes: held back, given back or gone, and what the provider charges for it."""
    name, provider, amount = dispute.name, dispute.provider, dispute.amount
    entries = []
    if is_new:
        entries.append(ledger.standard.dispute_opened(reference=name, provider=provider, amount=amount))
    if told.fee > 0 and not had_fee:
        fee = Money(amount=told.fee, currency=amount.currency)
        entries.append(ledger.standard.fee(reference=name, provider=provider, amount=fee))
    if end is disputes.State.WON:
        entries.append(ledger.standard.dispute_won(reference=name, provider=provider, amount=amount))
    if end is disputes.State.LOST:
        entries.append(ledger.standard.dispute_lost(reference=name, amount=amount))
    return entries


def _hold(intent: payments.Intent, dispute: Dispute, told: disputes.Told, *, actor: str, now: dt.datetime) -> None:
    """Keep the goods here while nobody knows who will have the money, and tell somebody."""
    orders.hold(
        order_ids=[dispute.order_id], reason=orders.HoldReason.DISPUTE_OPEN, subject=dispute.name, actor=actor, now=now
    )
    due_at = told.evidence_due_at or dispute.evidence_due_at
    moment = f"{due_at:%Y-%m-%d %H:%M} UTC" if due_at else ""
    due = f"evidence due {moment}" if moment else "the provider tells no day for evidence"
    detail = f"{dispute.amount} of payment {intent.number} for order {ids.to_number(dispute.order_id)}; {due}"
    code, back = "DISPUTE_DUE" if moment else "DISPUTE_NOT_DUE", ""
    if intent.captured is not None and dispute.amount.currency == intent.captured.currency:
        over = intent.refunded + dispute.amount.amount - intent.captured.amount
        if over > 0:
            back = str(Money(amount=over, currency=dispute.amount.currency))
            code, detail = f"{code}_PART", f"{detail}; {back} of it was given back already"
    values = {"amount": str(dispute.amount), "payment": intent.number, "order": ids.to_number(dispute.order_id)}
    said = Said(text=detail, code=code, values=values | {"due": moment, "back": back})
    incidents.raise_alert(kind=incidents.Kind.DISPUTE_OPENED, subject=dispute.name, detail=said, now=now)


def _release(dispute: Dispute, end: disputes.State, *, actor: str, now: dt.datetime) -> None:
    """Let the goods go when the dispute is won; keep them and tell somebody when the money that bought them is lost."""
    name, order_ids = dispute.name, [dispute.order_id]
    orders.release_holds(order_ids=order_ids, subject=name, actor=actor, now=now)
    incidents.close_alerts(
        kind=incidents.Kind.DISPUTE_OPENED, subject=name, actor=actor, why=f"the dispute is {end.value}", now=now
    )
    if end is disputes.State.LOST and dispute.is_sale:
        orders.hold(order_ids=order_ids, reason=orders.HoldReason.DISPUTE_LOST, subject=name, actor=actor, now=now)
        order, amount = ids.to_number(dispute.order_id), str(dispute.amount)
        detail = Said(
            text=f"{amount} for order {order}", code="DISPUTE_LOST", values={"amount": amount, "order": order}
        )
        incidents.raise_alert(kind=incidents.Kind.DISPUTE_LOST, subject=name, detail=detail, now=now)
        _have_seen(dispute, is_lost=True, actor=actor, now=now)
    elif not any(disputes.is_open(one.state) for one in disputes.read_disputes(intent_id=dispute.intent_id)):
        why = Said(text=f"{name} is {end.value}", code=f"DISPUTE_IS_{end.value}", values={"dispute": name})
        end_noticed(order_id=dispute.order_id, reason=Reason.DISPUTE, why=why, now=now)
    _log.info("dispute ended", dispute=name, state=end.value)


def _have_seen(dispute: Dispute, *, is_lost: bool, actor: str, now: dt.datetime) -> None:
    """Have a person look at the order; what keeps its goods here is the dispute's own hold."""
    amount = str(dispute.amount)
    said = Said(
        text=f"{'The shop lost the dispute' if is_lost else 'Dispute'} {dispute.name} about {amount}.",
        code="SEEN_DISPUTE_LOST" if is_lost else "SEEN_DISPUTE_OPENED",
        values={"dispute": dispute.name, "amount": amount},
    )
    ask_review(order_id=dispute.order_id, reason=Reason.DISPUTE, details=[said], actor=actor, now=now)


def _object(told: disputes.Told, why: str, *, now: dt.datetime) -> None:
    """Change nothing, and have somebody look: what was told before stands in the books already."""
    said = Said(text=why, code="DISPUTE_UNCLEAR")
    incidents.raise_alert(kind=incidents.Kind.DISPUTE_UNCLEAR, subject=told.name, detail=said, now=now)
