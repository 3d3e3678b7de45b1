"""Days as people count them: in one place of the world, of 23, 24 or 25 hours."""

from __future__ import annotations

import datetime as dt
import zoneinfo

_FIRST = dt.datetime.min.replace(tzinfo=dt.UTC)
_LAST = dt.datetime.max.replace(tzinfo=dt.UTC)


def is_zone(name: str) -> bool:
    """This function will say whether a name is one of the IANA time zone database, e.g. Asia/Shanghai."""
    return name in zoneinfo.available_timezones()


def zone_of(name: str) -> dt.tzinfo:
    """This function will return a time zone by its name; UTC where this machine does not know it (any more)."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return dt.UTC


def read(text: str) -> dt.date | None:
    """This function will read a day as forms and addresses say it (2026-11-26); None for anything else."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def begin_of(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """This function will return the moment in UTC at which a day begins."""
    return _in_utc(dt.datetime.combine(day, dt.time(), tzinfo=zone))


def end_of(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """This function will return the moment in UTC at which the day after begins."""
    return begin_of(day + dt.timedelta(days=1), zone) if day < dt.date.max else _LAST


def _in_utc(at: dt.datetime) -> dt.datetime:
    try:
        return at.astimezone(dt.UTC)
    except OverflowError:
        # Of the first day or the last that can be written, a part lies beyond.
        return _FIRST if at.year == dt.MINYEAR else _LAST
