"""Writes of recovery: what the shop remembers of its backups and drills. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from evertill.domains.recovery import models
from evertill.domains.recovery.types import Asked, Consent, Drill, Kind, Manifest, State, Wish
from evertill.kernel import db, sql
from evertill.kernel.errors import EvertillError
from evertill.kernel.said import Said, pack_all

_HERE = "evertill.domains.recovery"

_ERROR_CHARS = 500


class AlreadyAsked(EvertillError):
    """The same is wanted already, and has not begun yet."""

    code = "BACKUP_ALREADY_ASKED"
    status = "conflict"
    kept = "It will be done once."
    remedy = "Wait until it has been done; the page of backups shows it."


class SearchWaits(EvertillError):
    """The backups are being searched for this already, or too much waits to be searched for."""

    code = "SEARCH_WAITS"
    status = "conflict"
    kept = "What waits is searched for, one after the other."
    remedy = "Wait until it has ended; its page shows how far it is."


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
            "code": "",
            "error": "",
        },
    )


def fail_backup(*, backup: str, error: Said, now: dt.datetime) -> None:
    """This function will note that a backup came to nothing, and why."""
    models.Backup.objects.filter(id=backup, state=State.RUNNING.value).update(
        state=State.FAILED.value, ended_at=now, code=error.code, error=error.text[:_ERROR_CHARS]
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
        told=pack_all(drill.told),
    )
    return int(made.pk)


def note_custody(*, fingerprint: str, now: dt.datetime) -> None:
    """This function will note that somebody showed just now that he keeps the key elsewhere."""
    models.Custody.objects.update_or_create(fingerprint=fingerprint, defaults={"shown_at": now})


def ask(*, wish: Wish, by: str, now: dt.datetime) -> None:
    """This function will note that somebody wants a backup or a drill now; raises AlreadyAsked."""
    if not db.fetch(sql.load(_HERE, "ask"), (wish.value, by, now)):
        raise AlreadyAsked("The same is waiting already to be done.")


def give_consent(*, consent: Consent) -> None:
    """This function will keep leave to restore over the living shop."""
    models.Consent.objects.create(
        id=consent.id,
        line=consent.line,
        at=consent.at,
        why=consent.why,
        asked_by=consent.asked_by,
        approved_by=consent.approved_by,
        given_at=consent.given_at,
        expires_at=consent.expires_at,
    )


def spend_consent(*, consent_id: int, now: dt.datetime) -> bool:
    """This function will use a consent up, and say whether it could: nobody has before."""
    return bool(models.Consent.objects.filter(id=consent_id, spent_at=None).update(spent_at=now))


def take_asked(*, now: dt.datetime) -> Asked | None:
    """This function will take the wish that has waited longest, so that nobody else takes it; None when none waits."""
    for wish, by, at in db.fetch(sql.load(_HERE, "take_asked"), (now,)):
        return Asked(wish=Wish(wish), asked_by=by, asked_at=at)
    return None
