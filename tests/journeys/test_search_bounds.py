"""A search looks at a bounded number of orders, whatever they have in common; and nothing is out of its reach."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from evertill.domains.orders import SearchFilters, State
from evertill.journeys.make_findable import make_findable
from evertill.journeys.search_orders import Page, Search, search_orders
from evertill.kernel import db, ids
from tests.askers import MACHINE
from tests.builders import NOON

pytestmark = pytest.mark.usefixtures("committed_db")

ORDERS, ACCOUNTS = 1_000, 60
# What one statement may read; a search's own bounds are made as small for these tests.
ROWS_MAX, LATE_ROWS_MAX = 200, 180
LATER = NOON + dt.timedelta(days=10)
# Everybody has the name, the host, the beginning of the number, and the amount in common.
_FILL = """
with account as (
    insert into accounts_account (id, state, display_name, language, password, sms_second, created_at)
    select n, 'ACTIVE', 'Customer Wang ' || n, 'en', '', false, %(noon)s
    from generate_series(1, %(accounts)s) as n
),
placed as (
    select n, %(noon)s::timestamptz + n * interval '2 minutes' as at
    from generate_series(0, %(orders)s - 1) as n
)
insert into orders_order
    (id, state, currency, total, email, phone, language, account_id, placed_at, reserved_until, key_digest, body_digest)
select
    ((extract(epoch from at - %(epoch)s) / 60)::bigint << 35) + n, 'PAID', case when n = 0 then 'CNY' else 'EUR' end,
    999, 'c' || n || '@shared.example', '+4915112345678', 'en', 1 + n %% %(accounts)s, at, at, md5('k' || n)::uuid,
    md5('b' || n)::uuid
from placed
"""


@pytest.fixture(autouse=True)
def _shop(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """1,000 orders of sixty accounts, alike but for the first, which alone is in another currency; small bounds."""
    filled = {"noon": NOON, "epoch": ids.EPOCH, "orders": ORDERS, "accounts": ACCOUNTS}
    with db.write():
        db.raw().execute(_FILL, filled)
    assert make_findable(now=LATER) == ORDERS
    # How PostgreSQL reads rests on what it knows of the tables.
    db.raw().execute("analyze orders_order, orders_found, accounts_account")
    for name, rows in (
        ("orders.candidates.ROWS_MAX", 100),
        ("orders.candidates._OF_ACCOUNT_MIN", 3),
        ("orders.candidates._NEWEST_ROWS", 40),
        ("orders.candidates._COMMON_ROWS", 20),
        ("orders.candidates._DRAWN_PAGES", 1),
        ("orders.finding._NEWEST_ROWS", 40),
        ("orders.finding._NEAR_ROWS", 100),
        ("orders.finding._WALK_ROWS", ROWS_MAX),
        ("orders.finding._WALK_LATE_ROWS", LATE_ROWS_MAX),
        ("accounts.queries._NEWEST_ROWS", 20),
        ("accounts.queries._COMMON_ROWS", 10),
        ("accounts.queries._GRAMS_ROWS", 40),
        ("accounts.queries._WALK_ROWS", 40),
    ):
        monkeypatch.setattr(f"evertill.domains.{name}", rows)
    monkeypatch.setattr("evertill.journeys.search_orders._NAMED_MAX", 30)


@pytest.fixture
def most_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What each statement of a search reads at most in one of its steps, as PostgreSQL counts it."""
    read: list[int] = []
    fetch = db.fetch

    def explain(statement: Any, params: Any) -> None:
        ((plan,),) = fetch(f"explain (analyze, format json) {statement}", params, is_planned_anew=True)
        read.append(max(_read_by(plan[0]["Plan"])))

    def counted(statement: Any, params: Any = (), **how: Any) -> list[Any]:
        if "set_config" not in statement:
            explain(statement, params)
        return fetch(statement, params, **how)

    monkeypatch.setattr(db, "fetch", counted)
    return read


