"""Signing up and in: by code, by password, with a second step; alike for names that nobody has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from evertill.domains import accounts, identity
from evertill.domains.accounts import AddressKind
from evertill.domains.accounts.passwords import PasswordsBusy, PasswordUnfit
from evertill.domains.identity import Factor, Operation
from evertill.domains.identity.codes import SendingLimited
from evertill.journeys import manage_second_factors as factors
from evertill.journeys.begin_session import SignedIn
from evertill.journeys.sign_in import (
    AskedForCode,
    AttemptEnded,
    CodeWrong,
    FactorNotNeeded,
    FactorWrong,
    MoreNeeded,
    NewHere,
    SignInRefused,
    TooManyTries,
    ask_for_code,
    go_on_with_passkey,
    look_at_attempt,
    send_second_code,
    sign_in_by_code,
    sign_in_by_password,
    sign_in_by_second_factor,
)
from evertill.journeys.sign_up import AddressInUse, NameInvalid, open_by_passkey, sign_up
from evertill.kernel import db
from tests import tables
from tests.builders import NOON
from tests.people import (
    ADA,
    DAY,
    HOUR,
    MINUTE,
    PASSWORD,
    PHONE,
    VISIT,
    CheapHasher,
    Pocket,
    app_code,
    at,
    back,
    come_by_code,
    is_open,
    more,
    signed_in,
    signed_up,
    stepped_up,
    told,
    with_app,
    wrong_app_code,
)
from tests.threads import together

Change = Callable[..., None]


def by_password(address: str = ADA, password: str = PASSWORD, **changed: Any) -> SignedIn | MoreNeeded:
    return sign_in_by_password(address=address, password=password, visit=VISIT, **{"now": NOON, **changed})


def with_phone(account_id: int) -> None:
    with db.write():
        accounts.add_address(account_id=account_id, kind=AddressKind.PHONE, address=PHONE, now=NOON)


def with_sms(pocket: Pocket, signed: SignedIn) -> None:
    """Make SMS codes an account's second step."""
    with_phone(signed.account_id)
    stepped_up(pocket, signed.session, Operation.SMS_SECOND_ON)
    factors.turn_sms_on(session=signed.session, now=NOON)


