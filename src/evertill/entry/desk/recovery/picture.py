"""A picture of seconds over time, as the numbers that an SVG is made of. Pure."""

from __future__ import annotations

import datetime as dt
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 480, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 470.0, 14.0, 180.0
# The least of what an axis may end with, in seconds: half of it is the line between.
_ENDS = (0.2, 0.4, 1, 2, 4, 6, 10, 20, 40, 60, 120, 240, 600, 1200, 3600, 7200, 14400, 36000, 86400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One moment: where it is, whether it failed, and what it says."""

    x: float
    y: float
    is_failed: bool
    at: dt.datetime
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line across at so many seconds."""

    y: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Dots from left to right, the line through those that have a value, ticks, and what it comes to in words."""

    dots: Sequence[Dot]
    line: str
    ticks: Sequence[Tick]
    bound: Tick | None
    first_at: dt.datetime
    last_at: dt.datetime
    median_s: float | None
    most_s: float | None
    failed: int


def draw(points: Sequence[tuple[dt.datetime, int | None, bool]], *, bound_s: float | None = None) -> Picture | None:
    """This function will draw (moment, milliseconds, whether it failed), in order of moments; None of none.

    What has no value lies on the axis. `bound_s` is a line that values should stay below.
    """
    if not points:
        return None
    values = [ms / 1000 for _, ms, _ in points if ms is not None]
    most = max([*values, bound_s or 0.0])
    end = next((one for one in _ENDS if one >= most), math.ceil(most))
    first, last = points[0][0], points[-1][0]
    span = (last - first).total_seconds()
    dots = []
    for at, ms, is_failed in points:
        share = (at - first).total_seconds() / span if span > 0 else 1.0
        dots.append(
            Dot(
                x=round(_LEFT + share * (_RIGHT - _LEFT), 1),
                y=_height(0.0 if ms is None else ms / 1000, end=end),
                is_failed=is_failed,
                at=at,
                seconds=None if ms is None else ms / 1000,
            )
        )
    return Picture(
        dots=dots,
        line=" ".join(f"{dot.x},{dot.y}" for dot in dots if dot.seconds is not None),
        ticks=[Tick(y=_height(seconds, end=end), seconds=seconds) for seconds in (0.0, end / 2, float(end))],
        bound=None if bound_s is None else Tick(y=_height(bound_s, end=end), seconds=bound_s),
        first_at=first,
        last_at=last,
        median_s=statistics.median(values) if values else None,
        most_s=max(values, default=None),
        failed=sum(is_failed for _, _, is_failed in points),
    )


def _height(seconds: float, *, end: float) -> float:
    return round(_BOTTOM - min(seconds / end, 1.0) * (_BOTTOM - _TOP), 1)
