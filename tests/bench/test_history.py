"""Years of trade written at once leave the books as a shop would: whole orders, balances that add up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench import database as db
from bench import history
from bench.database import Database
from bench.errors import CountsDiffer
from bench.race import Contestant, Driven, race
from tests import server as servers


@pytest.fixture
def database(pg_server: servers.Server) -> Iterator[Database]:
    with servers.cloned(pg_server, "bench_test_history") as url:
        made = Database(url=url, admin_url=pg_server.superuser_url)
        db.stock_goods(made, count=1000)
        yield made


class TestSeed:
    def test_writes_whole_orders_that_hold_nothing_back(self, database: Database) -> None:
        history.seed(database, orders=500, skus=1000, tell=_say_nothing)

        assert db.audit(database) == {"orders": 500}
        ((open_orders, held, lines, too_late),) = db.query(
            database.url,
            """
            select
                (select count(*) from orders_order where state = 'PLACED'),
                (select sum(reserved)::bigint from stock_item),
                (select count(*) from orders_line),
                (select count(*) from orders_order where reserved_until > now() or total <= 0)
            """,
        )
        assert (open_orders, held, too_late) == (0, 0, 0)
        assert 500 < lines < 1500

    def test_reset_takes_every_order_away_and_puts_the_goods_back(self, database: Database) -> None:
        history.seed(database, orders=50, skus=1000, tell=_say_nothing)

        db.reset(database)

        assert db.audit(database) == {"orders": 0}


class TestRace:
    def test_refuses_orders_that_the_database_does_not_hold(self, database: Database) -> None:
        boaster = Contestant(
            name="boaster", database=database, drive=lambda _: Driven(orders=1, seconds=1.0), server=()
        )

        with pytest.raises(CountsDiffer):
            race([boaster], rounds=1, warm_s=0, measure_s=1, tell=_say_nothing)


def _say_nothing(_line: str) -> None:
    pass
