"""Look at the reviews of orders: what waits, and all that it takes to decide one (`review_order.py`)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from evertill.domains import disputes, orders, payments, reviews
from evertill.domains.access import Permission
from evertill.domains.reviews import Review, Waiting
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, looking
from evertill.journeys.review_order import ReviewNotFound, takes_two, what_returns
from evertill.journeys.search_orders import Listed, listed
from evertill.journeys.view_order import OrderNotFound
from evertill.journeys.view_refunds import OrderRefund, view_refunds
from evertill.kernel import ids
from evertill.kernel.money import Money

__all__ = ["Looked", "OrderNotFound", "Queue", "Review", "ReviewNotFound", "list_reviews", "view_review"]

_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A review as somebody looks at it: its order, payments that came for it, what went back, and its disputes.

    `refusing` is what goes back if the order is refused, None for nothing; `takes_two` says that another person has to
    approve that.
    """

    review: Review
    listed: Listed
    intents: tuple[payments.Intent, ...]
    refunds: tuple[OrderRefund, ...]
    disputes: tuple[disputes.Dispute, ...]
    refusing: Money | None
    takes_two: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Reviews with their orders, the oldest first, and those that were decided last."""

    waiting: tuple[tuple[Review, Listed], ...]
    decided: tuple[tuple[Review, Listed], ...]
    count: Waiting


def list_reviews(*, asker: Asker, now: dt.datetime) -> Queue:
    """This function will return what waits for review and what was decided last; raises Forbidden."""
    subject = Subject(kind="orders", id="reviews")
    with looking(asker=asker, permission=Permission.ORDERS_REVIEW, subject=subject, now=now) as look:
        waiting, decided = reviews.read_waiting(limit=_PAGE), reviews.read_decided(limit=10)
        found = {one.order.id: one for one in listed(_found([one.order_id for one in (*waiting, *decided)]))}
        look.note(found=len(found))
        return Queue(
            waiting=tuple((one, found[one.order_id]) for one in waiting if one.order_id in found),
            decided=tuple((one, found[one.order_id]) for one in decided if one.order_id in found),
            count=reviews.count_waiting(),
        )


def view_review(*, asker: Asker, order_id: int, now: dt.datetime) -> Looked:
    """This function will return an order's open review, or its last one, with all that it takes to decide it.

    Raises Forbidden, OrderNotFound and ReviewNotFound.
    """
    subject = Subject(kind="order", id=ids.to_number(order_id))
    with looking(asker=asker, permission=Permission.ORDERS_REVIEW, subject=subject, now=now):
        found = listed(_found([order_id]))
        if not found:
            raise OrderNotFound("There is no order with this number.")
        reviewed = reviews.read_of_order(order_id=order_id)
        if not reviewed:
            raise ReviewNotFound("This order was never to be reviewed.")
        intents = payments.find_order_intents(order_id=order_id, limit=_PAGE)
        buyer = next((one for one in intents if one.has_bought), None)
        left = what_returns(buyer) if buyer and reviewed[0].ended_at is None else 0
        return Looked(
            review=reviewed[0],
            listed=found[0],
            intents=tuple(one for one in intents if one.captured),
            refunds=tuple(view_refunds(order_id=order_id)),
            disputes=tuple(one for intent in intents for one in disputes.read_disputes(intent_id=intent.id)),
            refusing=Money(amount=left, currency=buyer.expected.currency) if buyer and left > 0 else None,
            takes_two=buyer is not None and left > 0 and takes_two(buyer, more=left),
        )


def _found(order_ids: list[int]) -> list[orders.Found]:
    return [
        orders.Found(
            id=one.id,
            state=one.state,
            currency=one.currency,
            total=one.total,
            email=one.email,
            phone=one.phone,
            account_id=one.account_id,
            placed_at=one.placed_at,
        )
        for one in orders.read_orders(order_ids=order_ids).values()
    ]
