"""Record in the audit trail a change of a product or a category that stands in its history too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from evertill.domains import trail
from evertill.domains.catalog import Change, Plain
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker

# What a record of the trail holds of a long text; the whole of it is in the thing's own history.
_TOLD_CHARS = 200


def record_change(
    *, asker: Asker, operation: str, subject: Subject, change: Change | None, why: str, now: dt.datetime
) -> None:
    """This function will record who made a change, such as `catalog.edit`; nothing where nothing was changed."""
    if change is None:
        return
    trail.write(
        actor=asker.actor,
        operation=operation,
        subject=subject,
        before=_told(change.before),
        after=_told(change.after) | {"change": change.number},
        why=why,
        now=now,
    )


def _told(values: Mapping[str, Plain]) -> dict[str, object]:
    return {name: value[:_TOLD_CHARS] if isinstance(value, str) else value for name, value in values.items()}
