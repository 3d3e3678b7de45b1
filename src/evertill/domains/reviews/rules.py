"""What may become of a review."""

from __future__ import annotations

from collections.abc import Mapping

from evertill.domains.reviews.types import State
from evertill.kernel.errors import EvertillError

# What was decided is only added to.
RIGHTS: Mapping[str, tuple[str, ...]] = {"reviews_move": ("select", "insert")}

# Every move that exists. Taking what somebody has whose time is over is TAKEN again.
MOVES: Mapping[State, frozenset[State]] = {
    State.WAITING: frozenset({State.TAKEN, State.GONE}),
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


def may_move(*, source: State, target: State) -> bool:
    """This function will say whether a review may move so."""
    return target in MOVES[source]
