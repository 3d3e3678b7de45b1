"""Watch disputes: see which are open and what is due, and note that the provider has been sent what it asked for."""

from __future__ import annotations

import datetime as dt

from evertill.domains import disputes, payments
from evertill.domains.disputes import Dispute
from evertill.kernel import db
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


def note_evidence(*, name: str, note: str, actor: str, now: dt.datetime) -> Dispute:
    """This function will note that evidence was sent, and what; the provider is told nothing by this.

    Sent once more, it is one more note. Raises DisputeNotFound, DisputeEnded, and what db.write raises.
    """
    dispute = disputes.find(name=name)
    if dispute is None:
        raise DisputeNotFound(f"There is no dispute '{name[:140]}'.")
    with db.write():
        payments.lock_intent(intent_id=dispute.intent_id)
        if not disputes.move(dispute_id=dispute.id, to=disputes.State.EVIDENCE_SENT, actor=actor, why=note, now=now):
            raise DisputeEnded(f"Dispute {name} has ended.")
    noted = disputes.find(name=name)
    assert noted is not None  # noqa: S101 — it was there, and none is ever deleted.
    return noted
