"""Measure several contestants in turns, so that whatever the machine does meanwhile happens to all of them.

A round of a contestant: its database is put back to the start and the server's chores are done; it runs warm; then it
runs for the record. Each round begins with another contestant. The figure is the median, with the least and the most.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench import database as db
from bench import processes
from bench.database import Database
from bench.errors import CountsDiffer

Tell = Callable[[str], None]

# Equal counts in a row, 0.2 s apart, that mean that nothing is under way any more.
_SETTLED_COUNTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Driven:
    """What a load generator says it did: orders that it saw acknowledged, in these seconds.

    `unseen_max` is how many more may have been placed: requests that were under way when it stopped listening.
    """

    orders: int
    seconds: float
    unseen_max: int = 0
    # Numbers of orders that were acknowledged, where they are checked one by one.
    numbers: Sequence[str] = ()
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One thing that writes orders. `server` are the processes whose trees do it, when their time is of interest."""

    name: str
    database: Database
    drive: Callable[[int], Driven]
    prepare: Callable[[Database], None] = db.reset
    server: tuple[int, ...] = ()
    # What is counted as done, and what else is looked at after a round that was measured.
    count: Callable[[Database], int] = db.count_orders
    check: Callable[[Driven], None] = lambda _driven: None


@dataclass(slots=True, kw_only=True)
class Series:
    """A contestant's rounds: orders per second, processor milliseconds per order, and all that was noted."""

    name: str
    rates: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    rounds: list[dict[str, Any]] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rates)

    @property
    def cpu(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.cpu_ms)


def race(
    contestants: Sequence[Contestant], *, rounds: int, warm_s: int, measure_s: int, tell: Tell
) -> dict[str, Series]:
    """This function will let each contestant run once a round and return what each achieved, by name.

    Raises CountsDiffer when a database does not hold what was acknowledged.
    """
    results = {contestant.name: Series(name=contestant.name) for contestant in contestants}
    for number, contestant in _turns(contestants, rounds=rounds):
        contestant.prepare(contestant.database)
        if warm_s:
            contestant.drive(warm_s)
        series = results[contestant.name]
        _measure(contestant, series, seconds=measure_s)
        cpu = f", {series.cpu_ms[-1]:.3f} ms of processor per order" if contestant.server else ""
        tell(f"round {number} of {rounds}: {contestant.name}: {series.rates[-1]:,.0f} orders/s{cpu}")
    return results


def _turns(contestants: Sequence[Contestant], *, rounds: int) -> Iterator[tuple[int, Contestant]]:
    for number in range(rounds):
        shift = number % len(contestants)
        for contestant in (*contestants[shift:], *contestants[:shift]):
            yield number + 1, contestant


def _measure(contestant: Contestant, series: Series, *, seconds: int) -> None:
    orders, work = settled_count(contestant.database, count=contestant.count), db.durable_work(contestant.database)
    scans = db.table_scans(contestant.database)
    cpu = processes.cpu_s(contestant.server)

    driven = contestant.drive(seconds)

    cpu = processes.cpu_s(contestant.server) - cpu
    scans = db.table_scans(contestant.database) - scans
    written = settled_count(contestant.database, count=contestant.count) - orders
    if not driven.orders <= written <= driven.orders + driven.unseen_max:
        raise CountsDiffer(f"{contestant.name}: {driven.orders} orders were acknowledged, {written} are there.")
    contestant.check(driven)
    series.rates.append(driven.orders / driven.seconds)
    if contestant.server:
        series.cpu_ms.append(cpu / written * 1e3)
    after = db.durable_work(contestant.database)
    series.rounds.append(
        {
            "acknowledged": driven.orders,
            "counted": written,
            "seconds": driven.seconds,
            "table_scans_per_order": {table: count / written for table, count in scans.items() if count},
            "wal_bytes_per_order": (after["wal_bytes"] - work["wal_bytes"]) / written,
            "wal_syncs": after["wal_syncs"] - work["wal_syncs"],
            **driven.notes,
        }
    )


def settled_count(database: Database, *, count: Callable[[Database], int] = db.count_orders) -> int:
    """This function will count orders once no more of them arrive: what was under way has ended."""
    counts: list[int] = []
    for _ in range(100):
        counts.append(count(database))
        # Long enough for the longest pause that a checkpoint makes on a slow disk.
        if len(counts) > _SETTLED_COUNTS and len(set(counts[-_SETTLED_COUNTS:])) == 1:
            return counts[-1]
        time.sleep(0.2)
    raise CountsDiffer(f"Orders kept arriving in {database.name} although nobody asked for any.")
