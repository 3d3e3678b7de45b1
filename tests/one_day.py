"""What has to happen on one day, since a bill is of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeVar

from evertill.kernel import clock
from tests import tables

T = TypeVar("T")


def of_one_day(work: Callable[[], T]) -> tuple[dt.date, T]:
    """Do the work, and return the day (UTC) that it is of; done anew in an empty shop where a midnight came between."""
    while True:
        day = clock.now().date()
        done = work()
        if day == clock.now().date():
            return day, done
        tables.empty()
