"""Reviews: orders that somebody looks at before their goods are handed over, who has each, and what was decided."""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.reviews.operations import lock_review, move, open_review
    from evertill.domains.reviews.queries import (
        count_waiting,
        find_history_differences,
        read_decided,
        read_moves,
        read_of_order,
        read_waiting,
        stream_holding,
    )
    from evertill.domains.reviews.rules import (
        ENDED,
        MOVES,
        RIGHTS,
        ReviewEnded,
        ReviewHeld,
        ReviewNotTaken,
        may_move,
    )
    from evertill.domains.reviews.types import Move, Reason, Review, State, Waiting

__getattr__ = open_door(__name__)

__all__ = [
    "ENDED",
    "MOVES",
    "RIGHTS",
    "Move",
    "Reason",
    "Review",
    "ReviewEnded",
    "ReviewHeld",
    "ReviewNotTaken",
    "State",
    "Waiting",
    "count_waiting",
    "find_history_differences",
    "lock_review",
    "may_move",
    "move",
    "open_review",
    "read_decided",
    "read_moves",
    "read_of_order",
    "read_waiting",
    "stream_holding",
]
