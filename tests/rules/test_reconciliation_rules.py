"""When bill and books differ, when it is too early to say so, and which days are due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evertill.domains.reconciliation import (
    About,
    Ending,
    Kind,
    Standing,
    choose_due,
    is_overdue,
    is_pending,
    judge,
    span_of,
    suggest,
    what_is_booked,
)
from evertill.kernel.money import Money

DAY = dt.date(2026, 11, 22)
HOUR = dt.timedelta(hours=1)
SPAN = span_of(DAY, utc_offset=dt.timedelta(0))
AMOUNTS = st.dictionaries(st.sampled_from(["EUR", "GBP", "JPY"]), st.integers(-3, 3), max_size=3)


def after(date: dt.date) -> dt.datetime:
    """The morning after a day, when its bill is fetched."""
    return dt.datetime.combine(date, dt.time(6, 20), tzinfo=dt.UTC) + dt.timedelta(days=1)


class TestJudge:
    @pytest.mark.parametrize(
        ("ours", "theirs", "lines", "kind"),
        [
            ({"GBP": 250}, {"GBP": 250}, 1, None),
            ({"GBP": 250}, {"GBP": 250}, 2, None),
            ({}, {}, 0, None),
            ({}, {"GBP": 0}, 1, None),
            ({}, {"GBP": 250}, 1, Kind.MISSING_HERE),
            ({"GBP": 0}, {"GBP": 250}, 1, Kind.MISSING_HERE),
            ({"GBP": 250}, {}, 0, Kind.MISSING_THERE),
            ({"GBP": 250}, {"GBP": 240}, 1, Kind.AMOUNT_DIFFERS),
            ({"GBP": 250}, {"GBP": 0}, 1, Kind.AMOUNT_DIFFERS),
            ({"GBP": 250}, {"EUR": 250}, 1, Kind.CURRENCY_DIFFERS),
            ({"GBP": 250}, {"GBP": 500}, 2, Kind.DUPLICATED),
            ({"GBP": 250}, {"GBP": 250, "EUR": 250}, 2, Kind.DUPLICATED),
        ],
    )
    def test_names_how_they_differ(
        self, ours: Mapping[str, int], theirs: Mapping[str, int], lines: int, kind: Kind | None
    ) -> None:
        verdict = judge(ours=ours, theirs=theirs, lines=lines)

        assert (verdict.kind if verdict else None) == kind

    @given(ours=AMOUNTS, theirs=AMOUNTS)
    def test_finds_nothing_more_once_all_that_it_found_is_booked(
        self, ours: dict[str, int], theirs: dict[str, int]
    ) -> None:
        for _ in range(4):
            verdict = judge(ours=ours, theirs=theirs, lines=1)
            if verdict is None:
                break
            for currency, amount in what_is_booked(ours=verdict.ours, theirs=verdict.theirs).items():
                ours[currency] = ours.get(currency, 0) + amount

        assert {c: a for c, a in ours.items() if a} == {c: a for c, a in theirs.items() if a}

    @given(ours=AMOUNTS, theirs=AMOUNTS)
    def test_finds_nothing_only_where_both_say_the_same(self, ours: dict[str, int], theirs: dict[str, int]) -> None:
        same = {c: a for c, a in ours.items() if a} == {c: a for c, a in theirs.items() if a}

        assert (judge(ours=ours, theirs=theirs, lines=1) is None) == same


class TestWhatIsBooked:
    def test_is_the_difference(self) -> None:
        ours, theirs = Money(amount=250, currency="GBP"), Money(amount=240, currency="GBP")

        assert what_is_booked(ours=ours, theirs=theirs) == {"GBP": -10}
        assert what_is_booked(ours=None, theirs=theirs) == {"GBP": 240}
        assert what_is_booked(ours=ours, theirs=None) == {"GBP": -250}


class TestIsPending:
    @pytest.mark.parametrize(
        ("hour", "before", "later", "expected"),
        [
            (12.0, False, False, False),
            (0.5, False, False, True),
            (0.5, True, False, False),
            (23.5, True, False, True),
            (23.5, True, True, False),
            (1.0, False, False, False),
            (23.0, False, True, False),
        ],
    )
    def test_near_midnight_until_the_bill_beside_it_is_known(
        self, hour: float, before: bool, later: bool, expected: bool
    ) -> None:
        pending = is_pending(
            booked_at=SPAN.begins_at + hour * HOUR,
            span=SPAN,
            fetched_at=after(DAY),
            before=after(DAY - dt.timedelta(days=1)) if before else None,
            after=after(DAY + dt.timedelta(days=1)) if later else None,
            grace=HOUR,
        )

        assert pending is expected

    def test_beside_a_bill_that_was_fetched_before_its_day_had_grown_old_enough(self) -> None:
        early = SPAN.ends_at + 0.5 * HOUR

        pending = is_pending(
            booked_at=SPAN.ends_at - 0.1 * HOUR,
            span=SPAN,
            fetched_at=after(DAY),
            before=None,
            after=early,
            grace=HOUR,
        )

        assert pending


class TestSuggest:
    @pytest.mark.parametrize(
        ("kind", "about", "standing", "is_covered", "ending"),
        [
            (Kind.MISSING_HERE, About.CAPTURE, Standing.UNPAID, False, Ending.SETTLE),
            (Kind.MISSING_HERE, About.CAPTURE, Standing.FOREIGN, False, Ending.ACCEPT),
            (Kind.MISSING_HERE, About.FEE, Standing.CAPTURED, False, Ending.BOOK),
            (Kind.MISSING_HERE, About.FEE, Standing.NONE, False, Ending.BOOK),
            (Kind.MISSING_HERE, About.REFUND, Standing.CAPTURED, True, Ending.BOOK),
            (Kind.MISSING_HERE, About.REFUND, Standing.CAPTURED, False, Ending.ACCEPT),
            (Kind.MISSING_HERE, About.REFUND, Standing.UNPAID, False, Ending.SETTLE),
            (Kind.MISSING_HERE, About.DISPUTE, Standing.CAPTURED, False, Ending.CHECK_DISPUTES),
            (Kind.MISSING_HERE, About.PAYOUT, Standing.NONE, False, Ending.BOOK),
            (Kind.MISSING_THERE, About.CAPTURE, Standing.CAPTURED, False, Ending.ACCEPT),
            (Kind.AMOUNT_DIFFERS, About.DISPUTE, Standing.CAPTURED, False, Ending.BOOK),
            (Kind.CURRENCY_DIFFERS, About.CAPTURE, Standing.CAPTURED, False, Ending.BOOK),
            (Kind.DUPLICATED, About.CAPTURE, Standing.CAPTURED, False, Ending.ACCEPT),
        ],
    )
    def test_chooses_the_usual_ending(
        self, kind: Kind, about: About, standing: Standing, is_covered: bool, ending: Ending
    ) -> None:
        assert suggest(kind=kind, about=about, standing=standing, is_covered=is_covered) is ending


class TestDue:
    def due(self, *fetched: int, again: int | None = None) -> list[int]:
        """How many days back the due ones are, when bills of so many days back were fetched the morning after each."""
        today = DAY
        known = {today - dt.timedelta(days=back): after(today - dt.timedelta(days=back)) for back in fetched}
        if again is not None:
            known[today - dt.timedelta(days=again)] = SPAN.begins_at + HOUR
        return [(today - day).days for day in choose_due(today=today, midnight=SPAN.begins_at, fetched=known)]

    def test_are_the_last_two_days(self) -> None:
        assert self.due() == [2, 1]

    def test_are_not_those_that_were_fetched_today(self) -> None:
        assert self.due(2, again=1) == [2]
        assert self.due(again=2) == [1]

    def test_are_gaps_since_the_first_of_the_week(self) -> None:
        assert self.due(7, 5) == [6, 4, 3, 2, 1]

    def test_are_overdue_an_hour_before_the_day_after_ends(self) -> None:
        assert not is_overdue(span=SPAN, now=SPAN.ends_at + 22.9 * HOUR)
        assert is_overdue(span=SPAN, now=SPAN.ends_at + 23 * HOUR)
