"""TOTP: the published values, one use of a time step, and secrets that open in their own row only."""

from __future__ import annotations

import base64
import datetime as dt

import pytest
from django.db import IntegrityError

from evertill.domains import identity
from evertill.domains.identity.rules import hotp, matching_step
from evertill.domains.identity.totp import TotpInUse
from evertill.journeys import rotate_keys
from evertill.kernel import crypto, db
from evertill.kernel.crypto import Place, Unreadable
from tests import tables
from tests.askers import MACHINE
from tests.builders import NOON
from tests.threads import together

ADA, BOB = 1, 2
STEP = dt.timedelta(seconds=30)
# The secret of RFC 4226, appendix D, and RFC 6238, appendix B.
SECRET = b"12345678901234567890"


def code_at(now: dt.datetime, secret: bytes = SECRET) -> str:
    return hotp(secret, int(now.timestamp()) // 30)


def enrol(account_id: int = ADA, *, secret: bytes = SECRET) -> None:
    identity.totp.begin(account_id=account_id, now=NOON, randbytes=lambda _n: secret)
    assert identity.totp.confirm(account_id=account_id, code=code_at(NOON, secret), now=NOON)


def use(now: dt.datetime, account_id: int = ADA, *, code: str = "") -> bool:
    return identity.totp.use(account_id=account_id, code=code or code_at(now), now=now)


class TestRules:
    def test_give_the_published_values(self) -> None:
        values = [hotp(SECRET, counter) for counter in range(10)]

        # RFC 4226, appendix D.
        assert values[:5] == ["755224", "287082", "359152", "969429", "338314"]
        assert values[5:] == ["254676", "287922", "162583", "399871", "520489"]

    @pytest.mark.parametrize(("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
    def test_give_the_published_codes_of_moments(self, seconds: int, code: str) -> None:
        # RFC 6238, appendix B: the last six of its eight digits.
        now = dt.datetime.fromtimestamp(seconds, tz=dt.UTC)

        assert matching_step(SECRET, code, now=now) == seconds // 30

    @pytest.mark.parametrize(("steps", "is_right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
    def test_allow_one_step_of_drift(self, steps: int, is_right: bool) -> None:
        assert (matching_step(SECRET, code_at(NOON + steps * STEP), now=NOON) is not None) is is_right


class TestCrypto:
    PLACE = Place(table="identity_totp", column="secret", row=7)
    KEY = bytes(32)

    def test_opens_what_it_encrypted(self) -> None:
        stored = crypto.encrypt(b"secret", key=self.KEY, place=self.PLACE)

        assert crypto.decrypt(stored, key=self.KEY, place=self.PLACE) == b"secret"
        assert b"secret" not in stored
        assert crypto.encrypt(b"secret", key=self.KEY, place=self.PLACE) != stored

    @pytest.mark.parametrize(
        "place",
        [
            Place(table="identity_key", column="secret", row=7),
            Place(table="identity_totp", column="other", row=7),
            Place(table="identity_totp", column="secret", row=8),
            Place(table="identity_totps", column="ecret", row=7),
        ],
    )
    def test_opens_nowhere_else(self, place: Place) -> None:
        stored = crypto.encrypt(b"secret", key=self.KEY, place=self.PLACE)

        with pytest.raises(Unreadable):
            crypto.decrypt(stored, key=self.KEY, place=place)

    def test_notices_every_changed_byte(self) -> None:
        stored = crypto.encrypt(b"secret", key=self.KEY, place=self.PLACE)

        for at in range(len(stored)):
            with pytest.raises(Unreadable):
                crypto.decrypt(stored[:at] + bytes([stored[at] ^ 1]) + stored[at + 1 :], key=self.KEY, place=self.PLACE)
        for length in range(len(stored)):
            with pytest.raises(Unreadable):
                crypto.decrypt(stored[:length], key=self.KEY, place=self.PLACE)


@pytest.mark.django_db
class TestEnrolling:
    def test_gives_what_an_app_reads(self) -> None:
        shown = identity.totp.begin(account_id=ADA, now=NOON, randbytes=lambda _n: SECRET)

        assert base64.b32decode(shown) == SECRET
        stored = tables.rows("identity_totp")[0]
        assert SECRET not in bytes(stored[1])  # type: ignore[call-overload]  # a row has values of any type.

    def test_counts_only_once_it_is_confirmed(self) -> None:
        identity.totp.begin(account_id=ADA, now=NOON, randbytes=lambda _n: SECRET)

        assert use(NOON) is False
        assert identity.totp.is_in_use(account_id=ADA) is False
        assert identity.totp.confirm(account_id=ADA, code="000000", now=NOON) is False
        assert identity.totp.confirm(account_id=ADA, code=code_at(NOON), now=NOON) is True
        assert identity.totp.is_in_use(account_id=ADA) is True

    def test_does_not_replace_what_is_in_use(self) -> None:
        enrol()

        with pytest.raises(TotpInUse):
            identity.totp.begin(account_id=ADA, now=NOON)
        assert use(NOON + STEP) is True

    def test_can_begin_again_after_removing(self) -> None:
        enrol()

        assert identity.totp.remove(account_id=ADA) is True
        assert use(NOON + STEP) is False
        enrol()


@pytest.mark.django_db
class TestUse:
    def test_refuses_the_code_that_confirmed(self) -> None:
        enrol()

        assert use(NOON) is False

    def test_accepts_each_step_once_and_none_before_it(self) -> None:
        enrol()
        later = NOON + 2 * STEP

        assert use(later) is True
        assert use(later) is False
        assert use(later, code=code_at(later - STEP)) is False
        assert use(later, code=code_at(later + STEP)) is True

    @pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６"])
    def test_refuses_what_is_no_code(self, code: str) -> None:
        enrol()

        assert identity.totp.use(account_id=ADA, code=code, now=NOON) is False

    def test_does_not_open_a_secret_that_was_copied_to_another_account(self) -> None:
        enrol(ADA)
        enrol(BOB, secret=bytes(20))
        db.execute(
            "update identity_totp set secret = (select secret from identity_totp where account_id = %s)"
            " where account_id = %s",
            (ADA, BOB),
        )

        with pytest.raises(Unreadable):
            use(NOON + STEP, BOB)


@pytest.mark.usefixtures("committed_db")
class TestTogether:
    def test_two_hundred_uses_of_a_code_are_one(self) -> None:
        enrol()

        def use_often() -> int:
            return sum(_use_committed(NOON + STEP) for _ in range(5))

        assert sum(together(*[use_often] * 40)) == 1


@pytest.mark.usefixtures("committed_db")
class TestRotation:
    def test_encrypts_everything_anew_and_removes_the_old_key(self) -> None:
        for account_id in range(1, 6):
            enrol(account_id)
        before = dict(db.fetch("select account_id, secret from identity_totp"))

        assert rotate_keys.begin(asker=MACHINE, now=NOON) is True
        assert list(rotate_keys.encrypt_anew(now=NOON)) == [5]
        assert rotate_keys.end() == 1

        after = dict(db.fetch("select account_id, secret from identity_totp"))
        assert all(after[account_id] != before[account_id] for account_id in before)
        assert tables.count("identity_key") == 1
        assert all(use(NOON + STEP, account_id) for account_id in range(1, 6))

    def test_goes_on_after_it_was_cut_off(self) -> None:
        for account_id in range(1, 6):
            enrol(account_id)
        rotate_keys.begin(asker=MACHINE, now=NOON)
        with db.write():
            assert identity.totp.encrypt_anew(now=NOON, limit=2) == 2

        # Both keys are needed now, and neither can be lost.
        assert rotate_keys.end() == 0
        assert all(use(NOON + STEP, account_id) for account_id in range(1, 6))
        assert rotate_keys.begin(asker=MACHINE, now=NOON) is False
        assert list(rotate_keys.encrypt_anew(now=NOON)) == [3]
        assert rotate_keys.end() == 1

    def test_keeps_a_key_that_somebody_has_just_used(self) -> None:
        enrol(ADA)
        key_ids = [row[0] for row in tables.rows("identity_key")]

        with pytest.raises(IntegrityError), db.write():
            db.execute("delete from identity_key where id = %s", (key_ids[0],))
        assert use(NOON + STEP) is True

    def test_makes_one_first_key_when_all_begin_at_once(self) -> None:
        def begin_committed(account_id: int) -> None:
            with db.write():
                identity.totp.begin(account_id=account_id, now=NOON)

        together(*[lambda account_id=number: begin_committed(account_id) for number in range(8)])

        assert tables.count("identity_key") == 1
        assert tables.count("identity_totp") == 8

    def test_does_not_open_with_another_secret(self, monkeypatch: pytest.MonkeyPatch) -> None:
        enrol()
        monkeypatch.setattr(crypto, "derive_key", lambda _purpose: bytes(32))

        with pytest.raises(Unreadable):
            use(NOON + STEP)


def _use_committed(now: dt.datetime) -> bool:
    with db.write():
        return use(now)
