"""Lines before those outside who may not answer: each has threads of its own, so that nobody waits for another."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ClassVar, TypeVar

from evertill.kernel import config, db
from evertill.kernel.errors import EvertillError, Status

T = TypeVar("T")


class LineFull(EvertillError):
    """As many as may wait for one outside are waiting."""

    code = "OVERLOADED"
    status: ClassVar[Status] = "unavailable"
    remedy = "Send the same request again in a moment, with the same Idempotency-Key."


_lock = threading.Lock()
_pools: dict[str, ThreadPoolExecutor] = {}
# Calls that are at work or wait, by line.
_inside: Counter[str] = Counter()


def submit(line: str, call: Callable[[], T]) -> Future[T]:
    """This function will have a thread of one line make a call on its own database connection.

    There is a line for each name, so names must be few: of those outside, not of what strangers say. The future raises
    what the call raises, and db.DatabaseUnavailable when the connection breaks under it. Raises LineFull at once when
    `pay_queue_max` others wait before it.
    """
    limits = config.get()
    with _lock:
        if _inside[line] >= limits.pay_threads + limits.pay_queue_max:
            raise LineFull("Too many wait for the same provider.", retry_after_s=1)
        _inside[line] += 1
        pool = _pools.get(line)
        if pool is None:
            pool = _pools[line] = ThreadPoolExecutor(limits.pay_threads, thread_name_prefix=f"line-{line}")
    future = pool.submit(db.with_connection, call)
    future.add_done_callback(lambda _: _leave(line))
    return future


def _leave(line: str) -> None:
    with _lock:
        _inside[line] -= 1
