"""Reads of recovery: what the shop remembers of its backups and drills."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg

from evertill.domains.recovery import models
from evertill.domains.recovery.types import Asked, Backup, Consent, Drill, Kind, Occasion, State, Verdict, Wish
from evertill.kernel import db, sql
from evertill.kernel.said import unpack_all

_HERE = "evertill.domains.recovery"


def read_backups(*, line: str, limit: int) -> list[Backup]:
    """This function will return up to `limit` backups of a line, the latest begun first."""
    return [_backup(row) for row in models.Backup.objects.filter(line=line).order_by("-began_at", "-id")[:limit]]


def read_drills(*, limit: int) -> list[Drill]:
    """This function will return up to `limit` drills, the latest first."""
    return [_drill(row) for row in models.Drill.objects.order_by("-ended_at", "-id")[:limit]]


def read_drill(*, drill: int) -> Drill | None:
    """This function will return one drill; None when there is none of this number."""
    row = models.Drill.objects.filter(pk=drill).first()
    return _drill(row) if row else None


def read_asked() -> list[Asked]:
    """This function will return what somebody wants now and nobody has begun, in the order of asking."""
    rows = models.Asked.objects.filter(taken_at__isnull=True).order_by("asked_at", "id")
    return [Asked(wish=Wish(row.kind), asked_by=row.asked_by, asked_at=row.asked_at) for row in rows]


def read_consents(*, limit: int) -> list[Consent]:
    """This function will return up to `limit` consents to restore over the living shop, the latest first."""
    return [_consent(row) for row in models.Consent.objects.order_by("-given_at", "-id")[:limit]]


def read_consent(*, consent_id: int) -> Consent | None:
    """This function will return one consent; None when there is none of this number."""
    row = models.Consent.objects.filter(pk=consent_id).first()
    return _consent(row) if row else None


def look_at_consents(database: psycopg.Connection[Any]) -> None:
    """This function will see that consents can be read in another shop, by a connection to it; raises psycopg.Error."""
    database.execute(sql.load(_HERE, "look_at_consents")).fetchall()


def count_others(database: psycopg.Connection[Any]) -> int:
    """This function will return how many others work on another shop's database as the role of this connection."""
    ((others,),) = database.execute(sql.load(_HERE, "count_others")).fetchall()
    return int(others)


def read_shown_at(*, fingerprint: str) -> dt.datetime | None:
    """This function will return when somebody last showed that he keeps this key; None when nobody ever did."""
    return models.Custody.objects.filter(fingerprint=fingerprint).values_list("shown_at", flat=True).first()


def read_slot_position(*, slot: str) -> int | None:
    """This function will return up to where the log is safe at the target; None while there is no slot."""
    rows = db.fetch(sql.load(_HERE, "slot_position"), (slot,))
    return rows[0][0] if rows else None


def read_idle_since(*, slot: str) -> dt.datetime | None:
    """This function will return since when nobody takes the log for the target; None while somebody does."""
    rows = db.fetch(sql.load(_HERE, "slot_position"), (slot,))
    return rows[0][1] if rows else None


def read_flushed() -> int:
    """This function will return up to where the log is on the disk of the database."""
    ((position,),) = db.fetch(sql.load(_HERE, "flushed"))
    return int(position)


def can_summarize() -> bool:
    """This function will say whether the server keeps account of what has changed, as incremental backups need."""
    ((is_on,),) = db.fetch(sql.load(_HERE, "can_summarize"))
    return bool(is_on)


def read_server() -> tuple[int, str]:
    """This function will return how many bytes the server's databases have, and its version, such as 180006."""
    ((size, version),) = db.fetch(sql.load(_HERE, "database_bytes"))
    return int(size), str(version)


def _backup(row: models.Backup) -> Backup:
    return Backup(
        id=row.id,
        line=row.line,
        kind=Kind(row.kind),
        state=State(row.state),
        parent=row.parent,
        began_at=row.began_at,
        ended_at=row.ended_at,
        start=row.start,
        stop=row.stop,
        plain_bytes=row.plain_bytes,
        stored_bytes=row.stored_bytes,
        code=row.code,
        error=row.error,
    )


def _consent(row: models.Consent) -> Consent:
    return Consent(
        id=row.id,
        line=row.line,
        at=row.at,
        why=row.why,
        asked_by=row.asked_by,
        approved_by=row.approved_by,
        given_at=row.given_at,
        expires_at=row.expires_at,
        spent_at=row.spent_at,
    )


def _drill(row: models.Drill) -> Drill:
    return Drill(
        id=row.pk,
        occasion=Occasion(row.occasion),
        backup=row.backup,
        wanted_at=row.wanted_at,
        began_at=row.began_at,
        ended_at=row.ended_at,
        verdict=Verdict(row.verdict),
        rpo_ms=row.rpo_ms,
        rto_ms=row.rto_ms,
        certificate=row.certificate,
        told=unpack_all(row.told),
    )
