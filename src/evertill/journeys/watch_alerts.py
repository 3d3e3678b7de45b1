"""Watch alerts: see what somebody has to look at, and note that somebody has."""

from __future__ import annotations

import datetime as dt

from evertill.domains import incidents
from evertill.domains.incidents import Alert, AlertNotOpen, remedy
from evertill.kernel import db

__all__ = ["Alert", "AlertNotOpen", "close_alert", "count_alerts", "list_alerts", "remedy"]


def list_alerts(*, limit: int) -> list[Alert]:
    """This function will return up to `limit` open alerts, newest first."""
    return incidents.read_open_alerts(limit=limit)


def close_alert(*, alert_id: int, actor: str, why: str, now: dt.datetime) -> None:
    """This function will close an alert for good; raises AlertNotOpen, and what db.write raises.

    When its cause is still there, the same alert is raised anew.
    """
    with db.write():
        incidents.close_alert(alert_id=alert_id, actor=actor, why=why, now=now)


def count_alerts() -> dict[str, int]:
    """This function will return how many alerts of every known kind are open, and of others that are."""
    return {kind.value: 0 for kind in incidents.Kind} | incidents.count_open_alerts()