def record_statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the database from here on."""
    asked: list[str] = []
    fetch = db.fetch

    def recorded(statement: Any, params: Any = (), **how: Any) -> list[Any]:
        asked.append(statement)
        return fetch(statement, params, **how)

    monkeypatch.setattr(db, "fetch", recorded)
    return asked


def _read_by(node: dict[str, Any]) -> Iterator[int]:
    """Rows that each step of a plan took up; entries of an index that become a bitmap are no rows yet."""
    if node["Node Type"] != "Bitmap Index Scan":
        taken = (
            node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        )
        yield round(taken * node["Actual Loops"])
    for inner in node.get("Plans", ()):
        yield from _read_by(inner)


def search(text: str = "", *, behind: int | None = None, method: str = "", **filters: Any) -> Page:
    asked = Search(text=text, filters=SearchFilters(**filters), method=method)
    return search_orders(asker=MACHINE, search=asked, behind=behind, now=LATER)


def followed(asked: dict[str, Any]) -> tuple[list[str], int]:
    """The currencies of what is found if one goes on to what is older until the end, and after how many pages."""
    pages, behind, found = 0, None, []
    while pages == 0 or behind is not None:
        page = search(behind=behind, **asked)
        assert behind is None or page.older is None or page.older < behind
        assert page.older is None or page.looked_back_to is not None
        found += [one.order.currency for one in page.orders]
        pages, behind = pages + 1, page.older
    return found, pages


BEGINNING = ids.to_number(ids.first_of(NOON))[:4]
# What all have in common, and what next to nobody has.
WORST: dict[str, dict[str, Any]] = {
    "a name": {"text": "customer", "currency": "CNY"},
    "a family name": {"text": "wang", "currency": "CNY"},
    "two names": {"text": "customer wang", "currency": "CNY"},
    "a host": {"text": "shared.example", "currency": "CNY"},
    "a host and a name": {"text": "shared.example customer", "currency": "CNY"},
    "the end of a number": {"text": "5678", "currency": "CNY"},
    "an amount": {"text": "9.99", "currency": "CNY"},
    "a span of amounts": {"total_min": 1, "total_max": 5_000, "currency": "CNY"},
    "the beginning of numbers": {"text": BEGINNING, "currency": "CNY"},
    "a currency": {"currency": "CNY"},
    "a state": {"states": (State.CANCELLED,)},
    "a span of days": {"since": NOON, "until": LATER, "states": (State.CANCELLED,)},
    "a method": {"method": "stripe.page"},
}
# By a name, orders of the newest accounts of that name alone are found, and that is said.
RARE = [case for case, asked in WORST.items() if "currency" in asked and "name" not in case]


class TestWhatAllHaveInCommon:
    def test_is_looked_at_in_bounds(self, most_read: list[int]) -> None:
        for case, asked in WORST.items():
            most_read.clear()

            search(**asked)

            assert 0 < max(most_read) <= ROWS_MAX, (case, most_read)

    def test_hides_nothing_that_is_old_and_rare(self) -> None:
        for case in RARE:
            found, pages = followed(WORST[case])

            assert found == ["CNY"], case
            assert pages <= 1 + ORDERS // 90, case

    def test_is_said_where_it_is_a_name(self) -> None:
        assert search("customer").crowded == ("customer",)
        assert search("customer wang").crowded == ("customer", "wang")
        assert search("wang 1.00").crowded == ("wang",)
        assert search("c7@shared.example").crowded == ()

    def test_fills_a_page_at_once(self, most_read: list[int]) -> None:
        page = search("shared.example")

        assert (len(page.orders), page.looked_back_to) == (50, None)
        assert max(most_read) <= ROWS_MAX


@pytest.fixture
def once() -> None:
    """The newest 300 orders have nothing in common with the older ones."""
    newest = ids.first_of(NOON + dt.timedelta(minutes=2 * (ORDERS - 300)))
    with db.write():
        db.execute("update orders_found set contact = 'new@one.example ' where order_id >= %s", (newest,))
        db.execute("update orders_order set email = 'new@one.example', phone = '' where id >= %s", (newest,))


@pytest.mark.usefixtures("once")
class TestWhatWasCommonOnce:
    def test_is_not_read_to_its_end(self, most_read: list[int]) -> None:
        page = search("shared.example")

        assert page.orders == ()
        assert page.looked_back_to == ids.minute_of(page.older or 0)
        assert max(most_read) <= ROWS_MAX
        assert len(search("shared.example", behind=page.older).orders) == 50

    @pytest.mark.parametrize(("pages", "is_asked"), [(1_000, False), (0.001, True)])
    def test_is_asked_of_the_index_only_where_nothing_drawn_tells(
        self, monkeypatch: pytest.MonkeyPatch, pages: float, *, is_asked: bool
    ) -> None:
        monkeypatch.setattr("evertill.domains.orders.candidates._DRAWN_PAGES", pages)
        asked = record_statements(monkeypatch)

        page = search("shared.example")

        assert any("orders_grams" in statement for statement in asked) is is_asked
        # What an index was asked for in vain leaves less time to look through what is newest.
        rows = LATE_ROWS_MAX if is_asked else ROWS_MAX
        assert page.looked_back_to == NOON + dt.timedelta(minutes=2 * (ORDERS - rows))


class TestAnIndexThatTakesTooLong:
    def test_is_given_up_and_the_transaction_goes_on_as_it_was(self) -> None:
        settings = "select current_setting('statement_timeout'), current_setting('enable_seqscan')"
        before = db.fetch(settings)

        with db.write():
            assert db.fetch_by_index("select 1 from pg_sleep(%s)", (9,), ms_max=50) is None
            assert db.fetch(settings) == before
            assert db.fetch_by_index("select %s::int", (7,), ms_max=60_000) == [(7,)]
            assert db.fetch(settings) == before
