"""Record a restore over a living shop in the restored one, whose trail knows nothing of how it came here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from evertill.domains import incidents, trail
from evertill.domains.access import Permission
from evertill.domains.recovery import Consent
from evertill.domains.trail import Actor, Subject
from evertill.journeys.anchor_journal import noted_of_restored
from evertill.journeys.anchor_trail import AnchorUnreadable, NothingCut, accept_cut
from evertill.journeys.audit_books import audit_books
from evertill.journeys.consent_restore import subject_of
from evertill.kernel import db
from evertill.kernel.said import Said

__all__ = ["Found", "Leave", "Replacement", "Step", "look_into_restored", "record_restore"]

_TOLD_MAX = 5


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was done, and when."""

    at: dt.datetime
    says: str
    facts: Mapping[str, Any]


class Leave(msgspec.Struct, frozen=True, kw_only=True):
    """By which leave one shop takes the place of another: which line, as of which moment (None: the latest), and why.

    It is a consent of two people, or there is none, because nobody could be asked: `trouble` is what the living
    database said when it was opened.
    """

    line: str
    at: dt.datetime | None
    why: str
    consent: Consent | None = None
    trouble: str = ""

    @property
    def by(self) -> Mapping[str, Any]:
        """How the trail names it."""
        if self.consent is None:
            return {"without_consent": self.trouble}
        return {"asked_by": self.consent.asked_by, "approved_by": self.consent.approved_by}


class Replacement(msgspec.Struct, frozen=True, kw_only=True):
    """By which leave, and at whose hands, one shop took the place of another; each step of it."""

    leave: Leave
    asker: Actor
    steps: Sequence[Step]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a restored shop."""

    faults: Sequence[str]


def look_into_restored() -> Found:
    """This function will audit the books of the shop that this process works in, which was just restored."""
    findings = audit_books(noted=noted_of_restored())
    faults = [f"{one.check}: {one.subject}: {one.detail}" for one in findings[:_TOLD_MAX]]
    if len(findings) > _TOLD_MAX:
        faults.append(f"and {len(findings) - _TOLD_MAX} more differences in the books")
    return Found(faults=faults)


def record_restore(*, asked: Replacement, now: dt.datetime) -> None:
    """This function will write every step into the trail, and accept that the trail ends earlier than it did.

    The anchor is the living shop's, so what is gone with it is named there. Where nobody consented, that is an alert.
    """
    leave = asked.leave
    subject = subject_of(leave.consent) if leave.consent is not None else Subject(kind="copies", id=leave.line)
    said = f"by consent {subject.id}" if leave.consent is not None else "without consent"
    # What cannot be read any more vouches for nothing; its file is in the folder that was kept.
    with suppress(NothingCut, AnchorUnreadable):
        accept_cut(why=f"Restored {said}: {leave.why}"[:500], actor=asked.asker, now=now)
    with db.write():
        for step in asked.steps:
            trail.write(
                actor=asked.asker,
                operation=Permission.BACKUPS_RESTORE.value,
                subject=subject,
                after={"step": step.says, **leave.by, **step.facts},
                why=leave.why,
                now=step.at,
            )
        if leave.consent is None:
            detail = f"By {asked.asker.id}: {leave.why} The database said: {leave.trouble}"
            without = Said(text=detail, code="RESTORED_BY", values={"who": asked.asker.id, "why": leave.why})
            incidents.raise_alert(
                kind=incidents.Kind.RESTORED_WITHOUT_CONSENT, subject=leave.line, detail=without, now=now
            )
