"""Who asks for something: the operator of the machine, and staff with roles, without the accounts behind them."""

from __future__ import annotations

import datetime as dt

from evertill.domains import access, identity
from evertill.domains.access import Permission
from evertill.domains.identity import Factor, Session
from evertill.domains.trail import Actor, ActorKind
from evertill.journeys.permitted import Asker
from evertill.kernel import db
from tests.builders import NOON

MACHINE = Asker(actor=Actor(kind=ActorKind.OPERATOR, id="root"))


def at_the_machine(name: str) -> Asker:
    """An operator of this name."""
    return Asker(actor=Actor(kind=ActorKind.OPERATOR, id=name))


def staff(account_id: int, *roles: str) -> Asker:
    """A member of staff with these roles, given by the operator."""
    with db.write():
        access.add_staff(account_id=account_id, by="root", now=NOON)
        for role in roles:
            access.grant_role(account_id=account_id, role=role, by=MACHINE.name, why="", now=NOON)
        session = _session(account_id)
    return Asker(
        actor=Actor(
            kind=ActorKind.STAFF,
            id=str(account_id),
            roles=roles,
            factors=("PASSKEY",),
            place="203.0.0.0/16",
            session_id=session.id,
        )
    )


def proves(asker: Asker, permission: Permission, subject: str, *, now: dt.datetime = NOON) -> None:
    """Have somebody prove anew that it is he, for one operation on one thing (`kind:id`)."""
    session_proves(asker.actor.session_id, permission, subject, now=now)


def session_proves(session_id: int, permission: Permission, subject: str, *, now: dt.datetime) -> None:
    """Have whoever is signed in by a session prove anew that it is he."""
    with db.write():
        identity.stepup.give(
            session_id=session_id,
            operation=permission.value,
            subject=subject,
            factor=Factor.PASSKEY,
            enrolled={Factor.PASSKEY},
            is_staff=True,
            now=now,
        )


def _session(account_id: int) -> Session:
    secret = identity.sessions.start(
        account_id=account_id,
        is_staff=True,
        factors=[Factor.PASSKEY],
        device="Firefox on Linux",
        place="203.0.0.0/16",
        now=NOON,
    )
    session = identity.sessions.resume(secret=secret, now=NOON)
    assert session is not None
    return session


def customer(account_id: int) -> Asker:
    """Somebody who does not work for the shop."""
    return Asker(actor=Actor(kind=ActorKind.CUSTOMER, id=str(account_id)))
