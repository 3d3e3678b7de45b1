"""Placing when others do things at the same time, and when the database fails at the worst moment."""

from __future__ import annotations

import datetime as dt
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from evertill.domains import receipts
from evertill.domains.orders.models import Order
from evertill.journeys import place_orders as placing
from evertill.journeys.audit_books import audit_books
from evertill.journeys.cancel_order import AlreadyCancelled, CannotCancel, cancel_order
from evertill.journeys.expire_reservations import expire_reservations
from evertill.kernel import config, db
from tests import tables
from tests.builders import NOON, ask, balance, make_product, place, place_one
from tests.kernel.waiting import until
from tests.server import Server, with_database
from tests.threads import meanwhile, together

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def superuser(pg_server: Server) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """The server's superuser in the worker's database, beside whatever else happens there."""
    name = config.get().database_url.rpartition("/")[2]
    with psycopg.connect(with_database(pg_server.superuser_url, name), autocommit=True) as other:
        yield other


class TestAKeyInFlight:
    def test_is_told_to_come_back_while_the_first_goes_on(self) -> None:
        make_product("TEA", pieces=10)
        asked = ask(lines={"TEA": 3})
        with psycopg.connect(config.get().database_url) as first:
            key = int.from_bytes(asked.key_digest[:8], "big", signed=True)
            first.execute("select pg_advisory_xact_lock(%s)", (key,))

            (meeting, other) = place(asked, ask("other", {"TEA": 1}))

            assert isinstance(meeting, placing.KeyInFlight)
            assert meeting.facts == {"retry_after_s": 1}
            assert isinstance(other, placing.Placed)
        assert balance("TEA") == (10, 1)
        assert not place_one(asked).is_repeat

    def test_is_placed_once_however_many_send_it_at_once(self) -> None:
        make_product("TEA", pieces=10)

        for number in range(10):
            asked = ask(f"key-{number}", {"TEA": 1})
            outcomes = [outcome for (outcome,) in together(*[lambda asked=asked: place(asked)] * 4)]

            placed = {outcome.order.id for outcome in outcomes if isinstance(outcome, placing.Placed)}
            assert len(placed) == 1
            assert {type(outcome) for outcome in outcomes} <= {placing.Placed, placing.KeyInFlight}
        assert tables.count("orders_order") == 10
        assert balance("TEA") == (10, 10)
        assert audit_books() == []


