"""Reads of incidents."""

from __future__ import annotations

from evertill.domains.incidents.types import Alert
from evertill.kernel import db, sql

_HERE = "evertill.domains.incidents"


def read_open_alerts(*, limit: int) -> list[Alert]:
    """This function will return up to `limit` open alerts, newest first."""
    return [
        Alert(id=alert_id, kind=kind, subject=subject, detail=detail, raised_at=raised_at, times=times, last_at=last_at)
        for alert_id, kind, subject, detail, raised_at, times, last_at in db.fetch(
            sql.load(_HERE, "read_open_alerts"), (limit,)
        )
    ]


def count_open_alerts() -> dict[str, int]:
    """This function will return how many alerts of each kind are open; a kind with none is missing."""
    return dict(db.fetch(sql.load(_HERE, "count_open_alerts")))
