"""The databases that are measured: made, filled, reset, counted and audited. Nothing stays connected in between."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlsplit, urlunsplit

import psycopg

from bench.errors import BenchError, CountsDiffer
from evertill.kernel import ids, sql

SKU_FIRST = 1000
# No run of the bench can sell so many; the money path compares balances, it does not count pieces.
STOCK = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One database: its address as the shop's account, and the server's as its superuser."""

    url: str
    admin_url: str

    @property
    def name(self) -> str:
        """What the server calls it."""
        return urlsplit(self.url).path.lstrip("/")

    def sibling(self, name: str) -> Database:
        """This function will return the address of another database on the same server; it need not exist."""
        return replace(self, url=urlunsplit(urlsplit(self.url)._replace(path=f"/{name}")))


def statement(name: str) -> LiteralString:
    """This function will return the statement in bench/sql/<name>.sql."""
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def query(url: str, text: LiteralString, params: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """This function will run one statement in a transaction of its own and return its rows, if it has any."""
    with psycopg.connect(url, autocommit=True, application_name="bench") as connection:
        cursor = connection.execute(text, params)
        return cursor.fetchall() if cursor.description else []


def create(database: Database) -> None:
    """This function will make an empty database owned by the shop's account, migrated as the shop migrates its own."""
    owner = urlsplit(database.url).username or ""
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute(
            psycopg.sql.SQL("create database {} owner {}").format(
                psycopg.sql.Identifier(database.name), psycopg.sql.Identifier(owner)
            )
        )
    migrate(database)


def migrate(database: Database) -> None:
    """This function will bring a database up to this release; raises BenchError with the migration's own words."""
    environ = {
        **os.environ,
        "DATABASE_URL": database.url,
        # Migrations sign nothing; the settings only insist that there is a secret.
        "EVERTILL_SECRET": "bench" * 10,
        "DJANGO_SETTINGS_MODULE": "evertill.entry.site.settings",
    }
    done = subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--no-input", "--verbosity=0"],
        env=environ, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BenchError(f"The database {database.name} could not be migrated:\n{done.stderr.strip()}")


def stock_goods(database: Database, *, first: int = SKU_FIRST, count: int, pieces: int = STOCK) -> None:
    """This function will put `count` goods on the shelf, BENCH-<first> and on, `pieces` of each, and analyse them."""
    query(database.url, statement("goods"), {"first": first, "last": first + count - 1, "stock": pieces})
    with psycopg.connect(database.url, autocommit=True) as connection:
        for table in ("catalog_product", "catalog_variant", "catalog_price", "stock_item"):
            connection.execute(psycopg.sql.SQL("vacuum (analyze) {}").format(psycopg.sql.Identifier(table)))


def reset(database: Database) -> None:
    """This function will take all orders away, put the goods back, and leave no work behind for the next round."""
    query(database.url, statement("reset"))
    rest(database)


def rest(database: Database) -> None:
    """This function will do the work that earlier rounds left for the server, so that no later round pays for it."""
    query(database.url, "vacuum (analyze) stock_item")
    query(database.admin_url, "checkpoint")


def count_orders(database: Database) -> int:
    """This function will count the orders that are there."""
    ((count,),) = query(database.url, "select count(*) from orders_order")
    return int(count)


def count_paid(database: Database) -> int:
    """This function will count the orders that are paid."""
    ((count,),) = query(database.url, "select count(*) from orders_order where state = 'PAID'")
    return int(count)


def check_paid(database: Database, *, numbers: Sequence[str]) -> None:
    """This function will check that each order whose payment was acknowledged was paid exactly once, by all books.

    Raises CountsDiffer.
    """
    with psycopg.connect(database.url) as connection:
        connection.execute("create temporary table acknowledged (id bigint, number text) on commit drop")
        with connection.cursor().copy("copy acknowledged from stdin") as copy:
            for number in numbers:
                copy.write_row((ids.from_number(number), number))
        connection.execute("analyze acknowledged")
        found = connection.execute(statement("acknowledged")).fetchone()
        books = connection.execute(statement("books")).fetchone()
        wrong = connection.execute(sql.load("evertill.domains.ledger", "differences")).fetchall()
    if found is None or set(found) != {len(numbers)}:
        raise CountsDiffer(f"{database.name}: {len(numbers)} payments were acknowledged, in the books are {found}.")
    if books is None or books[:2] != (0, 0) or len(set(books[2:])) != 1 or wrong:
        raise CountsDiffer(f"{database.name}: the ledger does not add up: {books}, {wrong[:3]}.")


def table_scans(database: Database) -> Counter[str]:
    """This function will return how often each table was read from end to end, without an index."""
    return Counter(dict(query(database.url, "select relname, coalesce(seq_scan, 0) from pg_stat_user_tables")))


def durable_work(database: Database) -> dict[str, int]:
    """This function will return what the whole server wrote to its log so far: bytes, and how often it synced them."""
    ((written, synced),) = query(
        database.admin_url,
        """
        select
            (select wal_bytes::bigint from pg_stat_wal),
            (select coalesce(sum(fsyncs), 0)::bigint from pg_stat_io where object = 'wal')
        """,
    )
    return {"wal_bytes": int(written), "wal_syncs": int(synced)}


def sales_of(database: Database, *, sku: str) -> dict[str, int]:
    """This function will return what is stored of one good's sales: orders, pieces in their lines, pieces reserved."""
    ((orders, pieces, reserved, on_hand),) = query(
        database.url,
        """
        select
            (select count(distinct order_id) from orders_line where sku = %(sku)s),
            (select coalesce(sum(quantity), 0)::bigint from orders_line where sku = %(sku)s),
            (select reserved from stock_item where sku = %(sku)s),
            (select on_hand from stock_item where sku = %(sku)s)
        """,
        {"sku": sku},
    )
    return {"orders": orders, "pieces": pieces, "reserved": reserved, "on_hand": on_hand}


def audit(database: Database) -> dict[str, int]:
    """This function will check that every order is whole and every balance the sum of its movements, and count them.

    Raises CountsDiffer.
    """
    ((orders, unlined, unmarked, unmoved),) = query(database.url, statement("audit"))
    if unlined or unmarked or unmoved:
        raise CountsDiffer(
            f"{database.name}: of {orders} orders {unlined} have no line, {unmarked} no event, {unmoved} no movement."
        )
    wrong = query(database.url, sql.load("evertill.domains.stock", "differences"))
    if wrong:
        raise CountsDiffer(f"{database.name}: {len(wrong)} balances are not the sum of their movements: {wrong[:3]}")
    return {"orders": int(orders)}
