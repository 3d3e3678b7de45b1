"""Orders at a constant rate that does not care how the shop is doing, as customers do not.

An open loop: each request has the moment at which it should leave, and its latency counts from that moment, also when
all connections were busy then or this program was late. What coordinated omission hides, this counts.
"""

from __future__ import annotations

import asyncio
import gc
import random
import time
from array import array
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import uvloop

from bench.database import SKU_FIRST
from bench.load.http import Customer, Requests, connect

_DRAIN_SECONDS = 30.0
_TICK_S = 0.001
_UNANSWERED = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """Milliseconds of the requests that were due after the warm-up, and what became of all of them."""

    rate: float
    asked: int
    placed: int
    refused: int
    broken: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float
    # How much of a 99th percentile this program itself was late in sending, and the processor time it took.
    late_p99_ms: float
    own_cpu_s: float


class _Schedule:
    """The requests in the order in which they are due, handed to whichever connection is free."""

    def __init__(self, *, rate: float, total: int, requests: Requests, skus: int) -> None:
        self._rate = rate
        self._total = total
        self._requests = requests
        self._skus = skus
        self._start = 0.0
        self._next = 0
        self._idle: list[Customer] = []
        self._waiting: deque[int] = deque()
        self._under_way: dict[Customer, int] = {}
        self._all_answered = asyncio.Event()
        self.latency_s = array("d", [_UNANSWERED]) * total
        self.late_s = array("d", bytes(8 * total))
        self.placed = self.refused = self.broken = 0

    def on_answer(self, customer: Customer, status: int, _body: bytes) -> None:
        number = self._under_way.pop(customer)
        if status == 0:
            # The connection is gone, and with it the answer; the others carry on.
            self.broken += 1
        else:
            self.latency_s[number] = time.monotonic() - self._due(number)
            self.placed += status == 201
            self.refused += status != 201
            self._employ(customer)
        if self.placed + self.refused + self.broken == self._total:
            self._all_answered.set()

    async def run(self, customers: Sequence[Customer]) -> None:
        """This function will send every request when it is due, and return when all are answered or time is up."""
        self._idle = list(customers)
        self._start = time.monotonic() + 0.05
        while self._next < self._total:
            due_by_now = min(int((time.monotonic() - self._start) * self._rate) + 1, self._total)
            while self._next < due_by_now:
                self._send_or_queue(self._next)
                self._next += 1
            # Waking for each request alone would take a processor from the shop; being late up to a tick is counted.
            await asyncio.sleep(max(self._due(self._next) - time.monotonic(), _TICK_S))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_answered.wait(), _DRAIN_SECONDS)
        self._give_up()

    def _give_up(self) -> None:
        # Who is still waiting has waited this long, and would have waited longer.
        self.broken = self._total - self.placed - self.refused
        now = time.monotonic()
        for number, latency_s in enumerate(self.latency_s):
            if latency_s == _UNANSWERED:
                self.latency_s[number] = now - self._due(number)

    def _due(self, number: int) -> float:
        return self._start + number / self._rate

    def _send_or_queue(self, number: int) -> None:
        if self._idle:
            self._send(self._idle.pop(), number)
        else:
            self._waiting.append(number)

    def _employ(self, customer: Customer) -> None:
        if self._waiting:
            self._send(customer, self._waiting.popleft())
        else:
            self._idle.append(customer)

    def _send(self, customer: Customer, number: int) -> None:
        self._under_way[customer] = number
        self.late_s[number] = time.monotonic() - self._due(number)
        customer.ask(self._requests.for_one(SKU_FIRST + random.randrange(self._skus)))


def run(*, host: str, port: int, rate: float, connections: int, skus: int, warm_s: int, measure_s: int) -> Latencies:
    """This function will ask for orders at `rate` a second and return how long they took."""
    return uvloop.run(
        _run(host=host, port=port, rate=rate, connections=connections, skus=skus, warm_s=warm_s, measure_s=measure_s)
    )


async def _run(
    *, host: str, port: int, rate: float, connections: int, skus: int, warm_s: int, measure_s: int
) -> Latencies:
    total = int(rate * (warm_s + measure_s))
    schedule = _Schedule(rate=rate, total=total, requests=Requests(host=host, port=port), skus=skus)
    customers = await connect(host=host, port=port, count=connections, on_answer=schedule.on_answer)
    began = time.process_time()
    # The collector's pauses are this program's, not the shop's.
    gc.disable()
    try:
        await schedule.run(customers)
    finally:
        gc.enable()
        for customer in customers:
            customer.close()
    return _summary(schedule, rate=rate, warm=int(rate * warm_s), own_cpu_s=time.process_time() - began)


def _summary(schedule: _Schedule, *, rate: float, warm: int, own_cpu_s: float) -> Latencies:
    latencies = sorted(schedule.latency_s[warm:])
    return Latencies(
        rate=rate,
        asked=len(schedule.latency_s),
        placed=schedule.placed,
        refused=schedule.refused,
        broken=schedule.broken,
        p50_ms=percentile(latencies, 50) * 1e3,
        p90_ms=percentile(latencies, 90) * 1e3,
        p99_ms=percentile(latencies, 99) * 1e3,
        p999_ms=percentile(latencies, 99.9) * 1e3,
        max_ms=latencies[-1] * 1e3,
        late_p99_ms=percentile(sorted(schedule.late_s[warm:]), 99) * 1e3,
        own_cpu_s=own_cpu_s,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """This function will return the nearest-rank percentile of sorted values: the least that `share` % stay within."""
    rank = max(-(-len(values) * share // 100), 1)
    return values[int(rank) - 1]
