"""Step up: prove anew that it is you, for one operation on one object, once, within five minutes.

Whoever has a passkey or an authenticator app proves one of these; others a code to their phone or address, and only who
has neither his password. It is skipped for nobody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from evertill.domains import accounts, identity
from evertill.domains.identity import Factor, Operation, Session
from evertill.journeys.begin_session import Visit, lock_account
from evertill.journeys.enrolled_factors import Enrolled, read_enrolled
from evertill.journeys.prove_factor import FactorWrong, Shown, TooManyTries, prepare
from evertill.journeys.record_act import actor_of
from evertill.journeys.refuse_factor import refuse_factor
from evertill.journeys.send_code import send_code as send
from evertill.kernel import crypto, db

__all__ = [
    "FactorWrong",
    "Operation",
    "SentCode",
    "StepUp",
    "StepUpRequired",
    "TooManyTries",
    "grant_by_passkey",
    "look",
    "prove",
    "send_code",
]

StepUpRequired = identity.stepup.StepUpRequired

_PURPOSE_CHARS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUp:
    """One of these factors is to be proved; `hidden` says where codes go. None at all: it cannot be done now."""

    factors: frozenset[Factor]
    hidden: Mapping[Factor, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCode:
    """A code for step-up was sent. The page keeps `code_id` in its form; without the code it is worth nothing."""

    code_id: str
    hidden: str
    expires_at: dt.datetime


def look(*, session: Session) -> StepUp:
    """This function will say which factors are enough for the account's important operations."""
    enrolled = _enrolled(session)
    factors = _enough(enrolled)
    return StepUp(factors=factors, hidden=enrolled.hidden(factors))


def send_code(
    *, session: Session, operation: str, subject: str, factor: Factor, visit: Visit, now: dt.datetime
) -> SentCode:
    """This function will send a code that is good for this operation and object only, in this session.

    Raises StepUpRequired when a code is not enough for the account, and what send_code raises.
    """
    enrolled = _enrolled(session)
    to = enrolled.address_for(factor)
    if to is None or factor not in _enough(enrolled):
        raise StepUpRequired("A code is not enough for this account.", operation=operation, subject=subject)
    sent = send(
        purpose=_purpose(session, operation, subject),
        kind=to.kind,
        address=to.text,
        caller=visit.caller,
        language=enrolled.account.language,
        now=now,
    )
    return SentCode(code_id=sent.code_id, hidden=accounts.hidden(to.kind, to.text), expires_at=sent.expires_at)


def prove(
    *,
    session: Session,
    operation: str,
    subject: str,
    factor: Factor,
    text: str,
    visit: Visit,
    now: dt.datetime,
    code_id: str = "",
) -> None:
    """This function will check a factor and give leave for the operation on the object, once.

    Raises FactorWrong, TooManyTries, PasswordsBusy, and StepUpRequired when the factor is not enough for the account.
    """
    enrolled = _enrolled(session)
    if factor not in _enough(enrolled) - {Factor.PASSKEY}:
        raise StepUpRequired("This is not enough for this operation.", operation=operation, subject=subject)
    shown = Shown(
        factor=factor,
        text=text,
        purpose=_purpose(session, operation, subject),
        code_id=code_id,
        address=enrolled.address_for(factor),
    )
    is_right = prepare(account_id=session.account_id, shown=shown, visit=visit, now=now)
    with db.write():
        # Held, so that what is enough is judged by what the account has now.
        enrolled = _enrolled(session)
        if is_right():
            _give(session, enrolled, operation, subject, factor, now=now)
            return
    # Raised only now: that it was tried is to be kept.
    refuse_factor(
        account_id=session.account_id, actor=actor_of(session), operation="account.prove", factor=factor, now=now
    )
    raise FactorWrong("This was not right.")


def grant_by_passkey(*, session: Session, operation: str, subject: str, now: dt.datetime) -> None:
    """This function will give leave because a passkey was just verified with its user, for this very operation.

    The caller holds a transaction, and has checked that the passkey is the account's.
    """
    _give(session, _enrolled(session), operation, subject, Factor.PASSKEY, now=now)


def _give(
    session: Session, enrolled: Enrolled, operation: str, subject: str, factor: Factor, *, now: dt.datetime
) -> None:
    identity.stepup.give(
        session_id=session.id,
        operation=operation,
        subject=subject,
        factor=factor,
        enrolled=enrolled.factors,
        is_staff=enrolled.is_staff,
        now=now,
    )
    identity.sessions.prove(session_id=session.id, factor=factor, now=now)


def _enough(enrolled: Enrolled) -> frozenset[Factor]:
    return identity.enough_for_step_up(enrolled.factors, is_staff=enrolled.is_staff)


def _enrolled(session: Session) -> Enrolled:
    with db.write():
        return read_enrolled(lock_account(account_id=session.account_id))


def _purpose(session: Session, operation: str, subject: str) -> str:
    bound = crypto.fingerprint(b"step-up", str(session.id).encode(), operation.encode(), subject.encode())
    return f"step-up:{bound.hex()[:_PURPOSE_CHARS]}"