class TestAtTheSameTime:
    def test_no_more_is_sold_than_there_is(self) -> None:
        make_product("TEA", pieces=50)
        make_product("CUP", pieces=50)

        def buyer(name: str, wanted: dict[str, int]) -> Callable[[], list[placing.Outcome]]:
            batches = [[ask(f"{name}-{batch}-{n}", wanted) for n in range(5)] for batch in range(8)]
            return lambda: [outcome for batch in batches for outcome in place(*batch)]

        # The carts name the goods in opposite sequences, which is how locks meet in a circle.
        outcomes = list(itertools.chain(*together(buyer("a", {"TEA": 1, "CUP": 1}), buyer("b", {"CUP": 1, "TEA": 1}))))

        assert sum(isinstance(outcome, placing.Placed) for outcome in outcomes) == 50
        assert sum(isinstance(outcome, placing.SoldOut) for outcome in outcomes) == 30
        assert balance("TEA") == balance("CUP") == (50, 50)
        assert audit_books() == []

    def test_placing_cancelling_and_expiring_never_wait_in_a_circle(self) -> None:
        skus = ["A", "B", "C", "D"]
        for sku in skus:
            make_product(sku, pieces=10_000)
        old = [ask(f"old-{n}", dict.fromkeys(skus[n % 4 :] + skus[: n % 4], 1)) for n in range(120)]
        ids = [placed.order.id for placed in map(_placed, place(*old))]

        def placer() -> None:
            for batch in range(30):
                place(*[ask(f"new-{batch}-{n}", dict.fromkeys(reversed(skus), 1)) for n in range(4)])

        def canceller() -> None:
            for order_id in reversed(ids):
                try:
                    cancel_order(order_id=order_id, actor="customer", now=NOON)
                except (AlreadyCancelled, CannotCancel):
                    continue

        def clock() -> None:
            while expire_reservations(now=NOON + dt.timedelta(days=1)):
                pass

        together(placer, canceller, canceller, clock)
        clock()

        assert Order.objects.filter(state="PLACED").count() == 0
        assert tables.count("orders_order") == 240
        assert tables.count("orders_event") == 480
        assert [balance(sku) for sku in skus] == [(10_000, 0)] * 4
        assert audit_books() == []

    @pytest.mark.parametrize("release", ["cancel", "expire"])
    def test_goods_are_released_in_the_sequence_in_which_they_are_reserved(
        self, superuser: psycopg.Connection[object], release: str
    ) -> None:
        skus = ["A", "B", "C"]
        # They lie in the table against their sequence, which is how a careless update would lock them.
        for sku in reversed(skus):
            make_product(sku, pieces=10)
        order_id = place_one(ask("old", dict.fromkeys(skus, 1))).order.id
        releases: dict[str, Callable[[], object]] = {
            "cancel": lambda: cancel_order(order_id=order_id, actor="customer", now=NOON),
            "expire": lambda: expire_reservations(now=NOON + dt.timedelta(days=1)),
        }

        # Both come to a halt in their middle. Had each by then what the other needs next, they would never end.
        with psycopg.connect(config.get().database_url) as third:
            third.execute("select 1 from stock_item where sku = 'B' for update")
            with meanwhile(releases[release]) as released:
                until(lambda: _waiting(superuser) == 1)
                with meanwhile(lambda: place(ask("new", dict.fromkeys(skus, 1)))) as placed:
                    until(lambda: _waiting(superuser) == 2)
                    third.rollback()

                    released.result(timeout=60)
                    assert isinstance(placed.result(timeout=60)[0], placing.Placed)

        assert [balance(sku) for sku in skus] == [(10, 1)] * 3


def _waiting(superuser: psycopg.Connection[object]) -> int:
    """How many sessions of this database wait for a lock."""
    return superuser.execute(
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    ).rowcount


def _placed(outcome: placing.Outcome) -> placing.Placed:
    assert isinstance(outcome, placing.Placed)
    return outcome


class TestADatabaseThatFails:
    def test_before_the_commit_keeps_nothing_and_says_so(self, superuser: psycopg.Connection[object]) -> None:
        make_product("TEA", pieces=10)
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            (pid,) = cursor.fetchone()
        superuser.execute("select pg_terminate_backend(%s, 5000)", (pid,))

        with pytest.raises(db.DatabaseUnavailable):
            place(ask(lines={"TEA": 3}))

        assert tables.count("orders_order") == 0
        assert not place_one(ask(lines={"TEA": 3})).is_repeat

    def test_in_the_middle_keeps_nothing_and_says_so(self, superuser: psycopg.Connection[object]) -> None:
        make_product("TEA", pieces=10)
        with psycopg.connect(config.get().database_url) as other:
            other.execute("select 1 from stock_item for update")
            with meanwhile(lambda: place(ask(lines={"TEA": 3}))) as outcome:
                _terminate(superuser, waiting_for="wait_event_type = 'Lock'")

                with pytest.raises(db.DatabaseUnavailable):
                    outcome.result(timeout=60)

        assert tables.count("orders_order") == 0
        assert balance("TEA") == (10, 0)
        assert not place_one(ask(lines={"TEA": 3})).is_repeat

    def test_while_it_commits_leaves_the_outcome_unknown(self) -> None:
        make_product("TEA", pieces=10)
        with _committing_fatally(), pytest.raises(db.OutcomeUnknown):
            place(ask(lines={"TEA": 3}))

        # Here it was not kept; the caller cannot know, and sends the same again.
        assert not place_one(ask(lines={"TEA": 3})).is_repeat
        assert balance("TEA") == (10, 3)
        assert audit_books() == []

    def test_that_a_long_lock_keeps_waiting_is_told_as_busy_and_not_as_broken(self) -> None:
        make_product("TEA", pieces=10)
        with psycopg.connect(config.get().database_url) as other:
            other.execute("select 1 from stock_item for update")
            with connection.cursor() as cursor:
                cursor.execute("set lock_timeout = '50ms'")

            with pytest.raises(db.DatabaseBusy):
                place(ask(lines={"TEA": 3}))

        connection.close()
        assert not place_one(ask(lines={"TEA": 3})).is_repeat


