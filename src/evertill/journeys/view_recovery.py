"""View recovery: what of the shop lies elsewhere, whether it was tried, and what would be lost now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from evertill.domains import orders, recovery
from evertill.domains.access import Permission
from evertill.domains.recovery import Asked, Backup, Consent, Drill, Exposure, Kind, Line, Occasion, State, Verdict
from evertill.journeys.backup_server import slot_of
from evertill.journeys.due_backup import timetable
from evertill.journeys.permitted import Asker, check_permitted
from evertill.kernel import config
from evertill.kernel.errors import EvertillError

__all__ = ["Drill", "DrillNotFound", "Kind", "Overview", "State", "Verdict", "view_drill", "view_recovery"]

_BACKUPS_MAX, _DRILLS_MAX, _CONSENTS_MAX = 500, 200, 5


class DrillNotFound(EvertillError):
    """There is no drill of this number."""

    code = "DRILL_NOT_FOUND"
    status = "not_found"
    remedy = "Choose one from the list."


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything that somebody wants to know who asks whether this shop could be brought back.

    `place` is where copies go, without any secret, "" for nowhere. `next_at` tells when what is due next is due.
    `key_shown_at` is when somebody last showed that he keeps the key elsewhere, `verified_at` when all was last read.
    """

    place: str
    backups: Sequence[Backup]
    drills: Sequence[Drill]
    asked: Sequence[Asked]
    exposure: Exposure
    next_at: Mapping[Kind, dt.datetime]
    next_drill_at: dt.datetime | None
    is_away: bool
    is_sync: bool
    key_shown_at: dt.datetime | None
    verified_at: dt.datetime | None
    # The line of this shop's own copies, "" before there is one; and who consented to restoring over it.
    line: str
    consents: Sequence[Consent]

    @property
    def kept(self) -> list[Backup]:
        """Those that lie at the target, the latest first."""
        return [one for one in self.backups if one.state is State.COMPLETE]

    @property
    def stored_bytes(self) -> int:
        """What they take there; the log beside them is not counted."""
        return sum(one.stored_bytes for one in self.kept)


def view_recovery(*, asker: Asker, now: dt.datetime) -> Overview:
    """This function will return how the shop's backups and drills stand; raises Forbidden."""
    check_permitted(asker=asker, permission=Permission.BACKUPS_READ)
    settings = config.get()
    place = recovery.place.Place(settings.data)
    line, state = place.read_line(), place.read_archive()
    backups = recovery.queries.read_backups(line=line.id, limit=_BACKUPS_MAX) if line else []
    drills = recovery.queries.read_drills(limit=_DRILLS_MAX)
    due = recovery.rules.next_at(backups, timetable=timetable(settings))
    return Overview(
        place=_place(settings.backup_target),
        backups=backups,
        drills=drills,
        asked=recovery.queries.read_asked(),
        exposure=_exposure(place, line, backups),
        next_at={kind: at for kind, at in due.items() if at > now},
        next_drill_at=_next_drill(drills, every_min=settings.drill_min, now=now),
        is_away=state is not None and state.is_away,
        is_sync=state is not None and state.is_sync,
        key_shown_at=_key_shown_at(place),
        verified_at=place.read_verified(),
        line=line.id if line else "",
        consents=recovery.queries.read_consents(limit=_CONSENTS_MAX),
    )


def view_drill(*, asker: Asker, drill: int) -> Drill:
    """This function will return one drill with its certificate; raises Forbidden and DrillNotFound."""
    check_permitted(asker=asker, permission=Permission.BACKUPS_READ)
    found = recovery.queries.read_drill(drill=drill)
    if found is None:
        raise DrillNotFound(f"There is no drill {drill}.")
    return found


def _exposure(place: recovery.place.Place, line: Line | None, backups: Sequence[Backup]) -> Exposure:
    began = place.read_log_begin()
    ends = [
        one.ended_at
        for one in backups
        if one.state is State.COMPLETE and one.ended_at and (one.start or 0) >= (began or 0)
    ]
    if line is None or began is None or not ends:
        return Exposure(behind_bytes=None)
    slot = slot_of(line)
    position = recovery.queries.read_slot_position(slot=slot)
    if position is None:
        # Nobody keeps the log for the target any more: what is safe is what the last backup has.
        return _lost_since(max(ends), behind_bytes=0)
    behind = max(recovery.queries.read_flushed() - position, 0)
    since = recovery.queries.read_idle_since(slot=slot)
    state = place.read_archive()
    if since is None and state is not None and state.is_away:
        # It was noted when it had been away for so long already.
        since = state.since - dt.timedelta(seconds=config.get().backup_away_s)
    if since is None or not behind:
        return Exposure(behind_bytes=behind)
    return _lost_since(since, behind_bytes=behind)


def _lost_since(moment: dt.datetime, *, behind_bytes: int) -> Exposure:
    return Exposure(behind_bytes=behind_bytes, since=moment, orders=orders.count_since(moment=moment))


def _next_drill(drills: Sequence[Drill], *, every_min: int, now: dt.datetime) -> dt.datetime | None:
    last = next((one.began_at for one in drills if one.occasion is Occasion.RANDOM), None)
    if last is None or not every_min:
        return None
    due = last + dt.timedelta(minutes=every_min)
    return due if due > now else None


def _key_shown_at(place: recovery.place.Place) -> dt.datetime | None:
    try:
        key = recovery.sealing.read_key(place.key)
    except recovery.sealing.KeyUnreadable:
        return None
    return recovery.queries.read_shown_at(fingerprint=key.fingerprint)


def _place(address: str) -> str:
    parts = urlsplit(address)
    return parts._replace(query="", netloc=parts.netloc.rpartition("@")[2]).geturl()
