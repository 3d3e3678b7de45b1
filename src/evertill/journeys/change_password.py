"""Change a password: after step-up, with the present one, or anew when it is forgotten; every other session ends."""

from __future__ import annotations

import datetime as dt

from evertill.domains import accounts, identity
from evertill.domains.accounts import Account
from evertill.domains.identity import Operation, Session
from evertill.journeys.act_on_account import acting
from evertill.journeys.begin_session import AccountGone, Visit
from evertill.journeys.enrolled_factors import keep_enough
from evertill.journeys.prove_factor import TooManyTries, is_password
from evertill.journeys.tell_owner import Notice, tell_owner
from evertill.kernel.errors import EvertillError

__all__ = ["PasswordWrong", "TooManyTries", "change_password", "remove_password", "set_password"]


class PasswordWrong(EvertillError):
    """What was put in as the present password is not it."""

    code = "PASSWORD_WRONG"
    status = "unauthenticated"
    remedy = "Put in the present password, or set a new one instead of a forgotten one."


def change_password(*, session: Session, current: str, new: str, visit: Visit, now: dt.datetime) -> None:
    """This function will change a password for somebody who knows the present one.

    Step-up: CHANGE_PASSWORD. Raises StepUpRequired, PasswordWrong, TooManyTries, PasswordUnfit, PasswordsBusy.
    """
    operation = Operation.CHANGE_PASSWORD
    identity.stepup.require(session_id=session.id, operation=operation, subject="", now=now)
    if not is_password(account_id=session.account_id, password=current, visit=visit, now=now):
        raise PasswordWrong("This is not the present password.")
    _store(session, new, operation=operation, visit=visit, now=now)


def set_password(*, session: Session, new: str, visit: Visit, now: dt.datetime) -> None:
    """This function will give an account its first password, or one instead of a forgotten one.

    Step-up: SET_PASSWORD. Raises StepUpRequired, PasswordUnfit, PasswordsBusy.
    """
    operation = Operation.SET_PASSWORD
    identity.stepup.require(session_id=session.id, operation=operation, subject="", now=now)
    _store(session, new, operation=operation, visit=visit, now=now)


def remove_password(*, session: Session, visit: Visit, now: dt.datetime) -> None:
    """This function will have an account be without a password; its other sessions end.

    Step-up: REMOVE_PASSWORD. Raises StepUpRequired, LastWayIn, SmsInUse.
    """
    with acting(session=session, operation=Operation.REMOVE_PASSWORD, now=now):
        accounts.set_password(account_id=session.account_id, encoded="", now=now)
        keep_enough(account_id=session.account_id)
        _end_others(session, Notice.PASSWORD_REMOVED, visit=visit, now=now)


def _store(session: Session, new: str, *, operation: Operation, visit: Visit, now: dt.datetime) -> None:
    account = accounts.read(account_id=session.account_id)
    if account is None:
        raise AccountGone("This account was deleted.")
    with accounts.passwords.turn():
        encoded = accounts.passwords.make(password=new, words=_words(account))
    with acting(session=session, operation=operation, now=now):
        accounts.set_password(account_id=session.account_id, encoded=encoded, now=now)
        _end_others(session, Notice.PASSWORD_CHANGED, visit=visit, now=now)


def _end_others(session: Session, notice: Notice, *, visit: Visit, now: dt.datetime) -> None:
    """Whoever got in by the old password is out: his sessions, and the browsers that need no second step."""
    identity.sessions.end_others(account_id=session.account_id, but=session.id, why="password changed", now=now)
    identity.browsers.end_trust(account_id=session.account_id)
    facts = {"device": visit.device, "place": visit.place}
    tell_owner(account_id=session.account_id, notice=notice, facts=facts, now=now)


def _words(account: Account) -> list[str]:
    addresses = accounts.read_addresses(account_id=account.id)
    return [account.display_name, *(part for address in addresses for part in (address.text, *address.text.split("@")))]