@contextmanager
def _committing_fatally() -> Iterator[None]:
    """Every transaction that places an order loses its connection during its commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            create function die() returns trigger language plpgsql as
            $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); return null; end $$;
            create constraint trigger die after insert on orders_order deferrable initially deferred
            for each row execute function die();
            """
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("drop trigger die on orders_order; drop function die()")


@pytest.mark.skipif(bool(os.environ.get("EVERTILL_TEST_SERVER")), reason="would change somebody else's server")
class TestAStandbyThatDoesNotAnswer:
    """The commit waits for a standby's confirmation. PostgreSQL has committed here by then, and cannot take it back."""

    @pytest.fixture(autouse=True)
    def standby(self, committed_db: None, superuser: psycopg.Connection[object]) -> Iterator[None]:
        """A standby that never comes, for this database's sessions only: others commit with `local` (tests/server)."""
        make_product("TEA", pieces=10)
        # The shop's first key is kept by a commit of its own, which would be the one that waits.
        receipts.signer(now=NOON)
        name = config.get().database_url.rpartition("/")[2]
        superuser.execute(f'alter database "{name}" set synchronous_commit = on')
        self._wait_for(superuser, "nobody")
        connection.close()
        try:
            yield
        finally:
            self._wait_for(superuser, "")
            superuser.execute(f'alter database "{name}" reset synchronous_commit')
            connection.close()

    def _wait_for(self, superuser: psycopg.Connection[object], standby: str) -> None:
        superuser.execute(f"alter system set synchronous_standby_names = '{standby}'")
        superuser.execute("select pg_reload_conf()")
        until(lambda: self._shown(superuser) == standby)

    def _shown(self, superuser: psycopg.Connection[object]) -> object:
        with psycopg.connect(superuser.info.dsn, password=superuser.info.password) as fresh:
            row = fresh.execute("show synchronous_standby_names").fetchone()
        assert row is not None
        return row[0]

    def test_and_a_wait_that_is_cut_short_leave_the_outcome_unknown(
        self, superuser: psycopg.Connection[object]
    ) -> None:
        with meanwhile(lambda: place(ask(lines={"TEA": 3}))) as outcome:
            _signal(superuser, "pg_cancel_backend", waiting_for="wait_event = 'SyncRep'")

            with pytest.raises(db.OutcomeUnknown):
                outcome.result(timeout=60)

        self._it_was_kept(superuser)

    def test_and_a_connection_that_breaks_leave_the_outcome_unknown(
        self, superuser: psycopg.Connection[object]
    ) -> None:
        with meanwhile(lambda: place(ask(lines={"TEA": 3}))) as outcome:
            _terminate(superuser, waiting_for="wait_event = 'SyncRep'")

            with pytest.raises(db.OutcomeUnknown):
                outcome.result(timeout=60)

        self._it_was_kept(superuser)

    def _it_was_kept(self, superuser: psycopg.Connection[object]) -> None:
        self._wait_for(superuser, "")
        assert place_one(ask(lines={"TEA": 3})).is_repeat
        assert balance("TEA") == (10, 3)
        assert tables.count("orders_order") == 1


def _terminate(superuser: psycopg.Connection[object], *, waiting_for: str) -> None:
    _signal(superuser, "pg_terminate_backend", waiting_for=waiting_for)


def _signal(superuser: psycopg.Connection[object], function: str, *, waiting_for: str) -> None:
    """Send a signal to the one session of this database that waits for this, once it does."""
    others = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    statement = f"select {function}(pid) {others} and {waiting_for}"
    until(lambda: superuser.execute(statement).fetchone())
