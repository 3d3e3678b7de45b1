"""Enter a room of the desk: who works for the shop, and only for what his roles say. Who may not is on record."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from evertill.domains import trail
from evertill.domains.access import Holder, Objection, Permission
from evertill.domains.identity import Session
from evertill.domains.trail import Outcome, Subject
from evertill.journeys.permitted import Asker, Forbidden, asker_of
from evertill.kernel import db
from evertill.kernel.rarely import Rarely

# What a stranger tries again and again is recorded once in so many seconds, so that he cannot fill the trail.
_STRANGERS = Rarely(every_s=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """Somebody who works for the shop and has opened a page: who asks, and what he may at this moment."""

    session: Session
    asker: Asker
    holder: Holder


def enter_desk(*, session: Session, permission: Permission, page: str, now: dt.datetime) -> Entered:
    """This function will let somebody who works for the shop open a page of the desk; raises Forbidden, and records it.

    A session of staff began with a passkey or an authenticator app. What is done on the page asks for its own
    permission once more, in the transaction in which it is done.
    """
    asker = asker_of(session)
    holder = asker.read_holder()
    if session.is_staff and permission in holder.permissions:
        return Entered(session=session, asker=asker, holder=holder)
    if session.is_staff or _STRANGERS.admits((session.account_id, page)):
        with db.write():
            trail.write(
                actor=asker.actor,
                operation=permission.value,
                subject=Subject(kind="page", id=page),
                why=Objection.NOT_ALLOWED.value,
                outcome=Outcome.REFUSED,
                now=now,
            )
    raise Forbidden(Objection.NOT_ALLOWED, permission=permission)
