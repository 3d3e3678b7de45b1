"""A circuit breaker: when to stop calling somebody who does not answer, and when to try again. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """How calling went lately: failures in a row, and until when nobody calls (seconds of any steady clock)."""

    failures: int = 0
    rests_until: float | None = None


def admits(breaker: Breaker, *, now: float) -> bool:
    """This function will say whether a call may be made."""
    return breaker.rests_until is None or now >= breaker.rests_until


def called(breaker: Breaker, *, now: float, rest_s: float) -> Breaker:
    """This function will return the breaker while an admitted call is under way.

    After a rest, one call tries how it goes, and the others wait for its outcome or for another rest.
    """
    if breaker.rests_until is None:
        return breaker
    return Breaker(failures=breaker.failures, rests_until=now + rest_s)


def answered() -> Breaker:
    """This function will return the breaker after a call that was answered: as new."""
    return Breaker()


def failed(breaker: Breaker, *, now: float, failures_max: int, rest_s: float) -> Breaker:
    """This function will return the breaker after a call that failed; from `failures_max` in a row on, it rests."""
    failures = breaker.failures + 1
    return Breaker(failures=failures, rests_until=now + rest_s if failures >= failures_max else None)
