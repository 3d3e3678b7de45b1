"""The lane's few threads for journeys that are not gathered; those that may wait for a provider have others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache, partial
from typing import Any, ParamSpec, TypeVar

from evertill.entry.lane.gather import Overloaded
from evertill.kernel import config, db, lines

P = ParamSpec("P")
T = TypeVar("T")

# Calls that are at work or wait for a thread.
_asked = 0


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=config.get().lane_threads, thread_name_prefix="lane")


async def in_thread(journey: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """This function will run a journey in one of the lane's threads, on that thread's own database connection.

    Raises what the journey raises, db.DatabaseUnavailable when the connection breaks under it, and Overloaded at once
    when `queue_max` others are at it or wait.
    """
    global _asked  # noqa: PLW0603 - only the loop's own thread counts
    if _asked >= config.get().queue_max:
        raise Overloaded("Too many requests are waiting.", retry_after_s=1)
    call: Callable[[], Any] = _here(partial(journey, *args, **kwargs))
    _asked += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_pool(), db.with_connection, call)
    finally:
        _asked -= 1


async def in_paying_thread(provider: str, journey: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """This function will run a journey that may wait for a payment provider, so that only its own kind waits behind.

    `provider` is the name of one that this shop has. Raises lines.LineFull past the bound, and what in_thread raises.
    """
    return await asyncio.wrap_future(lines.submit(provider, _here(partial(journey, *args, **kwargs))))


def _here(call: Callable[[], T]) -> Callable[[], T]:
    """A call that knows in a thread what the request has proved here."""
    return partial(copy_context().run, call)
