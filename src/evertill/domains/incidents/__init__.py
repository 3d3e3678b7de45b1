"""Incidents: what somebody has to look at, kept until somebody has. What an alert means is known to who raised it."""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.incidents.operations import AlertNotOpen, close_alert, close_alerts, raise_alert
    from evertill.domains.incidents.queries import count_open_alerts, find_open_alerts, read_open_alerts
    from evertill.domains.incidents.rules import remedy
    from evertill.domains.incidents.types import Alert, Kind

__getattr__ = open_door(__name__)

__all__ = [
    "Alert",
    "AlertNotOpen",
    "Kind",
    "close_alert",
    "close_alerts",
    "count_open_alerts",
    "find_open_alerts",
    "raise_alert",
    "read_open_alerts",
    "remedy",
]
