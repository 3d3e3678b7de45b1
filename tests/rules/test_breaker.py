"""When a provider that does not answer is left alone, and when it is tried again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evertill.outside.breaker import Breaker, admits, answered, called, failed

MAX, REST = 3, 15.0


def fail(breaker: Breaker, *, now: float) -> Breaker:
    return failed(breaker, now=now, failures_max=MAX, rest_s=REST)


def resting(*, since: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(MAX):
        breaker = fail(breaker, now=since)
    return breaker


class TestBreaker:
    def test_admits_calls_until_so_many_have_failed_in_a_row(self) -> None:
        breaker = fail(fail(Breaker(), now=0.0), now=0.0)
        assert admits(breaker, now=0.0)

        assert not admits(fail(breaker, now=0.0), now=0.0)

    def test_forgets_failures_at_an_answer(self) -> None:
        assert fail(answered(), now=0.0) == Breaker(failures=1)

    def test_rests_and_then_lets_one_call_try(self) -> None:
        breaker = resting()
        assert not admits(breaker, now=REST - 0.1)
        assert admits(breaker, now=REST)

        trying = called(breaker, now=REST, rest_s=REST)

        assert not admits(trying, now=REST)
        assert not admits(fail(trying, now=REST + 5), now=2 * REST)
        assert admits(answered(), now=REST)

    def test_changes_nothing_by_a_call_while_all_is_well(self) -> None:
        assert called(Breaker(failures=2), now=0.0, rest_s=REST) == Breaker(failures=2)

    @given(st.lists(st.booleans()))
    def test_rests_exactly_when_the_last_so_many_failed(self, outcomes: list[bool]) -> None:
        breaker = Breaker()
        for is_answered in outcomes:
            breaker = answered() if is_answered else fail(breaker, now=0.0)

        in_a_row = len(outcomes) - max((place + 1 for place, well in enumerate(outcomes) if well), default=0)
        assert admits(breaker, now=0.0) == (in_a_row < MAX)
