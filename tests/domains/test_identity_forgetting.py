"""What is over is removed in batches; what is not stays; a deleted account leaves nothing."""

from __future__ import annotations

import datetime as dt

import pytest

from evertill.domains import identity
from evertill.domains.identity import Factor
from tests import tables
from tests.builders import NOON

pytestmark = pytest.mark.django_db

ADA, BOB = 1, 2
DAY = dt.timedelta(days=1)
_TABLES = (
    "identity_code",
    "identity_allowance",
    "identity_attempt",
    "identity_grant",
    "identity_session",
    "identity_guesses",
    "identity_browser",
    "identity_recovery",
)


def fill(account_id: int = ADA) -> None:
    """One row or more in each table."""
    identity.codes.make(purpose="sign-in", address="ada@example.com", caller="1", now=NOON)
    identity.attempts.begin(account_id=account_id, kind="EMAIL", address="ada@example.com", proved=[], now=NOON)
    secret = identity.sessions.start(
        account_id=account_id, is_staff=False, factors=[Factor.TOTP], device="", place="", now=NOON
    )
    session = identity.sessions.resume(secret=secret, now=NOON)
    assert session is not None
    identity.stepup.give(
        session_id=session.id,
        operation="refund",
        subject="7",
        factor=Factor.TOTP,
        enrolled=[Factor.TOTP],
        is_staff=False,
        now=NOON,
    )
    identity.guesses.admit(name="ada@example.com", caller="1", now=NOON)
    identity.browsers.note(account_id=account_id, secret="", device="", place="", trust=False, now=NOON)
    identity.recoveries.ask(account_id=account_id, now=NOON)
    identity.recovery.make(account_id=account_id, now=NOON)
    identity.totp.begin(account_id=account_id, now=NOON)


def left() -> set[str]:
    return {name for name in _TABLES if tables.count(name)}


def remove(now: dt.datetime, *, limit: int = 100) -> int:
    return identity.forgetting.remove_old(now=now, limit=limit)


class TestRemoveOld:
    def test_removes_each_when_its_time_has_come(self) -> None:
        fill()
        seen = []
        for days in (0, 2, 4, 40, 70, 370, 500):
            while remove(NOON + days * DAY):
                continue
            seen.append(set(_TABLES) - left())

        short = {"identity_code", "identity_attempt", "identity_grant"}
        assert seen == [
            set(),
            short,
            short | {"identity_allowance"},
            short | {"identity_allowance"},
            short | {"identity_allowance", "identity_session"},
            short | {"identity_allowance", "identity_session", "identity_guesses"},
            set(_TABLES),
        ]

    def test_keeps_failures_for_a_year_and_cleared_ones_for_a_month(self) -> None:
        for name in ("failed", "cleared"):
            identity.guesses.admit(name=name, caller="1", now=NOON)
        identity.guesses.succeeded(name="cleared", caller="1", now=NOON)

        remove(NOON + 31 * DAY)

        assert tables.count("identity_guesses") == 1
        assert identity.guesses.count_failures(name="failed") == 1

    def test_removes_so_many_of_each_table(self) -> None:
        for number in range(7):
            identity.attempts.begin(account_id=number, kind="EMAIL", address="", proved=[], now=NOON)

        assert [remove(NOON + 2 * DAY, limit=3) for _ in range(4)] == [3, 3, 1, 0]


class TestForgetAccount:
    def test_leaves_nothing_of_it_and_all_of_others(self) -> None:
        fill(ADA)
        fill(BOB)

        identity.forgetting.forget_account(account_id=ADA)

        kept = ("attempt", "session", "browser", "recovery", "totp")
        assert [tables.count(f"identity_{name}") for name in kept] == [1] * 5
        assert tables.count("identity_grant") == 1
        assert identity.recovery.count_left(account_id=ADA) == 0
        assert identity.recovery.count_left(account_id=BOB) == 10
