"""Guessing: slower with every failure, at an end after a hundred, and alike for names that nobody has."""

from __future__ import annotations

import datetime as dt

import pytest

from evertill.domains import identity
from evertill.kernel import db
from tests import tables
from tests.builders import NOON
from tests.threads import together

ADA, CALLER = "ada@example.com", "203.0.113.7"
QUARTER = dt.timedelta(minutes=15)


def admit(name: str = ADA, *, caller: str = CALLER, now: dt.datetime = NOON) -> identity.Admission:
    return identity.guesses.admit(name=name, caller=caller, now=now)


def fail_often(times: int, *, name: str = ADA) -> list[bool]:
    """Guesses a quarter of an hour apart, each from another caller."""
    return [admit(name, caller=str(number), now=NOON + number * QUARTER).is_admitted for number in range(times)]


@pytest.mark.django_db
class TestPerName:
    def test_is_slowed_from_the_fifth_failure_on(self) -> None:
        assert [admit().is_admitted for _ in range(5)] == [True] * 5

        assert admit() == identity.Admission(is_admitted=False, next_at=NOON + dt.timedelta(seconds=1))
        assert admit(now=NOON + dt.timedelta(seconds=1)).is_admitted is True
        assert admit(now=NOON + dt.timedelta(seconds=2)).next_at == NOON + dt.timedelta(seconds=3)

    def test_ends_after_a_hundred_failures_however_slow(self) -> None:
        assert fail_often(120) == [True] * 100 + [False] * 20
        assert admit(now=NOON + dt.timedelta(days=400)) == identity.Admission(is_admitted=False, next_at=None)

    def test_begins_anew_after_success(self) -> None:
        fail_often(100)

        identity.guesses.succeeded(name=ADA, caller=CALLER, now=NOON + dt.timedelta(days=3))

        assert admit(now=NOON + dt.timedelta(days=3)).is_admitted is True

    def test_counts_all_spellings_of_a_name_as_one(self) -> None:
        for name in ("ada@example.com", "ADA@example.com", " ada@example.com", "Ada@Example.com ", "aDa@example.com"):
            admit(name)

        assert admit().is_admitted is False

    def test_stores_no_name(self) -> None:
        admit()

        stored = repr([*tables.rows("identity_guesses"), *tables.rows("identity_allowance")])
        assert ADA not in stored
        assert CALLER not in stored


@pytest.mark.django_db
class TestPerCaller:
    def test_is_limited_under_whatever_names(self) -> None:
        assert all(admit(str(number)).is_admitted for number in range(60))

        assert admit("another").is_admitted is False
        assert admit("another", caller="another").is_admitted is True
        assert admit("another", now=NOON + dt.timedelta(hours=1)).is_admitted is True

    def test_does_not_begin_anew_by_an_account_of_his_own(self) -> None:
        admitted = 0
        for number in range(70):
            admitted += admit(f"victim{number}").is_admitted
            if admit("own").is_admitted:
                identity.guesses.succeeded(name="own", caller=CALLER, now=NOON)

        assert admitted == 60


@pytest.mark.usefixtures("committed_db")
class TestTogether:
    def test_a_thousand_at_once_are_at_most_a_hundred_failures(self) -> None:
        def guess_often() -> int:
            admitted = 0
            for number in range(25):
                with db.write():
                    admitted += admit(caller=str(number), now=NOON + number * QUARTER).is_admitted
            return admitted

        admitted = sum(together(*[guess_often] * 40))

        ((failures,),) = db.fetch("select failures from identity_guesses")
        assert admitted == failures
        assert admitted <= 100

    def test_a_thousand_at_one_moment_are_five(self) -> None:
        def guess_often() -> int:
            return sum(_admitted_committed() for _ in range(25))

        assert sum(together(*[guess_often] * 40)) == 5


def _admitted_committed() -> bool:
    with db.write():
        return admit().is_admitted
