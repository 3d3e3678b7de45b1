"""Refuse a program what its token does not allow, and record that: somebody's key is tried on doors of others."""

from __future__ import annotations

import datetime as dt

from evertill.domains import trail
from evertill.domains.access import Caller
from evertill.domains.trail import Actor, ActorKind, Outcome, Subject
from evertill.kernel import db
from evertill.kernel.rarely import Rarely

# A program that tries again and again is recorded once in so many seconds, so that it cannot fill the trail.
_PROGRAMS = Rarely(every_s=60)


def refuse_program(*, caller: Caller, scope: str, now: dt.datetime) -> None:
    """This function will record that a program was refused what needs a scope that its token does not have."""
    if not _PROGRAMS.admits((caller.id, caller.name, scope)):
        return
    with db.write():
        trail.write(
            actor=Actor(kind=ActorKind.TOKEN, id=str(caller.id)),
            operation=scope.replace(":", "."),
            subject=Subject(kind="token", id=caller.name),
            why=f"This needs the scope {scope}.",
            outcome=Outcome.REFUSED,
            now=now,
        )
