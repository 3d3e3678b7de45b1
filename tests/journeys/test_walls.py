"""The second wall: with the filters of the queries taken away, the database still shows nothing of others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from threading import Thread
from typing import Any, LiteralString, NoReturn

import psycopg
import pytest
from django.db import connection, transaction
from psycopg.errors import DivisionByZero, InsufficientPrivilege, QueryCanceled

from evertill.domains import orders, payments
from evertill.journeys import see_own
from evertill.journeys.list_my_orders import list_my_orders
from evertill.journeys.raise_walls import OWN, raise_walls
from evertill.journeys.view_order import OrderNotFound, view_order
from evertill.journeys.view_payment import list_payments
from evertill.journeys.view_refunds import view_refunds
from evertill.kernel import config, db, scopes
from tests import tables
from tests.builders import ask, make_product, place_one
from tests.paying import refund, settle, start
from tests.people import Pocket, signed_up
from tests.twin import Twin

pytestmark = pytest.mark.usefixtures("committed_db")

ADA, BOB = 1, 2
# Tables that say whose a row is, and that nobody from outside ever reads: the visitor's role has no right to them.
_CLOSED = {
    "access_role_grant",
    "claims_award",
    "disputes_dispute",
    "identity_attempt",
    "identity_challenge",
    "identity_passkey_holder",
    "identity_recovery",
    "orders_found",
    "orders_hold",
    "orders_note",
    "orders_unsealed",
    "payments_event",
    "stock_movement",
}


@pytest.fixture
def bought() -> Iterator[dict[int, list[int]]]:
    """Two orders of Ada's, two of Bob's and one of a guest, all paid and one of each partly given back."""
    twin = Twin()
    payments.register(twin)
    make_product("TEA", pieces=100)
    whose: dict[int, list[int]] = {ADA: [], BOB: [], 0: []}
    for number, account in enumerate((ADA, BOB, 0, BOB, ADA)):
        order = place_one(ask(f"key {number}", {"TEA": 2}))
        intent = start(order, key=f"pay {number}")
        twin.pay(intent)
        settle(intent)
        refund(intent, 100, key=f"back {number}")
        whose[account].append(order.order.id)
        if account:
            db.execute("update orders_order set account_id = %s where id = %s", (account, order.order.id))
    yield whose
    payments.register()


def seen(table: str) -> int:
    """How many rows a query without any filter finds."""
    ((count,),) = db.fetch(f"select count(*) from {connection.ops.quote_name(table)}")  # noqa: S608 — a name of ours.
    return int(count)


def me() -> str:
    ((role,),) = db.fetch("select current_user::text")
    return str(role)


_ORDERS = ("orders_order", "orders_line", "orders_event", "payments_intent", "payments_move", "payments_refund")


class TestWithoutFilters:
    def test_an_account_sees_its_own_orders_and_what_belongs_to_them(self, bought: dict[int, list[int]]) -> None:
        whole = {table: seen(table) for table in _ORDERS}
        with see_own.proved(account_id=ADA), see_own.own_rows():
            own = {table: seen(table) for table in _ORDERS}
            ids = {order_id for (order_id,) in db.fetch("select id from orders_order")}
            lines = {order_id for (order_id,) in db.fetch("select order_id from orders_line")}
            paid = {order_id for (order_id,) in db.fetch("select order_id from payments_intent")}

        assert ids == lines == paid == set(bought[ADA])
        # Everybody has as much: two of five orders are Ada's.
        assert own == {table: count * 2 // 5 for table, count in whole.items()}

    def test_a_guest_sees_the_order_whose_token_he_holds(self, bought: dict[int, list[int]]) -> None:
        (guests,) = bought[0]
        with see_own.proved(opens=[guests]), see_own.own_rows():
            assert db.fetch("select id from orders_order") == [(guests,)]
            assert {order_id for (order_id,) in db.fetch("select order_id from payments_intent")} == {guests}
            assert seen("payments_refund") == 1

    @pytest.mark.parametrize("nobody", [see_own.proved(), see_own.proved(account_id=99), see_own.proved(opens=[7])])
    def test_who_has_proved_nothing_of_this_sees_nothing(
        self, bought: dict[int, list[int]], nobody: AbstractContextManager[None]
    ) -> None:
        with nobody, see_own.own_rows():
            assert {table: seen(table) for table in OWN} == dict.fromkeys(OWN, 0)

    def test_the_shop_itself_sees_everything(self, bought: dict[int, list[int]]) -> None:
        with see_own.own_rows():
            assert seen("orders_order") == 5

    def test_nothing_is_written_and_nothing_else_is_read(self, bought: dict[int, list[int]]) -> None:
        for statement in (
            "update orders_order set total = 0",
            "delete from orders_line",
            "insert into accounts_address select * from accounts_address",
            "select digest from access_api_token",
            "select mac from trail_record",
            "select wrapped from identity_key",
            "select on_hand from stock_item",
            "select detail from reviews_review",
            "select taken_by from reviews_review",
        ):
            with pytest.raises(InsufficientPrivilege), see_own.proved(account_id=ADA), see_own.own_rows():
                db.raw().execute(statement.encode())
            connection.close()


class TestJourneys:
    def test_find_nothing_of_others_whatever_they_ask_for(self, bought: dict[int, list[int]]) -> None:
        of_bob, of_a_guest = bought[BOB][0], bought[0][0]
        with see_own.proved(account_id=ADA):
            assert db.with_connection(lambda: view_order(order_id=bought[ADA][0])).id == bought[ADA][0]
            assert len(view_refunds(order_id=bought[ADA][0])) == len(list_payments(order_id=bought[ADA][0])) == 1
            for order_id in (of_bob, of_a_guest):
                with pytest.raises(OrderNotFound):
                    view_order(order_id=order_id)
                assert view_refunds(order_id=order_id) == []
                assert list_payments(order_id=order_id) == []

    def test_of_a_session_find_nothing_of_others_without_their_filter(
        self, bought: dict[int, list[int]], pocket: Pocket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        session = signed_up(pocket).session
        db.execute("update orders_order set account_id = %s where account_id = 1", (session.account_id,))
        whole = orders.list_of_account

        def of_everybody(*, account_id: int, **asked: Any) -> list[orders.Order]:
            return [order for each in (session.account_id, BOB) for order in whole(account_id=each, **asked)]

        monkeypatch.setattr("evertill.journeys.list_my_orders.orders.list_of_account", of_everybody)
        page = list_my_orders(session=session, limit=10)

        assert {order.id for order in page.orders} == set(bought[ADA])
        assert len(of_everybody(account_id=0, behind=None, limit=10)) == 4


class TestScope:
    def test_ends_with_its_block_and_leaves_nothing_on_the_connection(self, bought: dict[int, list[int]]) -> None:
        shop = me()
        with see_own.proved(account_id=ADA):
            with see_own.own_rows():
                assert me() == see_own.ROLE
            assert me() == shop
        with see_own.own_rows():
            assert me() == shop
        assert db.fetch("select coalesce(current_setting('evertill.account', true), '')") == [("",)]

    def test_inside_a_transaction_gives_it_back_as_it_was(self, bought: dict[int, list[int]]) -> None:
        shop = me()
        with see_own.proved(account_id=ADA), db.write():
            with see_own.own_rows():
                assert seen("orders_order") == 2
            assert (me(), seen("orders_order")) == (shop, 5)
            with pytest.raises(ZeroDivisionError):
                _fail_inside()
            assert (me(), seen("orders_order")) == (shop, 5)
            db.execute("update orders_order set language = 'en'")

    def test_within_another_gives_back_the_outer_one(self, bought: dict[int, list[int]]) -> None:
        with see_own.proved(account_id=ADA), see_own.own_rows():
            with see_own.proved(opens=bought[0]), see_own.own_rows():
                assert seen("orders_order") == 1
            assert seen("orders_order") == 2

    def test_an_error_ends_it_too(self, bought: dict[int, list[int]]) -> None:
        shop = me()
        with see_own.proved(account_id=ADA), pytest.raises(ZeroDivisionError):
            _fail_inside()

        assert (me(), seen("orders_order")) == (shop, 5)


class TestAStatementOfItsOwn:
    """What is read by one statement is read as whom it is for, and the connection is as it was, whatever happens."""

    def test_sees_what_is_his_and_leaves_nothing(self, bought: dict[int, list[int]]) -> None:
        for_shop = of_whom()
        everything = scopes.fetch(_ALL, ())
        for _ in range(3):
            for account in (ADA, BOB):
                with see_own.proved(account_id=account):
                    assert [order_id for (order_id,) in scopes.fetch(_ALL, ())] == sorted(bought[account])
                    # Without the block it is over with the statement: the next one is the shop's again.
                    assert of_whom() == for_shop
            with see_own.proved(opens=bought[0]):
                assert scopes.fetch(_ALL, ()) == [(bought[0][0],)]
        assert (of_whom(), scopes.fetch(_ALL, ())) == (for_shop, everything)
        assert len(everything) == 5

    def test_inside_a_transaction_leaves_it_as_it_was(self, bought: dict[int, list[int]]) -> None:
        for_shop = of_whom()
        with see_own.proved(account_id=ADA), db.write():
            assert len(scopes.fetch(_ALL, ())) == 2
            assert (of_whom(), seen("orders_order")) == (for_shop, 5)

    def test_goes_on_after_work_that_was_rolled_back(self, bought: dict[int, list[int]]) -> None:
        with see_own.proved(account_id=ADA):
            for _ in range(2):
                assert len(scopes.fetch(_ALL, ())) == 2
                # psycopg then has the connection forget what was prepared on it.
                with pytest.raises(ZeroDivisionError), db.write():
                    raise ZeroDivisionError
                seen("orders_order")
            assert len(scopes.fetch(_ALL, ())) == 2

    def test_inside_a_block_goes_on_in_it(self, bought: dict[int, list[int]]) -> None:
        with see_own.proved(account_id=ADA), see_own.own_rows():
            assert len(scopes.fetch(_ALL, ())) == 2
            assert me() == see_own.ROLE
            with see_own.proved(opens=bought[0]):
                assert len(scopes.fetch(_ALL, ())) == 1
            assert (me(), seen("orders_order")) == (see_own.ROLE, 2)

    @pytest.mark.parametrize(
        ("statement", "error"),
        [
            ("select 1 / (total - total) from orders_order", DivisionByZero),
            ("select on_hand from stock_item", InsufficientPrivilege),
            ("update orders_order set total = 0 returning id", InsufficientPrivilege),
            # It is cancelled: by its own limit here, by whoever may do so elsewhere.
            ("select pg_sleep(60), set_config('evertill.account', '2', false)", QueryCanceled),
        ],
    )
    def test_that_fails_leaves_nothing(
        self, bought: dict[int, list[int]], statement: LiteralString, error: type[Exception]
    ) -> None:
        for_shop = of_whom()
        with see_own.proved(account_id=ADA):
            for _ in range(2):
                with pytest.raises(error), limited(200 if error is QueryCanceled else 0):
                    scopes.fetch(statement, ())
                assert (of_whom(), seen("orders_order")) == (for_shop, 5)
            assert len(scopes.fetch(_ALL, ())) == 2
        connection.close()

    def test_whose_server_is_killed_in_the_middle_is_told_as_one_that_broke(self, bought: dict[int, list[int]]) -> None:
        for_shop, pid = of_whom(), db.raw().info.backend_pid
        killer = Thread(target=_kill_at_work, args=(pid,))
        killer.start()
        with see_own.proved(account_id=ADA), pytest.raises(db.DatabaseUnavailable):
            db.with_connection(lambda: scopes.fetch("select pg_sleep(60)", ()))
        killer.join()

        assert (of_whom(), seen("orders_order")) == (for_shop, 5)

    def test_whose_answer_is_not_waited_for_takes_the_connection_with_it(
        self, bought: dict[int, list[int]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for_shop, pid = of_whom(), db.raw().info.backend_pid
        with monkeypatch.context() as patch:
            patch.setattr("evertill.kernel.scopes.generators.fetch_many", _interrupt)
            with see_own.proved(account_id=ADA), pytest.raises(KeyboardInterrupt):
                scopes.fetch(_ALL, ())

        assert (of_whom(), seen("orders_order")) == (for_shop, 5)
        assert db.raw().info.backend_pid != pid


class TestPlans:
    def test_are_kept_for_each_role_whatever_the_values_are(self, bought: dict[int, list[int]]) -> None:
        connection.close()
        for order_id in [*bought[ADA], *bought[BOB]] * 2:
            list_payments(order_id=order_id)
            with see_own.proved(account_id=ADA):
                with suppress(OrderNotFound):
                    view_order(order_id=order_id)
                list_payments(order_id=order_id)

        plans = db.fetch(
            """
            select statement like '%%evertill_visitor' or statement like '%%orders_line%%$1%%', custom_plans
            from pg_prepared_statements
            where (statement like '%%payments_intent%%' or statement like '%%orders_line%%')
                and statement not like '%%pg_prepared_statements%%'
            order by statement
            """
        )

        # The first five plans of the shop's own are made for their values; of a visitor's there is one.
        assert sorted(plans) == [(False, 5), (True, 0), (True, 0)]


@contextmanager
def limited(ms: int) -> Iterator[None]:
    """Statements may take so long while the block runs; 0 for as long as they need."""
    db.execute("select set_config('statement_timeout', %s, false)", (str(ms),))
    try:
        yield
    finally:
        # Whatever the machine does meanwhile.
        db.raw().execute("set statement_timeout = 0")


_ALL: LiteralString = "select id from orders_order order by id"


def of_whom() -> tuple[Any, ...]:
    """As which role a connection reads, for whom, and how it plans."""
    (row,) = db.fetch(
        """
        select current_user::text, coalesce(current_setting('evertill.account', true), ''),
            coalesce(current_setting('evertill.opens', true), ''), current_setting('plan_cache_mode')
        """
    )
    return tuple(row)


def _kill_at_work(pid: int) -> None:
    """Kill the server of a connection once it is at work."""
    with psycopg.connect(config.get().database_url, autocommit=True) as mine:
        at_work = "select from pg_stat_activity where pid = %s and state = 'active' and query like '%%pg_sleep%%'"
        while mine.execute(at_work, (pid,)).fetchone() is None:
            pass
        mine.execute("select pg_terminate_backend(%s, 60000)", (pid,))


def _end(pid: int) -> None:
    with psycopg.connect(config.get().database_url, autocommit=True) as mine:
        mine.execute("select pg_terminate_backend(%s, 60000)", (pid,))


def _interrupt(_: object) -> NoReturn:
    raise KeyboardInterrupt


def _fail_inside() -> None:
    with see_own.own_rows():
        seen("orders_order")
        raise ZeroDivisionError


class TestABrokenConnection:
    def test_is_told_as_one_that_broke(self) -> None:
        def read() -> None:
            with see_own.own_rows():
                _end(db.raw().info.backend_pid)
                seen("orders_order")

        with see_own.proved(account_id=ADA), pytest.raises(db.DatabaseUnavailable):
            db.with_connection(read)

    def test_is_replaced_when_it_broke_before_it_was_used(self, bought: dict[int, list[int]]) -> None:
        with see_own.proved(account_id=ADA):
            view_order(order_id=bought[ADA][0])
        _end(db.raw().info.backend_pid)

        with see_own.proved(account_id=ADA):
            assert db.with_connection(lambda: view_order(order_id=bought[ADA][0])).id == bought[ADA][0]


class TestTables:
    def test_that_say_whose_a_row_is_are_walled_or_closed(self) -> None:
        found = {
            table
            for (table,) in db.fetch(
                """
                select distinct relname::text
                from pg_attribute join pg_class on pg_class.oid = attrelid
                where relkind = 'r' and relnamespace = 'public'::regnamespace
                  and attname in ('account_id', 'order_id', 'intent_id') and not attisdropped
                """
            )
        }

        assert found - _CLOSED <= set(OWN)
        assert set(OWN) - found == {"orders_order", "accounts_account"} - found
        for table in _CLOSED:
            assert db.fetch("select has_table_privilege('evertill_visitor', %s, 'select')", (table,)) == [(False,)]

    def test_put_their_owner_under_the_policies_too(self) -> None:
        forced = db.fetch("select relname::text from pg_class where relrowsecurity and relforcerowsecurity order by 1")

        assert [table for (table,) in forced] == sorted(OWN)

    def test_the_visitor_may_read_those_alone(self) -> None:
        readable = {
            table
            for (table,) in db.fetch(
                """
                select relname::text from pg_class
                where relkind in ('r', 'v', 'm', 'p') and relnamespace = 'public'::regnamespace
                  and has_any_column_privilege('evertill_visitor', oid, 'select, insert, update, references')
                """
            )
        }

        assert readable == set(OWN)

    def test_are_raised_once_and_again_when_they_are_to_be_others(self) -> None:
        before = _policies()

        assert raise_walls(shop_role=connection.settings_dict["USER"])
        assert _policies() == before
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("alter table orders_line disable row level security")
            cursor.execute("alter table orders_event no force row level security")
            cursor.execute("comment on policy own on orders_order is 'of an older release'")

        raise_walls(shop_role=connection.settings_dict["USER"])

        assert {name for name, _ in _policies() - before} == {"orders_event", "orders_line", "orders_order"}
        assert tables.count("orders_order") == 0

    def test_are_not_raised_where_the_shop_would_read_below_them(self, capsys: pytest.CaptureFixture[str]) -> None:
        before = _policies()

        assert not raise_walls(shop_role="evertill_visitor")

        assert _policies() == before
        assert "needs bypassrls" in capsys.readouterr().out


def _policies() -> set[tuple[str, int]]:
    """Each table's policy, by the number that it got when it was made."""
    rows = db.fetch("select polrelid::regclass::text, oid::bigint from pg_policy where polname = 'own'")
    return {(table, number) for table, number in rows}
