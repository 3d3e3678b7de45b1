"""Record in the audit trail a change of a product or a category that stands in its history too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec

from evertill.domains import trail
from evertill.domains.catalog import Change, Plain
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker

# What a record of the trail holds of a long text, and of all values; the whole is in the thing's own history.
_TOLD_CHARS, _TOLD_BYTES = 200, 12_000


def record_change(
    *, asker: Asker, operation: str, subject: Subject, change: Change | None, why: str, now: dt.datetime
) -> None:
    """This function will record who made a change, such as `catalog.edit`; nothing where nothing was changed."""
    changes = [] if change is None else [(subject, change)]
    record_changes(asker=asker, operation=operation, changes=changes, why=why, now=now)


def record_changes(
    *, asker: Asker, operation: str, changes: Sequence[tuple[Subject, Change]], why: str, now: dt.datetime
) -> None:
    """This function will record who made several changes, each of its own thing."""
    trail.write_all(
        entries=[
            trail.Entry(
                actor=asker.actor,
                operation=operation,
                subject=subject,
                before=_told(change.before),
                after=_told(change.after) | {"change": change.number},
                why=why,
            )
            for subject, change in changes
        ],
        now=now,
    )


def _told(values: Mapping[str, Plain]) -> dict[str, object]:
    """Return as many values as a record holds, and how many are left out."""
    told: dict[str, object] = {}
    left = _TOLD_BYTES
    for name, value in values.items():
        short = value[:_TOLD_CHARS] if isinstance(value, str) else value
        left -= len(msgspec.json.encode({name: short}))
        if left < 0:
            return told | {"left_out": len(values) - len(told)}
        told[name] = short
    return told
