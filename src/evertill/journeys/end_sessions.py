"""End sessions from the machine: of one account that was stolen, or of everybody when something is wrong."""

from __future__ import annotations

import datetime as dt

from evertill.domains import identity, trail
from evertill.domains.trail import Actor
from evertill.journeys.manage_staff import AccountUnknown, lock_account
from evertill.journeys.record_act import record_for
from evertill.kernel import db

__all__ = ["AccountUnknown", "end_sessions_of", "end_sessions_of_everybody"]

_WHY = "ended by the shop"


def end_sessions_of(*, address: str, actor: Actor, now: dt.datetime) -> int:
    """This function will end every session of an account, and its trust in browsers; returns how many sessions.

    Raises AddressInvalid, AccountUnknown.
    """
    with db.write():
        account = lock_account(address=address)
        ended = identity.sessions.end_others(account_id=account.id, but=None, why=_WHY, now=now)
        identity.browsers.end_trust(account_id=account.id)
        record_for(
            account_id=account.id, actor=actor, operation="account.end_sessions", after={"ended": ended}, now=now
        )
        return ended


def end_sessions_of_everybody(*, actor: Actor, now: dt.datetime) -> int:
    """This function will end every session of the shop, and return how many."""
    with db.write():
        ended = identity.sessions.end_all(why=_WHY, now=now)
        trail.write(
            actor=actor,
            operation="account.end_sessions_of_everybody",
            subject=trail.Subject(kind="shop", id=""),
            after={"ended": ended},
            now=now,
        )
        return ended
