"""The shop's day is that of its own place: what came in today, and the days that somebody searches."""

from __future__ import annotations

import datetime as dt

import pytest

from evertill.domains.preferences import Name
from evertill.journeys.change_preference import change_preference
from evertill.journeys.look_at_today import look_at_today
from evertill.journeys.search_orders import Search, read_search, search_orders
from tests.askers import MACHINE
from tests.builders import ask, make_product, place

# 07:30 of the 26th in Shanghai.
NOW = dt.datetime(2026, 11, 25, 23, 30, tzinfo=dt.UTC)
YESTERDAY_THERE, TODAY_THERE = dt.timedelta(hours=8), dt.timedelta(hours=7)


@pytest.fixture(autouse=True)
def _orders(committed_db: None) -> None:
    make_product("TEA", pieces=100)
    place(ask("yesterday", {"TEA": 1}), now=NOW - YESTERDAY_THERE)
    place(ask("today", {"TEA": 1}), now=NOW - TODAY_THERE)
    change_preference(asker=MACHINE, name=Name.TIME_ZONE, text="Asia/Shanghai", why="", now=NOW)


def found(search: Search) -> int:
    return len(search_orders(asker=MACHINE, search=search, now=NOW).orders)


def test_today_is_what_came_in_there() -> None:
    today = look_at_today(asker=MACHINE, now=NOW)

    assert (today.day, today.sold.orders) == (dt.date(2026, 11, 26), 1)


def test_a_week_ago_is_the_same_day_until_the_same_hour() -> None:
    next_week = NOW + dt.timedelta(days=7)
    just_before = look_at_today(asker=MACHINE, now=next_week - TODAY_THERE - dt.timedelta(seconds=1))

    assert (just_before.day, just_before.week_ago.orders) == (dt.date(2026, 12, 3), 0)
    assert look_at_today(asker=MACHINE, now=next_week).week_ago.orders == 1


def test_days_that_are_searched_are_those_there() -> None:
    assert found(Search(text="today")) == 1
    assert found(Search(text="2026-11-25")) == 1
    assert found(read_search({"since": "2026-11-26", "until": "2026-11-26"})) == 1
    assert found(read_search({"since": "2026-11-25", "until": "2026-11-26"})) == 2
    assert found(read_search({"until": "2026-11-25"})) == 1


def test_the_last_day_that_can_be_written_finds_nothing() -> None:
    assert found(Search(text="9999-12-31")) == 0
    assert found(read_search({"since": "0001-01-01", "until": "9999-12-31"})) == 2
