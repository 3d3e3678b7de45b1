"""Manage sessions: sign out here, see where else one is signed in, end it there, forget a browser. All on record."""

from __future__ import annotations

import datetime as dt

from evertill.domains import identity
from evertill.domains.identity import Browser, Session
from evertill.journeys.record_act import record_act
from evertill.journeys.see_own import own_rows
from evertill.kernel import db
from evertill.kernel.errors import EvertillError

__all__ = [
    "Browser",
    "BrowserNotFound",
    "Session",
    "SessionNotFound",
    "end_other_sessions",
    "end_session",
    "end_trust",
    "forget_browser",
    "list_browsers",
    "list_sessions",
    "renew_session",
    "resume_session",
    "sign_out",
]


class SessionNotFound(EvertillError):
    """The account has no such open session."""

    code = "SESSION_NOT_FOUND"
    status = "not_found"
    remedy = "Look at the list again; it may have ended meanwhile."


class BrowserNotFound(EvertillError):
    """The account knows no such browser."""

    code = "BROWSER_NOT_FOUND"
    status = "not_found"
    remedy = "Look at the list again; it may be forgotten already."


def resume_session(*, secret: str, now: dt.datetime) -> Session | None:
    """This function will return the session of a secret and note it as seen; None when it is ended, idle or old."""
    with db.write():
        return identity.sessions.resume(secret=secret, now=now)


def renew_session(*, session: Session, now: dt.datetime) -> str:
    """This function will give a session another secret, because it was just proved anew who is there, and return it.

    Whoever had copied the one of before is out. It is "" when that was done a moment ago; then the newer one stays.
    """
    with db.write():
        return identity.sessions.renew(session_id=session.id, now=now)


def sign_out(*, session: Session, now: dt.datetime) -> None:
    """This function will end the session; one that is over stays so."""
    with db.write():
        if identity.sessions.end(account_id=session.account_id, session_id=session.id, why="signed out", now=now):
            record_act(session=session, operation="account.sign_out", now=now)


def list_sessions(*, session: Session, now: dt.datetime) -> list[Session]:
    """This function will return the account's open sessions, the one seen last first; the caller's is among them."""
    with own_rows(session):
        return identity.sessions.list_open(account_id=session.account_id, now=now)


def end_session(*, session: Session, session_id: int, now: dt.datetime) -> None:
    """This function will end one session of the caller's account, at once everywhere; raises SessionNotFound."""
    with db.write():
        if not identity.sessions.end(account_id=session.account_id, session_id=session_id, why="ended", now=now):
            raise SessionNotFound("There is no such session, or it is over.")
        record_act(session=session, operation="account.end_session", after={"session": session_id}, now=now)


def end_other_sessions(*, session: Session, now: dt.datetime) -> int:
    """This function will end every session of the account but the caller's, and return how many."""
    with db.write():
        ended = identity.sessions.end_others(account_id=session.account_id, but=session.id, why="ended", now=now)
        record_act(session=session, operation="account.end_other_sessions", after={"ended": ended}, now=now)
        return ended


def list_browsers(*, session: Session, now: dt.datetime) -> list[Browser]:
    """This function will return the browsers that the account signed in with, the one used last first."""
    with own_rows(session):
        return identity.browsers.list_known(account_id=session.account_id, now=now)


def forget_browser(*, session: Session, browser_id: int, now: dt.datetime) -> None:
    """This function will forget a browser: no trust any more, its sessions end; raises BrowserNotFound.

    Signing in with it again is told to the owner, as with a new one.
    """
    with db.write():
        if not identity.browsers.forget(account_id=session.account_id, browser_id=browser_id, now=now):
            raise BrowserNotFound("This browser is not known.")
        record_act(session=session, operation="account.forget_browser", after={"browser": browser_id}, now=now)


def end_trust(*, session: Session, now: dt.datetime) -> int:
    """This function will have every browser of the account need the second step again; returns how many did not."""
    with db.write():
        ended = identity.browsers.end_trust(account_id=session.account_id)
        record_act(session=session, operation="account.end_trust", after={"ended": ended}, now=now)
        return ended
