"""Step up by a passkey: leave for one operation on one object, because the device signed for just that."""

from __future__ import annotations

import datetime as dt

from evertill.domains.identity import Ceremony, Session
from evertill.journeys.begin_session import Visit
from evertill.journeys.step_up import grant_by_passkey
from evertill.journeys.verify_passkey import PasskeyRefused, begin_passkey, verify_passkey

__all__ = ["PasskeyRefused", "begin", "prove"]


def begin(*, session: Session, operation: str, subject: str, visit: Visit, now: dt.datetime) -> str:
    """This function will return what the browser is to use one of the account's passkeys by, for this operation only.

    JSON for `parseRequestOptionsFromJSON()`. Raises PasskeysUnavailable, TooManyChallenges.
    """
    return begin_passkey(
        ceremony=Ceremony.STEP_UP,
        subject=_bound(session, operation, subject),
        account_id=session.account_id,
        visit=visit,
        now=now,
    )


def prove(*, session: Session, operation: str, subject: str, answer: str, visit: Visit, now: dt.datetime) -> None:
    """This function will give leave for the operation on the object, once; `answer` is what `toJSON()` gave, as JSON.

    Raises PasskeyRefused, also for a passkey of another account, AccountGone, and StepUpRequired.
    """
    verify_passkey(
        answer=answer,
        ceremony=Ceremony.STEP_UP,
        subject=_bound(session, operation, subject),
        account_id=session.account_id,
        visit=visit,
        now=now,
        then=lambda _used: grant_by_passkey(session=session, operation=operation, subject=subject, now=now),
    )


def _bound(session: Session, operation: str, subject: str) -> str:
    # A line each: no operation's name has one in it, so no two of these are ever the same.
    return f"{session.id}\n{operation}\n{subject}"
