"""What payment providers do to a shop: one tells of payments in a flood, and one does not answer at all."""

from __future__ import annotations

import http.client
import json
import secrets
import socket
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import database as db
from bench import figures, processes
from bench.database import Database
from bench.errors import BenchError, CountsDiffer
from bench.figures import Finding
from bench.load import steady, wrk
from bench.load.pays import paying
from bench.measures import Bench
from bench.shop import Shop, open_shop
from bench.trade import provider
from evertill.sandbox.delivery import sign

_ORDERS = 50
_PAY_RATE = 50.0
_WEBHOOK_CONNECTIONS = 64
_PATH = "/api/v1/webhooks/sandbox"


def measure_webhooks(bench: Bench) -> list[Finding]:
    """This function will tell a shop of real payments as fast as it will listen, each event once and genuinely signed.

    Its job worker handles them meanwhile. What was acknowledged must be stored, exactly once.
    """
    plan, home = bench.plan, bench.shop.folder
    database = _database(bench, "bench_webhooks")
    with provider.running(home.with_name("webhooks-sandbox")) as sandbox:
        settings = {"EVERTILL_SANDBOX_URL": sandbox.url, "EVERTILL_SANDBOX_KEYS": str(sandbox.keys)}
        with open_shop(home.with_name("webhooks"), database=database, settings=settings) as shop:
            payments = [_begin(shop, order) for order in _place(shop, _ORDERS)]
            secret = json.loads(sandbox.keys.read_text(encoding="utf-8"))["webhook_secret"]
            file = home.with_name("webhooks.txt")
            _write_events(file, payments, count=plan.webhooks, secret=secret)
            roots = [shop.pid, bench.shop.pid]
            spent_s = -processes.cpu_s(roots)
            answers = wrk.run_webhooks(
                url=shop.url, path=_PATH, file=file, connections=_WEBHOOK_CONNECTIONS, seconds=plan.measure_s
            )
            spent_s += processes.cpu_s(roots)
            time.sleep(0.5)
            stored, handled = _events(database)
    if answers.refused or not answers.placed <= stored <= answers.placed + _WEBHOOK_CONNECTIONS + answers.broken:
        raise CountsDiffer(f"{answers.placed} webhooks were acknowledged, {answers.refused} refused, {stored} stored.")
    rate = answers.placed / answers.seconds
    cpu_ms = spent_s * 1e3 / answers.placed
    bench.tell(
        f"webhooks: {rate:,.0f}/s, {cpu_ms:.2f} ms of processor time each, handling included;"
        f" p50 {answers.p50_ms:.1f}, p99 {answers.p99_ms:.1f} ms; {stored:,} stored once each,"
        f" {handled:,} of them handled meanwhile"
    )
    raw = {"answers": asdict(answers), "stored": stored, "handled": handled, "cpu_ms": cpu_ms}
    return [
        Finding(promise=figures.WEBHOOKS, value=rate, measured=f"{stored:,} stored, each once", floor="–", raw=raw),
        Finding(
            promise=figures.WEBHOOK_P99, value=answers.p99_ms, measured=f"{answers.p99_ms:.1f} ms",
            floor=f"at {rate:,.0f}/s",
        ),
    ]  # fmt: skip


