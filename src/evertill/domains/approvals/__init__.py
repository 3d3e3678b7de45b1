"""Approvals: what one person asks for and another one decides, bound to one operation and its exact content, used once.

Who may ask and who may decide is for journeys to say.
"""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.approvals.operations import (
        ApprovalNotOpen,
        ApprovalRequired,
        TooManyAsked,
        ask,
        decide,
        forget_words,
        spend,
        withdraw,
    )
    from evertill.domains.approvals.queries import find, find_about, list_of_asker, read_open
    from evertill.domains.approvals.types import Approval, State

__getattr__ = open_door(__name__)

__all__ = [
    "Approval",
    "ApprovalNotOpen",
    "ApprovalRequired",
    "State",
    "TooManyAsked",
    "ask",
    "decide",
    "find",
    "find_about",
    "forget_words",
    "list_of_asker",
    "read_open",
    "spend",
    "withdraw",
]
