"""A shop is at rest when its own jobs have nothing left to do for the orders that were written past it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench import database as db
from bench import history
from bench.database import Database
from bench.errors import BenchError
from bench.resting import settle
from evertill.journeys.make_findable import make_findable
from evertill.journeys.seal_receipts import open_journal, seal_receipts
from evertill.kernel import clock, config
from evertill.kernel import db as shops_db
from tests import server as servers


@pytest.fixture
def database(pg_server: servers.Server, committed_db: None) -> Database:
    made = Database(url=config.get().database_url, admin_url=pg_server.superuser_url)
    db.stock_goods(made, count=10)
    # A shop opens its journal within seconds, before anybody can write a history into it.
    assert open_journal(now=clock.now())
    history.seed(made, orders=30, skus=10, tell=_say_nothing)
    return made


@contextmanager
def working() -> Iterator[None]:
    """The shop's jobs that see to orders, while the block runs."""
    enough = threading.Event()

    def work() -> None:
        try:
            while not enough.wait(0.02):
                if open_journal(now=clock.now()):
                    seal_receipts(now=clock.now())
                make_findable(now=clock.now())
        finally:
            shops_db.close()

    worker = threading.Thread(target=work, name="jobs")
    worker.start()
    try:
        yield
    finally:
        enough.set()
        worker.join()


class TestSettle:
    def test_returns_once_every_order_has_a_receipt_a_place_in_the_journal_and_is_found(
        self, database: Database
    ) -> None:
        with working():
            settle(database, tell=_say_nothing, within_s=300.0)

        ((without, chained, found, orders),) = db.query(
            database.url,
            """
            select
                (select count(*) from orders_order where receipt_batch is null),
                (select sum(cardinality(event_orders))::int from receipts_seal),
                (select count(*) from orders_found),
                (select count(*) from orders_order)
            """,
        )
        # Having been placed stands in the batches of receipts; what became of each order is an event of its own.
        assert (without, chained, found, orders) == (0, 30, 30, 30)

    def test_says_what_is_left_when_nobody_does_it(self, database: Database) -> None:
        with pytest.raises(BenchError, match="30 without receipt, 1 unsealed, 30 unfound"):
            settle(database, tell=_say_nothing, within_s=0.0)


def _say_nothing(_line: str) -> None:
    pass
