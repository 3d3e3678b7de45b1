"""Refund a payment: what was promised is asked of the provider, and booked once it has said yes."""

from __future__ import annotations

import datetime as dt

import structlog

from evertill.domains import fulfilment, incidents, ledger, orders, payments, stock
from evertill.journeys.ask_review import Reason, end_noticed
from evertill.journeys.book_entries import post
from evertill.journeys.owed_codes import owed_by
from evertill.journeys.tell_customers import tell_refunded
from evertill.kernel import config, db, ids
from evertill.kernel.money import Money
from evertill.kernel.said import Said

_log = structlog.get_logger("evertill.payments")

# How often a refund that staff have to send is looked at meanwhile.
_REMIND = dt.timedelta(days=1)


def send_refund(*, refund_id: int, now: dt.datetime) -> payments.Refund:
    """This function will have the provider give back what was promised, book it once, and return the refund.

    Raises ProviderUnavailable when it is not known whether the provider did; sending again is harmless.
    """
    refund = payments.read_refunds(refund_ids=[refund_id])[refund_id]
    intent = payments.read_intents(intent_ids=[refund.intent_id])[refund.intent_id]
    if refund.state is not payments.RefundState.REQUESTED:
        return refund
    provider = payments.provider(intent.provider)
    if payments.Capability.OFFLINE in provider.capabilities:
        # Staff send it and say so (confirm_refund); until then it stays on their list.
        with db.write():
            payments.wait_with_refund(refund_id=refund_id, until=now + _REMIND)
        return refund
    state, provider_id, why = payments.RefundState.SUCCEEDED, "", ""
    try:
        provider_id = provider.refund(intent=intent, refund=refund)
    except payments.ProviderRefused as refusal:
        # The money stays on the order's account in the ledger until somebody decides.
        _log.error("refund refused", refund=refund.number, payment=intent.number, why=refusal.detail)
        state, why = payments.RefundState.FAILED, refusal.detail
    with db.write():
        payments.lock_intent(intent_id=intent.id)
        end_refund(intent=intent, refund=refund, state=state, provider_id=provider_id, why=why, now=now)
    return payments.read_refunds(refund_ids=[refund_id])[refund_id]


def end_refund(
    *,
    intent: payments.Intent,
    refund: payments.Refund,
    state: payments.RefundState,
    provider_id: str,
    why: str = "",
    is_told: bool = False,
    now: dt.datetime,
) -> bool:
    """This function will end a refund and book what went back, and say whether it had not ended before.

    The customer is told when the money has gone back, unless he `is_told`; an alert is raised when it was refused, and
    says `why`. The caller holds a transaction and has locked the payment.
    """
    is_first = payments.finish_refund(refund=refund, state=state, provider_id=provider_id, now=now)
    if is_first:
        is_done = state is payments.RefundState.SUCCEEDED
        kind = orders.EventKind.REFUND_SUCCEEDED if is_done else orders.EventKind.REFUND_FAILED
        orders.note(order_id=intent.order_id, kind=kind, actor=refund.actor, now=now)
        _end_return(intent, refund, is_done=is_done, now=now)
        if is_done:
            _end_look(intent, now=now)
            _book(intent, refund, is_told=is_told, now=now)
        else:
            _raise_alert(intent, refund, why, now=now)
    return is_first


def _end_return(intent: payments.Intent, refund: payments.Refund, *, is_done: bool, now: dt.datetime) -> None:
    """End what the refund promised of the order: pieces and the order's state, then its goods, as locks are taken."""
    if refund.kind is not payments.RefundKind.SALE:
        return
    order_id = intent.order_id
    orders.lock_order(order_id=order_id)
    given = orders.read_returns(refund_ids=[refund.id]).get(refund.id)
    orders.finish_return(refund_id=refund.id, is_done=is_done, now=now)
    if not is_done:
        if given is not None:
            # What was not handed over because it was to be given back is owed after all.
            fulfilment.note_due(owed=owed_by({order_id: orders.pieces_by_sku(given.pieces)}), now=now)
        return
    if _is_whole(intent):
        orders.change_state(order_ids=[order_id], to=orders.State.REFUNDED, actor=refund.actor, now=now)
    if given is not None and given.restock:
        stock.take_back(pieces={order_id: orders.pieces_by_sku(given.pieces)}, now=now)


def _end_look(intent: payments.Intent, *, now: dt.datetime) -> None:
    """Nobody has to look at money that bought nothing once all of it has gone back."""
    if intent.has_bought:
        return
    order_id = intent.order_id
    mine = payments.find_order_intents(order_id=order_id, limit=config.get().page_size_max)
    if all(one.has_bought or not one.captured or one.refunded == one.captured.amount for one in mine):
        end_noticed(order_id=order_id, reason=Reason.MONEY, why="the money has gone back", now=now)


def _is_whole(intent: payments.Intent) -> bool:
    return payments.sum_refunds(intent_id=intent.id, kind=payments.RefundKind.SALE) == intent.expected.amount


def _book(intent: payments.Intent, refund: payments.Refund, *, is_told: bool, now: dt.datetime) -> None:
    assert intent.captured is not None  # noqa: S101 — a constraint: only captured money is refunded.
    amount = Money(amount=refund.amount, currency=intent.captured.currency)
    post([_entry(intent, refund, amount)], now=now)
    if is_told:
        return
    order = orders.read_orders(order_ids=[intent.order_id]).get(intent.order_id)
    if order is not None:
        is_whole = refund.kind is payments.RefundKind.SALE and _is_whole(intent)
        tell_refunded(order=order, refund=refund, amount=amount, is_whole=is_whole, now=now)


def _entry(intent: payments.Intent, refund: payments.Refund, amount: Money) -> ledger.Transaction:
    order = ids.to_number(intent.order_id)
    payer = ledger.find_payer(reference=intent.number)
    if payer is not None:
        # What a balance paid goes back to it. It only ever paid orders that stood open, so there is no other refund.
        return ledger.standard.refund_to_balance(reference=refund.number, order=order, customer=payer, amount=amount)
    book = ledger.standard.refund if refund.kind is payments.RefundKind.SALE else ledger.standard.late_refund
    return book(reference=refund.number, order=order, provider=intent.provider, amount=amount)


def _raise_alert(intent: payments.Intent, refund: payments.Refund, why: str, *, now: dt.datetime) -> None:
    about = f"{refund.amount} minor units of order {ids.to_number(intent.order_id)}, payment {intent.number}"
    currency = (intent.captured or intent.expected).currency
    detail = Said(
        text=f"{about}: {why} Try again with `evertill orders refund-again {refund.number}`.",
        code="REFUND_REFUSED",
        values={
            "amount": str(Money(amount=refund.amount, currency=currency)),
            "order": ids.to_number(intent.order_id),
            "payment": intent.number,
        },
    )
    incidents.raise_alert(kind=incidents.Kind.REFUND_REFUSED, subject=refund.number, detail=detail, now=now)
