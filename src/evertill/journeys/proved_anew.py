"""Proved anew: leave for one operation of staff on one thing, because a factor was just proved for it.

It is spent in the operation's own transaction. The operator of the machine proves himself to his operating system.
"""

from __future__ import annotations

import datetime as dt

from evertill.domains import identity
from evertill.domains.access import Permission
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker


def proved_anew(*, asker: Asker, permission: Permission, subject: Subject, now: dt.datetime) -> None:
    """This function will use up the leave for this operation on this thing; raises StepUpRequired without any.

    The caller holds the operation's transaction.
    """
    if asker.account_id is not None:
        identity.stepup.spend(
            session_id=asker.actor.session_id,
            operation=permission.value,
            subject=f"{subject.kind}:{subject.id}",
            now=now,
        )
