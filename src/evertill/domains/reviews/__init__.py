"""Reviews: orders that somebody looks at before their goods are handed over, who has each, and what was decided."""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.reviews.operations import answer, ask, forget_texts, lock_review, move, open_review
    from evertill.domains.reviews.queries import (
        count_waiting,
        find_history_differences,
        read_decided,
        read_moves,
        read_of_order,
        read_question,
        read_said,
        read_waiting,
        stream_holding,
    )
    from evertill.domains.reviews.rules import (
        ANSWER_CHARS_MAX,
        ENDED,
        MOVES,
        QUESTION_CHARS_MAX,
        QUESTIONS_MAX,
        RIGHTS,
        AnsweredAlready,
        NoQuestion,
        ReviewEnded,
        ReviewHeld,
        ReviewNotTaken,
        TextUnfit,
        TooManyQuestions,
        check_text,
        may_move,
    )
    from evertill.domains.reviews.types import NOTICED, Move, Question, Reason, Review, Said, State, Waiting

__getattr__ = open_door(__name__)

__all__ = [
    "ANSWER_CHARS_MAX",
    "ENDED",
    "MOVES",
    "NOTICED",
    "QUESTIONS_MAX",
    "QUESTION_CHARS_MAX",
    "RIGHTS",
    "AnsweredAlready",
    "Move",
    "NoQuestion",
    "Question",
    "Reason",
    "Review",
    "ReviewEnded",
    "ReviewHeld",
    "ReviewNotTaken",
    "Said",
    "State",
    "TextUnfit",
    "TooManyQuestions",
    "Waiting",
    "answer",
    "ask",
    "check_text",
    "count_waiting",
    "find_history_differences",
    "forget_texts",
    "lock_review",
    "may_move",
    "move",
    "open_review",
    "read_decided",
    "read_moves",
    "read_of_order",
    "read_question",
    "read_said",
    "read_waiting",
    "stream_holding",
]
