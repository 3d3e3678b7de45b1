"""What the job worker tells the metrics."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from evertill.domains import incidents
from evertill.entry.worker import jobs
from tests.builders import NOON

pytestmark = pytest.mark.django_db


def open_alerts(kind: str) -> float | None:
    return REGISTRY.get_sample_value("evertill_alerts_open", {"kind": kind})


class TestAlertsOpen:
    def test_rises_and_falls_with_them(self) -> None:
        incidents.raise_alert(kind="DISPUTE_OPENED", subject="D1", detail="", now=NOON)

        jobs.count_alerts(timestamp=0)

        assert (open_alerts("DISPUTE_OPENED"), open_alerts("REFUND_REFUSED")) == (1.0, 0.0)
        incidents.close_alerts(kind="DISPUTE_OPENED", subject="D1", actor="ada", why="won", now=NOON)
        jobs.count_alerts(timestamp=0)
        assert open_alerts("DISPUTE_OPENED") == 0.0
