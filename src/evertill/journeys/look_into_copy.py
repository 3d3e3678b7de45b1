"""Look into a copy: in a restored shop, find what clues can mean, and copy orders out of it. Only to read.

It runs in a process of its own, which knows that shop and no other. What it finds is weighed, and compared with what
the open shop has, by the process that asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec

from evertill.domains import orders, payments
from evertill.domains.claims import Candidate, Clues, Source
from evertill.journeys.find_claimed import find_candidates
from evertill.journeys.give_receipts import find_receipts
from evertill.journeys.rebuild_payments import KeptPayment

__all__ = ["Answer", "CopiedOrder", "Question", "look_into_copy"]

# What may still bring money, or has brought it.
_ALIVE = (payments.State.CREATED, payments.State.PENDING, payments.State.AUTHORIZED, payments.State.CAPTURED)
_OPEN = (orders.State.PLACED, orders.State.PAID)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a copy: which orders clues can mean, or how some orders stand in it."""

    clues: Clues | None = None
    orders: tuple[int, ...] = ()


class CopiedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as a copy of the shop has it: with the receipt that proves it, its keys and its payments.

    `is_over` says that it had ended, or that some of its money had gone back.
    """

    order: orders.Order
    receipt: str
    key_digest: bytes
    body_digest: bytes
    payments: tuple[KeptPayment, ...]
    is_over: bool


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
    payment_keys = payments.read_keys(intent_ids=[intent.id for some in paid.values() for intent in some])
    return [
        CopiedOrder(
            order=order,
            receipt=receipts.get(order.id, ""),
            key_digest=keys[order.id][0],
            body_digest=keys[order.id][1],
            payments=tuple(_kept(paid.get(order.id, ()), payment_keys)),
            is_over=order.state not in _OPEN or any(intent.refunded for intent in paid.get(order.id, ())),
        )
        for order in known.values()
    ]


def _kept(intents: Sequence[payments.Intent], keys: Mapping[int, bytes]) -> list[KeptPayment]:
    return [
        KeptPayment(
            id=intent.id,
            provider=intent.provider,
            way=intent.way,
            expected=intent.expected,
            key_digest=keys[intent.id],
            body_digest=intent.body_digest,
        )
        for intent in intents
        if intent.state in _ALIVE
    ]
