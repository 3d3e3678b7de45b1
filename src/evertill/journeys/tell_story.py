"""Tell the story of an order: everything that happened to it, in its order, with who did it and when.

Every room of the shop tells its part: the order's own history, its payments and their moves, refunds, disputes,
messages, holds, reviews, what staff noted, and what they did by the audit trail.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from evertill.domains import accounts, disputes, messages, orders, payments, reviews, trail
from evertill.domains.access import Permission
from evertill.domains.trail import Subject
from evertill.journeys.guard_payment import CUSTOMER
from evertill.journeys.messages_of_orders import keys_of
from evertill.journeys.permitted import Asker, looking
from evertill.journeys.search_orders import Listed, listed
from evertill.journeys.view_order import OrderNotFound, view_order
from evertill.kernel import ids
from evertill.kernel.money import Money

__all__ = ["Line", "OrderNotFound", "Story", "tell_story"]

# Of each part so many are told; an order that has more of one is no customer's.
_PART_MAX = 200
_OTHERS_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened: `part` is the room that tells it, `what` its word for it, `who` as records name people.

    `about` is the number of the payment, refund or review, or the message's key; `told` are the sentences of the text
    that the shop said, as `kernel.said` packs them.
    """

    at: dt.datetime
    part: str
    what: str
    who: str = ""
    money: Money | None = None
    text: str = ""
    about: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An order with all that happened to it, the first first; the customer's other orders, the latest first."""

    order: orders.Order
    name: str
    lines: tuple[Line, ...]
    intents: tuple[payments.Intent, ...]
    refunds: tuple[payments.ToldRefund, ...]
    letters: tuple[messages.Message, ...]
    holds: tuple[orders.PastHold, ...]
    review: reviews.Review | None
    others: tuple[Listed, ...]

    @property
    def total(self) -> Money:
        return Money(amount=self.order.total, currency=self.order.currency)

    @property
    def held_by(self) -> tuple[orders.PastHold, ...]:
        """What holds it now."""
        return tuple(one for one in self.holds if one.released_at is None)


def tell_story(*, asker: Asker, order_id: int, now: dt.datetime) -> Story:
    """This function will return an order with its story; that it was looked at is recorded.

    Raises OrderNotFound and Forbidden.
    """
    subject = Subject(kind="order", id=ids.to_number(order_id))
    with looking(asker=asker, permission=Permission.ORDERS_READ, subject=subject, now=now):
        order = view_order(order_id=order_id)
        intents = payments.find_order_intents(order_id=order_id, limit=_PART_MAX)
        refunds = payments.read_told_refunds(order_id=order_id, limit=_PART_MAX)
        told = _messages(order_id, refunds)
        holds = orders.read_holds(order_id=order_id, limit=_PART_MAX)
        reviewed = reviews.read_of_order(order_id=order_id)
        lines = [
            *_happenings(order_id),
            *_payments(order_id, intents),
            *_refunds(refunds),
            *_disputes(intents),
            *_told(told),
            *_held(holds),
            *_reviewed(reviewed),
            *_noted(order_id),
            *_acted(subject),
        ]
        return Story(
            order=order,
            name=_name(order),
            lines=tuple(sorted(lines, key=lambda line: line.at)),
            intents=tuple(intents),
            refunds=tuple(refunds),
            letters=tuple(told),
            holds=tuple(holds),
            review=reviewed[0] if reviewed else None,
            others=tuple(_others(order)),
        )


def _name(order: orders.Order) -> str:
    if order.account_id is None:
        return ""
    return accounts.read_names(account_ids=[order.account_id]).get(order.account_id, "")


def _others(order: orders.Order) -> list[Listed]:
    """The account's other orders; a guest's, by the address that they were placed with."""
    if order.account_id is not None:
        mine = orders.WordMeaning(account_ids=(order.account_id,))
    elif order.email and order.email != orders.NOBODY:
        mine = orders.WordMeaning(contact=order.email.lower(), is_exact=True)
    else:
        return []
    filters = orders.SearchFilters()
    found = orders.find_orders(words=[mine], filters=filters, behind=None, limit=_OTHERS_MAX + 1)
    return listed([one for one in found.orders if one.id != order.id][:_OTHERS_MAX])


