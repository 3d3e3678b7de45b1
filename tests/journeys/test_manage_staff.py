"""Staff: only with a strong factor, which cannot be taken away, and with short sessions that nothing else opens."""

from __future__ import annotations

import pytest

from evertill.domains import accounts, trail
from evertill.domains.accounts import AddressKind
from evertill.domains.identity import Factor, Operation
from evertill.journeys import manage_second_factors as factors
from evertill.journeys import step_up
from evertill.journeys.begin_session import SignedIn
from evertill.journeys.manage_roles import grant_role
from evertill.journeys.manage_staff import (
    AccountUnknown,
    LastOwner,
    NotStaff,
    StaffNeedStrongFactor,
    add_staff,
    find_staff,
    list_staff,
    remove_staff,
)
from evertill.journeys.sign_in import (
    FactorNotNeeded,
    FactorWrong,
    MoreNeeded,
    sign_in_by_password,
    sign_in_by_second_factor,
)
from evertill.kernel import db
from tests.askers import MACHINE
from tests.builders import NOON
from tests.people import (
    ADA,
    DAY,
    HOUR,
    MINUTE,
    PASSWORD,
    PHONE,
    VISIT,
    Pocket,
    app_code,
    back,
    come_by_code,
    is_open,
    more,
    recorded,
    signed_up,
    stepped_up,
    told,
    with_app,
    wrong_app_code,
)


def as_staff(secret: str, visit: object = VISIT) -> SignedIn:
    """Somebody of staff who signs in by password and app, a minute past noon."""
    waiting = more(sign_in_by_password(address=ADA, password=PASSWORD, visit=VISIT, now=NOON))
    signed = sign_in_by_second_factor(
        attempt=waiting.attempt,
        factor=Factor.TOTP,
        text=app_code(secret, NOON + MINUTE),
        trust=True,
        visit=VISIT,
        now=NOON + MINUTE,
    )
    assert isinstance(signed, SignedIn)
    return signed


def guess_wrong(secret: str, waiting: MoreNeeded) -> None:
    sign_in_by_second_factor(
        attempt=waiting.attempt,
        factor=Factor.TOTP,
        text=wrong_app_code(secret),
        trust=False,
        visit=VISIT,
        now=NOON,
    )


