"""Review an order: one person takes it, for a while; approves it, refuses it, or asks its customer.

Approving lets the goods go. Refusing cancels an order that nobody has paid; one that is paid stays held, and its money
goes back by a refund like any other. Nobody reviews his own order.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from evertill.domains import orders, reviews, stock, trail
from evertill.domains.access import Objection, Permission
from evertill.domains.reviews import QUESTION_CHARS_MAX, Review, ReviewEnded, ReviewHeld, ReviewNotTaken, State, Waiting
from evertill.domains.trail import Subject
from evertill.journeys.ask_review import subject_of
from evertill.journeys.permitted import Asker, Forbidden, looking, permitted
from evertill.journeys.search_orders import Listed, listed
from evertill.journeys.tell_customers import tell_asked
from evertill.journeys.view_order import OrderNotFound, view_order
from evertill.kernel import config, ids
from evertill.kernel.errors import EvertillError

__all__ = [
    "QUESTION_CHARS_MAX",
    "Decision",
    "Queue",
    "Review",
    "ReviewEnded",
    "ReviewHeld",
    "ReviewNotFound",
    "ReviewNotTaken",
    "Reviewed",
    "ask_customer",
    "decide_review",
    "list_reviews",
    "take_review",
    "view_review",
]

_PAGE = 50


class ReviewNotFound(EvertillError):
    """This order was never to be reviewed."""

    code = "REVIEW_NOT_FOUND"
    status = "not_found"
    remedy = "Look at the order's number."


class Decision(StrEnum):
    """What somebody does with the review that he has."""

    APPROVE = "APPROVE"
    REFUSE = "REFUSE"
    GIVE_BACK = "GIVE_BACK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A review as it stands after a step, and the order; a refused one that is paid still has to be given back."""

    review: Review
    order: orders.Order

    @property
    def needs_refund(self) -> bool:
        return self.review.state is State.REFUSED and self.order.state is orders.State.PAID


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


def view_review(*, asker: Asker, order_id: int, now: dt.datetime) -> tuple[Review, Listed]:
    """This function will return an order's open review, or its last one, and the order; raises Forbidden.

    Raises OrderNotFound and ReviewNotFound.
    """
    subject = Subject(kind="order", id=ids.to_number(order_id))
    with looking(asker=asker, permission=Permission.ORDERS_REVIEW, subject=subject, now=now):
        found = listed(_found([order_id]))
        if not found:
            raise OrderNotFound("There is no order with this number.")
        reviewed = reviews.read_of_order(order_id=order_id)
        if not reviewed:
            raise ReviewNotFound("This order was never to be reviewed.")
        return reviewed[0], found[0]


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


def take_review(*, asker: Asker, order_id: int, now: dt.datetime) -> Reviewed:
    """This function will give somebody a review for a while, also his own again, and return it.

    Raises Forbidden (also for his own order), ReviewNotFound, ReviewEnded, and ReviewHeld while another one has it.
    """
    until = now + dt.timedelta(minutes=config.get().review_lease_min)

    def take(review: Review) -> None:
        holder = review.holder(now)
        if holder not in ("", asker.name):
            raise ReviewHeld("Another person has this review.", by=holder, until=review.taken_until)
        reviews.move(review=review, to=State.TAKEN, actor=asker.name, why="", taken_until=until, now=now)

    return _step(asker, order_id, take, operation="orders.take_review", why="", now=now)


def decide_review(*, asker: Asker, order_id: int, decision: Decision, why: str, now: dt.datetime) -> Reviewed:
    """This function will approve or refuse an order, or give its review back; raises what take_review raises.

    Raises ReviewNotTaken for a review that he has not taken, or not in time.
    """

    def decide(review: Review) -> None:
        _check_taken(review, asker, now=now)
        to = {
            Decision.APPROVE: State.APPROVED,
            Decision.REFUSE: State.REFUSED,
            Decision.GIVE_BACK: State.WAITING,
        }[decision]
        reviews.move(review=review, to=to, actor=asker.name, why=why, now=now)
        if to is State.APPROVED:
            orders.release_holds(order_ids=[order_id], subject=subject_of(review), actor=asker.name, now=now)
        elif to is State.REFUSED:
            _cancel(order_id, asker, now=now)

    return _step(asker, order_id, decide, operation=f"orders.{decision.value.lower()}_review", why=why, now=now)


def ask_customer(*, asker: Asker, order_id: int, question: str, now: dt.datetime) -> Reviewed:
    """This function will ask an order's customer, who is told that there is a question and answers on the order's page.

    Anybody may take and decide the review meanwhile. Raises what decide_review raises, TextUnfit and TooManyQuestions.
    """

    def ask(review: Review) -> None:
        _check_taken(review, asker, now=now)
        asked = reviews.ask(review=review, question=question, actor=asker.name, now=now)
        tell_asked(order=view_order(order_id=order_id), asked=asked, now=now)

    return _step(asker, order_id, ask, operation="orders.ask_customer", why=question, now=now)


def _step(
    asker: Asker, order_id: int, step: Callable[[Review], None], *, operation: str, why: str, now: dt.datetime
) -> Reviewed:
    """One step of a review in one transaction, with its record."""
    subject = Subject(kind="order", id=ids.to_number(order_id))
    with permitted(asker=asker, permission=Permission.ORDERS_REVIEW, subject=subject, now=now):
        before = _lock(order_id, asker)
        step(before)
        after = reviews.lock_review(order_id=order_id)
        assert after is not None  # noqa: S101 — it is locked.
        trail.write(
            actor=asker.actor,
            operation=operation,
            subject=subject,
            before={"review": ids.to_number(before.id), "state": before.state.value},
            after={"state": after.state.value},
            why=why[:500],
            now=now,
        )
        return Reviewed(review=after, order=view_order(order_id=order_id))


def _lock(order_id: int, asker: Asker) -> Review:
    if orders.lock_order(order_id=order_id) is None:
        raise OrderNotFound("There is no order with this number.")
    if asker.account_id is not None and orders.read_owner(order_id=order_id) == asker.account_id:
        raise Forbidden(Objection.SELF, permission=Permission.ORDERS_REVIEW)
    review = reviews.lock_review(order_id=order_id)
    if review is None:
        raise ReviewNotFound("This order was never to be reviewed.")
    if review.state in reviews.ENDED:
        raise ReviewEnded(f"This review is {review.state.value}.", state=review.state.value, by=review.taken_by)
    return review


def _check_taken(review: Review, asker: Asker, *, now: dt.datetime) -> None:
    holder = review.holder(now)
    if holder == asker.name:
        return
    if holder:
        raise ReviewHeld("Another person has this review.", by=holder, until=review.taken_until)
    raise ReviewNotTaken("This review is not yours, or your time is over.")


def _cancel(order_id: int, asker: Asker, *, now: dt.datetime) -> None:
    """Cancel an order that nobody has paid. Money that comes later finds it held, and the review refused."""
    order = view_order(order_id=order_id)
    moved = orders.change_state(order_ids=[order_id], to=orders.State.CANCELLED, actor=asker.name, now=now)
    if moved:
        stock.release(pieces={order_id: orders.pieces_by_sku(order.lines)}, now=now)