class TestSignUp:
    def test_opens_an_account_for_an_address_that_was_proved(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, " Ada@Example.com ", name=" Ada  Lovelace ")

        account = accounts.find(kind=AddressKind.EMAIL, address=ADA)
        assert account is not None
        assert account == accounts.Account(
            id=signed.account_id,
            state=accounts.AccountState.ACTIVE,
            display_name="Ada Lovelace",
            language="en",
            has_password=False,
            sms_second=False,
            created_at=NOON,
        )
        assert accounts.read_addresses(account_id=account.id) == [
            accounts.Address(kind=AddressKind.EMAIL, text=ADA, proved_at=NOON)
        ]
        assert signed.session.proved == {Factor.EMAIL_CODE: NOON}
        assert told() == []

    def test_by_phone_and_password(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, "138 0000 0000", password=PASSWORD)

        again = by_password("13800000000")

        assert isinstance(again, SignedIn)
        assert again.account_id == signed.account_id
        assert again.session.proved == {Factor.PASSWORD: NOON}

    def test_by_passkey_alone_needs_no_address(self, pocket: Pocket) -> None:
        with db.write():
            signed = open_by_passkey(account_id=17, display_name="Ada", visit=VISIT, now=NOON)

        assert (signed.account_id, signed.session.proved) == (17, {Factor.PASSKEY: NOON})
        assert accounts.read_addresses(account_id=17) == []

    def test_is_once_for_an_address(self, pocket: Pocket) -> None:
        first, second = come_by_code(pocket), come_by_code(pocket)
        assert isinstance(first, NewHere)
        assert isinstance(second, NewHere)
        sign_up(attempt=first.attempt, display_name="", visit=VISIT, now=NOON)

        with pytest.raises(AddressInUse):
            sign_up(attempt=second.attempt, display_name="", visit=VISIT, now=NOON)

        assert tables.count("accounts_account") == 1

    def test_is_once_for_an_attempt(self, pocket: Pocket) -> None:
        outcome = come_by_code(pocket)
        assert isinstance(outcome, NewHere)
        attempt = outcome.attempt

        def open_one() -> str:
            try:
                sign_up(attempt=attempt, display_name="", visit=VISIT, now=NOON)
            except (AttemptEnded, AddressInUse) as error:
                return error.code
            return "opened"

        assert sorted(together(*[open_one] * 20)) == ["ATTEMPT_ENDED"] * 19 + ["opened"]

    def test_needs_a_proved_address(self, pocket: Pocket) -> None:
        asked = ask_for_code(address=ADA, visit=VISIT, now=NOON)

        with pytest.raises(AttemptEnded):
            sign_up(attempt=asked.attempt, display_name="", visit=VISIT, now=NOON)
        with pytest.raises(AttemptEnded):
            sign_up(attempt="eva_guessed", display_name="", visit=VISIT, now=NOON)
        assert tables.count("accounts_account") == 0

    def test_needs_a_fit_password_and_name(self, pocket: Pocket) -> None:
        outcome = come_by_code(pocket)
        assert isinstance(outcome, NewHere)

        def refusal(password: str, name: str = "Ada") -> list[str] | str:
            try:
                sign_up(attempt=outcome.attempt, display_name=name, password=password, visit=VISIT, now=NOON)
            except (PasswordUnfit, NameInvalid) as error:
                return error.facts.get("reasons", error.code)
            return "fit"

        assert refusal("6dgz!q1") == ["TOO_SHORT"]
        assert refusal("x" * 129) == ["TOO_LONG"]
        assert refusal("password1") == ["TOO_COMMON"]
        assert refusal("Evertill1!") == ["NAMES_SHOP"]
        assert refusal("ada@example.com") == ["NAMES_SHOP"]
        assert refusal("四个字不对") == ["TOO_SHORT"]
        assert refusal(PASSWORD, "a\x00b") == "NAME_INVALID"
        assert refusal(PASSWORD, "a" * 81) == "NAME_INVALID"
        assert tables.count("accounts_account") == 0
        # Any letters, no rule of which must be there, and as many as 128.
        assert refusal("密码里的每一个字都算数" + "长" * 117) == "fit"


