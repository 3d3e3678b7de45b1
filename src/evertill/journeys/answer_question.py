"""Answer a question: what staff ask about an order that they review is read and answered on the order's own page."""

from __future__ import annotations

import datetime as dt

from evertill.domains import orders, reviews
from evertill.domains.reviews import ANSWER_CHARS_MAX, AnsweredAlready, NoQuestion, Question, TextUnfit
from evertill.journeys.see_own import own_rows
from evertill.journeys.view_order import OrderNotFound
from evertill.kernel import db

__all__ = [
    "ANSWER_CHARS_MAX",
    "AnsweredAlready",
    "NoQuestion",
    "Question",
    "TextUnfit",
    "answer_question",
    "view_question",
]


def view_question(*, order_id: int) -> Question | None:
    """This function will return what the customer is asked about his order while it is reviewed; None for nothing.

    Whether the caller may see it is decided at the door, by `orders.opens` or by a scope.
    """
    with own_rows():
        return reviews.read_question(order_id=order_id)


def answer_question(*, order_id: int, answer: str, actor: str, now: dt.datetime) -> None:
    """This function will keep what a customer answers, once; who reviews the order sees it.

    Raises OrderNotFound, NoQuestion, also for who may not see it, AnsweredAlready, TextUnfit, and what db.write raises.
    """
    # What cannot be an answer is said first, and locks nothing.
    text = reviews.check_text(answer, chars_max=ANSWER_CHARS_MAX)
    with db.write():
        # Whoever comes second waits here, and then finds the answer.
        if orders.lock_order(order_id=order_id) is None:
            raise OrderNotFound("There is no order with this number.")
        review = reviews.lock_review(order_id=order_id)
        if review is None or view_question(order_id=order_id) is None:
            raise NoQuestion("Nothing is asked about this order.")
        reviews.answer(review=review, answer=text, actor=actor, now=now)
