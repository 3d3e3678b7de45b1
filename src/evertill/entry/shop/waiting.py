"""Waiting for a payment provider without keeping the pages' few threads from everybody else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import TimeoutError as StillAtIt
from functools import cache
from typing import ClassVar, TypeVar

from evertill.kernel import config, lines
from evertill.kernel.errors import EvertillError, Status

T = TypeVar("T")


class TakesLonger(EvertillError):
    """A provider has not answered within what a page waits; whoever asked it goes on."""

    code = "TAKES_LONGER"
    status: ClassVar[Status] = "unavailable"
    kept = "Your order stands, and nothing was paid twice."
    remedy = "Send the same form again in a moment."


@cache
def _places() -> threading.BoundedSemaphore:
    # Whatever providers do, half of the threads go on showing pages.
    return threading.BoundedSemaphore(max(1, config.get().page_threads // 2))


def wait_for(provider: str, call: Callable[[], T], *, seconds: float) -> T:
    """This function will have the provider's own line make a call, and wait for it so long.

    Raises TakesLonger when it is still under way, or when as many pages as may are waiting; lines.LineFull; and what
    the call raises.
    """
    asked = lines.submit(provider, call)
    if not _places().acquire(blocking=False):
        raise TakesLonger("Too many pages wait for a provider.")
    try:
        return asked.result(timeout=seconds)
    except StillAtIt:
        raise TakesLonger("The provider has not answered yet.") from None
    finally:
        _places().release()
