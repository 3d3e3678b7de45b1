"""Days of a place: where they begin, and that two of them leave nothing between."""

from __future__ import annotations

import datetime as dt

import pytest

from evertill.kernel import days


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("UTC", "2026-11-26", "2026-11-26T00:00:00+00:00", 24),
        ("Asia/Shanghai", "2026-11-26", "2026-11-25T16:00:00+00:00", 24),
        ("America/New_York", "2026-03-08", "2026-03-08T05:00:00+00:00", 23),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00:00+00:00", 25),
        # Clocks go from 23:59 to 01:00: the day has no midnight, and is whole nevertheless.
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00+00:00", 23),
    ],
)
def test_begin_and_end(zone: str, day: str, begins: str, hours: int) -> None:
    one, place = dt.date.fromisoformat(day), days.zone_of(zone)

    assert days.begin_of(one, place).isoformat() == begins
    assert days.end_of(one, place) - days.begin_of(one, place) == dt.timedelta(hours=hours)
    assert days.end_of(one, place) == days.begin_of(one + dt.timedelta(days=1), place)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_the_first_and_the_last_day_that_can_be_written(zone: str) -> None:
    place = days.zone_of(zone)

    assert days.begin_of(dt.date.min, place) < days.end_of(dt.date.min, place)
    assert days.begin_of(dt.date.max, place) < days.end_of(dt.date.max, place)


def test_a_zone_that_does_not_exist_is_utc() -> None:
    assert not days.is_zone("Asia/Atlantis")
    assert days.is_zone("Asia/Shanghai")
    assert days.zone_of("Asia/Atlantis") is dt.UTC
    assert days.zone_of("../../etc/passwd") is dt.UTC
