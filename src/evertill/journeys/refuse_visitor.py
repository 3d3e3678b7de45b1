"""Refuse a visitor what is not his, and record that: somebody tries numbers of others, or a token that opens nothing.

Who asks too often is refused as well, and not recorded again. Whether there is such a thing is not asked, and makes no
difference to the record: it has what was typed and no more.
"""

from __future__ import annotations

import datetime as dt

import structlog

from evertill.domains import trail
from evertill.domains.access import Permission
from evertill.domains.identity import Session
from evertill.domains.trail import Actor, ActorKind, Outcome, Subject
from evertill.journeys.record_act import actor_of
from evertill.kernel import crypto, db
from evertill.kernel.rarely import Rarely

_log = structlog.get_logger("evertill.access")

# Who is refused again and again is recorded once a minute; and however many there are, and however many numbers they
# try, they are told apart by so many slots only, so that a flood of strangers adds no more records a minute than that.
_SLOTS = 64
_VISITORS = Rarely(every_s=60)
NEITHER = "Neither its token nor its owner."


def is_to_be_recorded(*, kind: str, number: str, who: str) -> bool:
    """This function will say whether a refusal is to be recorded, and take note that it is; it waits for nothing."""
    return _VISITORS.admits(crypto.fingerprint(kind.encode(), number.encode(), who.encode())[0] % _SLOTS)


def refuse_visitor(*, kind: str, number: str, session: Session | None, place: str, now: dt.datetime) -> None:
    """This function will record that somebody was refused a thing (`order`, `claim`) that is not his.

    The caller has asked whether it is to be. A database that is away keeps nobody from being refused: then there is no
    record but in the log.
    """
    try:
        with db.write():
            trail.write(
                actor=actor_of(session) if session else Actor(kind=ActorKind.GUEST, id="", place=place),
                operation=Permission.OWN_ORDERS.value,
                subject=Subject(kind=kind, id=number),
                why=NEITHER,
                outcome=Outcome.REFUSED,
                now=now,
            )
    except (db.DatabaseBusy, db.DatabaseUnavailable, db.OutcomeUnknown) as error:
        _log.warning("refusal not recorded", error=error.code, kind=kind, number=number)
