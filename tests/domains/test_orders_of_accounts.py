"""Whose an order is: claimed once, by its address alone; read by its owner alone; without a name when he is gone."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest

from evertill.domains import orders
from evertill.kernel import db, sql
from tests import tables
from tests.builders import NOON, ask, make_product, place_one
from tests.threads import together

ADA, BOB = 11, 12
YEAR_AGO = NOON - dt.timedelta(days=365)


@pytest.fixture
def shop(db: None) -> None:
    make_product("TEA", pieces=None)


def order(key: str, *, now: dt.datetime = NOON, **how: object) -> int:
    return place_one(ask(key, **how), now=now).order.id  # type: ignore[arg-type]


def claim(account_id: int = ADA, *, email: str = "", phone: str = "", limit: int = 10) -> int:
    return orders.claim(account_id=account_id, email=email, phone=phone, placed_after=YEAR_AGO, limit=limit)


def owner(order_id: int) -> int | None:
    return orders.read_orders(order_ids=[order_id])[order_id].account_id


@pytest.mark.django_db
@pytest.mark.usefixtures("shop")
class TestClaim:
    def test_takes_what_was_ordered_with_the_address_whatever_its_case(self) -> None:
        mine = [order("1", email="ada@example.com"), order("2", email="ADA@Example.com")]
        others = [order("3", email="bob@example.com"), order("4", email="ada@example.com.evil.example")]

        assert claim(email="ada@example.com") == 2
        assert [owner(one) for one in mine + others] == [ADA, ADA, None, None]

    def test_takes_what_was_ordered_with_the_number(self) -> None:
        mine = order("1", email="", phone="+8613800138000")
        other = order("2", email="", phone="+8613800138001")

        assert claim(phone="+8613800138000") == 1
        assert (owner(mine), owner(other)) == (ADA, None)

    def test_takes_nothing_that_is_an_accounts_already(self) -> None:
        bobs = order("1", email="ada@example.com", account_id=BOB)

        assert claim(email="ada@example.com") == 0
        assert owner(bobs) == BOB

    def test_takes_nothing_that_is_older_than_allowed(self) -> None:
        old = order("1", now=YEAR_AGO - dt.timedelta(seconds=1))

        assert claim(email="ada@example.com") == 0
        assert owner(old) is None

    def test_goes_on_batch_by_batch_and_again_does_nothing(self) -> None:
        for key in range(5):
            order(str(key))

        assert [claim(email="ada@example.com", limit=2) for _ in range(4)] == [2, 2, 1, 0]

    def test_of_nothing_takes_no_order_without_it(self) -> None:
        order("1", email="", phone="+8613800138000")
        order("2", email="ada@example.com")

        assert (claim(email="", phone=""), claim(email="' or true --")) == (0, 0)

    def test_changes_nothing_else(self) -> None:
        order_id = order("1")
        before = orders.read_orders(order_ids=[order_id])[order_id]
        events = tables.rows("orders_event")

        claim(email="ada@example.com")

        after = orders.read_orders(order_ids=[order_id])[order_id]
        assert after.account_id == ADA
        assert [getattr(after, name) for name in after.__struct_fields__ if name != "account_id"] == [
            getattr(before, name) for name in before.__struct_fields__ if name != "account_id"
        ]
        assert tables.rows("orders_event") == events

    @pytest.mark.parametrize(("kind", "address"), [("email", "ada@example.com"), ("phone", "+8613800138000")])
    def test_looks_into_the_index_of_that_address_alone(self, kind: str, address: str) -> None:
        statement = sql.load("evertill.domains.orders", f"claim_by_{kind}")
        params = {"address": address, "account_id": ADA, "placed_after": YEAR_AGO, "limit": 10}

        plan = "\n".join(line for (line,) in db.raw().execute(f"explain {statement}", params))

        assert f"Index Scan using orders_order_by_{kind}" in plan, plan
        assert f"Index Cond: (hashtextextended({'lower' if kind == 'email' else '(phone'}" in plan, plan


class TestClaimsTogether:
    def test_give_each_order_one_owner(self, committed_db: None) -> None:
        make_product("TEA", pieces=None)
        placed = [order(str(key)) for key in range(50)]

        def claim_all(account_id: int) -> int:
            claimed = 0
            while True:
                with db.write():
                    batch = claim(account_id, email="ada@example.com", limit=7)
                claimed += batch
                if not batch:
                    return claimed

        ada, bob = together(partial(claim_all, ADA), partial(claim_all, BOB))

        assert ada + bob == 50
        owners = [owner(one) for one in placed]
        assert (owners.count(ADA), owners.count(BOB)) == (ada, bob)


@pytest.mark.django_db
@pytest.mark.usefixtures("shop")
class TestHistory:
    def test_is_the_latest_first_and_goes_on_behind_the_last(self) -> None:
        placed = [order(str(n), account_id=ADA, now=NOON + dt.timedelta(minutes=n // 2)) for n in range(7)]
        order("other", account_id=BOB)
        order("guest")
        pages = []
        behind = None
        while page := orders.list_of_account(account_id=ADA, behind=behind, limit=3):
            pages.append([one.id for one in page])
            behind = page[-1].id

        assert [len(page) for page in pages] == [3, 3, 1]
        flat = [one for page in pages for one in page]
        assert flat == sorted(flat, reverse=True)
        assert sorted(flat) == sorted(placed)
        assert [one.id for one in orders.stream_of_account(account_id=ADA)] == flat

    def test_behind_a_strangers_order_is_empty(self) -> None:
        order("mine", account_id=ADA)
        bobs = order("bobs", account_id=BOB, now=NOON + dt.timedelta(minutes=1))

        assert orders.list_of_account(account_id=ADA, behind=bobs, limit=10) == []
        assert orders.list_of_account(account_id=ADA, behind=0, limit=10) == []

    def test_has_the_lines_of_each(self) -> None:
        order_id = order("1", lines={"TEA": 3}, account_id=ADA)

        (one,) = orders.list_of_account(account_id=ADA, limit=10)

        assert one == orders.read_orders(order_ids=[order_id])[order_id]


@pytest.mark.django_db
@pytest.mark.usefixtures("shop")
class TestPseudonymise:
    def test_leaves_nothing_by_which_anybody_is_reached(self) -> None:
        mine = [order("1", account_id=ADA, phone="+8613800138000"), order("2", account_id=ADA)]
        other = order("3", account_id=BOB)

        unnamed = [orders.pseudonymise(account_id=ADA, limit=1) for _ in range(3)]

        assert unnamed == [[one] for one in sorted(mine)] + [[]]
        kept = orders.read_orders(order_ids=[*mine, other])
        assert [(kept[one].email, kept[one].phone) for one in mine] == [("deleted@customers.invalid", "")] * 2
        assert kept[other].email == "ada@example.com"
