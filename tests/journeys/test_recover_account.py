"""Recovery: slow, told everywhere, cancelled by whoever owns the account, and done once."""

from __future__ import annotations

import pytest

from evertill.domains import accounts, identity, messages
from evertill.domains.accounts import AddressKind
from evertill.domains.identity import Factor, Operation
from evertill.journeys import manage_second_factors as factors
from evertill.journeys import manage_sessions, manage_staff, recover_account
from evertill.journeys.begin_session import SignedIn
from evertill.journeys.recover_account import RecoveryNotReady, RecoveryRefused
from evertill.journeys.sign_in import AttemptEnded, MoreNeeded, sign_in_by_password
from evertill.kernel import db
from tests import tables
from tests.askers import MACHINE
from tests.builders import NOON
from tests.people import (
    ADA,
    DAY,
    HOUR,
    MINUTE,
    PASSWORD,
    VISIT,
    Pocket,
    app_code,
    come_by_code,
    is_open,
    more,
    recorded,
    signed_up,
    stepped_up,
    told,
)
from tests.threads import together

WORK = "ada@work.example"
READY = NOON + 72 * HOUR


@pytest.fixture
def ada(pocket: Pocket) -> SignedIn:
    """Somebody with a password, an authenticator app, recovery codes and two addresses."""
    signed = signed_up(pocket, password=PASSWORD)
    with db.write():
        accounts.add_address(account_id=signed.account_id, kind=AddressKind.EMAIL, address=WORK, now=NOON - DAY)
    stepped_up(pocket, signed.session, Operation.MAKE_RECOVERY_CODES)
    factors.make_recovery_codes(session=signed.session, now=NOON)
    stepped_up(pocket, signed.session, Operation.ADD_TOTP)
    secret = factors.begin_totp(session=signed.session, now=NOON).secret
    factors.confirm_totp(session=signed.session, code=app_code(secret), visit=VISIT, now=NOON)
    tables_of_messages_emptied()
    return signed


def tables_of_messages_emptied() -> None:
    db.execute("delete from messages_message")


def waiting(pocket: Pocket, *, now: object = NOON) -> MoreNeeded:
    return more(come_by_code(pocket, now=now))  # type: ignore[arg-type]


def ask(pocket: Pocket) -> identity.Recovery:
    return recover_account.ask(attempt=waiting(pocket).attempt, visit=VISIT, now=NOON)


class TestAsking:
    def test_waits_three_days_and_is_told_at_all_addresses(self, pocket: Pocket, ada: SignedIn) -> None:
        offered = waiting(pocket)
        assert (offered.may_recover, offered.recovery) == (True, None)

        recovery = recover_account.ask(attempt=offered.attempt, visit=VISIT, now=NOON)

        assert (recovery.ready_at, recovery.ends_at) == (READY, READY + 7 * DAY)
        assert told() == [("RECOVERY_ASKED", ADA), ("RECOVERY_ASKED", WORK)]
        assert recover_account.waiting(session=ada.session, now=NOON) == recovery
        assert waiting(pocket).recovery == recovery

    def test_again_does_not_begin_anew_or_tell_again(self, pocket: Pocket, ada: SignedIn) -> None:
        first = ask(pocket)

        again = recover_account.ask(attempt=waiting(pocket).attempt, visit=VISIT, now=NOON + HOUR / 60)

        assert again == first
        assert len(told()) == 2

    def test_needs_a_proved_address(self, pocket: Pocket, ada: SignedIn) -> None:
        by_password = more(sign_in_by_password(address=ADA, password=PASSWORD, visit=VISIT, now=NOON))

        assert by_password.may_recover is False
        with pytest.raises(AttemptEnded):
            recover_account.ask(attempt=by_password.attempt, visit=VISIT, now=NOON)
        with pytest.raises(AttemptEnded):
            recover_account.finish(attempt=by_password.attempt, visit=VISIT, now=READY)

    def test_is_not_for_staff(self, pocket: Pocket, ada: SignedIn) -> None:
        manage_staff.add_staff(address=ADA, asker=MACHINE, now=NOON)
        offered = waiting(pocket)

        assert offered.may_recover is False
        with pytest.raises(RecoveryRefused):
            recover_account.ask(attempt=offered.attempt, visit=VISIT, now=NOON)

    def test_at_once_is_one(self, pocket: Pocket, ada: SignedIn) -> None:
        attempt = waiting(pocket).attempt

        asked = together(*[lambda: recover_account.ask(attempt=attempt, visit=VISIT, now=NOON)] * 10)

        assert len({one.id for one in asked}) == 1
        assert tables.count("identity_recovery") == 1
        assert len(told()) == 2


