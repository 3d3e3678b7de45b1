"""Look at payments, as staff: what has not ended, what waits for a word of theirs, what is disputed, what differs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from evertill.domains import payments, reconciliation
from evertill.domains.access import Permission
from evertill.domains.disputes import Dispute
from evertill.domains.payments import Intent
from evertill.domains.trail import Subject
from evertill.journeys.list_waiting import Awaited, Owed, list_waiting
from evertill.journeys.permitted import Asker, looking
from evertill.journeys.view_reconciliation import About, Ending, Kind, Shown, suggest
from evertill.journeys.watch_disputes import list_disputes

__all__ = [
    "About",
    "Awaited",
    "Dispute",
    "Ending",
    "Intent",
    "Kind",
    "Owed",
    "Shown",
    "Unfinished",
    "look_at_payments",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """What has not ended: money that staff confirm, money that they send, what providers are asked after, disputes.

    `differences` are those between providers' bills and our books: money for no order that we know is among them.
    """

    awaited: Sequence[Awaited]
    owed: Sequence[Owed]
    followed: Sequence[Intent]
    disputes: Sequence[Dispute]
    differences: Sequence[Shown]


def look_at_payments(*, asker: Asker, limit: int, now: dt.datetime) -> Unfinished:
    """This function will return up to `limit` of each, the most urgent first; raises Forbidden."""
    subject = Subject(kind="payments", id="unfinished")
    with looking(asker=asker, permission=Permission.PAYMENTS_READ, subject=subject, now=now) as look:
        awaited, owed = list_waiting(limit=limit)
        by_hand = {one.intent.id for one in awaited}
        followed = [one for one in payments.read_unfinished(limit=limit) if one.id not in by_hand]
        disputes = list_disputes(limit=limit)
        found = reconciliation.read_open(limit=limit)
        differences = [Shown(difference=one, ending=way) for one, way in zip(found, suggest(found), strict=True)]
        look.note(
            awaited=len(awaited),
            owed=len(owed),
            followed=len(followed),
            disputes=len(disputes),
            differences=len(differences),
        )
    return Unfinished(awaited=awaited, owed=owed, followed=followed, disputes=disputes, differences=differences)
