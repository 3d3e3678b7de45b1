"""Too many at once, a lock that nobody lets go, a database that is away: told as such, and over by themselves."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
import pytest

from evertill.kernel import config
from tests.builders import balance, make_product
from tests.contracts import web
from tests.contracts.tokens import issue
from tests.contracts.truth import Document
from tests.contracts.web import ORDERS, PRODUCTS, order, orders_written, problem, refusal
from tests.contracts.wire import Wire
from tests.kernel.waiting import until

# Whoever stands before a lock stands there until the test lets it go.
_PATIENT: dict[str, Any] = {"lock_timeout_ms": "300000", "statement_timeout_ms": "300000"}

pytestmark = pytest.mark.usefixtures("committed_db")


def url() -> str:
    return config.get().database_url


@contextmanager
def held(sku: str) -> Iterator[None]:
    """Somebody else holds the stock of a SKU while the block runs."""
    with psycopg.connect(url()) as connection:
        connection.execute("select sku from stock_item where sku = %s for update", (sku,))
        yield
        connection.rollback()


def waiting_for_locks() -> int:
    """How many connections of this database wait for a lock."""
    with psycopg.connect(url(), autocommit=True) as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def client_of(site: web.Site) -> Iterator[httpx.Client]:
    """A client of a site, which takes no answer that its document does not tell of."""
    with site.client() as plain:
        document = Document(plain.get("/api/v1/schema/openapi.json").json())
    with site.client(event_hooks={"response": [document.check]}) as client:
        yield client


class TestOverload:
    def test_is_told_at_once_and_leaves_those_before_alone(self) -> None:
        make_product("TEA", pieces=100)
        with (
            web.running(url(), queue_max="2", **_PATIENT) as site,
            ThreadPoolExecutor(3) as pool,
            client_of(site) as client,
        ):
            with held("TEA"):
                # The first is at work and stands before the lock; two more fill the queue.
                first = pool.submit(order, client, key="first")
                until(lambda: waiting_for_locks() == 1)
                queued = [pool.submit(order, client, key=f"queued-{turn}") for turn in range(2)]
                until(lambda: client.get("/readyz").status_code == 503)

                answer = order(client, key="late")
                ready = client.get("/readyz")

            placed = [future.result().status_code for future in [first, *queued]]

        assert refusal(answer) == (503, "OVERLOADED")
        assert answer.headers["retry-after"] == "1"
        assert ready.json() == {"status": "not ready", "waits_for": ["queue"]}
        assert placed == [201, 201, 201]
        assert balance("TEA") == (100, 6)

    def test_of_reading_is_told_too(self) -> None:
        make_product("TEA")
        with (
            web.running(url(), queue_max="2", lane_threads="1", **_PATIENT) as site,
            client_of(site) as client,
            psycopg.connect(url()) as connection,
            ThreadPoolExecutor(3) as pool,
        ):
            connection.execute("lock table catalog_product in access exclusive mode")
            # One is at work and stands before the lock, one waits for its thread; which of them is the third is open.
            asked = [pool.submit(client.get, PRODUCTS) for _ in range(3)]
            until(lambda: any(future.done() for future in asked))
            connection.rollback()
            answers = sorted((future.result() for future in asked), key=lambda answer: answer.status_code)

        assert [answer.status_code for answer in answers] == [200, 200, 503]
        assert refusal(answers[2]) == (503, "OVERLOADED")
        assert answers[2].headers["retry-after"] == "1"


class TestLocks:
    @pytest.mark.parametrize(("lock_ms", "statement_ms"), [("200", "15000"), ("5000", "200")])
    def test_that_nobody_lets_go_are_told_as_busy(self, lock_ms: str, statement_ms: str) -> None:
        make_product("TEA")
        with (
            web.running(url(), lock_timeout_ms=lock_ms, statement_timeout_ms=statement_ms) as site,
            client_of(site) as client,
        ):
            with held("TEA"):
                answer = order(client)
            # On a busy machine a statement may take that long without any lock.
            until(lambda: order(client).status_code == httpx.codes.CREATED)

            assert '"level": "error"' not in site.log()

        assert refusal(answer) == (503, "DATABASE_BUSY")
        assert answer.headers["retry-after"] == "1"
        assert balance("TEA") == (10, 2)

    def test_on_the_catalogue_are_told_as_busy(self) -> None:
        make_product("TEA")
        with web.running(url(), lock_timeout_ms="200") as site, client_of(site) as client:
            with psycopg.connect(url()) as connection:
                connection.execute("lock table catalog_product in access exclusive mode")
                answers = [client.get(PRODUCTS), client.get(f"{PRODUCTS}/tea")]
                connection.rollback()
            again = client.get(PRODUCTS)

        assert [refusal(answer) for answer in answers] == [(503, "DATABASE_BUSY")] * 2
        assert again.status_code == 200


class TestAnotherServer:
    def test_that_only_reads_is_told_as_away(self) -> None:
        make_product("TEA")
        with web.running(url()) as site, client_of(site) as client:
            with psycopg.connect(url(), autocommit=True) as connection:
                name = connection.info.dbname
                # What a primary is after a failover, to those who were connected to it.
                connection.execute(f'alter database "{name}" set default_transaction_read_only = on')
                try:
                    answer = order(client)
                finally:
                    connection.execute("set default_transaction_read_only = off")
                    connection.execute(f'alter database "{name}" reset default_transaction_read_only')
            again = order(client)

        assert refusal(answer) == (503, "DATABASE_UNAVAILABLE")
        assert again.status_code == 201


class TestDatabaseAway:
    def test_is_told_and_is_over_as_soon_as_it_is_back(self) -> None:
        make_product("TEA")
        token = issue("till", "orders:read")
        wire = Wire(url())
        with web.running(wire.url, token_cache_s="0", database_patience_ms="0") as site, client_of(site) as client:
            placed = order(client, key="before").json()
            read = {"access_token": placed["access_token"]}
            wire.cut()

            asked = {
                "place": order(client, key="away"),
                "place as a program": order(client, key="away", token=token),
                "read": client.get(f"{ORDERS}/{placed['number']}", params=read),
                "cancel": client.post(f"{ORDERS}/{placed['number']}/cancel", params=read),
                "list": client.get(PRODUCTS),
                "show": client.get(f"{PRODUCTS}/tea"),
            }
            health = client.get("/healthz"), client.get("/readyz")
            wire.mend()
            back = order(client, key="away"), client.get(PRODUCTS), client.get("/readyz")

            assert '"level": "error"' not in site.log()

        for what, answer in asked.items():
            assert refusal(answer) == (503, "DATABASE_UNAVAILABLE"), what
            assert answer.headers["retry-after"] == "1", what
            assert "password" not in answer.text, what
            assert "127.0.0.1" not in answer.text, what
        assert [answer.status_code for answer in health] == [200, 503]
        assert health[1].json() == {"status": "not ready", "waits_for": ["database"]}
        assert [answer.status_code for answer in back] == [201, 200, 200]
        assert orders_written() == 6

    def test_costs_an_order_a_moment_when_the_database_is_soon_back(self) -> None:
        make_product("TEA")
        wire = Wire(url())
        with (
            web.running(wire.url, database_patience_ms="60000") as site,
            client_of(site) as client,
            ThreadPoolExecutor(1) as pool,
        ):
            order(client, key="before")
            wire.cut()
            waiting = pool.submit(order, client, key="meanwhile")
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
            wire.mend()

            assert waiting.result().status_code == 201

        assert orders_written() == 6

    def test_in_the_middle_of_a_flood_leaves_every_key_with_one_order_or_none(self) -> None:
        make_product("TEA", pieces=1000)
        wire, is_cut = Wire(url()), threading.Event()
        with web.running(wire.url, workers=2, database_patience_ms="0") as site, ThreadPoolExecutor(8) as pool:

            def ask(turn: int) -> httpx.Response:
                with site.client() as client:
                    return order(client, key=f"key-{turn}", lines=[{"sku": "TEA", "quantity": 1}])

            def ask_in_the_flood(turn: int) -> httpx.Response:
                # The second half of it comes when the wire is cut, however fast the first half was.
                assert turn < 60 or is_cut.wait(timeout=60)
                return ask(turn)

            flood: list[Future[httpx.Response]] = [pool.submit(ask_in_the_flood, turn) for turn in range(120)]
            until(lambda: sum(future.done() for future in flood) >= 20)
            wire.cut()
            is_cut.set()
            until(lambda: sum(future.done() for future in flood) >= 80)
            wire.mend()
            answers = [future.result() for future in flood]
            told = Counter(answer.status_code for answer in answers)
            codes = {problem(answer)["code"] for answer in answers if answer.is_error}
            again = [ask(turn) for turn in range(120)]

        assert set(told) == {201, 503}
        assert codes <= {"DATABASE_UNAVAILABLE", "OUTCOME_UNKNOWN"}
        assert {answer.status_code for answer in again} == {201}
        for before, after in zip(answers, again, strict=True):
            assert before.is_error or before.content == after.content
        assert balance("TEA") == (1000, 120)
