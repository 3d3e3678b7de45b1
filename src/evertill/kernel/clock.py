"""Time comes in as an argument; this is the only place that asks the machine for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

Clock = Callable[[], dt.datetime]


def now() -> dt.datetime:
    """This function will return the present moment, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


def as_text(moment: dt.datetime) -> str:
    """This function will write a UTC moment as RFC 3339 with microseconds and `Z`, e.g. 2026-11-22T13:00:00.000000Z."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
