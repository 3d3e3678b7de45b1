"""Ask for a review: an order waits for a person before its goods are handed over.

The shop asks by itself above an amount, and where money came late, bought nothing or is disputed; staff ask by hand,
and whatever judges risk asks here too. Where only something was noticed, the goods do not wait for the look. Orders
are locked before reviews, everywhere.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence

from evertill.domains import orders, preferences, reviews, trail
from evertill.domains.access import Permission
from evertill.domains.reviews import Reason, Review, State
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, permitted
from evertill.journeys.view_order import OrderNotFound
from evertill.kernel import ids
from evertill.kernel.said import Said

__all__ = [
    "Reason",
    "Review",
    "ask_review",
    "ask_review_as_staff",
    "end_noticed",
    "review_large",
    "subject_of",
]

_BY_THE_SHOP = "CLOCK:review"


def ask_review(*, order_id: int, reason: Reason, details: Sequence[Said | str], actor: str, now: dt.datetime) -> Review:
    """This function will have an order reviewed in the caller's transaction, and hold its goods until then if it must.

    One that is reviewed already gets one more reason. Raises OrderNotFound.
    """
    if orders.lock_order(order_id=order_id) is None:
        raise OrderNotFound("There is no order with this number.")
    (review_id,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
    review = reviews.open_review(
        review_id=review_id, order_id=order_id, reason=reason.value, details=details, actor=actor, now=now
    )
    if review.holds:
        subject = subject_of(review)
        orders.hold(order_ids=[order_id], reason=orders.HoldReason.REVIEW, subject=subject, actor=actor, now=now)
    return review


def end_noticed(*, order_id: int, reason: Reason, why: Said | str, now: dt.datetime) -> None:
    """This function will end the open review of an order that had this reason alone, since it has come right by itself.

    In the caller's transaction. Whoever has taken it finds it ended.
    """
    orders.lock_order(order_id=order_id)
    review = reviews.lock_review(order_id=order_id)
    if review is not None and review.state not in reviews.ENDED and review.reasons == (reason.value,):
        reviews.move(review=review, to=State.GONE, actor=_BY_THE_SHOP, why=why, now=now)


def ask_review_as_staff(*, asker: Asker, order_id: int, why: str, now: dt.datetime) -> Review:
    """This function will have an order reviewed because somebody of the staff says so; raises Forbidden, OrderNotFound.

    It takes the permission to review, or to hand goods over, which is what it stops.
    """
    subject = Subject(kind="order", id=ids.to_number(order_id))
    with permitted(asker=asker, permission=Permission.ORDERS_READ, subject=subject, now=now):
        review = ask_review(order_id=order_id, reason=Reason.STAFF, details=[why], actor=asker.name, now=now)
        trail.write(
            actor=asker.actor,
            operation="orders.ask_review",
            subject=subject,
            after={"review": ids.to_number(review.id)},
            why=why,
            now=now,
        )
    return review


def review_large(*, paid: Sequence[tuple[int, int]], now: dt.datetime) -> None:
    """This function will have those of (order id, total) reviewed that reach the amount that the shop has decided on.

    In the transaction that paid them, so that nobody hands one over in between.
    """
    least = preferences.number(preferences.Name.REVIEW_FROM)
    if not least:
        return
    for order_id, total in sorted(paid):
        if total >= least:
            ask_review(order_id=order_id, reason=Reason.AMOUNT, details=(), actor=_BY_THE_SHOP, now=now)


def subject_of(review: Review) -> str:
    """This function will say because of what a review holds its order."""
    return f"review:{ids.to_number(review.id)}"
