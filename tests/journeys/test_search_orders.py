"""Orders are found by whatever a caller says of them, and by nothing else."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from evertill.domains import accounts, orders, payments, trail
from evertill.domains.orders import SearchFilters, words
from evertill.journeys.make_findable import make_findable
from evertill.journeys.permitted import Forbidden
from evertill.journeys.search_orders import Search, read_search, search_orders
from evertill.kernel import db, ids
from tests.askers import MACHINE, staff
from tests.builders import NOON, ask, make_product, place
from tests.paying import start
from tests.twin import Twin

pytestmark = pytest.mark.usefixtures("committed_db")

LATER = NOON + dt.timedelta(minutes=10)


def order(key: str, *, now: dt.datetime = NOON, pieces: int = 1, **contact: object) -> int:
    (placed,) = place(ask(key, {"TEA": pieces}, **contact), now=now)  # type: ignore[arg-type]
    return placed.order.id  # type: ignore[union-attr]


def found(text: str = "", **filters: Any) -> list[int]:
    page = search_orders(
        asker=MACHINE,
        search=Search(text=text, filters=SearchFilters(**filters)),
        now=LATER,
    )
    return [one.order.id for one in page.orders]


@pytest.fixture(autouse=True)
def _goods(committed_db: None) -> None:
    make_product("TEA", pieces=100)


class TestSearch:
    @pytest.fixture
    def ada(self) -> int:
        return order("ada", email="Ada.Lovelace@example.com", phone="+8613800001234")

    @pytest.fixture
    def bob(self) -> int:
        return order("bob", email="bob@example.org", pieces=2)

    @pytest.fixture(params=[False, True])
    def indexed(self, request: pytest.FixtureRequest, ada: int, bob: int) -> None:
        """Each search twice: before the job has come, and afterwards."""
        if request.param:
            assert make_findable(now=LATER) == 2

    @pytest.mark.parametrize(
        "said",
        ["ada.lovelace@example.com", "ADA", "lovel", "example.com", "1234", "+86138", "8613800001234", "ada 1234"],
    )
    def test_finds_by_a_part_of_how_somebody_is_reached(self, ada: int, bob: int, indexed: None, said: str) -> None:
        assert found(said) == [ada]

    def test_finds_by_the_number_and_by_its_beginning(self, ada: int, bob: int, indexed: None) -> None:
        number = ids.to_number(bob)

        assert found(number) == found(number.lower()) == found(number.replace("-", "")) == [bob]
        assert bob in found(number[:9])

    @pytest.mark.parametrize("said", ["2.50", "£2.50", "2,50", "GBP2.50"])
    def test_finds_by_what_it_costs(self, ada: int, bob: int, indexed: None, said: str) -> None:
        assert found(said) == [ada]
        assert found("5") == [bob]

    def test_takes_every_word(self, ada: int, bob: int, indexed: None) -> None:
        assert found("example 5.00") == [bob]
        assert found("ada 5.00") == []

    def test_finds_nothing_by_what_nobody_has(self, ada: int, bob: int, indexed: None) -> None:
        assert found("zebra") == found("%") == found("' or 1=1") == found("100%") == found("_____") == []

    def test_finds_by_the_day(self, ada: int, indexed: None) -> None:
        assert found(f"ada {NOON:%Y-%m-%d}") == [ada]
        assert found("ada 2026-01-01") == []

    def test_finds_by_the_name_of_an_account(self, ada: int, bob: int, indexed: None) -> None:
        with db.write():
            accounts.open_account(account_id=7, display_name="Grace 霍珀", language="en", now=NOON)
            db.execute("update orders_order set account_id = 7 where id = %s", (bob,))

        assert found("grace") == found("霍珀") == [bob]

    def test_finds_by_a_full_name_however_many_have_a_part_of_it(
        self, ada: int, bob: int, indexed: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("evertill.journeys.search_orders._NAMED_MAX", 2)
        with db.write():
            for account_id, name in enumerate(
                ("Grace Hopper", "Grace Kelly", "Grace Jones", "Ann Hopper", "Eve Hopper")
            ):
                accounts.open_account(account_id=7 + account_id, display_name=name, language="en", now=NOON)
            db.execute("update orders_order set account_id = 7 where id = %s", (bob,))

        # Of the latest two of each word she is none; of those with both she is the one.
        assert found("grace") == found("hopper") == []
        assert found("grace hopper") == found("hopper gra") == [bob]

    def test_finds_what_is_rare_among_the_latest_that_are_not_indexed_yet(
        self, ada: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("evertill.domains.orders.finding._NEWEST_ROWS", 1)
        newer = order("newer", now=NOON + dt.timedelta(minutes=1))

        assert found("lovelace") == [ada]
        assert newer > ada

    def test_filters_by_state_span_amount_and_currency(self, ada: int, bob: int, indexed: None) -> None:
        assert found(states=(orders.State.PLACED,)) == sorted([ada, bob], reverse=True)
        assert found(states=(orders.State.PAID,)) == []
        assert found(total_min=300, total_max=600) == [bob]
        assert found(total_min=300) == [bob]
        assert found(currency="EUR") == []
        assert found(since=NOON, until=NOON + dt.timedelta(seconds=1)) == sorted([ada, bob], reverse=True)
        assert found(until=NOON) == []

    def test_forgets_whom_the_shop_forgot(self, ada: int, indexed: None) -> None:
        with db.write():
            db.execute("update orders_order set account_id = 7 where id = %s", (ada,))
            assert orders.pseudonymise(account_id=7, limit=10) == [ada]

        assert found("lovelace") == found("1234") == []


class TestPages:
    def test_follow_each_other_without_a_gap(self) -> None:
        placed = {order(f"n{n}", now=NOON + dt.timedelta(minutes=n % 3)) for n in range(7)}
        seen: list[int] = []
        behind = None
        while True:
            page = search_orders(asker=MACHINE, search=Search(), behind=behind, limit=3, now=LATER)
            seen += [one.order.id for one in page.orders]
            behind = page.older
            if behind is None:
                break

        assert seen == sorted(placed, reverse=True)

    def test_are_filtered_by_the_method_too(self) -> None:
        payments.register(Twin())
        (placed,) = place(ask("paid", {"TEA": 1}))
        order("other")
        start(placed)  # type: ignore[arg-type]

        page = search_orders(asker=MACHINE, search=Search(method="twin.page"), now=LATER)

        assert [one.order.id for one in page.orders] == [placed.order.id]  # type: ignore[union-attr]
        payments.register()


class TestRecord:
    def test_says_who_looked_and_how_many_were_shown(self) -> None:
        order("ada", email="ada@example.com")
        clerk = staff(7, "support")

        search_orders(asker=clerk, search=Search(text="ada"), now=LATER)

        (record,) = trail.read_records(search=trail.Search(operation="orders.read"), limit=9)
        assert (record.actor_id, record.subject_id) == ("7", "search")
        assert '"found":1' in record.after.replace(" ", "")
        assert "ada" not in record.after

    def test_refuses_who_may_not_see_orders(self) -> None:
        with pytest.raises(Forbidden):
            search_orders(asker=staff(8), search=Search(), now=LATER)


class TestWords:
    def test_read_days_amounts_and_numbers(self) -> None:
        today = dt.date(2026, 11, 26)

        assert words.read("yesterday 35", today=today).day == dt.date(2026, 11, 25)
        assert words.read("昨天", today=today).day == dt.date(2026, 11, 25)
        assert words.read("20.11.2026", today=today).day == dt.date(2026, 11, 20)
        (amount,) = words.read("€1.234,50", today=today).words
        assert (amount.totals, amount.currency, amount.contact) == ((123450, 1234500), "EUR", "")
        (beginning,) = words.read("0DBM", today=today).words
        assert beginning.number_span == (0x35740000000000, 0x3574FFFFFFFFFF)
        assert beginning.currency == ""
        (plain,) = words.read("3500", today=today).words
        assert plain.totals == (350000, 3500)
        assert plain.contact == "3500"

    def test_of_an_address_that_cannot_be_say_nothing(self) -> None:
        search = read_search({"state": "LOST", "since": "x", "least": "1e9", "currency": "euros", "method": "a b"})

        assert search == Search()
