"""Due backup: what the timetable wants now."""

from __future__ import annotations

import datetime as dt

from evertill.domains import recovery
from evertill.domains.recovery import Kind, Line, State
from evertill.kernel import config
from evertill.kernel.config import Config

__all__ = ["due_backup", "timetable"]

# Backups that are looked at; there are never so many.
_SEEN_MAX = 500


def due_backup(*, line: Line, now: dt.datetime) -> Kind | None:
    """This function will say which kind of backup the timetable wants now; None when it wants none."""
    settings = config.get()
    known = recovery.queries.read_backups(line=line.id, limit=_SEEN_MAX)
    began = recovery.place.Place(settings.data).read_log_begin()
    if began is None:
        # The archive has not begun yet, and without the log a copy of files is good for nothing.
        return None
    usable = [one for one in known if one.state is not State.COMPLETE or (one.start or 0) >= began]
    return recovery.rules.due(usable, timetable=timetable(settings), now=now)


def timetable(settings: Config) -> recovery.rules.Timetable:
    """This function will return how often backups are taken."""
    return recovery.rules.Timetable(
        full_every=dt.timedelta(hours=settings.backup_full_h),
        incremental_every=dt.timedelta(minutes=settings.backup_incremental_min),
        retry_after=dt.timedelta(minutes=settings.backup_retry_min),
    )
