"""Reads of incidents."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from evertill.domains.incidents.types import Alert
from evertill.kernel import db, sql
from evertill.kernel.arrays import Bigints

_HERE = "evertill.domains.incidents"


def read_open_alerts(*, limit: int) -> list[Alert]:
    """This function will return up to `limit` open alerts, newest first."""
    return _as_alerts(db.fetch(sql.load(_HERE, "read_open_alerts"), (limit,)))


def find_open_alerts(*, alert_ids: Collection[int]) -> dict[int, Alert]:
    """This function will return those of some alerts that are open, by their numbers."""
    found = _as_alerts(db.fetch(sql.load(_HERE, "find_open_alerts"), (Bigints(list(alert_ids)),)))
    return {alert.id: alert for alert in found}


def _as_alerts(rows: list[Any]) -> list[Alert]:
    return [
        Alert(
            id=alert_id,
            kind=kind,
            subject=subject,
            detail=detail,
            told=told,
            raised_at=raised_at,
            times=times,
            last_at=last_at,
        )
        for alert_id, kind, subject, detail, told, raised_at, times, last_at in rows
    ]


def count_open_alerts() -> dict[str, int]:
    """This function will return how many alerts of each kind are open; a kind with none is missing."""
    return dict(db.fetch(sql.load(_HERE, "count_open_alerts")))
