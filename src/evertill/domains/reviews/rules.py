"""What may become of a review."""

from __future__ import annotations

from collections.abc import Mapping

from evertill.domains.reviews.types import State
from evertill.kernel.errors import EvertillError

# What was decided is only added to; but what people said is forgotten with the account that it was about.
RIGHTS: Mapping[str, tuple[str, ...]] = {"reviews_move": ("select", "insert", "update (why, told)")}

# How often a customer is asked about one order, and how much is said.
QUESTIONS_MAX = 5
QUESTION_CHARS_MAX = 500
ANSWER_CHARS_MAX = 1000

# Every move that exists. Taking what somebody has whose time is over is TAKEN again; what the customer answers is a
# move to where it stands, unless it waited for that.
MOVES: Mapping[State, frozenset[State]] = {
    State.WAITING: frozenset({State.TAKEN, State.WAITING, State.GONE}),
    State.TAKEN: frozenset({State.TAKEN, State.WAITING, State.ASKED, State.APPROVED, State.REFUSED, State.GONE}),
    State.ASKED: frozenset({State.TAKEN, State.WAITING, State.GONE}),
    State.APPROVED: frozenset(),
    State.REFUSED: frozenset(),
    State.GONE: frozenset(),
}
ENDED = frozenset(state for state in State if not MOVES[state])
OPEN = tuple(state for state in State if state not in ENDED)


class ReviewEnded(EvertillError):
    """Somebody has decided the review already, or the order came to an end by itself."""

    code = "REVIEW_ENDED"
    status = "conflict"
    kept = "What was decided stands."
    remedy = "Look at the order; have it reviewed again if that is needed."


class ReviewHeld(EvertillError):
    """Another person has the review at the moment. `by` is who, `until` how long."""

    code = "REVIEW_HELD"
    status = "conflict"
    remedy = "Ask that person, or wait until the time is over."


class ReviewNotTaken(EvertillError):
    """Whoever decides a review has to have taken it, and his time is over or he never did."""

    code = "REVIEW_NOT_TAKEN"
    status = "conflict"
    remedy = "Take the review, and decide it then."


class TooManyQuestions(EvertillError):
    """The customer was asked about this order as often as anybody may be."""

    code = "TOO_MANY_QUESTIONS"
    status = "conflict"
    remedy = "Decide by what is known, or call the customer."


class TextUnfit(EvertillError):
    """A question or an answer is empty, or longer than it may be."""

    code = "TEXT_UNFIT"
    remedy = "Write something, in no more characters than the form takes."


class NoQuestion(EvertillError):
    """Nothing is asked about this order, or not any more."""

    code = "NO_QUESTION"
    status = "conflict"
    remedy = "Look at the order; the shop goes on without an answer."


class AnsweredAlready(EvertillError):
    """The question was answered before."""

    code = "ANSWERED_ALREADY"
    status = "conflict"
    kept = "The first answer stands."
    remedy = "Write to the shop if there is more to say."


def check_text(text: str, *, chars_max: int) -> str:
    """This function will return what was typed with lines ended as everywhere; raises TextUnfit."""
    clean = text.replace("\r\n", "\n").strip()
    if not clean or len(clean) > chars_max or "\0" in clean:
        raise TextUnfit(f"This takes 1 to {chars_max} characters.", chars_max=chars_max)
    return clean


def may_move(*, source: State, target: State) -> bool:
    """This function will say whether a review may move so."""
    return target in MOVES[source]
