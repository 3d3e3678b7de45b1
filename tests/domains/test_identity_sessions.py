"""Sessions that end, and leave for important operations that is bound and spent once."""

from __future__ import annotations

import datetime as dt

import pytest

from evertill.domains import identity
from evertill.domains.identity import Factor
from evertill.domains.identity.rules import enough_for_step_up
from evertill.domains.identity.sessions import FactorsTooWeak
from evertill.domains.identity.stepup import StepUpRequired
from evertill.kernel import db
from tests.builders import NOON
from tests.threads import together

ADA, BOB = 1, 2
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


def start(account_id: int = ADA, *, is_staff: bool = False, factor: Factor = Factor.PASSKEY) -> str:
    return identity.sessions.start(
        account_id=account_id, is_staff=is_staff, factors=[factor], device="Firefox", place="203.0.113.7", now=NOON
    )


def resumed(secret: str, now: dt.datetime = NOON) -> identity.Session:
    session = identity.sessions.resume(secret=secret, now=now)
    assert session is not None
    return session


def is_open(secret: str, now: dt.datetime) -> bool:
    return identity.sessions.resume(secret=secret, now=now) is not None


@pytest.mark.django_db
class TestSessions:
    def test_know_what_was_proved_and_when(self) -> None:
        session = resumed(start(factor=Factor.PASSWORD))
        identity.sessions.prove(session_id=session.id, factor=Factor.TOTP, now=NOON + MINUTE)
        identity.sessions.prove(session_id=session.id, factor=Factor.PASSWORD, now=NOON + HOUR)

        (listed,) = identity.sessions.list_open(account_id=ADA, now=NOON + HOUR)
        assert listed.proved == {Factor.TOTP: NOON + MINUTE, Factor.PASSWORD: NOON + HOUR}
        assert (listed.device, listed.place, listed.started_at) == ("Firefox", "203.0.113.7", NOON)

    def test_have_secrets_of_256_bits_that_are_never_the_same(self) -> None:
        secrets = {start() for _ in range(50)}

        assert len(secrets) == 50
        # In base64 after a prefix; 43 characters are 256 bits and a filling.
        assert {len(secret.removeprefix("evs_")) for secret in secrets} == {43}

    def test_that_are_renewed_leave_the_secret_of_before_to_what_is_on_its_way(self) -> None:
        before = start()
        session = resumed(before)
        moment = dt.timedelta(seconds=29)

        after = identity.sessions.renew(session_id=session.id, now=NOON)

        assert resumed(after).id == resumed(before, NOON + moment).id == session.id
        # Two proofs at once: the browser keeps the secret that it got first.
        assert identity.sessions.renew(session_id=session.id, now=NOON + moment) == ""
        assert not is_open(before, NOON + dt.timedelta(seconds=30))
        last = identity.sessions.renew(session_id=session.id, now=NOON + MINUTE)
        assert [is_open(secret, NOON + MINUTE) for secret in (before, after, last)] == [False, True, True]
        identity.sessions.end(account_id=ADA, session_id=session.id, why="ended", now=NOON + MINUTE)
        assert [is_open(secret, NOON + MINUTE) for secret in (after, last)] == [False, False]
        assert identity.sessions.renew(session_id=session.id, now=NOON + HOUR) == ""

    def test_of_staff_end_after_a_quarter_of_an_hour_unseen(self) -> None:
        secret = start(is_staff=True)

        assert is_open(secret, NOON + 14 * MINUTE)
        assert is_open(secret, NOON + 28 * MINUTE)
        assert not is_open(secret, NOON + 43 * MINUTE)

    def test_of_staff_end_after_twelve_hours_however_busy(self) -> None:
        secret = start(is_staff=True)

        assert all(is_open(secret, NOON + step * 10 * MINUTE) for step in range(72))
        assert not is_open(secret, NOON + 12 * HOUR)

    def test_of_customers_last_longer(self) -> None:
        secret = start()

        assert is_open(secret, NOON + 167 * HOUR)
        assert not is_open(secret, NOON + (167 + 168) * HOUR)

    @pytest.mark.parametrize("factor", [Factor.PASSWORD, Factor.SMS_CODE, Factor.EMAIL_CODE, Factor.RECOVERY_CODE])
    def test_of_staff_need_a_strong_factor(self, factor: Factor) -> None:
        with pytest.raises(FactorsTooWeak):
            start(is_staff=True, factor=factor)

    def test_are_ended_by_their_own_account_only(self) -> None:
        secret = start()
        session = resumed(secret)

        assert identity.sessions.end(account_id=BOB, session_id=session.id, why="revoked", now=NOON) is False
        assert is_open(secret, NOON)
        assert identity.sessions.end(account_id=ADA, session_id=session.id, why="revoked", now=NOON) is True
        assert not is_open(secret, NOON)

    def test_others_end_and_this_one_stays(self) -> None:
        here, there, bobs = start(), start(), start(BOB)

        ended = identity.sessions.end_others(account_id=ADA, but=resumed(here).id, why="password", now=NOON)

        assert ended == 1
        assert [is_open(secret, NOON) for secret in (here, there, bobs)] == [True, False, True]


