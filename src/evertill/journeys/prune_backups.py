"""Prune backups: what no promise needs any more goes, so that the target does not fill up.

While the last drill failed nothing is removed: what looks like one copy too many may be the only good one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import structlog

from evertill.domains import recovery
from evertill.domains.recovery import Key, Line, Target, Verdict
from evertill.journeys.read_catalogue import Catalogue, read_line
from evertill.kernel import config, db
from evertill.kernel.config import Config

__all__ = ["Pruned", "prune_backups"]

_log = structlog.get_logger("evertill.recovery")

_STARTED = re.compile(r"(\d{8}T\d{6})Z-")
# A backup that is older than this and has no manifest never gets one.
_UNFINISHED = dt.timedelta(days=3)
_SEEN_MAX = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was removed: backups by id, and how many objects that were."""

    backups: frozenset[str]
    objects: int


def prune_backups(*, now: dt.datetime) -> Pruned:
    """This function will remove what the policy does not keep of this shop's own line.

    Nothing at all where that is the target's own work, or while the last drill failed. Raises Damaged, WrongKey,
    TargetUnavailable and TargetRefuses.
    """
    settings = config.get()
    place = recovery.place.Place(settings.data)
    target, line = recovery.target(), place.read_line()
    nothing = Pruned(backups=frozenset(), objects=0)
    if target is None:
        return nothing
    with closing(target):
        if line is None or settings.backup_append_only or _last_drill_failed():
            return nothing
        return _prune(target, place.ensure_key(), line, settings, now=now)


def _prune(target: Target, key: Key, line: Line, settings: Config, *, now: dt.datetime) -> Pruned:
    catalogue = read_line(target=target, key=key, line=line.id)
    if catalogue is None or not catalogue.manifests:
        return Pruned(backups=frozenset(), objects=0)
    policy = recovery.rules.Policy(
        days=settings.backup_keep_days,
        weeks=settings.backup_keep_weeks,
        months=settings.backup_keep_months,
        # As many as are taken in those days: a clock that jumps ahead makes everything look old.
        fulls=max(settings.backup_keep_days * 24 // settings.backup_full_h, 1),
    )
    kept = recovery.rules.keep(catalogue.manifests, policy=policy, now=now)
    gone = catalogue.manifests.keys() - kept.backups
    removed = sum(target.delete(stored) for stored in _unwanted(target, catalogue, kept, gone, now=now))
    with db.write():
        recovery.operations.remove_backups(backups=gone)
    place = recovery.place.Place(settings.data)
    for backup in gone:
        place.listing(backup).unlink(missing_ok=True)
    if removed:
        _log.info("backups pruned", backups=len(gone), objects=removed)
    return Pruned(backups=frozenset(gone), objects=removed)


def _unwanted(
    target: Target, catalogue: Catalogue, kept: recovery.rules.Keep, gone: set[str], *, now: dt.datetime
) -> Iterator[str]:
    line = catalogue.line.id
    begun = [stored.key for stored in target.list(f"{line}/backups/")]
    # Manifests first: what is half removed is no backup any more.
    for stored in sorted(begun, key=lambda one: recovery.rules.manifest_of(one) is None):
        backup = stored.split("/")[2]
        if backup in gone or (backup not in catalogue.manifests and _is_abandoned(backup, now=now)):
            yield stored
    size = catalogue.line.segment_bytes
    pieces = [
        recovery.rules.read_piece(one.key, size=one.size, segment_bytes=size) for one in target.list(f"{line}/wal/")
    ]
    for piece in pieces:
        if piece is not None and not any(
            piece.end > start and (end is None or piece.start < end) for start, end in kept.log
        ):
            yield piece.key


def _is_abandoned(backup: str, *, now: dt.datetime) -> bool:
    found = _STARTED.match(backup)
    if found is None:
        return False
    began = dt.datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=dt.UTC)
    return now - began > _UNFINISHED


def _last_drill_failed() -> bool:
    return any(drill.verdict is Verdict.FAILED for drill in recovery.queries.read_drills(limit=1))
