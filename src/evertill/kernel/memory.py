"""Memory that was needed once: given back to the system, which a process does not do by itself."""

from __future__ import annotations

import ctypes
from contextlib import suppress


def give_back() -> None:
    """This function will give the system back what nobody holds any more, after something large that comes seldom.

    What is freed piece by piece stays with the process, for its next large thing; but that may be done by another one
    of the shop's processes, and then both have it. Not every system knows how; then it stays.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
