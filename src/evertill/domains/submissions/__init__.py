"""Submissions: checkouts that failed through a fault of the shop's, kept so that somebody can finish them by hand."""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.submissions import spool
    from evertill.domains.submissions.operations import (
        close,
        drop,
        finish,
        finish_placed,
        keep,
        lock,
        remove_of_account,
        remove_old,
        take,
    )
    from evertill.domains.submissions.queries import (
        count_open,
        find,
        list_latest,
        list_of_account,
        read_open_keys,
        seek,
        stream_placed,
    )
    from evertill.domains.submissions.types import Failed, State, Submission, Wanted

__getattr__ = open_door(__name__)

__all__ = [
    "Failed",
    "State",
    "Submission",
    "Wanted",
    "close",
    "count_open",
    "drop",
    "find",
    "finish",
    "finish_placed",
    "keep",
    "list_latest",
    "list_of_account",
    "lock",
    "read_open_keys",
    "remove_of_account",
    "remove_old",
    "seek",
    "spool",
    "stream_placed",
    "take",
]
