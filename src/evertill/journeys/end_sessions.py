"""End sessions from the machine: of one account that was stolen, or of everybody when something is wrong."""

from __future__ import annotations

import datetime as dt

from evertill.domains import identity, trail
from evertill.domains.trail import Actor
from evertill.journeys.help_customer import helping
from evertill.journeys.manage_staff import AccountUnknown, lock_account
from evertill.journeys.permitted import Asker
from evertill.kernel import db

__all__ = ["AccountUnknown", "end_sessions_of", "end_sessions_of_customer", "end_sessions_of_everybody"]

_WHY = "ended by the shop"


def end_sessions_of(*, address: str, actor: Actor, now: dt.datetime) -> int:
    """This function will end every session of an account, and its trust in browsers; returns how many sessions.

    Raises AddressInvalid, AccountUnknown.
    """
    with db.write():
        return _end(lock_account(address=address).id, actor, "", now=now)


def end_sessions_of_customer(*, asker: Asker, account_id: int, why: str, now: dt.datetime) -> int:
    """This function will do the same for a customer who asks for it; raises Forbidden, CustomerGone, WorksHere."""
    with helping(asker=asker, account_id=account_id, now=now) as account:
        return _end(account.id, asker.actor, why, now=now)


def _end(account_id: int, actor: Actor, why: str, *, now: dt.datetime) -> int:
    ended = identity.sessions.end_others(account_id=account_id, but=None, why=_WHY, now=now)
    identity.browsers.end_trust(account_id=account_id)
    trail.write(
        actor=actor,
        operation="account.end_sessions",
        subject=trail.Subject(kind="account", id=str(account_id)),
        after={"ended": ended},
        why=why,
        now=now,
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
