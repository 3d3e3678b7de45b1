"""What crosses the boundary of approvals."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import msgspec


class State(StrEnum):
    """How an approval stands."""

    WAITING = "WAITING"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    SPENT = "SPENT"


class Approval(msgspec.Struct, frozen=True):
    """What somebody asks another person to approve. `content` is JSON; nothing but exactly this is approved.

    People are named by whoever calls: `STAFF:17`. The order of the fields is that of the statements.
    """

    id: int
    operation: str
    subject: str
    content: str
    asked_by: str
    asked_at: dt.datetime
    why: str
    expires_at: dt.datetime
    state: State
    decided_by: str
    decided_at: dt.datetime | None
    decision: str
    spent_at: dt.datetime | None