class TestEnough:
    def test_is_the_strongest_that_somebody_has(self) -> None:
        every = set(Factor)

        assert enough_for_step_up(every, is_staff=False) == {Factor.PASSKEY, Factor.TOTP}
        assert enough_for_step_up({Factor.PASSWORD, Factor.SMS_CODE}, is_staff=False) == {Factor.SMS_CODE}
        assert enough_for_step_up({Factor.PASSWORD}, is_staff=False) == {Factor.PASSWORD}

    def test_is_nothing_where_nothing_is_strong_enough(self) -> None:
        assert enough_for_step_up({Factor.PASSWORD, Factor.SMS_CODE}, is_staff=True) == frozenset()
        assert enough_for_step_up({Factor.RECOVERY_CODE}, is_staff=False) == frozenset()
        assert enough_for_step_up([], is_staff=False) == frozenset()


def give(session_id: int, *, factor: Factor = Factor.TOTP) -> None:
    identity.stepup.give(
        session_id=session_id,
        operation="refund",
        subject="order:7",
        factor=factor,
        enrolled=[Factor.TOTP, Factor.PASSWORD],
        is_staff=False,
        now=NOON,
    )


def spend(session_id: int, *, operation: str = "refund", subject: str = "order:7", now: dt.datetime = NOON) -> bool:
    try:
        identity.stepup.spend(session_id=session_id, operation=operation, subject=subject, now=now)
    except StepUpRequired:
        return False
    return True


@pytest.mark.django_db
class TestStepUp:
    def test_is_required_and_spent_once(self) -> None:
        session_id = resumed(start()).id

        assert spend(session_id) is False
        give(session_id)
        assert [spend(session_id), spend(session_id)] == [True, False]

    def test_is_bound_to_session_operation_and_object(self) -> None:
        session_id, other = resumed(start()).id, resumed(start()).id
        give(session_id)

        assert spend(other) is False
        assert spend(session_id, operation="export") is False
        assert spend(session_id, subject="order:8") is False
        assert spend(session_id) is True

    def test_ends_after_five_minutes_and_with_its_session(self) -> None:
        late, ended = resumed(start()).id, resumed(start()).id
        give(late)
        give(ended)
        identity.sessions.end(account_id=ADA, session_id=ended, why="revoked", now=NOON)

        assert spend(late, now=NOON + 5 * MINUTE) is False
        assert spend(ended) is False

    def test_is_not_given_for_a_weaker_factor(self) -> None:
        session_id = resumed(start()).id

        with pytest.raises(StepUpRequired):
            give(session_id, factor=Factor.PASSWORD)
        assert spend(session_id) is False


@pytest.mark.usefixtures("committed_db")
class TestTogether:
    def test_a_hundred_spend_one_leave_once(self) -> None:
        session_id = resumed(start()).id
        give(session_id)

        def spend_often() -> int:
            return sum(_spend_committed(session_id) for _ in range(5))

        assert sum(together(*[spend_often] * 20)) == 1


def _spend_committed(session_id: int) -> bool:
    with db.write():
        return spend(session_id)
