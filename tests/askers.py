"""Who asks for something: the operator of the machine, and staff with roles, without the accounts behind them."""

from __future__ import annotations

from evertill.domains import access
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
    return Asker(
        actor=Actor(kind=ActorKind.STAFF, id=str(account_id), roles=roles, factors=("PASSKEY",), place="203.0.0.0/16")
    )


def customer(account_id: int) -> Asker:
    """Somebody who does not work for the shop."""
    return Asker(actor=Actor(kind=ActorKind.CUSTOMER, id=str(account_id)))
