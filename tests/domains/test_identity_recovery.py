"""Recovery codes: shown once, kept as what cannot be read back, used once."""

from __future__ import annotations

import re

import pytest

from evertill.domains import identity
from evertill.kernel import db
from tests import tables
from tests.builders import NOON
from tests.threads import together

ADA, BOB = 1, 2


def make(account_id: int = ADA) -> list[str]:
    return identity.recovery.make(account_id=account_id, now=NOON)


def use(code: str, account_id: int = ADA) -> bool:
    return identity.recovery.use(account_id=account_id, code=code, now=NOON)


@pytest.mark.django_db
class TestMake:
    def test_gives_ten_codes_of_eighty_bits(self) -> None:
        codes = make()

        assert len(set(codes)) == 10
        assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}", code) for code in codes)
        assert identity.recovery.count_left(account_id=ADA) == 10

    def test_uses_all_of_the_randomness(self) -> None:
        asked: list[int] = []
        drawn = iter([2**80 - 1, *range(9)])

        def randbits(bits: int) -> int:
            asked.append(bits)
            return next(drawn)

        codes = identity.recovery.make(account_id=ADA, now=NOON, randbits=randbits)

        assert asked == [80] * 10
        assert (codes[0], codes[-1]) == ("0000-0000-0000-0000", "ZZZZ-ZZZZ-ZZZZ-ZZZZ")

    def test_stores_no_code(self) -> None:
        codes = make()

        stored = repr(tables.rows("identity_recovery_code"))
        assert not [code for code in codes if code in stored or code.replace("-", "") in stored]

    def test_ends_the_list_before(self) -> None:
        before = make()
        use(before[0])

        after = make()

        assert not any(use(code) for code in before)
        assert identity.recovery.count_left(account_id=ADA) == 10
        assert all(use(code) for code in after)

    def test_leaves_other_accounts_alone(self) -> None:
        codes = make(BOB)

        make(ADA)

        assert use(codes[0], BOB) is True


@pytest.mark.django_db
class TestUse:
    def test_accepts_a_code_once(self) -> None:
        code = make()[3]

        assert [use(code), use(code)] == [True, False]
        assert identity.recovery.count_left(account_id=ADA) == 9

    def test_forgives_how_it_is_typed(self) -> None:
        drawn = iter(range(32, 42))
        code = identity.recovery.make(account_id=ADA, now=NOON, randbits=lambda _bits: next(drawn))[0]

        assert code == "0000-0000-0000-0010"
        assert use(" oooo oooo oooo ool0 ") is True

    @pytest.mark.parametrize("text", ["", "0000", "U000-0000-0000-0000", "0" * 17, "é" * 16, "0" * 1_000_000])
    def test_refuses_what_is_no_code(self, text: str) -> None:
        make()

        assert use(text) is False

    def test_is_bound_to_the_account(self) -> None:
        code = make(ADA)[0]
        make(BOB)

        assert use(code, BOB) is False
        assert use(code, ADA) is True


@pytest.mark.usefixtures("committed_db")
class TestTogether:
    def test_two_hundred_uses_of_a_code_are_one(self) -> None:
        code = make()[0]

        def use_often() -> int:
            return sum(_use_committed(code) for _ in range(5))

        assert sum(together(*[use_often] * 40)) == 1
        assert identity.recovery.count_left(account_id=ADA) == 9

    def test_of_lists_made_at_once_one_stands_whole(self) -> None:
        def make_committed() -> list[str]:
            with db.write():
                return make()

        lists = together(*[make_committed] * 8)

        accepted = [sum(use(code) for code in codes) for codes in lists]
        assert sorted(accepted) == [0] * 7 + [10]
        assert tables.count("identity_recovery_code") == 10


def _use_committed(code: str) -> bool:
    with db.write():
        return use(code)
