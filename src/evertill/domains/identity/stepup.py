"""Step-up: leave to do one operation on one object once, because a factor was just proved for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from evertill.domains.identity.rules import enough_for_step_up
from evertill.domains.identity.types import Factor
from evertill.kernel import db, ids, sql
from evertill.kernel.errors import EvertillError

_HERE = "evertill.domains.identity"
# The constraint identity_grant_short allows no more.
_LASTS = dt.timedelta(minutes=5)


class StepUpRequired(EvertillError):
    """An important operation needs a factor proved anew, for this operation on this object."""

    code = "STEP_UP_REQUIRED"
    status = "forbidden"
    remedy = "Prove again that it is you, then repeat this."


def give(
    *,
    session_id: int,
    operation: str,
    subject: str,
    factor: Factor,
    enrolled: Collection[Factor],
    is_staff: bool,
    now: dt.datetime,
) -> None:
    """This function will give a session leave to do an operation on an object once, within five minutes.

    `factor` was proved for it in this very moment. Raises StepUpRequired when that factor is not enough for an account
    that has `enrolled` these.
    """
    if factor not in enough_for_step_up(enrolled, is_staff=is_staff):
        raise StepUpRequired(
            "This operation needs a stronger proof of who you are.", operation=operation, subject=subject
        )
    (grant_id,) = ids.new_ids(1, now=now)
    db.execute(
        sql.load(_HERE, "give_grant"), (grant_id, session_id, operation, subject, factor.value, now, now + _LASTS)
    )


def spend(*, session_id: int, operation: str, subject: str, now: dt.datetime) -> None:
    """This function will use leave up, in the operation's own transaction; raises StepUpRequired without any."""
    if not db.execute(sql.load(_HERE, "spend_grant"), (now, session_id, operation, subject, now, now, now)):
        raise _required(operation, subject)


def require(*, session_id: int, operation: str, subject: str, now: dt.datetime) -> None:
    """This function will raise StepUpRequired without leave, and spend none: before work that would be in vain."""
    ((has,),) = db.fetch(sql.load(_HERE, "look_for_grant"), (session_id, operation, subject, now, now, now))
    if not has:
        raise _required(operation, subject)


def _required(operation: str, subject: str) -> StepUpRequired:
    return StepUpRequired(
        "This operation needs you to prove again that it is you.", operation=operation, subject=subject
    )
