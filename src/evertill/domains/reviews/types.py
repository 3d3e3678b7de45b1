"""What crosses the boundary of reviews."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import msgspec


class State(StrEnum):
    """Where a review stands. GONE: the order came to an end by itself before anybody decided."""

    WAITING = "WAITING"
    TAKEN = "TAKEN"
    ASKED = "ASKED"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"
    GONE = "GONE"


class Reason(StrEnum):
    """Why somebody has to look at an order."""

    AMOUNT = "AMOUNT"
    STAFF = "STAFF"
    RISK = "RISK"
    # It was cancelled, and then paid all the same.
    CANCELLED = "CANCELLED"
    # It had expired, and was paid all the same.
    LATE = "LATE"
    # Money came that bought nothing, and is on its way back.
    MONEY = "MONEY"
    DISPUTE = "DISPUTE"


# Somebody has to look, and the goods do not wait for that: what keeps them here, if anything, is not the look.
NOTICED = frozenset({Reason.LATE, Reason.MONEY, Reason.DISPUTE})


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """A review of an order. `taken_by` has it until `taken_until`; afterwards anybody may take it.

    `told` are the sentences of its detail that the shop said, as `kernel.said` packs them.
    """

    id: int
    order_id: int
    state: State
    reasons: tuple[str, ...]
    detail: str
    told: str
    taken_by: str
    taken_until: dt.datetime | None
    question: str
    answer: str
    opened_at: dt.datetime
    ended_at: dt.datetime | None

    def holder(self, now: dt.datetime) -> str:
        """Who has it at a moment; "" for nobody."""
        is_held = self.state is State.TAKEN and self.taken_until is not None and self.taken_until > now
        return self.taken_by if is_held else ""

    @property
    def holds(self) -> bool:
        """Whether the goods wait for it."""
        return any(reason not in NOTICED for reason in self.reasons)

    @property
    def waits_for_answer(self) -> bool:
        """Whether the customer was asked and may still answer; whoever takes the review does not end that."""
        return bool(self.question) and not self.answer and self.ended_at is None


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer is asked about his order, and what he answered; "" for nothing yet."""

    text: str
    answer: str


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer was asked about an order, or what he answered."""

    order_id: int
    is_question: bool
    text: str
    said_at: dt.datetime


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a review: to which state, who did it, when and why; `told` as that of a review."""

    position: int
    state: State
    actor: str
    why: str
    told: str
    moved_at: dt.datetime


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """How many reviews nobody has decided, and since when the oldest waits; None without any."""

    count: int
    since: dt.datetime | None
