"""Record a restore over a living shop in the restored one, whose trail knows nothing of how it came here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from evertill.domains import trail
from evertill.domains.access import Permission
from evertill.domains.recovery import Consent
from evertill.domains.trail import Actor
from evertill.journeys.anchor_journal import noted_of_restored
from evertill.journeys.anchor_trail import NothingCut, accept_cut
from evertill.journeys.audit_books import audit_books
from evertill.journeys.consent_restore import subject_of
from evertill.kernel import db

__all__ = ["Found", "Replacement", "Step", "look_into_restored", "record_restore"]

_TOLD_MAX = 5


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was done, and when."""

    at: dt.datetime
    says: str
    facts: Mapping[str, Any]


class Replacement(msgspec.Struct, frozen=True, kw_only=True):
    """By whose consent, and at whose hands, one shop took the place of another; each step of it."""

    consent: Consent
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

    The anchor is the living shop's, so what is gone with it is named there.
    """
    consent, subject = asked.consent, subject_of(asked.consent)
    by = {"asked_by": consent.asked_by, "approved_by": consent.approved_by}
    with suppress(NothingCut):
        accept_cut(why=f"Restored by consent {subject.id}: {consent.why}"[:500], actor=asked.asker, now=now)
    with db.write():
        for step in asked.steps:
            trail.write(
                actor=asked.asker,
                operation=Permission.BACKUPS_RESTORE.value,
                subject=subject,
                after={"step": step.says, **by, **step.facts},
                why=consent.why,
                now=step.at,
            )