def measure_hang(bench: Bench, *, peak: float) -> list[Finding]:
    """This function will ask for orders at half the peak rate, before, while and after a payment provider hangs."""
    plan, home = bench.plan, bench.shop.folder
    keys = home.with_name("hang-keys.json")
    keys.write_text(json.dumps({"secret_key": "sk_sandbox_x", "webhook_secret": "whsec_x"}), encoding="utf-8")
    database = _database(bench, "bench_hang")
    with _silent() as url:
        settings = {"EVERTILL_SANDBOX_URL": url, "EVERTILL_SANDBOX_KEYS": str(keys)}
        with open_shop(home.with_name("hang"), database=database, settings=settings) as shop:
            orders = _place(shop, _ORDERS)

            def ask(seconds: int) -> steady.Latencies:
                one = steady.run(
                    host=shop.host, port=shop.port, rate=peak / 2, connections=plan.steady_connections, skus=plan.skus,
                    warm_s=plan.warm_s, measure_s=max(seconds, 1),
                )  # fmt: skip
                bench.tell(f"hang: {one.rate:,.0f} orders/s: p50 {one.p50_ms:.1f}, p99 {one.p99_ms:.1f} ms")
                return one

            before = ask(plan.hang_s // 2)
            with paying(host=shop.host, port=shop.port, orders=orders, rate=_PAY_RATE) as answers:
                during = ask(plan.hang_s)
            after = ask(plan.hang_s // 2)
    # Those that still waited at the end were broken off then.
    if answers["201"] or not answers.total():
        raise BenchError(f"The provider did not hang: pay calls were answered {dict(answers)}.")
    bench.tell(f"hang: pay calls were answered {dict(answers)}")
    without = statistics.mean([before.p99_ms, after.p99_ms])
    lost = sum(one.refused + one.broken for one in (before, during, after))
    return [
        Finding(
            promise=figures.HANG,
            value=float("inf") if lost else during.p99_ms / without,
            measured=f"{during.p99_ms:.1f} ms for {plan.hang_s} s, {_PAY_RATE:.0f} pay calls/s",
            floor=f"{before.p99_ms:.1f} ms before, {after.p99_ms:.1f} after, at {peak / 2:,.0f}/s",
            raw={"rounds": [asdict(one) for one in (before, during, after)], "pay_calls": dict(answers)},
        )
    ]


def _database(bench: Bench, name: str) -> Database:
    database = bench.shop.database.sibling(name)
    db.create(database)
    db.stock_goods(database, count=bench.plan.skus)
    return database


def _events(database: Database) -> tuple[int, int]:
    ((stored, distinct, handled),) = db.query(
        database.url,
        "select count(*), count(distinct event_id), count(*) filter (where look_at is null) from payments_event",
    )
    if stored != distinct:
        raise CountsDiffer(f"{stored} webhooks are stored, of {distinct} events.")
    return int(stored), int(handled)


def _write_events(file: Path, payments: Sequence[dict[str, Any]], *, count: int, secret: str) -> None:
    at, mark = int(time.time()), secrets.token_hex(6)
    with file.open("w", encoding="utf-8") as out:
        for number in range(count):
            payment = payments[number % len(payments)]
            body = json.dumps(
                {
                    "id": f"evt_{mark}{number:08d}",
                    "type": "payment.processing",
                    "data": {"payment": {"reference": payment["number"], "status": "PROCESSING"}},
                }
            )
            out.write(f"{sign(body, secret=secret, at=at)}\t{body}\n")


def _place(shop: Shop, count: int) -> list[dict[str, Any]]:
    line = {"sku": f"BENCH-{db.SKU_FIRST}", "quantity": 1}
    body = {"lines": [line], "currency": "GBP", "contact": {"email": "buyer@example.org"}}
    return [_post(shop, "/api/v1/orders", body, {}) for _ in range(count)]


def _begin(shop: Shop, order: dict[str, Any]) -> dict[str, Any]:
    bearer = {"Authorization": f"Bearer {order['access_token']}"}
    return _post(shop, f"/api/v1/orders/{order['number']}/payments", {"method": "sandbox.page"}, bearer)


def _post(shop: Shop, path: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    named = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(8), **headers}
    connection = http.client.HTTPConnection(shop.host, shop.port, timeout=30)
    with closing(connection):
        connection.request("POST", path, json.dumps(body), named)
        answer = connection.getresponse()
        told: dict[str, Any] = json.loads(answer.read())
    if answer.status != http.HTTPStatus.CREATED:
        raise BenchError(f"POST {path} was answered {answer.status}: {told}")
    return told


@contextmanager
def _silent() -> Iterator[str]:
    """Somebody who takes every call and never says a word."""
    kept: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:

        def take() -> None:
            with suppress(OSError):
                while True:
                    kept.append(listener.accept()[0])

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in kept:
                connection.close()
