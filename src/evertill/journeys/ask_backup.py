"""Ask for a backup or a drill now: what staff want is done by the process that sees to backups, as soon as it can."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

from evertill.domains import recovery, trail
from evertill.domains.access import Permission
from evertill.domains.recovery import AlreadyAsked, Asked, Wish
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, permitted
from evertill.journeys.take_backup import NoTarget
from evertill.kernel import config, db

__all__ = ["AlreadyAsked", "NoTarget", "Wish", "ask_backup", "next_asked", "put_back"]


def ask_backup(*, asker: Asker, wish: Wish, now: dt.datetime) -> None:
    """This function will have a backup taken or a drill held, and record who wanted it.

    Raises Forbidden, NoTarget when the shop has no backups, and AlreadyAsked when the same waits already.
    """
    subject = Subject(kind="backup", id=wish.value)
    with permitted(asker=asker, permission=Permission.BACKUPS_TAKE, subject=subject, now=now):
        if not config.get().backup_target:
            raise NoTarget("EVERTILL_BACKUP_TARGET is not set, so there is nowhere to put a backup.")
        recovery.operations.ask(wish=wish, by=asker.name, now=now)
        trail.write(actor=asker.actor, operation=Permission.BACKUPS_TAKE.value, subject=subject, now=now)


def put_back(*, asked: Asked, now: dt.datetime) -> None:
    """This function will have a wish wait again that could not be begun; one that was renewed meanwhile is enough."""
    with suppress(AlreadyAsked), db.write():
        recovery.operations.ask(wish=asked.wish, by=asked.asked_by, now=now)


def next_asked(*, now: dt.datetime) -> Asked | None:
    """This function will take what has been waited for longest, so that it is done once; None when nothing is."""
    with db.write():
        return recovery.operations.take_asked(now=now)
