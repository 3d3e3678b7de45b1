"""Passkeys on their way through the journeys: signing up, in and stepping up by one, and keeping them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from evertill.domains import access, accounts, identity, trail
from evertill.domains.identity import Factor, Operation, Session
from evertill.journeys import (
    manage_passkeys,
    manage_second_factors,
    sign_in_by_passkey,
    sign_up_by_passkey,
    step_up,
    step_up_by_passkey,
)
from evertill.journeys.begin_session import AccountGone, SignedIn
from evertill.journeys.enrolled_factors import LastWayIn, StaffNeedStrongFactor
from evertill.journeys.manage_passkeys import Passkey, PasskeyNotFound, PasskeyRefused
from evertill.journeys.sign_up import NameInvalid
from evertill.journeys.step_up import StepUpRequired
from evertill.kernel import db
from tests import tables
from tests.authenticator import Authenticator
from tests.builders import NOON
from tests.people import VISIT, Pocket, at, come_by_code, more, pocket, signed_up, stepped_up, told
from tests.threads import together

SOON = NOON + dt.timedelta(minutes=1)


@pytest.fixture
def device() -> Authenticator:
    return Authenticator()


@pytest.fixture
def post(committed_db: None) -> Iterator[Pocket]:
    with pocket() as made:
        yield made


def opened(device: Authenticator, name: str = "Ada") -> SignedIn:
    """Somebody who has just opened an account with a passkey alone."""
    options = sign_up_by_passkey.begin(display_name=name, visit=VISIT, now=NOON)
    return sign_up_by_passkey.sign_up_by_passkey(
        answer=device.make(options), display_name=name, passkey_name="Phone", visit=VISIT, now=SOON
    )


def sign_in(device: Authenticator, attempt: str = "", **lies: Any) -> SignedIn:
    options = sign_in_by_passkey.begin(visit=VISIT, attempt=attempt, now=NOON)
    return sign_in_by_passkey.sign_in_by_passkey(
        answer=device.use(options, **lies), attempt=attempt, visit=VISIT, now=SOON
    )


def step_up_with(device: Authenticator, session: Session, operation: Operation, subject: str = "") -> None:
    options = step_up_by_passkey.begin(session=session, operation=operation, subject=subject, visit=VISIT, now=NOON)
    answer = device.use(options)
    step_up_by_passkey.prove(
        session=session, operation=operation, subject=subject, answer=answer, visit=VISIT, now=SOON
    )


def added(device: Authenticator, session: Session, name: str = "Key") -> Passkey:
    """A passkey more, of somebody who has just stepped up for it."""
    options = manage_passkeys.begin_adding(session=session, visit=VISIT, now=NOON)
    return manage_passkeys.add_passkey(session=session, answer=device.make(options), name=name, now=SOON)


def with_passkey(post: Pocket, device: Authenticator) -> tuple[Session, Passkey]:
    """Somebody who signed up with an address and then added a passkey."""
    session = signed_up(post).session
    stepped_up(post, session, Operation.ADD_PASSKEY)
    return session, added(device, session)


def recorded(operation: str) -> list[str]:
    """Whose accounts the trail names for an operation."""
    found = trail.read_records(search=trail.Search(operation=operation), limit=10)
    return [record.subject_id for record in found]


@pytest.mark.django_db
class TestSignUp:
    def test_opens_an_account_without_any_address(self, device: Authenticator) -> None:
        signed = opened(device)

        account = accounts.read(account_id=signed.account_id)
        assert account is not None
        assert (account.display_name, account.has_password) == ("Ada", False)
        assert accounts.read_addresses(account_id=signed.account_id) == []
        assert set(signed.session.proved) == {Factor.PASSKEY}
        assert [passkey.name for passkey in manage_passkeys.list_passkeys(session=signed.session)] == ["Phone"]

    def test_leads_back_in(self, device: Authenticator) -> None:
        account_id = opened(device).account_id

        assert sign_in(device).account_id == account_id

    def test_shows_the_device_a_name(self) -> None:
        options = json.loads(sign_up_by_passkey.begin(display_name="Ada", visit=VISIT, now=NOON))

        assert options["user"]["name"] == options["user"]["displayName"] == "Ada"

    def test_opens_nothing_when_the_passkey_is_refused(self, device: Authenticator) -> None:
        options = sign_up_by_passkey.begin(display_name="Ada", visit=VISIT, now=NOON)
        answer = device.make(options, origin="https://evil.example")

        with pytest.raises(PasskeyRefused):
            sign_up_by_passkey.sign_up_by_passkey(
                answer=answer, display_name="Ada", passkey_name="Phone", visit=VISIT, now=SOON
            )

        assert (tables.count("accounts_account"), tables.count("identity_session")) == (0, 0)

    def test_opens_nothing_when_the_passkey_is_somebodys(self, device: Authenticator) -> None:
        opened(device)
        options = sign_up_by_passkey.begin(display_name="Eve", visit=VISIT, now=NOON)
        answer = Authenticator().make(options, credential_id=device.kept[0].credential_id)

        with pytest.raises(PasskeyRefused) as raised:
            sign_up_by_passkey.sign_up_by_passkey(
                answer=answer, display_name="Eve", passkey_name="Phone", visit=VISIT, now=SOON
            )

        assert raised.value.facts["refusal"] == "CREDENTIAL_KNOWN"
        assert tables.count("accounts_account") == 1

    def test_refuses_a_name_that_cannot_be_shown_before_anything_is_made(self) -> None:
        with pytest.raises(NameInvalid):
            sign_up_by_passkey.begin(display_name="x" * 1000, visit=VISIT, now=NOON)

    def test_is_not_what_the_answer_of_adding_is_for(self, device: Authenticator) -> None:
        session = opened(device).session
        step_up_with(device, session, Operation.ADD_PASSKEY)
        answer = Authenticator().make(manage_passkeys.begin_adding(session=session, visit=VISIT, now=NOON))

        with pytest.raises(PasskeyRefused) as raised:
            sign_up_by_passkey.sign_up_by_passkey(
                answer=answer, display_name="Eve", passkey_name="Phone", visit=VISIT, now=SOON
            )

        assert raised.value.facts["refusal"] == "CHALLENGE_MISUSED"


@pytest.mark.django_db
class TestSignIn:
    def test_is_the_same_question_for_everybody(self, device: Authenticator) -> None:
        before = json.loads(sign_in_by_passkey.begin(visit=VISIT, now=NOON))
        opened(device)
        after = json.loads(sign_in_by_passkey.begin(visit=VISIT, now=NOON))

        assert before.keys() == after.keys()
        assert {**before, "challenge": ""} == {**after, "challenge": ""}

    def test_by_an_answer_that_is_wrong_uses_the_challenge_up(self, device: Authenticator) -> None:
        opened(device)
        options = sign_in_by_passkey.begin(visit=VISIT, now=NOON)

        for answer, refusal in (
            (device.use(options, signature=lambda _: b""), "BAD_SIGNATURE"),
            (device.use(options), "CHALLENGE_USED"),
        ):
            with pytest.raises(PasskeyRefused) as raised:
                sign_in_by_passkey.sign_in_by_passkey(answer=answer, visit=VISIT, now=SOON)
            assert raised.value.facts["refusal"] == refusal

    def test_ends_the_session_that_the_browser_had(self, device: Authenticator) -> None:
        before = opened(device)
        options = sign_in_by_passkey.begin(visit=VISIT, now=NOON)

        sign_in_by_passkey.sign_in_by_passkey(answer=device.use(options), visit=at(session=before.session), now=SOON)

        assert identity.sessions.resume(secret=before.session_secret, now=SOON) is None

    def test_begins_none_for_an_account_that_was_deleted(self, device: Authenticator) -> None:
        account_id = opened(device).account_id
        db.execute(
            "update accounts_account set state = 'DELETED', display_name = '', deleted_at = %s where id = %s",
            (NOON, account_id),
        )

        with pytest.raises(AccountGone):
            sign_in(device)


class TestCopies:
    def test_are_told_to_the_owner_and_sign_nobody_in(self, post: Pocket) -> None:
        device = Authenticator(counts=True)
        session, passkey = with_passkey(post, device)
        sign_in(device)
        open_before = tables.count("identity_session")

        with pytest.raises(PasskeyRefused) as raised:
            sign_in(device, count=1)

        assert raised.value.facts["refusal"] == "COUNT_NOT_GROWN"
        assert tables.count("identity_session") == open_before
        assert ("PASSKEY_SUSPECTED", "ada@example.com") in told()
        (seen,) = manage_passkeys.list_passkeys(session=session)
        assert (seen.id, seen.suspected_at) == (passkey.id, SOON)
        assert recorded("account.passkey_suspected") == [str(session.account_id)]
        # It is no factor any more, so that codes are enough for step-up again.
        assert step_up.look(session=session).factors == {Factor.EMAIL_CODE}

    def test_are_removed_with_every_other_session(self, post: Pocket) -> None:
        device = Authenticator(counts=True)
        session, passkey = with_passkey(post, device)
        thief = sign_in(device)
        with pytest.raises(PasskeyRefused):
            sign_in(device, count=1)
        stepped_up(post, session, Operation.REMOVE_PASSKEY, str(passkey.id))

        manage_passkeys.remove_passkey(session=session, passkey_id=passkey.id, now=SOON)

        assert identity.sessions.resume(secret=thief.session_secret, now=SOON) is None
        assert manage_passkeys.list_passkeys(session=session) == []


class TestSecondStep:
    def test_is_a_passkey_for_this_sign_in_alone(self, post: Pocket, device: Authenticator) -> None:
        with_passkey(post, device)
        mine, other = (more(come_by_code(post)) for _ in range(2))
        assert Factor.PASSKEY in mine.factors

        options = sign_in_by_passkey.begin(visit=VISIT, attempt=mine.attempt, now=NOON)
        answer = device.use(options)
        with pytest.raises(PasskeyRefused):
            sign_in_by_passkey.sign_in_by_passkey(answer=answer, attempt=other.attempt, visit=VISIT, now=SOON)
        signed = sign_in_by_passkey.sign_in_by_passkey(answer=answer, attempt=mine.attempt, visit=VISIT, now=SOON)

        assert set(signed.session.proved) == {Factor.EMAIL_CODE, Factor.PASSKEY}


@pytest.mark.django_db
class TestStepUp:
    def test_gives_leave_for_one_operation_on_one_object(self, device: Authenticator) -> None:
        session = opened(device).session

        step_up_with(device, session, Operation.REMOVE_ADDRESS, "EMAIL:ada@example.com")

        for operation, subject in (
            (Operation.REMOVE_ADDRESS, "EMAIL:eve@example.com"),
            (Operation.DELETE_ACCOUNT, "EMAIL:ada@example.com"),
        ):
            with pytest.raises(StepUpRequired):
                identity.stepup.spend(session_id=session.id, operation=operation, subject=subject, now=SOON)
        identity.stepup.spend(
            session_id=session.id, operation=Operation.REMOVE_ADDRESS, subject="EMAIL:ada@example.com", now=SOON
        )

    @pytest.mark.parametrize(
        ("operation", "subject"),
        [(Operation.DELETE_ACCOUNT, "EMAIL:a@example.com"), (Operation.REMOVE_ADDRESS, "EMAIL:b@example.com")],
    )
    def test_by_an_answer_for_something_else_is_refused(
        self, device: Authenticator, operation: Operation, subject: str
    ) -> None:
        session = opened(device).session
        options = step_up_by_passkey.begin(
            session=session, operation=Operation.REMOVE_ADDRESS, subject="EMAIL:a@example.com", visit=VISIT, now=NOON
        )

        with pytest.raises(PasskeyRefused) as raised:
            step_up_by_passkey.prove(
                session=session,
                operation=operation,
                subject=subject,
                answer=device.use(options),
                visit=VISIT,
                now=SOON,
            )

        assert raised.value.facts["refusal"] == "CHALLENGE_MISUSED"
        assert tables.count("identity_grant") == 0

    def test_by_an_answer_of_another_session_is_refused(self, device: Authenticator) -> None:
        first, second = opened(device).session, sign_in(device).session
        asked: dict[str, Any] = {"operation": Operation.ADD_PASSKEY, "subject": "", "visit": VISIT}
        options = step_up_by_passkey.begin(session=first, now=NOON, **asked)

        with pytest.raises(PasskeyRefused):
            step_up_by_passkey.prove(session=second, answer=device.use(options), now=SOON, **asked)

    def test_by_somebody_elses_passkey_is_refused(self, device: Authenticator) -> None:
        session = opened(device).session
        eve = Authenticator()
        opened(eve, "Eve")
        options = step_up_by_passkey.begin(
            session=session, operation=Operation.ADD_PASSKEY, subject="", visit=VISIT, now=NOON
        )

        with pytest.raises(PasskeyRefused) as raised:
            step_up_by_passkey.prove(
                session=session,
                operation=Operation.ADD_PASSKEY,
                subject="",
                answer=eve.use(options),
                visit=VISIT,
                now=SOON,
            )

        assert raised.value.facts["refusal"] == "OTHER_ACCOUNT"

    def test_is_never_skipped_for_who_has_a_passkey_alone(self, device: Authenticator) -> None:
        session = opened(device).session

        assert step_up.look(session=session).factors == {Factor.PASSKEY}
        with pytest.raises(StepUpRequired):
            manage_passkeys.begin_adding(session=session, visit=VISIT, now=NOON)


class TestAdding:
    def test_needs_step_up_and_tells_the_owner(self, post: Pocket, device: Authenticator) -> None:
        session = signed_up(post).session
        with pytest.raises(StepUpRequired):
            manage_passkeys.begin_adding(session=session, visit=VISIT, now=NOON)
        stepped_up(post, session, Operation.ADD_PASSKEY)

        passkey = added(device, session, "Ada’s key")

        assert manage_passkeys.list_passkeys(session=session) == [passkey]
        assert ("PASSKEY_ADDED", "ada@example.com") in told()
        assert recorded("account.passkey_added") == [str(session.account_id)]
        assert manage_second_factors.view_factors(session=session).passkeys == 1

    def test_shows_the_device_the_accounts_address(self, post: Pocket, device: Authenticator) -> None:
        session = signed_up(post).session
        stepped_up(post, session, Operation.ADD_PASSKEY)

        options = json.loads(manage_passkeys.begin_adding(session=session, visit=VISIT, now=NOON))

        assert options["user"]["name"] == "ada@example.com"

    def test_by_the_answer_of_another_session_adds_nothing(self, post: Pocket, device: Authenticator) -> None:
        ada, eve = signed_up(post).session, signed_up(post, "eve@example.com").session
        stepped_up(post, eve, Operation.ADD_PASSKEY)
        answer = device.make(manage_passkeys.begin_adding(session=eve, visit=VISIT, now=NOON))

        with pytest.raises(PasskeyRefused) as raised:
            manage_passkeys.add_passkey(session=ada, answer=answer, name="Key", now=SOON)

        assert raised.value.facts["refusal"] == "CHALLENGE_MISUSED"

    def test_needs_leave_each_time(self, post: Pocket, device: Authenticator) -> None:
        session, _ = with_passkey(post, device)

        with pytest.raises(StepUpRequired):
            manage_passkeys.begin_adding(session=session, visit=VISIT, now=NOON)
        step_up_with(device, session, Operation.ADD_PASSKEY)
        added(Authenticator(), session, "Another")
        assert len(manage_passkeys.list_passkeys(session=session)) == 2


class TestRemoving:
    def test_needs_step_up_for_this_passkey_and_tells_the_owner(self, post: Pocket, device: Authenticator) -> None:
        session, passkey = with_passkey(post, device)
        step_up_with(device, session, Operation.REMOVE_PASSKEY, str(passkey.id + 1))
        with pytest.raises(StepUpRequired):
            manage_passkeys.remove_passkey(session=session, passkey_id=passkey.id, now=SOON)
        step_up_with(device, session, Operation.REMOVE_PASSKEY, str(passkey.id))

        manage_passkeys.remove_passkey(session=session, passkey_id=passkey.id, now=SOON)

        assert manage_passkeys.list_passkeys(session=session) == []
        assert ("PASSKEY_REMOVED", "ada@example.com") in told()
        with pytest.raises(PasskeyRefused):
            sign_in(device)

    def test_leaves_a_way_in(self, committed_db: None, device: Authenticator) -> None:
        session = opened(device).session
        (last,) = manage_passkeys.list_passkeys(session=session)
        step_up_with(device, session, Operation.REMOVE_PASSKEY, str(last.id))

        with pytest.raises(LastWayIn):
            manage_passkeys.remove_passkey(session=session, passkey_id=last.id, now=SOON)

        assert manage_passkeys.list_passkeys(session=session)[0].id == last.id
        assert sign_in(device).account_id == session.account_id

    def test_leaves_staff_what_they_need(self, post: Pocket, device: Authenticator) -> None:
        session, passkey = with_passkey(post, device)
        with db.write():
            access.add_staff(account_id=session.account_id, by="owner", now=NOON)
        session = sign_in(device).session
        step_up_with(device, session, Operation.REMOVE_PASSKEY, str(passkey.id))

        with pytest.raises(StaffNeedStrongFactor):
            manage_passkeys.remove_passkey(session=session, passkey_id=passkey.id, now=SOON)

    def test_finds_the_owners_own_only(self, post: Pocket, device: Authenticator) -> None:
        session, passkey = with_passkey(post, device)
        eve = signed_up(post, "eve@example.com").session
        stepped_up(post, eve, Operation.REMOVE_PASSKEY, str(passkey.id))

        with pytest.raises(PasskeyNotFound):
            manage_passkeys.remove_passkey(session=eve, passkey_id=passkey.id, now=SOON)
        with pytest.raises(PasskeyNotFound):
            manage_passkeys.rename_passkey(session=eve, passkey_id=passkey.id, name="Eve’s", now=NOON)
        manage_passkeys.rename_passkey(session=session, passkey_id=passkey.id, name="Blue key", now=NOON)
        assert [each.name for each in manage_passkeys.list_passkeys(session=session)] == ["Blue key"]


class TestTogether:
    def test_two_hundred_uses_of_one_answer_are_one_session(self, committed_db: None) -> None:
        device = Authenticator(counts=True)
        opened(device)
        answer = device.use(sign_in_by_passkey.begin(visit=VISIT, now=NOON))

        def sign_in_often() -> int:
            won = 0
            for _ in range(5):
                try:
                    sign_in_by_passkey.sign_in_by_passkey(answer=answer, visit=VISIT, now=SOON)
                except PasskeyRefused as refused:
                    won += refused.facts["refusal"] != "CHALLENGE_USED"
                else:
                    won += 1
            return won

        assert sum(together(*[sign_in_often] * 40)) == 1
        # That of signing up, and one more.
        assert tables.count("identity_session") == 2

    def test_many_devices_of_one_account_sign_in_at_once(self, committed_db: None, device: Authenticator) -> None:
        session = opened(device).session
        devices = [device]
        for _ in range(4):
            step_up_with(device, session, Operation.ADD_PASSKEY)
            devices.append(Authenticator(counts=True))
            added(devices[-1], session)

        signed = together(*[partial(sign_in, each) for each in devices])

        assert {each.account_id for each in signed} == {session.account_id}
