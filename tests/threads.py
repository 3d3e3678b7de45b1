"""Calls that happen at the same time, each on a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def together(*calls: Callable[[], T], patience_s: float = 300) -> list[T]:
    """Start the calls at the same moment, and return what they return; the first error of any is raised."""
    barrier = threading.Barrier(len(calls))

    def start(call: Callable[[], T]) -> T:
        barrier.wait(timeout=patience_s)
        return _closing(call)

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(timeout=patience_s) for future in [pool.submit(start, call) for call in calls]]


@contextmanager
def meanwhile(call: Callable[[], T]) -> Iterator[Future[T]]:
    """Have the call under way while the block runs."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(_closing, call)


def _closing(call: Callable[[], T]) -> T:
    try:
        return call()
    finally:
        connection.close()
