"""What the job worker measures about the shop as a whole."""

from __future__ import annotations

from prometheus_client import Gauge

# Several job workers tell the same of one shop; whoever looked last is right.
ALERTS_OPEN = Gauge(
    "evertill_alerts_open", "Alerts that somebody has to look at.", ["kind"], multiprocess_mode="mostrecent"
)
