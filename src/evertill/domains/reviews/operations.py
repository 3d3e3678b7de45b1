"""Writes of reviews. The caller holds a transaction, and has locked the order before, so that all lock in one order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from evertill.domains.reviews import rules
from evertill.domains.reviews.queries import to_review
from evertill.domains.reviews.types import Review, State
from evertill.kernel import db, sql
from evertill.kernel.arrays import Bigints
from evertill.kernel.said import Said, pack_all

_HERE = "evertill.domains.reviews"
_WHY_CHARS_MAX = 2000


def open_review(
    *, review_id: int, order_id: int, reason: str, details: Sequence[Said | str], actor: str, now: dt.datetime
) -> Review:
    """This function will open a review of an order, or add the reason to the one that is open, and return it locked."""
    detail, told = " ".join(map(str, details))[:_WHY_CHARS_MAX], _told(details)
    is_new = bool(db.fetch(sql.load(_HERE, "open"), (review_id, order_id, reason, detail, told, now)))
    review = lock_review(order_id=order_id)
    assert review is not None  # noqa: S101 — it was written, or was there.
    if is_new:
        db.execute(sql.load(_HERE, "record_opening"), (review.id, actor, detail or reason, told, now))
        return review
    db.execute(sql.load(_HERE, "add_reason"), {"reason": reason, "detail": detail, "told": told, "id": review.id})
    again = lock_review(order_id=order_id)
    assert again is not None  # noqa: S101 — it is locked.
    return again


def forget_texts(*, order_ids: Collection[int]) -> None:
    """This function will take out of orders' reviews what people said: questions, answers, and why steps were taken."""
    db.execute(sql.load(_HERE, "forget_texts"), (Bigints(list(order_ids)),))


def lock_review(*, order_id: int) -> Review | None:
    """This function will lock the open review of an order, or its last one, and return it; None where it had none."""
    rows = db.fetch(sql.load(_HERE, "lock"), (order_id,))
    return to_review(rows[0]) if rows else None


def move(
    *,
    review: Review,
    to: State,
    actor: str,
    why: Said | str,
    now: dt.datetime,
    taken_until: dt.datetime | None = None,
    question: str | None = None,
    answer: str | None = None,
) -> None:
    """This function will move a locked review, as the table of moves allows, and record it; raises ReviewEnded."""
    if not rules.may_move(source=review.state, target=to):
        raise rules.ReviewEnded(f"This review is {review.state.value}.", state=review.state.value)
    db.execute(
        sql.load(_HERE, "move"),
        {
            "id": review.id,
            "from": review.state.value,
            "to": to.value,
            # Who answers does not take it.
            "taken_by": actor if to is State.TAKEN and not answer else review.taken_by,
            "taken_until": taken_until,
            "question": question,
            "answer": answer,
            "ended_at": now if to in rules.ENDED else None,
            "actor": actor,
            "why": str(why)[:_WHY_CHARS_MAX],
            "told": _told([why]),
            "now": now,
        },
    )


def ask(*, review: Review, question: str, actor: str, now: dt.datetime) -> int:
    """This function will ask a locked review's customer, and return which question about his order this is, from 1.

    Raises ReviewEnded, TextUnfit and TooManyQuestions.
    """
    text = rules.check_text(question, chars_max=rules.QUESTION_CHARS_MAX)
    ((asked,),) = db.fetch(sql.load(_HERE, "count_questions"), (review.order_id,))
    if asked >= rules.QUESTIONS_MAX:
        raise rules.TooManyQuestions(f"The customer was asked {asked} times.", asked=asked)
    move(review=review, to=State.ASKED, actor=actor, why=text, question=text, answer="", now=now)
    return int(asked) + 1


def answer(*, review: Review, answer: str, actor: str, now: dt.datetime) -> None:
    """This function will keep what a customer answered, once; the review waits again, or stays with who has taken it.

    Saying the same again changes nothing. Raises TextUnfit, NoQuestion and AnsweredAlready.
    """
    text = rules.check_text(answer, chars_max=rules.ANSWER_CHARS_MAX)
    if review.answer == text:
        return
    if review.answer and review.ended_at is None:
        raise rules.AnsweredAlready("This question was answered before.")
    if not review.waits_for_answer:
        raise rules.NoQuestion("Nothing is asked about this order.")
    is_taken = review.state is State.TAKEN
    move(
        review=review,
        to=State.TAKEN if is_taken else State.WAITING,
        actor=actor,
        why=text,
        now=now,
        taken_until=review.taken_until if is_taken else None,
        answer=text,
    )


def _told(said: Sequence[Said | str]) -> str:
    # What people wrote stands in its own column alone, where it is looked through and forgotten.
    return pack_all([one for one in said if isinstance(one, Said) and one.code])
