"""A million orders written at once are what a shop would have left, so that what is measured on them counts."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import database as db
from bench import million
from bench.database import Database
from tests import server as servers

NOW = dt.datetime(2026, 11, 26, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def database(pg_server: servers.Server) -> Iterator[Database]:
    with servers.cloned(pg_server, "bench_test_million") as url:
        made = Database(url=url, admin_url=pg_server.superuser_url)
        db.stock_goods(made, count=1000)
        yield made


class TestFill:
    def test_the_books_add_up(self, database: Database) -> None:
        million.fill(database, orders=600, skus=1000, now=NOW, tell=_say_nothing)

        assert db.audit(database) == {"orders": 600}
        audited = subprocess.run(
            [Path(sys.executable).with_name("evertill"), "audit"],
            env=os.environ | servers.environment(database.url),
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert (audited.returncode, audited.stdout.splitlines()[-1]) == (0, "The books are sound.")

    def test_the_same_seed_and_moment_give_the_same_orders(self, database: Database, pg_server: servers.Server) -> None:
        with servers.cloned(pg_server, "bench_test_million_again") as url:
            again = Database(url=url, admin_url=pg_server.superuser_url)
            db.stock_goods(again, count=1000)
            for one in (database, again):
                million.fill(one, orders=80, skus=1000, now=NOW, tell=_say_nothing)

            assert _orders(database) == _orders(again)


def _orders(database: Database) -> list[tuple[object, ...]]:
    columns = "id, state, total, currency, email, phone, account_id"
    return db.query(database.url, f"select {columns} from orders_order order by id")  # noqa: S608 — names of ours.


def _say_nothing(_line: str) -> None:
    pass
