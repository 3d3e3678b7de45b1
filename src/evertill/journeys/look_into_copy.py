"""Look into a copy: in a restored shop, find what clues can mean, and copy orders out of it. Only to read.

It runs in a process of its own, which knows that shop and no other. What it finds is weighed, and compared with what
the open shop has, by the process that asked.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from evertill.domains import ledger, orders, payments
from evertill.domains.claims import Candidate, Clues, Source
from evertill.journeys.find_claimed import find_candidates
from evertill.journeys.give_receipts import find_receipts
from evertill.journeys.kept_money import KeptPayment, KeptRefund, find_by_hand, find_obstacles
from evertill.kernel.money import Money
from evertill.kernel.said import Said

__all__ = ["Answer", "CopiedOrder", "Question", "look_into_copy"]

# What may still bring money, or has brought it.
_ALIVE = (payments.State.CREATED, payments.State.PENDING, payments.State.AUTHORIZED, payments.State.CAPTURED)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a copy: which orders clues can mean, or how some orders stand in it."""

    clues: Clues | None = None
    orders: tuple[int, ...] = ()


class CopiedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as a copy of the shop has it: with the receipt that proves it, its keys and its payments.

    `is_over` says that it cannot be taken over, because its money does not come out even; `by_hand` is what people have
    to do then, or besides.
    """

    order: orders.Order
    receipt: str
    key_digest: bytes
    body_digest: bytes
    payments: tuple[KeptPayment, ...]
    is_over: bool
    # Texts alone in what an earlier release found.
    by_hand: tuple[Said | str, ...] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a copy says."""

    candidates: tuple[Candidate, ...] = ()
    orders: tuple[CopiedOrder, ...] = ()


def look_into_copy(*, question: Question, now: dt.datetime) -> Answer:
    """This function will answer a question about this shop."""
    if question.clues is None:
        return Answer(orders=tuple(_copy(question.orders)))
    found = find_candidates(clues=question.clues, now=now)
    return Answer(candidates=tuple(one for one in found if one.source is Source.ORDER))


def _copy(order_ids: Sequence[int]) -> list[CopiedOrder]:
    known = orders.read_orders(order_ids=order_ids)
    keys = orders.read_keys(order_ids=list(known))
    receipts = find_receipts(list(known.values()))
    paid = payments.read_intents_of_orders(order_ids=list(known))
    kept = _keep([intent for some in paid.values() for intent in some if intent.state in _ALIVE])
    return [
        _copied(order, receipts.get(order.id, ""), keys[order.id], tuple(kept.get(order.id, ())))
        for order in known.values()
    ]


def _copied(order: orders.Order, receipt: str, keys: tuple[bytes, bytes], kept: tuple[KeptPayment, ...]) -> CopiedOrder:
    total = Money(amount=order.total, currency=order.currency)
    obstacles = find_obstacles(state=order.state, total=total, kept=kept)
    return CopiedOrder(
        order=order,
        receipt=receipt,
        key_digest=keys[0],
        body_digest=keys[1],
        payments=kept,
        is_over=bool(obstacles),
        by_hand=(*obstacles, *find_by_hand(kept=kept)),
    )


def _keep(intents: Sequence[payments.Intent]) -> dict[int, list[KeptPayment]]:
    """Payments by their order, with what the books of this shop have of each."""
    keys = payments.read_keys(intent_ids=[intent.id for intent in intents])
    refunds = _refunds([intent.id for intent in intents if intent.state is payments.State.CAPTURED])
    kept: dict[int, list[KeptPayment]] = defaultdict(list)
    for intent in intents:
        is_captured = intent.state is payments.State.CAPTURED
        kept[intent.order_id].append(
            KeptPayment(
                id=intent.id,
                provider=intent.provider,
                way=intent.way,
                expected=intent.expected,
                key_digest=keys[intent.id],
                body_digest=intent.body_digest,
                state=intent.state,
                captured=intent.captured,
                ending=intent.ending,
                provider_id=intent.provider_id,
                fee=_fee(intent) if is_captured else 0,
                payer=(ledger.find_payer(reference=intent.number) or "") if is_captured else "",
                refunds=tuple(refunds.get(intent.id, ())),
            )
        )
    return kept


def _refunds(intent_ids: Sequence[int]) -> Mapping[int, Sequence[KeptRefund]]:
    found = payments.read_kept_refunds(intent_ids=intent_ids)
    given = orders.read_returns(refund_ids=[refund.id for refund, _, _ in found])
    by_payment: dict[int, list[KeptRefund]] = defaultdict(list)
    for refund, provider_id, key_digest in found:
        by_payment[refund.intent_id].append(
            KeptRefund(
                id=refund.id,
                kind=refund.kind,
                state=refund.state,
                amount=refund.amount,
                reason=refund.reason,
                actor=refund.actor,
                provider_id=provider_id,
                key_digest=key_digest,
                body_digest=refund.body_digest,
                given=given.get(refund.id),
            )
        )
    return by_payment


def _fee(intent: payments.Intent) -> int:
    """What the provider kept of it, by the ledger."""
    booked = ledger.find_cleared(provider=intent.provider, names=[(ledger.Kind.FEE, intent.number)])
    return -sum(one.amount.amount for one in booked)
