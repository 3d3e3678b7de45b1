"""One-time codes: for one purpose and address, for minutes, for five tries, for one use, and not too many."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest

from evertill.domains import identity
from evertill.domains.identity.codes import SendingLimited
from evertill.kernel import db
from tests import tables
from tests.builders import NOON
from tests.threads import together

PHONE, PURPOSE = "+8613800000000", "sign-in"
MINUTES_9 = NOON + dt.timedelta(minutes=9, seconds=59)
_ROUNDS = 20
# 200 uses: as many connections as PostgreSQL has for one of the tests' workers, each used five times at once.
_THREADS, _EACH = 40, 5


def make(*, address: str = PHONE, caller: str = "203.0.113.7", now: dt.datetime = NOON) -> identity.Code:
    return identity.codes.make(purpose=PURPOSE, address=address, caller=caller, now=now)


def use(
    code: identity.Code, digits: str = "", *, purpose: str = PURPOSE, address: str = PHONE, now: dt.datetime = MINUTES_9
) -> bool:
    return identity.codes.use(code_id=code.id, purpose=purpose, address=address, digits=digits or code.digits, now=now)


def wrong(code: identity.Code) -> str:
    return f"{(int(code.digits) + 1) % 1_000_000:06}"


@pytest.mark.django_db
class TestUse:
    def test_accepts_a_code_once(self) -> None:
        code = make()

        assert [use(code), use(code)] == [True, False]

    def test_forgives_spaces(self) -> None:
        code = make()

        assert use(code, f" {code.digits[:3]} {code.digits[3:]} ") is True

    def test_refuses_after_ten_minutes(self) -> None:
        code = make()

        assert code.expires_at == NOON + dt.timedelta(minutes=10)
        assert use(code, now=code.expires_at) is False

    @pytest.mark.parametrize(("purpose", "address"), [("change-phone", PHONE), (PURPOSE, "+8613900000000")])
    def test_is_bound_to_purpose_and_address(self, purpose: str, address: str) -> None:
        code = make()

        assert use(code, purpose=purpose, address=address) is False
        assert use(code) is True

    def test_is_bound_to_its_own_id(self) -> None:
        first, second = make(), make()

        assert use(first, second.digits) is (first.digits == second.digits)

    def test_dies_after_five_wrong_tries(self) -> None:
        code = make()

        assert [use(code, wrong(code)) for _ in range(5)] == [False] * 5
        assert use(code) is False

    def test_lives_through_four_wrong_tries(self) -> None:
        code = make()

        assert [use(code, wrong(code)) for _ in range(4)] == [False] * 4
        assert use(code) is True

    @pytest.mark.parametrize("digits", ["12345", "1234567", "12345u", "１２３４５６", "x" * 1_000_000])
    def test_does_not_count_what_cannot_be_a_code(self, digits: str) -> None:
        code = make()

        assert [use(code, digits) for _ in range(6)] == [False] * 6
        assert use(code) is True

    def test_refuses_an_id_that_is_none(self) -> None:
        assert identity.codes.use(code_id="x", purpose=PURPOSE, address=PHONE, digits="123456", now=NOON) is False


@pytest.mark.django_db
class TestStored:
    def test_tells_neither_code_nor_address(self) -> None:
        code = identity.codes.make(
            purpose=PURPOSE, address=PHONE, caller="203.0.113.7", now=NOON, randbelow=_counting()
        )

        assert code.digits == "000002"
        stored = repr([*tables.rows("identity_code"), *tables.rows("identity_allowance")])
        assert not [text for text in ("000002", "13800000000", "203.0.113.7") if text in stored]


def _counting() -> Callable[[int], int]:
    drawn = iter(range(1, 10))
    return lambda _below: next(drawn)


@pytest.mark.django_db
class TestSending:
    def test_is_limited_per_address_in_an_hour(self) -> None:
        for caller in range(5):
            make(caller=str(caller))

        with pytest.raises(SendingLimited):
            make(caller="another")
        make(address="+8613900000000", caller="another")
        make(caller="another", now=NOON + dt.timedelta(hours=1))

    def test_is_limited_per_address_in_a_day(self) -> None:
        for hour in range(2):
            for _ in range(5):
                make(now=NOON + dt.timedelta(hours=hour))

        with pytest.raises(SendingLimited):
            make(now=NOON + dt.timedelta(hours=2))
        make(now=NOON + dt.timedelta(hours=12))

    def test_is_limited_per_caller(self) -> None:
        for address in range(20):
            make(address=str(address))

        with pytest.raises(SendingLimited):
            make(address="another")
        make(address="another", caller="another")

    def test_is_limited_for_the_whole_shop(self, change: Callable[..., None]) -> None:
        change(code_shop_day_max=2)
        make(address="1", caller="1")
        make(address="2", caller="2")

        with pytest.raises(SendingLimited):
            make(address="3", caller="3")
        make(address="3", caller="3", now=NOON + dt.timedelta(hours=12))

    def test_counts_nothing_when_it_refuses(self, change: Callable[..., None]) -> None:
        change(code_shop_day_max=0)
        for _ in range(10):
            with pytest.raises(SendingLimited):
                make()

        change(code_shop_day_max=5)
        for _ in range(5):
            make()
        assert tables.count("identity_code") == 5


@pytest.mark.usefixtures("committed_db")
class TestTogether:
    def test_two_hundred_uses_of_a_code_are_one(self) -> None:
        codes = [make(address=str(number), caller=str(number)) for number in range(_ROUNDS)]
        each_round = threading.Barrier(_THREADS)

        def use_often() -> list[int]:
            wins = []
            for number, code in enumerate(codes):
                each_round.wait(timeout=300)
                wins.append(sum(_use_committed(code, str(number)) for _ in range(_EACH)))
            return wins

        won = together(*[use_often] * _THREADS)

        assert [sum(wins) for wins in zip(*won, strict=True)] == [1] * _ROUNDS

    def test_a_hundred_wrong_tries_are_five(self) -> None:
        code = make()

        def guess() -> None:
            with db.write():
                use(code, wrong(code))

        together(*[guess] * _THREADS)

        assert db.fetch("select tries, used_at from identity_code") == [(5, None)]

    def test_a_limit_holds_when_all_ask_at_once(self) -> None:
        def ask() -> int:
            try:
                with db.write():
                    make()
            except SendingLimited:
                return 0
            return 1

        assert sum(together(*[ask] * _THREADS)) == 5
        assert tables.count("identity_code") == 5


def _use_committed(code: identity.Code, address: str) -> bool:
    with db.write():
        return use(code, address=address)
