"""Sealing while orders are placed and cancelled, by several at once, some of whom die in the middle.

Whatever happened is sealed exactly once, in one chain, and the audit finds nothing.
"""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

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
from tests.kernel.waiting import until

_BATCHES, _SEALERS, _PLACERS = 40, 3, 3
# Batches before which something has to be sealed.
_PAUSES = (10, 20, 30)
_UNSEALED = ("receipts_unsealed", "orders_unsealed")


@dataclass(slots=True)
class Sealed:
    """How often sealers know that they sealed something."""

    times: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self) -> None:
        with self._lock:
            self.times += 1


def wait_for_sealers() -> None:
    """Return once something more is sealed, or all that there is."""
    before = tables.count("receipts_seal")
    until(lambda: tables.count("receipts_seal") > before or not any(map(tables.count, _UNSEALED)))


def put(number: int) -> None:
    for batch in range(_BATCHES):
        if batch in _PAUSES:
            # However fast this is, and however slow sealing, it is not all sealed at the end.
            wait_for_sealers()
        placed = place(*(ask(f"{number}-{batch}-{one}") for one in range(4)))
        for one in placed[:2]:
            assert isinstance(one, Placed)
            cancel_order(order_id=one.order.id, actor="customer", now=NOON)
    connection.close()


def seal_until(over: threading.Event, sealers: set[int], sealed: Sealed) -> None:
    """Seal and seal; whose connection is killed begins anew."""
    count = 0
    while not over.is_set():
        count += 1
        try:
            sealers.add(db.raw().info.backend_pid)
            if seal_receipts(now=NOON + dt.timedelta(seconds=count)):
                sealed.note()
        except (db.DatabaseUnavailable, db.OutcomeUnknown, psycopg.Error, Error):
            connection.close()
    connection.close()


def kill_until(over: threading.Event, sealers: set[int], sealed: Sealed) -> int:
    """Kill one sealer after the other, each once somebody has sealed since the last one: or nobody might ever."""
    killed, times = 0, -1
    with psycopg.connect(config.get().database_url, autocommit=True) as mine:
        while not over.wait(0.02):
            if sealers and sealed.times > times:
                times = sealed.times
                mine.execute("select pg_terminate_backend(%s)", (sealers.pop(),))
                killed += 1
    return killed


@pytest.mark.usefixtures("committed_db")
class TestSealing:
    def test_holds_everything_once_whoever_dies(self) -> None:
        receipts.forget_signer()
        make_product("TEA", pieces=100_000)
        open_journal(now=NOON)
        over, sealers, often = threading.Event(), set[int](), Sealed()

        with ThreadPoolExecutor(_SEALERS + _PLACERS + 1) as pool:
            placing = [pool.submit(put, number) for number in range(_PLACERS)]
            sealing = [pool.submit(seal_until, over, sealers, often) for _ in range(_SEALERS)]
            killing = pool.submit(kill_until, over, sealers, often)
            failures = [one.exception() for one in placing]
            over.set()
            failures += [one.exception() for one in sealing]
        while seal_receipts(now=NOON + dt.timedelta(hours=1)):
            pass

        placed = _PLACERS * _BATCHES * 4
        assert failures == [None] * (_PLACERS + _SEALERS)
        assert killing.result() > 0
        assert tables.count("orders_order") == placed
        assert [tables.count(name) for name in _UNSEALED] == [0, 0]
        assert tables.count("receipts_seal") > 2
        with db.write():
            sealed = [told[:2] for told in receipts.stream_sealed_events()]
        assert len(sealed) == len(set(sealed)) == placed // 2
        assert audit_books() == []
