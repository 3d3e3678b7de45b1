"""What an account's owner can change: only after step-up, never his last way in, and he is told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from evertill.domains import accounts, identity, trail
from evertill.domains.accounts import AddressInvalid, AddressKind
from evertill.domains.accounts.passwords import PasswordUnfit
from evertill.domains.identity import Factor, Operation
from evertill.journeys import change_address, change_password, manage_sessions, step_up
from evertill.journeys import manage_second_factors as factors
from evertill.journeys.begin_session import SignedIn, Visit
from evertill.journeys.change_address import AddressInUse, AddressNotFound, CodeWrong, LastWayIn, SmsInUse
from evertill.journeys.change_password import PasswordWrong, TooManyTries
from evertill.journeys.manage_second_factors import SmsCannotBeSecond
from evertill.journeys.manage_sessions import BrowserNotFound, SessionNotFound
from evertill.journeys.sign_in import SignInRefused, sign_in_by_password
from evertill.journeys.sign_up import open_by_passkey
from evertill.journeys.step_up import FactorWrong, StepUpRequired
from evertill.journeys.view_account import NameInvalid, rename_account, view_account
from evertill.kernel import db
from tests import tables
from tests.builders import NOON
from tests.people import (
    ADA,
    DAY,
    MINUTE,
    PASSWORD,
    PHONE,
    VISIT,
    Pocket,
    app_code,
    at,
    back,
    come_by_code,
    is_open,
    more,
    recorded,
    signed_in,
    signed_up,
    stepped_up,
    told,
    with_app,
    wrong_app_code,
)
from tests.threads import together

NEW = "a wholly new pass phrase"
BOB = "bob@example.com"


def with_phone(signed: SignedIn) -> None:
    with db.write():
        accounts.add_address(account_id=signed.account_id, kind=AddressKind.PHONE, address=PHONE, now=NOON)


class TestStepUp:
    def test_is_asked_for_and_bound_to_session_operation_and_object(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        other = signed_in(pocket)
        remove = lambda session: change_address.remove_address(  # noqa: E731 — said three times.
            session=session, kind=AddressKind.EMAIL, address=ADA, now=NOON
        )
        with pytest.raises(StepUpRequired) as asked:
            remove(signed.session)
        assert asked.value.facts == {"operation": "REMOVE_ADDRESS", "subject": f"EMAIL:{ADA}"}

        stepped_up(pocket, signed.session, Operation.REMOVE_ADDRESS, f"EMAIL:{BOB}")
        stepped_up(pocket, other.session, Operation.REMOVE_ADDRESS, f"EMAIL:{ADA}")
        with pytest.raises(StepUpRequired):
            remove(signed.session)
        stepped_up(pocket, signed.session, Operation.REMOVE_ADDRESS, f"EMAIL:{ADA}")
        with pytest.raises(LastWayIn):
            remove(signed.session)

    def test_is_not_skipped_without_a_password(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, "13800000000")

        assert step_up.look(session=signed.session).factors == {Factor.SMS_CODE}
        with pytest.raises(StepUpRequired):
            change_password.set_password(session=signed.session, new=PASSWORD, visit=VISIT, now=NOON)

    def test_takes_the_strongest_that_there_is(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        secret = with_app(pocket, signed)
        later = NOON + MINUTE

        def prove(factor: Factor, text: str) -> None:
            step_up.prove(
                session=signed.session,
                operation="refund",
                subject="7",
                factor=factor,
                text=text,
                visit=VISIT,
                now=later,
            )

        assert step_up.look(session=signed.session).factors == {Factor.TOTP}
        for factor in (Factor.PASSWORD, Factor.EMAIL_CODE, Factor.RECOVERY_CODE, Factor.PASSKEY):
            with pytest.raises(StepUpRequired):
                prove(factor, PASSWORD)
        with pytest.raises(StepUpRequired):
            step_up.send_code(
                session=signed.session,
                operation="refund",
                subject="7",
                factor=Factor.EMAIL_CODE,
                visit=VISIT,
                now=later,
            )
        with pytest.raises(FactorWrong):
            prove(Factor.TOTP, wrong_app_code(secret, later))
        prove(Factor.TOTP, app_code(secret, later))
        with db.write():
            identity.stepup.spend(session_id=signed.session.id, operation="refund", subject="7", now=later)
        (session,) = manage_sessions.list_sessions(session=signed.session, now=later)
        assert session.proved == {Factor.EMAIL_CODE: NOON, Factor.TOTP: later}

    def test_takes_a_code_for_the_same_operation_only(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        sent = step_up.send_code(
            session=signed.session,
            operation="refund",
            subject="7",
            factor=Factor.EMAIL_CODE,
            visit=VISIT,
            now=NOON,
        )

        def prove(subject: str) -> None:
            step_up.prove(
                session=signed.session,
                operation="refund",
                subject=subject,
                factor=Factor.EMAIL_CODE,
                text=pocket.code(),
                code_id=sent.code_id,
                visit=VISIT,
                now=NOON,
            )

        with pytest.raises(FactorWrong):
            prove("8")
        prove("7")
        with pytest.raises(FactorWrong):
            prove("7")

    def test_by_passkey(self, pocket: Pocket, monkeypatch: pytest.MonkeyPatch) -> None:
        signed = signed_up(pocket)
        with db.write(), pytest.raises(StepUpRequired):
            # The account has none.
            step_up.grant_by_passkey(session=signed.session, operation="refund", subject="7", now=NOON)


class TestPassword:
    def change(self, signed: SignedIn, current: str = PASSWORD, new: str = NEW) -> None:
        change_password.change_password(session=signed.session, current=current, new=new, visit=VISIT, now=NOON)

    def test_is_changed_by_who_knows_it_and_ends_everything_else(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        other = signed_in(pocket, visit=back(signed))
        stepped_up(pocket, signed.session, Operation.CHANGE_PASSWORD)

        self.change(signed)

        assert [is_open(one.session_secret) for one in (signed, other)] == [True, False]
        assert told() == [("PASSWORD_CHANGED", ADA)]
        with pytest.raises(SignInRefused):
            sign_in_by_password(address=ADA, password=PASSWORD, visit=VISIT, now=NOON)
        assert isinstance(sign_in_by_password(address=ADA, password=NEW, visit=VISIT, now=NOON), SignedIn)

    def test_needs_step_up_and_the_present_one(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        with pytest.raises(StepUpRequired):
            self.change(signed)
        stepped_up(pocket, signed.session, Operation.CHANGE_PASSWORD)

        with pytest.raises(PasswordWrong):
            self.change(signed, current="wrong horse")
        with pytest.raises(PasswordUnfit):
            self.change(signed, new="ada@example.com1")
        # A mistake costs no step-up.
        self.change(signed)
        with pytest.raises(StepUpRequired):
            self.change(signed, current=NEW)

    def test_is_not_guessed_from_an_open_session(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        stepped_up(pocket, signed.session, Operation.CHANGE_PASSWORD)
        for _ in range(5):
            with pytest.raises(PasswordWrong):
                self.change(signed, current="wrong horse")

        with pytest.raises(TooManyTries):
            self.change(signed)

    def test_that_is_forgotten_is_set_anew(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        other = signed_in(pocket, visit=back(signed))
        stepped_up(pocket, signed.session, Operation.SET_PASSWORD)

        change_password.set_password(session=signed.session, new=NEW, visit=VISIT, now=NOON)

        assert not is_open(other.session_secret)
        assert isinstance(sign_in_by_password(address=ADA, password=NEW, visit=VISIT, now=NOON), SignedIn)

    def test_can_be_removed(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        stepped_up(pocket, signed.session, Operation.REMOVE_PASSWORD)

        change_password.remove_password(session=signed.session, visit=VISIT, now=NOON)

        assert view_account(session=signed.session).has_password is False
        with pytest.raises(SignInRefused):
            sign_in_by_password(address=ADA, password=PASSWORD, visit=VISIT, now=NOON)

    def test_is_changed_once_by_one_leave(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        stepped_up(pocket, signed.session, Operation.SET_PASSWORD)

        def change() -> str:
            try:
                change_password.set_password(session=signed.session, new=NEW, visit=VISIT, now=NOON)
            except (StepUpRequired, accounts.passwords.PasswordsBusy) as error:
                return error.code
            return "changed"

        assert together(*[change] * 8).count("changed") == 1


class TestAddresses:
    def begin(self, pocket: Pocket, signed: SignedIn, address: str) -> change_address.AddingAddress:
        _kind, spelled = accounts.read_address(address, region="CN")
        stepped_up(pocket, signed.session, Operation.ADD_ADDRESS, f"{_kind}:{spelled}")
        return change_address.begin_adding(session=signed.session, address=address, visit=VISIT, now=NOON)

    def add(self, pocket: Pocket, signed: SignedIn, address: str) -> accounts.Address:
        begun = self.begin(pocket, signed, address)
        return change_address.finish_adding(
            session=signed.session, address=address, code_id=begun.code_id, digits=pocket.code(begun.address), now=NOON
        )

    def test_are_added_by_step_up_and_a_code_that_is_sent_there(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        with pytest.raises(StepUpRequired) as asked:
            change_address.begin_adding(session=signed.session, address="138 0000 0000", visit=VISIT, now=NOON)
        assert asked.value.facts == {"operation": "ADD_ADDRESS", "subject": f"PHONE:{PHONE}"}

        self.add(pocket, signed, "138 0000 0000")

        assert [address.text for address in change_address.list_addresses(session=signed.session)] == [ADA, PHONE]
        # Told at the addresses from before.
        assert told() == [("ADDRESS_ADDED", ADA)]
        assert isinstance(come_by_code(pocket, PHONE), SignedIn)

    def test_are_not_added_by_another_code_or_for_another_session(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        other = signed_in(pocket, visit=back(signed))
        begun = self.begin(pocket, signed, BOB)
        code = pocket.code(BOB)

        def finish(session: identity.Session, address: str, digits: str) -> None:
            change_address.finish_adding(
                session=session, address=address, code_id=begun.code_id, digits=digits, now=NOON
            )

        for session, address, digits in (
            (other.session, BOB, code),
            (signed.session, "carol@example.com", code),
            (signed.session, BOB, f"{(int(code) + 1) % 1_000_000:06}"),
        ):
            with pytest.raises(CodeWrong):
                finish(session, address, digits)
        finish(signed.session, BOB, code)
        with pytest.raises(CodeWrong):
            finish(signed.session, BOB, code)

    def test_of_somebody_else_stay_his_and_only_who_proves_it_learns_of_it(self, pocket: Pocket) -> None:
        signed_up(pocket, BOB)
        signed = signed_up(pocket)

        begun = self.begin(pocket, signed, BOB)

        with pytest.raises(AddressInUse):
            change_address.finish_adding(
                session=signed.session, address=BOB, code_id=begun.code_id, digits=pocket.code(BOB), now=NOON
            )
        assert [address.text for address in change_address.list_addresses(session=signed.session)] == [ADA]
        assert told() == []

    def test_are_five_at_most(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        for number in range(4):
            with db.write():
                accounts.add_address(
                    account_id=signed.account_id, kind=AddressKind.EMAIL, address=f"{number}@example.com", now=NOON
                )

        with pytest.raises(accounts.TooManyAddresses):
            self.begin(pocket, signed, BOB)

    def test_are_removed_and_that_is_told_there_too(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        self.add(pocket, signed, BOB)
        stepped_up(pocket, signed.session, Operation.REMOVE_ADDRESS, f"EMAIL:{ADA}")

        change_address.remove_address(session=signed.session, kind=AddressKind.EMAIL, address=ADA, now=NOON)

        assert [address.text for address in change_address.list_addresses(session=signed.session)] == [BOB]
        assert told() == [("ADDRESS_ADDED", ADA), ("ADDRESS_REMOVED", ADA), ("ADDRESS_REMOVED", BOB)]
        # And it is free again.
        assert signed_up(pocket).account_id != signed.account_id

    def test_that_the_account_does_not_have_cannot_be_removed(self, pocket: Pocket) -> None:
        signed_up(pocket, BOB)
        signed = signed_up(pocket)
        stepped_up(pocket, signed.session, Operation.REMOVE_ADDRESS, f"EMAIL:{BOB}")

        with pytest.raises(AddressNotFound):
            change_address.remove_address(session=signed.session, kind=AddressKind.EMAIL, address=BOB, now=NOON)

    def test_that_the_second_step_needs_stay(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        with_phone(signed)
        stepped_up(pocket, signed.session, Operation.SMS_SECOND_ON)
        factors.turn_sms_on(session=signed.session, now=NOON)

        for kind, address in ((AddressKind.PHONE, PHONE), (AddressKind.EMAIL, ADA)):
            stepped_up(pocket, signed.session, Operation.REMOVE_ADDRESS, f"{kind}:{address}")
            with pytest.raises(SmsInUse):
                change_address.remove_address(session=signed.session, kind=kind, address=address, now=NOON)

    def test_two_removed_at_once_leave_one(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        self.add(pocket, signed, BOB)
        for address in (ADA, BOB):
            stepped_up(pocket, signed.session, Operation.REMOVE_ADDRESS, f"EMAIL:{address}")

        def remove(address: str) -> Callable[[], str]:
            def call() -> str:
                try:
                    change_address.remove_address(
                        session=signed.session, kind=AddressKind.EMAIL, address=address, now=NOON
                    )
                except LastWayIn as error:
                    return error.code
                return "removed"

            return call

        assert sorted(together(remove(ADA), remove(BOB))) == ["LAST_WAY_IN", "removed"]

    def test_must_be_ones(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)

        with pytest.raises(AddressInvalid):
            change_address.begin_adding(session=signed.session, address="010 6552 9988", visit=VISIT, now=NOON)


class TestSecondFactors:
    def test_app_counts_once_it_is_confirmed(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        stepped_up(pocket, signed.session, Operation.ADD_TOTP)
        begun = factors.begin_totp(session=signed.session, now=NOON)

        assert begun.uri.startswith("otpauth://totp/localhost:ada%40example.com?secret=")
        assert factors.view_factors(session=signed.session).totp is False
        with pytest.raises(factors.CodeWrong):
            factors.confirm_totp(session=signed.session, code=wrong_app_code(begun.secret), visit=VISIT, now=NOON)
        factors.confirm_totp(session=signed.session, code=app_code(begun.secret), visit=VISIT, now=NOON)
        assert factors.view_factors(session=signed.session) == factors.Factors(
            has_password=False,
            totp=True,
            sms_second=False,
            can_turn_sms_on=False,
            recovery_codes_left=0,
            passkeys=0,
            is_second_step_on=True,
            is_staff=False,
        )
        assert told() == [("TOTP_ADDED", ADA)]

    def test_app_is_removed_by_itself_only(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        secret = with_app(pocket, signed)
        later = NOON + MINUTE
        with pytest.raises(StepUpRequired):
            factors.remove_totp(session=signed.session, now=later)
        step_up.prove(
            session=signed.session,
            operation=Operation.REMOVE_TOTP,
            subject="",
            factor=Factor.TOTP,
            text=app_code(secret, later),
            visit=VISIT,
            now=later,
        )

        factors.remove_totp(session=signed.session, now=later)

        assert told() == [("TOTP_ADDED", ADA), ("TOTP_REMOVED", ADA)]
        assert isinstance(come_by_code(pocket, now=later), SignedIn)

    def test_sms_goes_on_and_off(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        stepped_up(pocket, signed.session, Operation.SMS_SECOND_ON)
        with pytest.raises(SmsCannotBeSecond):
            factors.turn_sms_on(session=signed.session, now=NOON)
        with_phone(signed)
        assert factors.view_factors(session=signed.session).can_turn_sms_on is True

        # What was refused cost no leave.
        factors.turn_sms_on(session=signed.session, now=NOON)
        more(come_by_code(pocket))
        stepped_up(pocket, signed.session, Operation.SMS_SECOND_OFF)
        factors.turn_sms_off(session=signed.session, now=NOON)

        assert isinstance(come_by_code(pocket), SignedIn)
        assert [notice for notice, _to in told()][:2] == ["NEW_SIGN_IN", "SMS_SECOND_OFF"]

    def test_recovery_codes_are_made_anew(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        with pytest.raises(StepUpRequired):
            factors.make_recovery_codes(session=signed.session, now=NOON)
        stepped_up(pocket, signed.session, Operation.MAKE_RECOVERY_CODES)
        codes = factors.make_recovery_codes(session=signed.session, now=NOON)

        assert len(set(codes)) == 10
        assert factors.view_factors(session=signed.session).recovery_codes_left == 10
        assert told() == [("RECOVERY_CODES_MADE", ADA)]


class TestSessions:
    def test_are_listed_and_ended_everywhere_at_once(self, pocket: Pocket) -> None:
        here = signed_up(pocket)
        there = signed_in(pocket, visit=at(device="Chrome on Android"), now=NOON + MINUTE)
        signed_up(pocket, BOB)

        listed = manage_sessions.list_sessions(session=here.session, now=NOON + MINUTE)
        assert [(one.id, one.device) for one in listed] == [
            (there.session.id, "Chrome on Android"),
            (here.session.id, "Firefox on Linux"),
        ]
        manage_sessions.end_session(session=here.session, session_id=there.session.id, now=NOON + MINUTE)

        assert manage_sessions.resume_session(secret=there.session_secret, now=NOON + MINUTE) is None
        with pytest.raises(SessionNotFound):
            manage_sessions.end_session(session=here.session, session_id=there.session.id, now=NOON + MINUTE)

    def test_of_others_are_not_found(self, pocket: Pocket) -> None:
        ada, bob = signed_up(pocket), signed_up(pocket, BOB)

        with pytest.raises(SessionNotFound):
            manage_sessions.end_session(session=ada.session, session_id=bob.session.id, now=NOON)
        (browser,) = manage_sessions.list_browsers(session=bob.session, now=NOON)
        with pytest.raises(BrowserNotFound):
            manage_sessions.forget_browser(session=ada.session, browser_id=browser.id, now=NOON)
        assert is_open(bob.session_secret)

    def test_of_others_end_together(self, pocket: Pocket) -> None:
        here, there, bob = signed_up(pocket), signed_in(pocket), signed_up(pocket, BOB)

        assert manage_sessions.end_other_sessions(session=here.session, now=NOON) == 1
        assert [is_open(one.session_secret) for one in (here, there, bob)] == [True, False, True]

    def test_end_by_signing_out(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)

        manage_sessions.sign_out(session=signed.session, now=NOON)
        manage_sessions.sign_out(session=signed.session, now=NOON)

        assert not is_open(signed.session_secret)

    def test_are_ended_on_record(self, pocket: Pocket) -> None:
        here, there = signed_up(pocket), signed_in(pocket, visit=at(device="Chrome on Android"))
        browser_id = there.session.browser_id or 0
        acts: tuple[Callable[..., object], ...] = (
            partial(manage_sessions.end_session, session_id=there.session.id),
            manage_sessions.end_other_sessions,
            manage_sessions.end_trust,
            partial(manage_sessions.forget_browser, browser_id=browser_id),
            manage_sessions.sign_out,
            manage_sessions.sign_out,
        )
        for minute, act in enumerate(acts):
            act(session=here.session, now=NOON + minute * MINUTE)

        found = trail.read_records(search=trail.Search(), limit=9)
        begun = ("account.open", "account.sign_in")
        assert [(one.operation, one.after) for one in found[::-1] if one.operation not in begun] == [
            ("account.end_session", f'{{"session":{there.session.id}}}'),
            ("account.end_other_sessions", '{"ended":0}'),
            ("account.end_trust", '{"ended":0}'),
            ("account.forget_browser", f'{{"browser":{browser_id}}}'),
            ("account.sign_out", ""),
        ]

    def test_are_noted_as_seen_once_a_minute(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)

        def seen_after(seconds: int) -> object:
            manage_sessions.resume_session(secret=signed.session_secret, now=NOON + seconds * MINUTE / 60)
            return db.fetch("select seen_at from identity_session")[0][0]

        assert [seen_after(30), seen_after(61), seen_after(90)] == [NOON, NOON + 61 * MINUTE / 60] * 1 + [
            NOON + 61 * MINUTE / 60
        ]


class TestBrowsers:
    def test_are_listed_and_forgotten_with_their_sessions(self, pocket: Pocket) -> None:
        here = signed_up(pocket)
        there = signed_in(pocket, visit=at(device="Chrome on Android"), now=NOON + MINUTE)
        listed = manage_sessions.list_browsers(session=here.session, now=NOON + MINUTE)

        manage_sessions.forget_browser(session=here.session, browser_id=listed[0].id, now=NOON + MINUTE)

        assert [(one.device, one.places, one.trusted_until) for one in listed] == [
            ("Chrome on Android", ("203.0.0.0/16",), None),
            ("Firefox on Linux", ("203.0.0.0/16",), None),
        ]
        assert [is_open(one.session_secret) for one in (here, there)] == [True, False]
        # Who comes again with it is told of as new.
        signed_in(pocket, visit=back(there), now=NOON + 2 * MINUTE)
        assert [notice for notice, _to in told()] == ["NEW_SIGN_IN", "NEW_SIGN_IN"]

    def test_are_trusted_no_more(self, pocket: Pocket) -> None:
        from evertill.journeys.sign_in import sign_in_by_second_factor

        signed = signed_up(pocket, password=PASSWORD)
        secret = with_app(pocket, signed)
        waiting = more(sign_in_by_password(address=ADA, password=PASSWORD, visit=VISIT, now=NOON))
        trusted = sign_in_by_second_factor(
            attempt=waiting.attempt,
            factor=Factor.TOTP,
            text=app_code(secret, NOON + MINUTE),
            trust=True,
            visit=VISIT,
            now=NOON + MINUTE,
        )
        assert isinstance(trusted, SignedIn)
        assert [one.trusted_until for one in manage_sessions.list_browsers(session=signed.session, now=NOON)] == [
            NOON + MINUTE + 30 * DAY,
            None,
        ]

        assert manage_sessions.end_trust(session=signed.session, now=NOON) == 1

        more(sign_in_by_password(address=ADA, password=PASSWORD, visit=back(trusted), now=NOON + DAY))

    def test_are_fifty_at_most(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        with db.write():
            for number in range(60):
                identity.browsers.note(
                    account_id=signed.account_id,
                    secret="",
                    device=str(number),
                    place="",
                    trust=False,
                    now=NOON + number * MINUTE,
                )

        listed = manage_sessions.list_browsers(session=signed.session, now=NOON)
        assert [one.device for one in listed] == [str(number) for number in range(59, 9, -1)]

    def test_keep_twenty_places(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        secret = signed.browser_secret
        with db.write():
            for number in range(30):
                _seen, secret = identity.browsers.note(
                    account_id=signed.account_id, secret=secret, device="", place=str(number), trust=False, now=NOON
                )

        (browser,) = manage_sessions.list_browsers(session=signed.session, now=NOON)
        assert browser.places == tuple(str(number) for number in range(10, 30))


class TestTrail:
    def test_has_what_was_done_and_no_name_or_address(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD, name="Ada Lovelace")
        with_app(pocket, signed)
        more(come_by_code(pocket))

        (record,) = trail.read_records(search=trail.Search(operation="account.totp_added"), limit=10)

        assert recorded() == ["account.open", "account.add_totp", "account.totp_added"]
        assert (record.actor_kind, record.actor_id, record.factors, record.place, record.session_id) == (
            "CUSTOMER",
            str(signed.account_id),
            "EMAIL_CODE",
            "203.0.0.0/16",
            signed.session.id,
        )
        assert not [text for text in (ADA, "Lovelace", PASSWORD) if text in repr(tables.rows("trail_record"))]

    def test_has_nothing_of_what_was_refused(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        stepped_up(pocket, signed.session, Operation.REMOVE_ADDRESS, f"EMAIL:{ADA}")
        with pytest.raises(LastWayIn):
            change_address.remove_address(session=signed.session, kind=AddressKind.EMAIL, address=ADA, now=NOON)

        assert recorded() == ["account.open"]


class TestName:
    def test_is_changed(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)

        rename_account(session=signed.session, display_name=" 张三 ", now=NOON)

        assert view_account(session=signed.session).display_name == "张三"
        with pytest.raises(NameInvalid):
            rename_account(session=signed.session, display_name="a\u202eb", now=NOON)
        assert recorded() == ["account.open", "account.rename"]


class TestPasskeyAlone:
    def test_can_add_an_address_by_nothing_but_its_passkey(self, pocket: Pocket) -> None:
        visit = Visit(caller="", device="", place="", browser="", language="en")
        with db.write():
            signed = open_by_passkey(account_id=17, display_name="", visit=visit, now=NOON)

        # No passkey is known of in this test, so nothing is enough.
        assert step_up.look(session=signed.session) == step_up.StepUp(factors=frozenset(), hidden={})