class TestByCode:
    def test_signs_in_and_ends_the_attempt(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        asked = ask_for_code(address=ADA, visit=VISIT, now=NOON)
        code = pocket.code()

        outcome = sign_in_by_code(attempt=asked.attempt, digits=code, visit=VISIT, now=NOON)

        assert isinstance(outcome, SignedIn)
        assert outcome.account_id == signed.account_id
        assert is_open(outcome.session_secret)
        with pytest.raises(AttemptEnded):
            sign_in_by_code(attempt=asked.attempt, digits=code, visit=VISIT, now=NOON)

    def test_sends_to_everybody_alike(self, pocket: Pocket) -> None:
        signed_up(pocket)

        known = ask_for_code(address=ADA, visit=VISIT, now=NOON)
        unknown = ask_for_code(address="bob@example.com", visit=VISIT, now=NOON)

        assert [letter.to for letter in pocket.letters[-2:]] == [ADA, "bob@example.com"]
        assert (known.kind, known.expires_at) == (unknown.kind, unknown.expires_at)
        # Of whose account it is, none of them says anything: nor that of signing up.
        assert [row[2] for row in tables.rows("identity_attempt")] == [None] * 3

    def test_sends_nothing_past_the_limit_and_says_so_to_all_alike(self, pocket: Pocket) -> None:
        for _ in range(5):
            ask_for_code(address=ADA, visit=VISIT, now=NOON)

        with pytest.raises(SendingLimited):
            ask_for_code(address=ADA, visit=VISIT, now=NOON)

    def test_refuses_wrong_codes_and_five_of_them_end_it(self, pocket: Pocket) -> None:
        signed_up(pocket)
        asked = ask_for_code(address=ADA, visit=VISIT, now=NOON)
        code = pocket.code()
        wrong = f"{(int(code) + 1) % 1_000_000:06}"

        for _ in range(5):
            with pytest.raises(CodeWrong):
                sign_in_by_code(attempt=asked.attempt, digits=wrong, visit=VISIT, now=NOON)
        with pytest.raises(CodeWrong):
            sign_in_by_code(attempt=asked.attempt, digits=code, visit=VISIT, now=NOON)

    def test_ends_after_a_quarter_of_an_hour(self, pocket: Pocket) -> None:
        outcome = come_by_code(pocket)
        assert isinstance(outcome, NewHere)

        with pytest.raises(AttemptEnded):
            sign_up(attempt=outcome.attempt, display_name="", visit=VISIT, now=NOON + 15 * MINUTE)

    def test_two_hundred_at_once_are_one(self, pocket: Pocket) -> None:
        signed_up(pocket)
        asked = ask_for_code(address=ADA, visit=VISIT, now=NOON)
        code = pocket.code()

        def use_often() -> list[str]:
            answers = []
            for _ in range(5):
                try:
                    sign_in_by_code(attempt=asked.attempt, digits=code, visit=VISIT, now=NOON)
                    answers.append("signed in")
                except (CodeWrong, AttemptEnded) as error:
                    answers.append(error.code)
            return answers

        answers = [answer for some in together(*[use_often] * 40) for answer in some]

        assert len(answers) == 200
        assert answers.count("signed in") == 1
        # The one of signing up, and this one.
        assert tables.count("identity_session") == 2

    def test_shows_its_pages_again(self, pocket: Pocket) -> None:
        asked = ask_for_code(address=ADA, visit=VISIT, now=NOON)
        waiting = look_at_attempt(attempt=asked.attempt, now=NOON)
        new = sign_in_by_code(attempt=asked.attempt, digits=pocket.code(), visit=VISIT, now=NOON)

        assert isinstance(waiting, AskedForCode)
        assert (waiting.kind, waiting.address) == (AddressKind.EMAIL, ADA)
        assert look_at_attempt(attempt=asked.attempt, now=NOON) == new

    def test_gets_long_after_many_wrong_codes(self, pocket: Pocket) -> None:
        signed_up(pocket)
        for number in range(10):
            now = NOON + number * DAY
            asked = ask_for_code(address=ADA, visit=at(caller=str(number)), now=now)
            wrong = f"{(int(pocket.code()) + 1) % 1_000_000:06}"
            for _ in range(5):
                with pytest.raises(CodeWrong):
                    sign_in_by_code(attempt=asked.attempt, digits=wrong, visit=VISIT, now=now)

        signed = signed_in(pocket, now=NOON + 10 * DAY)

        assert len(pocket.code()) == len("XXXX-XXXX-XXXX-XXXX")
        assert signed.session.proved == {Factor.EMAIL_CODE: NOON + 10 * DAY}
        # Success counts for the address: the next one is short again.
        signed_in(pocket, now=NOON + 10 * DAY)
        assert len(pocket.code()) == 6


class TestByPassword:
    def test_signs_in(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD)

        outcome = by_password()

        assert isinstance(outcome, SignedIn)
        assert (outcome.account_id, outcome.session.proved) == (signed.account_id, {Factor.PASSWORD: NOON})

    def test_answers_unknown_wrong_and_without_password_alike_and_at_the_same_cost(self, pocket: Pocket) -> None:
        signed_up(pocket, password=PASSWORD)
        signed_up(pocket, "carol@example.com")

        def answer(address: str) -> tuple[str, str, str, int]:
            before = CheapHasher.calls
            with pytest.raises(SignInRefused) as refused:
                by_password(address, "wrong horse")
            return refused.value.code, refused.value.detail, str(refused.value.facts), CheapHasher.calls - before

        answers = {answer(name) for name in (ADA, "nobody@example.com", "carol@example.com", "no address", PHONE)}

        assert len(answers) == 1
        assert answers.pop()[3] == 1

    def test_asks_the_database_as_often_for_unknown_names(self, pocket: Pocket) -> None:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        signed_up(pocket, password=PASSWORD)

        def asked(address: str) -> list[str]:
            with CaptureQueriesContext(connection) as asked, pytest.raises(SignInRefused):
                by_password(address, "wrong horse")
            return [query["sql"].split()[0] for query in asked.captured_queries]

        assert asked(ADA) == asked("nobody@example.com")

    def test_is_slowed_alike_for_unknown_names(self, pocket: Pocket) -> None:
        signed_up(pocket, password=PASSWORD)

        def tries(address: str) -> list[tuple[str, Any]]:
            answers = []
            for _ in range(7):
                with pytest.raises((SignInRefused, TooManyTries)) as error:
                    by_password(address, "wrong horse")
                answers.append((error.value.code, error.value.facts))
            return answers

        known = tries(ADA)
        assert known == tries("nobody@example.com")
        assert known[5] == ("TOO_MANY_TRIES", {"next_at": (NOON + dt.timedelta(seconds=1)).isoformat()})

    def test_counts_all_addresses_of_an_account_together(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        with_phone(signed.account_id)
        for number in range(50):
            now = NOON + number * HOUR
            for address in (ADA, PHONE):
                with pytest.raises(SignInRefused):
                    sign_in_by_password(address=address, password="wrong", visit=at(caller=str(number)), now=now)

        # The hundred and first is refused though it is right, and looks like any other.
        with pytest.raises(SignInRefused):
            by_password(PHONE, now=NOON + 60 * HOUR)
        # A code still opens the account, and clears the count.
        signed_in(pocket, now=NOON + 60 * HOUR)
        assert isinstance(by_password(PHONE, now=NOON + 60 * HOUR), SignedIn)

    def test_a_thousand_at_once_are_at_most_a_hundred_failures(self, pocket: Pocket, change: Change) -> None:
        signed_up(pocket, password=PASSWORD)
        change(password_checks_max=64, page_threads=64)
        before = CheapHasher.calls

        def guess_often() -> int:
            checked = 0
            for number in range(25):
                try:
                    sign_in_by_password(
                        address=ADA, password="wrong", visit=at(caller=str(number)), now=NOON + number * HOUR
                    )
                except SignInRefused:
                    checked += 1
                except TooManyTries:
                    continue
            return checked

        checked = sum(together(*[guess_often] * 40))

        assert checked <= 100
        assert CheapHasher.calls - before == checked
        ((failures,),) = db.fetch("select max(failures) from identity_guesses")
        assert failures == checked

    def test_never_takes_every_thread(self, pocket: Pocket, change: Change) -> None:
        signed_up(pocket, password=PASSWORD)
        change(password_checks_max=8, page_threads=3)

        with accounts.passwords.turn(), accounts.passwords.turn():
            with pytest.raises(PasswordsBusy):
                by_password()
            refused = tables.rows("identity_guesses")
        # What could not be tried was not counted.
        assert refused == []
        assert isinstance(by_password(), SignedIn)

    def test_renews_a_hash_that_is_out_of_date(self, pocket: Pocket, settings: Any) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        old = accounts.read_password(account_id=signed.account_id)
        settings.PASSWORD_HASHERS = ["tests.people.DearerHasher"]

        by_password()

        new = accounts.read_password(account_id=signed.account_id)
        assert (old.split("$")[:2], new.split("$")[:2]) == (["scrypt", "16"], ["scrypt", "32"])
        assert isinstance(by_password(), SignedIn)
        assert accounts.read_password(account_id=signed.account_id) == new

    def test_shows_no_secret_when_it_is_logged(self, pocket: Pocket) -> None:
        secret = with_app(pocket, signed_up(pocket, password=PASSWORD))
        waiting = more(by_password())
        signed = second(waiting, Factor.TOTP, app_code(secret, NOON + MINUTE), now=NOON + MINUTE)

        shown = repr((waiting, signed, at(browser="evb_x")))

        secrets = (waiting.attempt, signed.session_secret, signed.browser_secret, "evb_x")
        assert [text for text in secrets if text in shown] == []

    def test_keeps_no_password(self, pocket: Pocket) -> None:
        signed_up(pocket, password=PASSWORD)

        assert PASSWORD not in repr(tables.rows("accounts_account"))


class TestSecondStep:
    def test_takes_an_authenticator_app(self, pocket: Pocket) -> None:
        secret = with_app(pocket, signed_up(pocket, password=PASSWORD))
        waiting = more(by_password())
        later = NOON + MINUTE

        assert waiting.factors == {Factor.TOTP}
        assert look_at_attempt(attempt=waiting.attempt, now=NOON) == waiting
        with pytest.raises(FactorWrong):
            second(waiting, Factor.TOTP, wrong_app_code(secret, later), now=later)
        signed = second(waiting, Factor.TOTP, app_code(secret, later), now=later)
        assert signed.session.proved == {Factor.PASSWORD: later, Factor.TOTP: later}
        with pytest.raises(AttemptEnded):
            second(waiting, Factor.TOTP, app_code(secret, later), now=later)

    def test_takes_an_sms_code(self, pocket: Pocket) -> None:
        with_sms(pocket, signed_up(pocket, password=PASSWORD))
        waiting = more(by_password())

        sent = send_second_code(attempt=waiting.attempt, factor=Factor.SMS_CODE, visit=VISIT, now=NOON)

        assert waiting.factors == {Factor.SMS_CODE}
        assert waiting.hidden == {Factor.SMS_CODE: "+86 ••• 0000"}
        assert sent.hidden == "+86 ••• 0000"
        assert pocket.letters[-1].to == PHONE
        signed = second(waiting, Factor.SMS_CODE, pocket.code(PHONE))
        assert signed.session.proved == {Factor.PASSWORD: NOON, Factor.SMS_CODE: NOON}

    def test_is_never_the_same_phone_again(self, pocket: Pocket) -> None:
        with_sms(pocket, signed_up(pocket, password=PASSWORD))

        waiting = more(come_by_code(pocket, PHONE))

        assert waiting.factors == {Factor.PASSWORD, Factor.EMAIL_CODE}
        with pytest.raises(FactorWrong):
            second(waiting, Factor.PASSWORD, "wrong")
        signed = second(waiting, Factor.PASSWORD, PASSWORD)
        assert signed.session.proved == {Factor.SMS_CODE: NOON, Factor.PASSWORD: NOON}

    def test_takes_a_recovery_code_once_and_tells_the_owner(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        stepped_up(pocket, signed.session, Operation.MAKE_RECOVERY_CODES)
        code, *_others = factors.make_recovery_codes(session=signed.session, now=NOON)
        with_app(pocket, signed)

        assert second(more(by_password()), Factor.RECOVERY_CODE, code).session.proved == {
            Factor.PASSWORD: NOON,
            Factor.RECOVERY_CODE: NOON,
        }
        with pytest.raises(FactorWrong):
            second(more(by_password()), Factor.RECOVERY_CODE, code)
        assert [notice for notice, _to in told()].count("RECOVERY_CODE_USED") == 1

    def test_of_a_passkey_is_enough_alone(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        with_app(pocket, signed)
        waiting = more(by_password())

        with db.write():
            again = go_on_with_passkey(account_id=signed.account_id, attempt=waiting.attempt, visit=VISIT, now=NOON)
        with db.write():
            alone = go_on_with_passkey(account_id=signed.account_id, visit=VISIT, now=NOON)

        assert again.session.proved == {Factor.PASSWORD: NOON, Factor.PASSKEY: NOON}
        assert alone.session.proved == {Factor.PASSKEY: NOON}
        with pytest.raises(AttemptEnded):
            look_at_attempt(attempt=waiting.attempt, now=NOON)

    def test_of_somebody_elses_passkey_does_not_take_over_the_attempt(self, pocket: Pocket) -> None:
        with_app(pocket, signed_up(pocket, password=PASSWORD))
        bob = signed_up(pocket, "bob@example.com")
        waiting = more(by_password())

        with db.write():
            signed = go_on_with_passkey(account_id=bob.account_id, attempt=waiting.attempt, visit=VISIT, now=NOON)

        assert (signed.account_id, signed.session.proved) == (bob.account_id, {Factor.PASSKEY: NOON})

    def test_takes_nothing_that_was_not_offered(self, pocket: Pocket) -> None:
        with_app(pocket, signed_up(pocket, password=PASSWORD))
        waiting = more(by_password())

        for factor in (Factor.PASSWORD, Factor.EMAIL_CODE, Factor.SMS_CODE, Factor.PASSKEY, Factor.RECOVERY_CODE):
            with pytest.raises(FactorNotNeeded):
                second(waiting, factor, PASSWORD)
        with pytest.raises(FactorNotNeeded):
            send_second_code(attempt=waiting.attempt, factor=Factor.EMAIL_CODE, visit=VISIT, now=NOON)

    def test_does_not_take_the_code_of_another_attempt(self, pocket: Pocket) -> None:
        with_sms(pocket, signed_up(pocket, password=PASSWORD))
        mine, other = more(by_password()), more(by_password())
        send_second_code(attempt=other.attempt, factor=Factor.SMS_CODE, visit=VISIT, now=NOON)

        with pytest.raises(FactorWrong):
            second(mine, Factor.SMS_CODE, pocket.code(PHONE))

    def test_is_guessed_a_hundred_times_in_a_row_however_slowly(self, pocket: Pocket) -> None:
        secret = with_app(pocket, signed_up(pocket, password=PASSWORD))

        def guess(number: int) -> str:
            now = NOON + number * DAY
            try:
                second(more(by_password(now=now)), Factor.TOTP, wrong_app_code(secret, now), now=now)
            except (FactorWrong, TooManyTries) as error:
                return f"{error.code}{error.facts.get('next_at', '')}"
            return "right"

        assert [guess(number) for number in range(105)] == ["FACTOR_WRONG"] * 100 + ["TOO_MANY_TRIES"] * 5

    def test_is_tried_twenty_times_in_an_attempt(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        stepped_up(pocket, signed.session, Operation.MAKE_RECOVERY_CODES)
        code, *_others = factors.make_recovery_codes(session=signed.session, now=NOON)
        with_app(pocket, signed)
        waiting = more(by_password())

        for _ in range(20):
            with pytest.raises(FactorWrong):
                second(waiting, Factor.RECOVERY_CODE, "0000-0000-0000-0000")
        with pytest.raises(AttemptEnded):
            second(waiting, Factor.RECOVERY_CODE, code)
        # Another attempt takes it: nobody is locked out.
        assert is_open(second(more(by_password()), Factor.RECOVERY_CODE, code).session_secret)

    def test_two_hundred_at_once_are_one(self, pocket: Pocket) -> None:
        with_sms(pocket, signed_up(pocket, password=PASSWORD))
        waiting = more(by_password())
        send_second_code(attempt=waiting.attempt, factor=Factor.SMS_CODE, visit=VISIT, now=NOON)
        code = pocket.code(PHONE)

        def use_often() -> int:
            won = 0
            for _ in range(5):
                try:
                    second(waiting, Factor.SMS_CODE, code)
                    won += 1
                except (FactorWrong, AttemptEnded):
                    continue
            return won

        assert sum(together(*[use_often] * 40)) == 1


def second(
    waiting: MoreNeeded, factor: Factor, text: str, *, trust: bool = False, now: dt.datetime = NOON, **changed: Any
) -> SignedIn:
    outcome = sign_in_by_second_factor(
        attempt=waiting.attempt, factor=factor, text=text, trust=trust, visit=at(**changed), now=now
    )
    assert isinstance(outcome, SignedIn), outcome
    return outcome


class TestTrustedBrowsers:
    def trusting(self, pocket: Pocket) -> SignedIn:
        secret = with_app(pocket, signed_up(pocket, password=PASSWORD))
        waiting = more(by_password())
        later = NOON + MINUTE
        return second(waiting, Factor.TOTP, app_code(secret, later), trust=True, now=later)

    def test_need_no_second_step_for_thirty_days(self, pocket: Pocket) -> None:
        trusted = self.trusting(pocket)

        again = sign_in_by_password(address=ADA, password=PASSWORD, visit=back(trusted), now=NOON + 29 * DAY)

        assert isinstance(again, SignedIn)
        assert again.session.proved == {Factor.PASSWORD: NOON + 29 * DAY}
        more(sign_in_by_password(address=ADA, password=PASSWORD, visit=back(again), now=NOON + 31 * DAY))

    def test_are_known_by_a_secret_that_is_worth_nothing_once_it_was_used(self, pocket: Pocket) -> None:
        trusted = self.trusting(pocket)
        again = sign_in_by_password(address=ADA, password=PASSWORD, visit=back(trusted), now=NOON + DAY)
        assert isinstance(again, SignedIn)

        assert again.browser_secret != trusted.browser_secret
        more(sign_in_by_password(address=ADA, password=PASSWORD, visit=back(trusted), now=NOON + DAY))

    def test_are_of_one_account(self, pocket: Pocket) -> None:
        trusted = self.trusting(pocket)
        bob = signed_up(pocket, "bob@example.com", password=PASSWORD, visit=back(trusted))
        with_app(pocket, bob)

        more(sign_in_by_password(address="bob@example.com", password=PASSWORD, visit=back(bob), now=NOON + DAY))
        # And Ada's goes on being known by the secret that Bob's sign-in changed.
        assert isinstance(
            sign_in_by_password(address=ADA, password=PASSWORD, visit=back(bob), now=NOON + DAY), SignedIn
        )

    def test_can_be_switched_off(self, pocket: Pocket, change: Change) -> None:
        change(browser_trust_days=0)
        trusted = self.trusting(pocket)

        waiting = more(sign_in_by_password(address=ADA, password=PASSWORD, visit=back(trusted), now=NOON + DAY))

        assert waiting.can_trust is False


class TestTelling:
    def test_of_a_new_browser(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        signed_in(pocket, visit=back(signed))
        assert told() == []

        signed_in(pocket, visit=at(device="Chrome on Windows"))

        assert told() == [("NEW_SIGN_IN", ADA)]
        ((facts,),) = db.fetch("select facts::text from messages_message where kind = 'ACCOUNT_NOTICE'")
        assert "Chrome on Windows" in facts

    def test_of_a_new_place(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        moved = signed_in(pocket, visit=back(signed, at(place="198.51.0.0/16")))
        home = signed_in(pocket, visit=back(moved))

        assert told() == [("NEW_SIGN_IN", ADA)]
        assert [browser.places for browser in identity.browsers.list_known(account_id=home.account_id, now=NOON)] == [
            ("198.51.0.0/16", "203.0.0.0/16")
        ]

    def test_goes_to_all_addresses_in_the_accounts_language(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, visit=at(language="zh-hans"))
        with db.write():
            accounts.add_address(
                account_id=signed.account_id, kind=AddressKind.EMAIL, address="ada@work.example", now=NOON
            )

        signed_in(pocket)

        assert told() == [("NEW_SIGN_IN", ADA), ("NEW_SIGN_IN", "ada@work.example")]
        assert db.fetch("select distinct language from messages_message") == [("zh-hans",)]


class TestSessions:
    def test_of_before_ends_when_one_signs_in_anew(self, pocket: Pocket) -> None:
        before = signed_up(pocket)

        after = signed_in(pocket, visit=back(before, at(session=before.session)))

        assert (is_open(before.session_secret), is_open(after.session_secret)) == (False, True)
        assert after.session_secret != before.session_secret
