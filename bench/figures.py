"""The figures that the shop is held to, and what was found for each."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Bound(StrEnum):
    """On which side of its bound a figure is good."""

    AT_LEAST = "≥"
    AT_MOST = "≤"
    EXACTLY = "="


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a figure must be and what we aim for."""

    name: str
    title: str
    unit: str
    bound: Bound
    must: float
    aim: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was measured for a promise: the figure, what it was made of and held against, and the raw numbers."""

    promise: Promise
    value: float
    measured: str
    floor: str
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def is_met(self) -> bool:
        """Whether the figure is what it must be."""
        return self.reaches(self.promise.must)

    def reaches(self, target: float | None) -> bool:
        """This function will say whether the figure is as good as a target; False when there is none."""
        if target is None:
            return False
        if self.promise.bound is Bound.AT_LEAST:
            return self.value >= target
        if self.promise.bound is Bound.AT_MOST:
            return self.value <= target
        return self.value == target


STEPS = Promise(
    name="steps",
    title="Orders/s, 1,000 SKUs ÷ pgbench, statement by statement",
    unit="×", bound=Bound.AT_LEAST, must=1.5, aim=3.0,
)  # fmt: skip
STATEMENT = Promise(
    name="statement",
    title="Orders/s, 1,000 SKUs ÷ pgbench, one statement",
    unit="×", bound=Bound.AT_LEAST, must=1.0, aim=2.0,
)  # fmt: skip
HOT = Promise(
    name="hot",
    title="Orders/s, one hot SKU ÷ pgbench, statement by statement",
    unit="×", bound=Bound.AT_LEAST, must=8.0, aim=20.0,
)  # fmt: skip
CPU = Promise(
    name="cpu",
    title="Processor time per order",
    unit="ms", bound=Bound.AT_MOST, must=0.3, aim=0.1,
)  # fmt: skip
PAY = Promise(
    name="pay",
    title="Place and pay, orders/s ÷ pgbench, the order alone, statement by statement",
    unit="×", bound=Bound.AT_LEAST, must=0.7, aim=1.5,
)  # fmt: skip
PAY_CPU = Promise(
    name="pay_cpu",
    title="Processor time per placed-and-paid order",
    unit="ms", bound=Bound.AT_MOST, must=0.6, aim=0.25,
)  # fmt: skip
P99 = Promise(
    name="p99", title="p99 at half of the peak rate",
    unit="ms", bound=Bound.AT_MOST, must=25.0, aim=10.0,
)  # fmt: skip
HISTORY = Promise(
    name="history", title="Orders/s with 5,000,000 stored ÷ when empty",
    unit="×", bound=Bound.AT_LEAST, must=0.9, aim=1.0,
)  # fmt: skip
RUSH = Promise(
    name="rush", title="Sold to 10,000 buyers of 1,000 pieces",
    unit="of 1,000", bound=Bound.EXACTLY, must=1000.0,
)  # fmt: skip
IDLE = Promise(
    name="memory_idle", title="Memory of the whole shop, idle",
    unit="MB", bound=Bound.AT_MOST, must=350.0,
)  # fmt: skip
LOADED = Promise(
    name="memory_loaded", title="Memory of the whole shop, under load",
    unit="MB", bound=Bound.AT_MOST, must=600.0,
)  # fmt: skip

RECONCILE = Promise(
    name="reconcile", title="Reconciliation of a bill of 100,000 lines",
    unit="s", bound=Bound.AT_MOST, must=30.0, aim=10.0,
)  # fmt: skip
PLANTED = Promise(
    name="reconcile_planted", title="Found of 500 differences planted in it, none invented",
    unit="of 500", bound=Bound.EXACTLY, must=500.0,
)  # fmt: skip

WEBHOOKS = Promise(
    name="webhooks", title="Webhooks accepted into the inbox per second",
    unit="/s", bound=Bound.AT_LEAST, must=2000.0,
)  # fmt: skip
WEBHOOK_P99 = Promise(
    name="webhooks_p99", title="p99 of accepting a webhook",
    unit="ms", bound=Bound.AT_MOST, must=50.0,
)  # fmt: skip
HANG = Promise(
    name="hang", title="Ordering p99 while a provider hangs ÷ without",
    unit="×", bound=Bound.AT_MOST, must=1.2, aim=1.0,
)  # fmt: skip

INCREMENTAL_BYTES = Promise(
    name="incremental_bytes", title="Incremental backup after 1 % of change ÷ full, bytes stored",
    unit="×", bound=Bound.AT_MOST, must=0.1,
)  # fmt: skip
INCREMENTAL_S = Promise(
    name="incremental_s", title="Incremental backup after 1 % of change ÷ full, seconds",
    unit="×", bound=Bound.AT_MOST, must=0.3,
)  # fmt: skip
BACKUP_P99 = Promise(
    name="backup_p99", title="Ordering p99 while a backup runs ÷ without",
    unit="×", bound=Bound.AT_MOST, must=1.3,
)  # fmt: skip
RESTORE = Promise(
    name="restore", title="Restore of 1,000,000 orders (full, 3 incremental, log) until the first order is taken",
    unit="s", bound=Bound.AT_MOST, must=60.0,
)  # fmt: skip
PAGE_WEIGHT = Promise(
    name="page_weight", title="Product page over the wire, nothing kept",
    unit="kB", bound=Bound.AT_MOST, must=100.0,
)  # fmt: skip
PAGE_REQUESTS = Promise(
    name="page_requests", title="Requests of a product page",
    unit="", bound=Bound.AT_MOST, must=10.0,
)  # fmt: skip
PAGE_PAINTED = Promise(
    name="page_painted", title="Largest Contentful Paint, the slower of home and product page",
    unit="s", bound=Bound.AT_MOST, must=1.0,
)  # fmt: skip
PAGE_SERVED = Promise(
    name="page_served", title="Server time of a catalogue page that is made anew, p50",
    unit="ms", bound=Bound.AT_MOST, must=5.0,
)  # fmt: skip
PAGE_BESIDE = Promise(
    name="page_beside", title="Ordering p99 beside page views ÷ alone",
    unit="×", bound=Bound.AT_MOST, must=1.2,
)  # fmt: skip

# In the order in which they are shown.
PROMISES = (
    STEPS,
    STATEMENT,
    HOT,
    CPU,
    PAY,
    PAY_CPU,
    P99,
    HISTORY,
    RUSH,
    IDLE,
    LOADED,
    WEBHOOKS,
    WEBHOOK_P99,
    HANG,
    RECONCILE,
    PLANTED,
    INCREMENTAL_BYTES,
    INCREMENTAL_S,
    BACKUP_P99,
    RESTORE,
    PAGE_WEIGHT,
    PAGE_REQUESTS,
    PAGE_PAINTED,
    PAGE_SERVED,
    PAGE_BESIDE,
)
