"""Watch alerts: see what somebody has to look at, and note that somebody has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from evertill.domains import incidents, trail
from evertill.domains.access import Permission
from evertill.domains.incidents import Alert, AlertNotOpen, Kind, remedy
from evertill.domains.trail import Subject
from evertill.journeys.bulk_item import BulkOperation, Forecast, Target, Task
from evertill.journeys.permitted import Asker, permitted

__all__ = [
    "CLOSE_MANY",
    "Alert",
    "AlertNotOpen",
    "Kind",
    "close_alert",
    "count_alerts",
    "list_alerts",
    "look_at_alerts",
    "remedy",
]


def list_alerts(*, limit: int) -> list[Alert]:
    """This function will return up to `limit` open alerts, newest first."""
    return incidents.read_open_alerts(limit=limit)


def look_at_alerts(*, asker: Asker, limit: int, now: dt.datetime) -> list[Alert]:
    """This function will return up to `limit` open alerts, the newest first, to somebody who may see them."""
    subject = Subject(kind="alerts", id="open")
    with permitted(asker=asker, permission=Permission.ALERTS_READ, subject=subject, now=now):
        return incidents.read_open_alerts(limit=limit)


def close_alert(*, alert_id: int, asker: Asker, why: str, now: dt.datetime) -> None:
    """This function will close an alert for good; raises AlertNotOpen, Forbidden, and what db.write raises.

    When its cause is still there, the same alert is raised anew.
    """
    subject = Subject(kind="alert", id=str(alert_id))
    with permitted(asker=asker, permission=Permission.ALERTS_CLOSE, subject=subject, now=now):
        incidents.close_alert(alert_id=alert_id, actor=asker.name, why=why, now=now)
        trail.write(actor=asker.actor, operation="alerts.close", subject=subject, why=why, now=now)


def count_alerts() -> dict[str, int]:
    """This function will return how many alerts of every known kind are open, and of others that are."""
    return {kind.value: 0 for kind in incidents.Kind} | incidents.count_open_alerts()


def _look_at(
    *, asker: Asker, targets: Sequence[Target], options: Mapping[str, Any], now: dt.datetime
) -> list[Forecast]:
    del asker, options, now
    found = incidents.find_open_alerts(alert_ids=[int(target.subject) for target in targets])
    gone = Forecast(refused_code=AlertNotOpen.code, refused="This alert is not open.")
    return [
        Forecast(before=f"{alert.kind} {alert.subject}") if alert is not None else gone
        for alert in (found.get(int(target.subject)) for target in targets)
    ]


def _close_one(task: Task) -> str:
    close_alert(alert_id=int(task.subject), asker=task.asker, why=task.why, now=task.now)
    return ""


CLOSE_MANY = BulkOperation(
    name="alerts.close-many",
    says="Close alerts",
    kind="alert",
    permission=Permission.ALERTS_CLOSE,
    preview=_look_at,
    apply=_close_one,
)
