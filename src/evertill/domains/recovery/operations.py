"""Writes of recovery: what the shop remembers of its backups and drills. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from evertill.domains.recovery import models
from evertill.domains.recovery.types import Drill, Kind, Manifest, State

_ERROR_CHARS = 500


def begin_backup(*, backup: str, line: str, kind: Kind, parent: str | None, now: dt.datetime) -> None:
    """This function will note that a backup has begun."""
    models.Backup.objects.create(
        id=backup, line=line, kind=kind.value, state=State.RUNNING.value, parent=parent, began_at=now
    )


def finish_backup(*, manifest: Manifest) -> None:
    """This function will note that all of a backup is at the target, also when it was never begun here."""
    models.Backup.objects.update_or_create(
        id=manifest.id,
        defaults={
            "line": manifest.line,
            "kind": manifest.kind.value,
            "state": State.COMPLETE.value,
            "parent": manifest.parent,
            "began_at": manifest.began_at,
            "ended_at": manifest.ended_at,
            "start": manifest.start,
            "stop": manifest.stop,
            "plain_bytes": manifest.plain_bytes,
            "stored_bytes": manifest.stored_bytes,
            "error": "",
        },
    )


def fail_backup(*, backup: str, error: str, now: dt.datetime) -> None:
    """This function will note that a backup came to nothing, and why."""
    models.Backup.objects.filter(id=backup, state=State.RUNNING.value).update(
        state=State.FAILED.value, ended_at=now, error=error[:_ERROR_CHARS]
    )


def remove_backups(*, backups: Collection[str]) -> int:
    """This function will note that backups are no longer at the target, and return how many were."""
    return models.Backup.objects.filter(id__in=backups, state=State.COMPLETE.value).update(state=State.REMOVED.value)


def record_drill(*, drill: Drill) -> int:
    """This function will keep how a drill ended, and return the number that it has from now on."""
    made = models.Drill.objects.create(
        occasion=drill.occasion.value,
        backup=drill.backup,
        wanted_at=drill.wanted_at,
        began_at=drill.began_at,
        ended_at=drill.ended_at,
        verdict=drill.verdict.value,
        rpo_ms=drill.rpo_ms,
        rto_ms=drill.rto_ms,
        certificate=list(drill.certificate),
    )
    return int(made.pk)


def note_custody(*, fingerprint: str, now: dt.datetime) -> None:
    """This function will note that somebody showed just now that he keeps the key elsewhere."""
    models.Custody.objects.update_or_create(fingerprint=fingerprint, defaults={"shown_at": now})
