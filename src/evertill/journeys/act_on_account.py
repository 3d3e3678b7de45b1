"""Act on an account: what every important operation of its owner begins with.

One transaction that holds the account, in which leave for the operation is spent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from evertill.domains import identity
from evertill.domains.accounts import Account
from evertill.domains.identity import Operation, Session
from evertill.journeys.begin_session import lock_account
from evertill.journeys.record_act import record_act
from evertill.kernel import db


@contextmanager
def acting(*, session: Session, operation: Operation, now: dt.datetime, subject: str = "") -> Iterator[Account]:
    """One transaction for an operation that needs step-up, and its record in the trail.

    Raises StepUpRequired and AccountGone.
    """
    with db.write():
        account = lock_account(account_id=session.account_id)
        identity.stepup.spend(session_id=session.id, operation=operation, subject=subject, now=now)
        yield account
        # Last, so that nobody else's record waits for what is done in between.
        record_act(session=session, operation=f"account.{operation.lower()}", now=now)
