"""Threads of the shop's in this process, on which a test may have hung up while they were at work."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress

from evertill.kernel import lines


def come_to_rest(*, patience_s: float = 20) -> None:
    """Return once none of them is at work any more; one that hangs is not waited for longer than so."""
    for pool in list(_pools()):
        count = pool._max_workers  # noqa: SLF001 — as many as there are have to meet: then each has done what it did.
        meeting = threading.Barrier(count)
        with suppress(RuntimeError):
            wait([pool.submit(_meet, meeting, patience_s) for _ in range(count)])


def _meet(meeting: threading.Barrier, patience_s: float) -> None:
    with suppress(threading.BrokenBarrierError):
        meeting.wait(timeout=patience_s)


def _pools() -> Iterator[ThreadPoolExecutor]:
    yield from lines._pools.values()  # noqa: SLF001 — nobody else has to wait for all of them.
    lane = sys.modules.get("evertill.entry.lane.threads")
    if lane is not None and lane._pool.cache_info().currsize:  # noqa: SLF001 — as above.
        yield lane._pool()  # noqa: SLF001 — as above.
