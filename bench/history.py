"""Years of trade in minutes: orders written set by set, as the shop would have left them."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import psycopg

from bench import database as db
from bench.database import SKU_FIRST, Database
from bench.race import Tell
from evertill.kernel import clock, ids

_SET_ORDERS = 100_000
_TRIES = 3
# As many sets at once as keep two processors busy; the table of movements hands out its numbers to one at a time.
_AT_ONCE = 2
_TABLES = ("orders_order", "orders_line", "orders_event", "stock_movement")


def seed(database: Database, *, orders: int, skus: int, tell: Tell) -> None:
    """This function will store finished orders of the past year, no older than the epoch of the shop's identifiers.

    Before that epoch all identifiers share one minute. Afterwards the tables are vacuumed, analysed and on the disk.
    """
    until = clock.now() - dt.timedelta(hours=2)
    shared = {
        "since": max(until - dt.timedelta(days=365), ids.EPOCH),
        "until": until,
        "epoch": ids.EPOCH,
        "total": orders,
        "skus": skus,
        "sku_first": SKU_FIRST,
    }
    sets = [(first, min(first + _SET_ORDERS, orders + 1) - 1) for first in range(1, orders + 1, _SET_ORDERS)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for done, _ in enumerate(pool.map(lambda ends: _write(database, shared, *ends), sets), start=1):
            if done % 10 == 0 or done == len(sets):
                tell(f"history: {min(done * _SET_ORDERS, orders):,} of {orders:,} orders")
    with psycopg.connect(database.url, autocommit=True) as connection:
        for table in _TABLES:
            connection.execute(psycopg.sql.SQL("vacuum (analyze) {}").format(psycopg.sql.Identifier(table)))
    db.rest(database)


def _write(database: Database, shared: dict[str, object], first: int, last: int) -> None:
    for left in reversed(range(_TRIES)):
        try:
            db.query(database.url, db.statement("history"), {**shared, "first": first, "last": last})
        except psycopg.errors.UniqueViolation:
            # Two random identifiers were equal; the whole set was rolled back, and others will be drawn.
            if not left:
                raise
        else:
            return
