"""A guest's orders become an account's, for an address that it has proved, and for no other."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from functools import partial

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from evertill.domains import accounts, identity, orders, trail
from evertill.domains.accounts import AddressKind
from evertill.entry.pages import visitor as visitors
from evertill.journeys import change_address
from evertill.journeys.claim_orders import claim_orders
from evertill.kernel import clock, config, db
from tests import people
from tests.builders import NOON, ask, make_product, place_one
from tests.threads import together

EMAIL, PHONE = "ada@example.com", "+8613800138000"
ADA, BOB = 101, 102


@pytest.fixture(autouse=True)
def tea(committed_db: None) -> None:
    make_product("TEA", pieces=None)


def account(account_id: int, **addresses: str) -> int:
    with db.write():
        accounts.open_account(account_id=account_id, display_name="", language="en", now=NOON)
        for kind, address in addresses.items():
            accounts.add_address(account_id=account_id, kind=AddressKind(kind), address=address, now=NOON)
    return account_id


def order(key: str, *, email: str = "", phone: str = "", now: dt.datetime = NOON) -> int:
    return place_one(ask(key, email=email, phone=phone), now=now).order.id


def owner(order_id: int) -> int | None:
    return orders.read_orders(order_ids=[order_id])[order_id].account_id


class TestClaiming:
    def test_takes_what_was_ordered_with_each_proved_address(self) -> None:
        account(ADA, EMAIL=EMAIL, PHONE=PHONE)
        mine = [order("1", email="Ada@Example.com"), order("2", phone=PHONE), order("3", email="x@y", phone=PHONE)]
        others = [order("4", email="bob@example.com"), order("5", phone="+8613800138001")]

        assert claim_orders(account_id=ADA, now=NOON) == 3
        assert claim_orders(account_id=ADA, now=NOON) == 0
        assert [owner(one) for one in mine + others] == [ADA, ADA, ADA, None, None]

    def test_of_one_without_addresses_takes_nothing(self) -> None:
        account(ADA)
        order("1", email=EMAIL)

        assert claim_orders(account_id=ADA, now=NOON) == 0

    def test_takes_nothing_from_before_the_number_may_have_been_somebody_elses(self) -> None:
        account(ADA, PHONE=PHONE)
        order("1", phone=PHONE, now=NOON - dt.timedelta(days=365, seconds=1))
        young = order("2", phone=PHONE, now=NOON - dt.timedelta(days=364))

        assert claim_orders(account_id=ADA, now=NOON) == 1
        assert owner(young) == ADA

    def test_goes_on_batch_by_batch_up_to_a_bound(self, monkeypatch: pytest.MonkeyPatch) -> None:
        account(ADA, EMAIL=EMAIL)
        for key in range(25):
            order(str(key), email=EMAIL)
        small = dataclasses.replace(config.get(), claim_batch_max=1)
        monkeypatch.setattr(config, "get", lambda: small)

        assert [claim_orders(account_id=ADA, now=NOON) for _ in range(3)] == [20, 5, 0]

    def test_is_written_down_without_an_address(self) -> None:
        account(ADA, EMAIL=EMAIL)
        order("1", email=EMAIL)

        claim_orders(account_id=ADA, now=NOON)
        claim_orders(account_id=ADA, now=NOON)

        (record,) = trail.read_records(search=trail.Search(operation="orders.claim"), limit=10)
        assert (record.actor_id, record.subject_id) == (str(ADA), str(ADA))
        assert record.after == '{"by":"EMAIL","orders":1}'

    def test_spoils_nothing_while_the_database_is_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        account(ADA, EMAIL=EMAIL)

        def away(**_: object) -> None:
            raise db.DatabaseUnavailable("Away.")

        monkeypatch.setattr(orders, "claim", away)

        assert claim_orders(account_id=ADA, now=NOON) == 0


class TestWhen:
    @pytest.fixture
    def letters(self) -> Iterator[people.Pocket]:
        with people.pocket() as pocket:
            yield pocket

    def test_somebody_has_signed_in(self, letters: people.Pocket) -> None:
        # By the clock that the page goes by: what is older than a year is not claimed.
        order_id = order("1", email=EMAIL, now=clock.now())
        signed = people.signed_up(letters, EMAIL, now=clock.now())
        assert owner(order_id) is None

        visitors.signed_in(RequestFactory().get("/"), HttpResponse(), signed)

        assert owner(order_id) == signed.account_id

    def test_somebody_has_proved_another_address(self, letters: people.Pocket) -> None:
        order_id = order("1", phone=PHONE)
        session = people.signed_up(letters, EMAIL).session
        people.stepped_up(letters, session, identity.Operation.ADD_ADDRESS, f"PHONE:{PHONE}")
        begun = change_address.begin_adding(session=session, address=PHONE, visit=people.VISIT, now=NOON)
        assert owner(order_id) is None

        change_address.finish_adding(
            session=session, address=PHONE, code_id=begun.code_id, digits=letters.code(PHONE), now=NOON
        )

        assert owner(order_id) == session.account_id


class TestTogether:
    @pytest.mark.parametrize("turn", range(10))
    def test_claims_of_one_account_take_each_order_once(self, turn: int) -> None:
        account(ADA, EMAIL=EMAIL)
        placed = [order(str(key), email=EMAIL) for key in range(20)]

        claimed = together(*[partial(claim_orders, account_id=ADA, now=NOON)] * 3)

        assert sum(claimed) == 20
        assert {owner(one) for one in placed} == {ADA}

    def test_an_order_that_names_the_addresses_of_two_goes_to_one(self) -> None:
        account(ADA, EMAIL=EMAIL)
        account(BOB, PHONE=PHONE)
        placed = [order(str(key), email=EMAIL, phone=PHONE) for key in range(20)]

        ada, bob = together(*[partial(claim_orders, account_id=one, now=NOON) for one in (ADA, BOB)])

        assert ada + bob == 20
        owners = [owner(one) for one in placed]
        assert (owners.count(ADA), owners.count(BOB)) == (ada, bob)
