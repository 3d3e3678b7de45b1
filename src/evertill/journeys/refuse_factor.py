"""Refuse a factor: whoever tries to be one of the staff, and proves it wrongly, is on record.

For an account that works for the shop alone, and only behind its first step: a stranger who tries a password must not
learn by the time that it takes whose account it is. How often anybody may try is limited, so this fills no trail.
"""

from __future__ import annotations

import datetime as dt

from evertill.domains import access, trail
from evertill.domains.identity import Factor
from evertill.domains.trail import Actor, Outcome, Subject
from evertill.kernel import db

WRONG = "What was to prove it was not right."


def refuse_factor(*, account_id: int, actor: Actor, operation: str, factor: Factor, now: dt.datetime) -> None:
    """This function will record that somebody proved wrongly that an account of the staff is his.

    `actor` is who is known to have tried, `operation` what it was for: `account.sign_in`, `account.prove`.
    """
    if not access.is_staff(account_id=account_id):
        return
    with db.write():
        trail.write(
            actor=actor,
            operation=operation,
            subject=Subject(kind="account", id=str(account_id)),
            after={"factor": factor.value},
            why=WRONG,
            outcome=Outcome.REFUSED,
            now=now,
        )
