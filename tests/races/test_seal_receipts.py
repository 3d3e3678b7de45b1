"""Sealing while orders are placed and cancelled, by several at once, some of whom die in the middle.

Whatever happened is sealed exactly once, in one chain, and the audit finds nothing.
"""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import Error, connection

from evertill.domains import receipts
from evertill.journeys.audit_books import audit_books
from evertill.journeys.cancel_order import cancel_order
from evertill.journeys.place_orders import Placed
from evertill.journeys.seal_receipts import open_journal, seal_receipts
from evertill.kernel import config, db
from tests import tables
from tests.builders import NOON, ask, make_product, place

_BATCHES, _SEALERS, _PLACERS = 40, 3, 3


def put(number: int) -> None:
    for batch in range(_BATCHES):
        placed = place(*(ask(f"{number}-{batch}-{one}") for one in range(4)))
        for one in placed[:2]:
            assert isinstance(one, Placed)
            cancel_order(order_id=one.order.id, actor="customer", now=NOON)
    connection.close()


def seal_until(over: threading.Event, sealers: set[int]) -> None:
    """Seal and seal; whose connection is killed begins anew."""
    count = 0
    while not over.is_set():
        count += 1
        try:
            sealers.add(db.raw().info.backend_pid)
            seal_receipts(now=NOON + dt.timedelta(seconds=count))
        except (db.DatabaseUnavailable, db.OutcomeUnknown, psycopg.Error, Error):
            connection.close()
    connection.close()


def kill_until(over: threading.Event, sealers: set[int]) -> int:
    killed = 0
    with psycopg.connect(config.get().database_url, autocommit=True) as mine:
        while not over.wait(0.02):
            if sealers:
                mine.execute("select pg_terminate_backend(%s)", (sealers.pop(),))
                killed += 1
    return killed


@pytest.mark.usefixtures("committed_db")
class TestSealing:
    def test_holds_everything_once_whoever_dies(self) -> None:
        receipts.forget_signer()
        make_product("TEA", pieces=100_000)
        open_journal(now=NOON)
        over, sealers = threading.Event(), set[int]()

        with ThreadPoolExecutor(_SEALERS + _PLACERS + 1) as pool:
            placing = [pool.submit(put, number) for number in range(_PLACERS)]
            sealing = [pool.submit(seal_until, over, sealers) for _ in range(_SEALERS)]
            killing = pool.submit(kill_until, over, sealers)
            failures = [one.exception() for one in placing]
            over.set()
            failures += [one.exception() for one in sealing]
        while seal_receipts(now=NOON + dt.timedelta(hours=1)):
            pass

        placed = _PLACERS * _BATCHES * 4
        assert failures == [None] * (_PLACERS + _SEALERS)
        assert killing.result() > 0
        assert tables.count("orders_order") == placed
        assert [tables.count(name) for name in ("receipts_unsealed", "orders_unsealed")] == [0, 0]
        assert tables.count("receipts_seal") > 2
        with db.write():
            sealed = [told[:2] for told in receipts.stream_sealed_events()]
        assert len(sealed) == len(set(sealed)) == placed // 2
        assert audit_books() == []