def _messages(order_id: int, refunds: list[payments.ToldRefund]) -> list[messages.Message]:
    keys = [*keys_of([order_id], []), *(f"refunded:{refund.number}" for refund in refunds)]
    return messages.find_all(keys=keys)


def _happenings(order_id: int) -> Iterator[Line]:
    for one in orders.read_happenings(order_id=order_id, limit=_PART_MAX):
        # Payments and refunds tell of themselves, and more than the order knows.
        if one.kind.startswith(("payment.", "refund.")):
            continue
        yield Line(at=one.happened_at, part="order", what=one.kind, who=one.actor)


def _payments(order_id: int, intents: list[payments.Intent]) -> Iterator[Line]:
    known = {intent.id: intent for intent in intents}
    for one in payments.read_moves(order_id=order_id, limit=_PART_MAX):
        intent = known.get(one.intent_id)
        if intent is None:
            continue
        yield Line(
            at=one.moved_at,
            part="payment",
            what=one.state.value,
            who=one.actor,
            money=intent.captured if one.state is payments.State.CAPTURED else intent.expected,
            text=one.why,
            about=intent.number,
        )


def _refunds(refunds: list[payments.ToldRefund]) -> Iterator[Line]:
    for one in refunds:
        requested = payments.RefundState.REQUESTED.value
        yield Line(
            at=one.requested_at,
            part="refund",
            what=requested,
            who=one.actor,
            money=one.amount,
            text=one.reason,
            about=one.number,
        )
        if one.done_at is not None:
            yield Line(at=one.done_at, part="refund", what=one.state.value, money=one.amount, about=one.number)


def _disputes(intents: list[payments.Intent]) -> Iterator[Line]:
    for intent in intents:
        for one in disputes.read_disputes(intent_id=intent.id):
            yield Line(
                at=one.opened_at, part="dispute", what="OPENED", money=one.amount, text=one.reason, about=one.name
            )
            if one.closed_at is not None:
                yield Line(at=one.closed_at, part="dispute", what=one.state.value, money=one.amount, about=one.name)


def _told(told: list[messages.Message]) -> Iterator[Line]:
    for one in told:
        yield Line(at=one.written_at, part="message", what=one.state.value, text=one.error or one.to, about=one.key)


def _held(holds: list[orders.PastHold]) -> Iterator[Line]:
    for one in holds:
        yield Line(at=one.held_at, part="held", what=one.reason, who=one.actor, about=one.subject)
        if one.released_at is not None:
            yield Line(at=one.released_at, part="released", what=one.reason, who=one.released_by, about=one.subject)


def _reviewed(reviewed: list[reviews.Review]) -> Iterator[Line]:
    for review in reviewed:
        for one in reviews.read_moves(review_id=review.id, limit=_PART_MAX):
            yield Line(
                at=one.moved_at,
                part="review",
                what="ANSWERED" if one.actor == CUSTOMER else one.state.value,
                who=one.actor,
                text=one.why,
                told=one.told,
                about=ids.to_number(review.id),
            )


def _noted(order_id: int) -> Iterator[Line]:
    for one in orders.read_notes(order_id=order_id, limit=_PART_MAX):
        yield Line(at=one.written_at, part="note", what="note", who=one.written_by, text=one.text)


def _acted(subject: Subject) -> Iterator[Line]:
    """What staff did, and were refused, by the trail. Looking alone is no part of the order's story."""
    search = trail.Search(subject_kind=subject.kind, subject_id=subject.id)
    reads = (Permission.ORDERS_READ, Permission.ORDERS_REVIEW, Permission.PAYMENTS_READ)
    looks = {permission.value for permission in reads}
    for one in trail.read_records(search=search, limit=_PART_MAX):
        if one.operation in looks and one.outcome == trail.Outcome.DONE.value:
            continue
        yield Line(
            at=one.at,
            part="refused" if one.outcome == trail.Outcome.REFUSED.value else "staff",
            what=one.operation,
            who=f"{one.actor_kind}:{one.actor_id}",
            text=one.why,
        )
