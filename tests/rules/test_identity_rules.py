"""What is needed beside a first step, and what codes look like."""

from __future__ import annotations

import pytest

from evertill.domains.identity import Factor
from evertill.domains.identity.rules import long_code, long_code_chars, needed_beside, plain_code

PASSWORD, EMAIL, SMS = Factor.PASSWORD, Factor.EMAIL_CODE, Factor.SMS_CODE
TOTP, PASSKEY, RECOVERY = Factor.TOTP, Factor.PASSKEY, Factor.RECOVERY_CODE


def needed(
    proved: set[Factor], enrolled: set[Factor], *, sms_second: bool = False, is_staff: bool = False
) -> set[Factor]:
    return set(needed_beside(proved, enrolled=enrolled, sms_second=sms_second, is_staff=is_staff))


class TestNeededBeside:
    @pytest.mark.parametrize("first", [PASSWORD, EMAIL, SMS])
    def test_is_nothing_where_no_second_step_is_set_up(self, first: Factor) -> None:
        assert needed({first}, {PASSWORD, EMAIL, SMS}) == set()
        # Recovery codes alone make no second step.
        assert needed({first}, {PASSWORD, EMAIL, SMS, RECOVERY}) == set()

    @pytest.mark.parametrize("first", [PASSWORD, EMAIL, SMS])
    def test_is_what_is_strong(self, first: Factor) -> None:
        assert needed({first}, {PASSWORD, EMAIL, SMS, TOTP}) == {TOTP}
        assert needed({first}, {PASSWORD, EMAIL, SMS, TOTP, PASSKEY, RECOVERY}) == {TOTP, PASSKEY, RECOVERY}
        assert needed({first, TOTP}, {PASSWORD, EMAIL, SMS, TOTP}) == set()
        assert needed({first, RECOVERY}, {PASSWORD, EMAIL, SMS, TOTP}) == set()

    def test_is_two_ordinary_ones_never_instead_of_a_strong_one(self) -> None:
        assert needed({PASSWORD, EMAIL}, {PASSWORD, EMAIL, TOTP}) == {TOTP}

    def test_is_nothing_beside_a_passkey(self) -> None:
        assert needed({PASSKEY}, {PASSWORD, TOTP, PASSKEY}, sms_second=True) == set()
        assert needed({PASSKEY}, {PASSKEY}, is_staff=True) == set()

    def test_is_an_sms_where_that_was_chosen(self) -> None:
        assert needed({PASSWORD}, {PASSWORD, SMS, EMAIL}, sms_second=True) == {SMS}
        assert needed({EMAIL}, {SMS, EMAIL, RECOVERY}, sms_second=True) == {SMS, RECOVERY}
        assert needed({PASSWORD, SMS}, {PASSWORD, SMS}, sms_second=True) == set()

    def test_is_never_the_same_phone_twice(self) -> None:
        assert needed({SMS}, {PASSWORD, SMS, EMAIL}, sms_second=True) == {PASSWORD, EMAIL}
        assert needed({SMS}, {SMS, EMAIL, TOTP}, sms_second=True) == {TOTP}
        assert needed({SMS, EMAIL}, {SMS, EMAIL}, sms_second=True) == set()

    def test_is_what_is_strong_for_staff_whatever_else_there_is(self) -> None:
        assert needed({PASSWORD, SMS, RECOVERY}, set(Factor), is_staff=True, sms_second=True) == {TOTP, PASSKEY}
        assert needed({PASSWORD}, {PASSWORD, TOTP}, is_staff=True) == {TOTP}
        assert needed({PASSWORD, TOTP}, {PASSWORD, TOTP}, is_staff=True) == set()
        # Staff that have neither cannot sign in.
        assert needed({PASSWORD}, {PASSWORD}, is_staff=True) == {TOTP, PASSKEY}


class TestCodes:
    @pytest.mark.parametrize(
        ("typed", "plain"),
        [
            *(("123456", "123456"), (" 123 456 ", "123456"), ("12345O", "123450"), ("ab3d-ef", "AB3DEF")),
            *(("abcd-efgh-jkmn-pqrs", "ABCDEFGHJKMNPQRS"), ("12345", None), ("12345u", None), ("", None)),
            *(("１２３４５６", None), ("1234567", None), ("-" * 1_000, None)),
        ],
    )
    def test_mean_what_was_sent(self, typed: str, plain: str | None) -> None:
        assert plain_code(typed) == plain

    def test_that_are_long_fit_the_way_that_they_go(self) -> None:
        assert [long_code_chars("ada@example.com"), long_code_chars("+8613800000000")] == [16, 6]
        assert long_code(2**80 - 1, chars=16) == "ZZZZ-ZZZZ-ZZZZ-ZZZZ"
        assert long_code(1, chars=6) == "000001"