class TestAdding:
    def test_needs_an_account_and_a_strong_factor(self, pocket: Pocket) -> None:
        with pytest.raises(AccountUnknown):
            add_staff(address=ADA, asker=MACHINE, now=NOON)
        signed = signed_up(pocket)
        with pytest.raises(StaffNeedStrongFactor):
            add_staff(address=ADA, asker=MACHINE, now=NOON)
        with_app(pocket, signed)

        assert add_staff(address="Ada@example.com", asker=MACHINE, now=NOON) is True
        assert add_staff(address=ADA, asker=MACHINE, now=NOON) is False

        (member,) = list_staff(asker=MACHINE, now=NOON)
        assert (member.account_id, member.display_name, member.added_by, member.added_at) == (
            signed.account_id,
            "Ada",
            "OPERATOR:root",
            NOON,
        )
        assert member.factors == {Factor.EMAIL_CODE, Factor.TOTP}

    def test_ends_customers_sessions_and_tells(self, pocket: Pocket) -> None:
        signed = signed_up(pocket)
        with_app(pocket, signed)

        add_staff(address=ADA, asker=MACHINE, now=NOON)

        assert not is_open(signed.session_secret)
        assert told() == [("STAFF_ADDED", ADA), ("TOTP_ADDED", ADA)]

    def test_takes_sms_and_trust_away(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        with db.write():
            accounts.add_address(account_id=signed.account_id, kind=AddressKind.PHONE, address=PHONE, now=NOON - DAY)
        stepped_up(pocket, signed.session, Operation.SMS_SECOND_ON)
        factors.turn_sms_on(session=signed.session, now=NOON)
        secret = with_app(pocket, signed)
        trusted = as_staff(secret)
        sign_in = lambda: sign_in_by_password(address=ADA, password=PASSWORD, visit=back(trusted), now=NOON + HOUR)  # noqa: E731
        assert isinstance(sign_in(), SignedIn)

        add_staff(address=ADA, asker=MACHINE, now=NOON + HOUR)

        waiting = more(sign_in())
        assert waiting.factors == {Factor.TOTP}
        assert (waiting.can_trust, waiting.may_recover) == (False, False)


class TestSigningIn:
    def test_takes_a_strong_factor_and_no_other(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        stepped_up(pocket, signed.session, Operation.MAKE_RECOVERY_CODES)
        codes = factors.make_recovery_codes(session=signed.session, now=NOON)
        secret = with_app(pocket, signed)
        add_staff(address=ADA, asker=MACHINE, now=NOON)
        waiting = more(sign_in_by_password(address=ADA, password=PASSWORD, visit=VISIT, now=NOON))

        assert waiting.factors == {Factor.TOTP}
        assert more(come_by_code(pocket)).factors == {Factor.TOTP}
        with pytest.raises(FactorNotNeeded):
            sign_in_by_second_factor(
                attempt=waiting.attempt,
                factor=Factor.RECOVERY_CODE,
                text=codes[0],
                trust=False,
                visit=VISIT,
                now=NOON,
            )
        with pytest.raises(FactorWrong):
            guess_wrong(secret, waiting)
        staff = as_staff(secret)
        assert staff.session.is_staff is True
        assert staff.session.ends_at == NOON + MINUTE + 12 * HOUR

    def test_never_trusts_a_browser(self, pocket: Pocket) -> None:
        secret = with_app(pocket, signed_up(pocket, password=PASSWORD))
        add_staff(address=ADA, asker=MACHINE, now=NOON)
        staff = as_staff(secret)

        more(sign_in_by_password(address=ADA, password=PASSWORD, visit=back(staff), now=NOON + HOUR))

    def test_lasts_a_quarter_of_an_hour_unseen(self, pocket: Pocket) -> None:
        secret = with_app(pocket, signed_up(pocket, password=PASSWORD))
        add_staff(address=ADA, asker=MACHINE, now=NOON)
        staff = as_staff(secret)

        assert is_open(staff.session_secret, NOON + 15 * MINUTE)
        assert not is_open(staff.session_secret, NOON + 30 * MINUTE)


class TestWrongFactors:
    def test_of_staff_are_on_record_at_signing_in_and_at_a_proof(self, pocket: Pocket) -> None:
        secret = with_app(pocket, signed_up(pocket, password=PASSWORD))
        add_staff(address=ADA, asker=MACHINE, now=NOON)
        waiting = more(sign_in_by_password(address=ADA, password=PASSWORD, visit=VISIT, now=NOON))
        with pytest.raises(FactorWrong):
            guess_wrong(secret, waiting)
        staff = as_staff(secret)
        with pytest.raises(FactorWrong):
            step_up.prove(
                session=staff.session,
                operation="access.grant",
                subject="account:7",
                factor=Factor.TOTP,
                text=wrong_app_code(secret, NOON + MINUTE),
                visit=VISIT,
                now=NOON + MINUTE,
            )

        proved, tried = trail.read_records(search=trail.Search(outcome="REFUSED"), limit=9)
        account = str(staff.account_id)
        assert (tried.operation, tried.actor_kind, tried.subject_id) == ("account.sign_in", "GUEST", account)
        assert (tried.factors, tried.place, tried.after) == ("PASSWORD", "203.0.0.0/16", '{"factor":"TOTP"}')
        assert (proved.operation, proved.actor_kind, proved.actor_id) == ("account.prove", "STAFF", account)

    def test_of_customers_are_not(self, pocket: Pocket) -> None:
        secret = with_app(pocket, signed_up(pocket, password=PASSWORD))
        waiting = more(sign_in_by_password(address=ADA, password=PASSWORD, visit=VISIT, now=NOON))
        with pytest.raises(FactorWrong):
            guess_wrong(secret, waiting)

        assert trail.read_records(search=trail.Search(outcome="REFUSED"), limit=9) == []


class TestKeepingTheFactor:
    def test_refuses_to_remove_the_last_strong_one(self, pocket: Pocket) -> None:
        secret = with_app(pocket, signed_up(pocket, password=PASSWORD))
        add_staff(address=ADA, asker=MACHINE, now=NOON)
        staff = as_staff(secret)
        later = NOON + 2 * MINUTE
        step_up.prove(
            session=staff.session,
            operation=Operation.REMOVE_TOTP,
            subject="",
            factor=Factor.TOTP,
            text=app_code(secret, later),
            visit=VISIT,
            now=later,
        )

        with pytest.raises(StaffNeedStrongFactor):
            factors.remove_totp(session=staff.session, now=later)

        assert factors.view_factors(session=staff.session).totp is True


class TestRemovingWithRoles:
    def test_takes_them_and_says_which_they_were(self, pocket: Pocket) -> None:
        signed = signed_up(pocket, password=PASSWORD)
        with_app(pocket, signed)
        add_staff(address=ADA, asker=MACHINE, now=NOON)
        account_id = find_staff(address=ADA)
        grant_role(asker=MACHINE, account_id=account_id, role="support", why="", now=NOON)
        assert [member.roles for member in list_staff(asker=MACHINE, now=NOON)] == [["support"]]

        remove_staff(asker=MACHINE, account_id=find_staff(address=ADA), now=NOON + MINUTE)
        add_staff(address=ADA, asker=MACHINE, now=NOON + HOUR)

        assert [member.roles for member in list_staff(asker=MACHINE, now=NOON)] == [[]]
        (record,) = trail.read_records(search=trail.Search(operation="access.remove_staff"), limit=2)
        assert record.before == '{"roles":["support"]}'

    def test_never_the_last_owner(self, pocket: Pocket) -> None:
        with_app(pocket, signed_up(pocket, password=PASSWORD))
        add_staff(address=ADA, asker=MACHINE, now=NOON)
        grant_role(asker=MACHINE, account_id=find_staff(address=ADA), role="owner", why="", now=NOON)

        with pytest.raises(LastOwner):
            remove_staff(asker=MACHINE, account_id=find_staff(address=ADA), now=NOON)

        assert [member.roles for member in list_staff(asker=MACHINE, now=NOON)] == [["owner"]]


class TestRemoving:
    def test_ends_sessions_and_lets_a_customer_go_on(self, pocket: Pocket) -> None:
        secret = with_app(pocket, signed_up(pocket, password=PASSWORD))
        add_staff(address=ADA, asker=MACHINE, now=NOON)
        staff = as_staff(secret)

        remove_staff(asker=MACHINE, account_id=find_staff(address=ADA), now=NOON + MINUTE)

        assert not is_open(staff.session_secret, NOON + MINUTE)
        assert list_staff(asker=MACHINE, now=NOON) == []
        assert [name for name in recorded() if name.startswith("access.")] == [
            "access.add_staff",
            "access.remove_staff",
        ]
        assert more(come_by_code(pocket, now=NOON + MINUTE)).can_trust is True
        with pytest.raises(NotStaff):
            remove_staff(asker=MACHINE, account_id=find_staff(address=ADA), now=NOON + MINUTE)
