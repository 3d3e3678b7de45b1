"""Reads of reviews."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from evertill.domains.reviews.types import Move, Question, Review, Said, State, Waiting
from evertill.kernel import db, sql
from evertill.kernel.arrays import Bigints

_HERE = "evertill.domains.reviews"
_BEGINNING = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_COUNTED_MAX = 10_000


def read_waiting(*, behind: Review | None = None, limit: int) -> list[Review]:
    """This function will return up to `limit` reviews that nobody has decided, the oldest first."""
    since, last = (behind.opened_at, behind.id) if behind else (_BEGINNING, 0)
    return [to_review(row) for row in db.fetch(sql.load(_HERE, "waiting"), (since, last, limit))]


def read_decided(*, limit: int) -> list[Review]:
    """This function will return up to `limit` reviews that were decided, the latest first."""
    return [to_review(row) for row in db.fetch(sql.load(_HERE, "decided"), (limit,))]


def read_of_order(*, order_id: int) -> list[Review]:
    """This function will return the reviews that an order had, the latest first."""
    return [to_review(row) for row in db.fetch(sql.load(_HERE, "of_order"), (order_id,))]


def read_question(*, order_id: int) -> Question | None:
    """This function will return what an order's customer is asked while it is reviewed, and what he answered."""
    rows = db.fetch(sql.load(_HERE, "question"), (order_id,))
    return Question(text=rows[0][0], answer=rows[0][1]) if rows else None


def read_said(*, order_ids: Collection[int]) -> dict[int, list[Said]]:
    """This function will return what orders' customers were asked and answered, in its sequence, by order."""
    said: dict[int, list[Said]] = {}
    for order_id, state, text, at in db.fetch(sql.load(_HERE, "read_said"), (Bigints(list(order_ids)),)):
        one = Said(order_id=order_id, is_question=state == State.ASKED, text=text, said_at=at)
        said.setdefault(order_id, []).append(one)
    return said


def count_waiting() -> Waiting:
    """This function will count reviews that nobody has decided, up to ten thousand."""
    ((count, since),) = db.fetch(sql.load(_HERE, "count_waiting"), (_COUNTED_MAX,))
    return Waiting(count=count, since=since)


def read_moves(*, review_id: int, limit: int) -> list[Move]:
    """This function will return how a review came to its state, the first first."""
    return [
        Move(position=position, state=State(state), actor=actor, why=why, told=told, moved_at=moved_at)
        for position, state, actor, why, told, moved_at in db.fetch(sql.load(_HERE, "read_moves"), (review_id, limit))
    ]


def find_history_differences() -> list[tuple[int, str | None, str | None]]:
    """This function will return (review id, state, last move) where the moves do not tell how it came to its state."""
    return [(row[0], row[1], row[2]) for row in db.fetch(sql.load(_HERE, "history_differences"))]


def stream_holding() -> Iterator[tuple[int, int]]:
    """This function will give (order id, review id) of reviews that hold their orders; the caller's transaction."""
    yield from db.stream(sql.load(_HERE, "stream_holding"))


def to_review(row: Sequence[Any]) -> Review:
    """This function will make a review of a row; for this domain alone."""
    (
        review_id,
        order_id,
        state,
        reasons,
        detail,
        told,
        taken_by,
        taken_until,
        question,
        answer,
        opened_at,
        ended_at,
    ) = row
    return Review(
        id=review_id,
        order_id=order_id,
        state=State(state),
        reasons=tuple(reasons),
        detail=detail,
        told=told,
        taken_by=taken_by,
        taken_until=taken_until,
        question=question,
        answer=answer,
        opened_at=opened_at,
        ended_at=ended_at,
    )
