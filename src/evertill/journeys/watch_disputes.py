"""Watch disputes: see which are open and what is due, and note that the provider has been sent what it asked for."""

from __future__ import annotations

import datetime as dt

from evertill.domains import disputes, payments, trail
from evertill.domains.access import Permission
from evertill.domains.disputes import Dispute
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, check_permitted, order_thing, permitted
from evertill.kernel.errors import EvertillError

__all__ = ["Dispute", "DisputeEnded", "DisputeNotFound", "list_disputes", "note_evidence"]


class DisputeNotFound(EvertillError):
    """There is no such dispute."""

    code = "DISPUTE_NOT_FOUND"
    status = "not_found"
    remedy = "Copy its name from the list of disputes, such as sandbox:dsp_1; or have the payment checked for disputes."


class DisputeEnded(EvertillError):
    """The dispute has ended, so that evidence changes nothing."""

    code = "DISPUTE_ENDED"
    status = "conflict"
    remedy = "There is nothing left to send."


def list_disputes(*, limit: int) -> list[Dispute]:
    """This function will return up to `limit` open disputes, the most urgent first."""
    return disputes.read_open(limit=limit)


def note_evidence(*, name: str, note: str, asker: Asker, now: dt.datetime) -> Dispute:
    """This function will note that evidence was sent, and what; the provider is told nothing by this.

    Sent once more, it is one more note. Raises DisputeNotFound, DisputeEnded, Forbidden, and what db.write
    raises.
    """
    subject = Subject(kind="dispute", id=name)
    with permitted(asker=asker, permission=Permission.DISPUTES_HANDLE, subject=subject, now=now):
        dispute = disputes.find(name=name)
        if dispute is None:
            raise DisputeNotFound(f"There is no dispute '{name[:140]}'.")
        check_permitted(asker=asker, permission=Permission.DISPUTES_HANDLE, thing=order_thing(dispute.order_id))
        payments.lock_intent(intent_id=dispute.intent_id)
        to = disputes.State.EVIDENCE_SENT
        if not disputes.move(dispute_id=dispute.id, to=to, actor=asker.name, why=note, now=now):
            raise DisputeEnded(f"Dispute {name} has ended.")
        trail.write(actor=asker.actor, operation="disputes.note_evidence", subject=subject, why=note, now=now)
    noted = disputes.find(name=name)
    assert noted is not None  # noqa: S101 — it was there, and none is ever deleted.
    return noted
