"""Writes of reviews. The caller holds a transaction, and has locked the order before, so that all lock in one order."""

from __future__ import annotations

import datetime as dt

from evertill.domains.reviews import rules
from evertill.domains.reviews.queries import to_review
from evertill.domains.reviews.types import Review, State
from evertill.kernel import db, sql

_HERE = "evertill.domains.reviews"
_WHY_CHARS_MAX = 1000


def open_review(*, review_id: int, order_id: int, reason: str, detail: str, actor: str, now: dt.datetime) -> Review:
    """This function will open a review of an order, or add the reason to the one that is open, and return it locked."""
    is_new = bool(db.fetch(sql.load(_HERE, "open"), (review_id, order_id, reason, detail[:500], now)))
    review = lock_review(order_id=order_id)
    assert review is not None  # noqa: S101 — it was written, or was there.
    if is_new:
        db.execute(sql.load(_HERE, "record_opening"), (review.id, actor, detail[:_WHY_CHARS_MAX] or reason, now))
        return review
    db.execute(sql.load(_HERE, "add_reason"), {"reason": reason, "detail": detail[:500], "id": review.id})
    again = lock_review(order_id=order_id)
    assert again is not None  # noqa: S101 — it is locked.
    return again


def lock_review(*, order_id: int) -> Review | None:
    """This function will lock the open review of an order, or its last one, and return it; None where it had none."""
    rows = db.fetch(sql.load(_HERE, "lock"), (order_id,))
    return to_review(rows[0]) if rows else None


def move(
    *,
    review: Review,
    to: State,
    actor: str,
    why: str,
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
            "taken_by": actor if to is State.TAKEN else review.taken_by,
            "taken_until": taken_until,
            "question": question,
            "answer": answer,
            "ended_at": now if to in rules.ENDED else None,
            "actor": actor,
            "why": why[:_WHY_CHARS_MAX],
            "now": now,
        },
    )