class TestFinishing:
    def test_removes_what_was_lost_ends_all_sessions_and_signs_in(self, pocket: Pocket, ada: SignedIn) -> None:
        ask(pocket)
        attempt = waiting(pocket, now=READY).attempt

        signed = recover_account.finish(attempt=attempt, visit=VISIT, now=READY)

        assert signed.account_id == ada.account_id
        assert signed.session.proved == {Factor.EMAIL_CODE: READY}
        assert [is_open(one.session_secret, READY) for one in (ada, signed)] == [False, True]
        assert factors.view_factors(session=signed.session) == factors.Factors(
            has_password=False,
            totp=False,
            sms_second=False,
            can_turn_sms_on=False,
            recovery_codes_left=0,
            passkeys=0,
            is_second_step_on=False,
            is_staff=False,
        )
        assert ("RECOVERY_DONE", WORK) in told()
        assert recorded()[-3:] == ["account.recovery_asked", "account.sign_in", "account.recovery_done"]
        # Done once.
        assert isinstance(come_by_code(pocket, now=READY), SignedIn)
        assert recover_account.waiting(session=signed.session, now=READY) is None

    def test_is_refused_a_moment_too_early_and_too_late(self, pocket: Pocket, ada: SignedIn) -> None:
        ask(pocket)
        for moment in (NOON, READY - MINUTE, READY + 7 * DAY):
            with pytest.raises(RecoveryNotReady):
                recover_account.finish(attempt=waiting(pocket, now=moment).attempt, visit=VISIT, now=moment)

        assert identity.totp.is_in_use(account_id=ada.account_id)
        # It can be asked for again after that.
        later = READY + 7 * DAY
        again = recover_account.ask(attempt=waiting(pocket, now=later).attempt, visit=VISIT, now=later)
        assert again.ready_at == later + 72 * HOUR

    def test_is_refused_when_nobody_asked(self, pocket: Pocket, ada: SignedIn) -> None:
        with pytest.raises(RecoveryNotReady):
            recover_account.finish(attempt=waiting(pocket).attempt, visit=VISIT, now=NOON)

    def test_at_once_is_done_once(self, pocket: Pocket, ada: SignedIn) -> None:
        ask(pocket)
        attempt = waiting(pocket, now=READY).attempt

        def finish() -> str:
            try:
                recover_account.finish(attempt=attempt, visit=VISIT, now=READY)
            except (AttemptEnded, RecoveryNotReady) as error:
                return error.code
            return "done"

        assert together(*[finish] * 10).count("done") == 1


class TestCancelling:
    def test_by_any_open_session(self, pocket: Pocket, ada: SignedIn) -> None:
        ask(pocket)

        assert recover_account.cancel(session=ada.session, now=NOON + DAY) is True
        assert recover_account.cancel(session=ada.session, now=NOON + DAY) is False

        with pytest.raises(RecoveryNotReady):
            recover_account.finish(attempt=waiting(pocket, now=READY).attempt, visit=VISIT, now=READY)
        assert told()[2:] == [("RECOVERY_CANCELLED", ADA), ("RECOVERY_CANCELLED", WORK)]

    def test_by_the_link_in_the_message(self, pocket: Pocket, ada: SignedIn) -> None:
        ask(pocket)
        (message, *_other) = messages.read_open(limit=10)
        path = message.facts["cancel"]
        token = path.removeprefix("/account/recovery/cancel/")

        wrong = token[:-1] + ("A" if token[-1] != "A" else "B")
        assert [recover_account.cancel_by_link(token=text, now=NOON) for text in ("", "x.y", wrong)] == [False] * 3
        assert recover_account.cancel_by_link(token=token, now=NOON) is True
        assert recover_account.cancel_by_link(token=token, now=NOON) is False
        assert recover_account.waiting(session=ada.session, now=NOON) is None

    def test_by_a_link_of_before_does_not_touch_the_next(self, pocket: Pocket, ada: SignedIn) -> None:
        ask(pocket)
        token = messages.read_open(limit=1)[0].facts["cancel"].rpartition("/")[2]
        recover_account.cancel(session=ada.session, now=NOON)
        ask(pocket)

        assert recover_account.cancel_by_link(token=token, now=NOON) is False


class TestTellingWhenReady:
    def test_tells_once(self, pocket: Pocket, ada: SignedIn) -> None:
        ask(pocket)
        before = recover_account.tell_ready(now=READY - MINUTE)

        assert [before, recover_account.tell_ready(now=READY), recover_account.tell_ready(now=READY)] == [0, 1, 0]
        assert told()[2:] == [("RECOVERY_READY", ADA), ("RECOVERY_READY", WORK)]

    def test_tells_nothing_of_what_was_cancelled(self, pocket: Pocket, ada: SignedIn) -> None:
        ask(pocket)
        recover_account.cancel(session=ada.session, now=NOON)

        assert recover_account.tell_ready(now=READY) == 0


class TestSessionsMeanwhile:
    def test_go_on(self, pocket: Pocket, ada: SignedIn) -> None:
        ask(pocket)

        assert manage_sessions.resume_session(secret=ada.session_secret, now=NOON) is not None
