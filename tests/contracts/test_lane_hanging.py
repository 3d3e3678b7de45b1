"""Paying while a provider hangs: its own payments wait, and nobody else does."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from evertill.kernel import config
from tests import tables
from tests.builders import make_product
from tests.contracts import web
from tests.contracts.web import order, refusal
from tests.kernel.waiting import until
from tests.sandbox.provider import Provider

_HANGING = 12


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Where a provider takes calls and answers none; once it is closed, all of them break off."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        yield listener


@pytest.fixture
def site(sandbox: Provider, silent: socket.socket, committed_db: None) -> Iterator[web.Site]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "STUCK_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with web.running(
            config.get().database_url,
            program="tests.contracts.two_providers_worker",
            sandbox_url=sandbox.url,
            sandbox_keys=str(sandbox.folder / "sandbox" / "sandbox-keys.json"),
            # Longer than all of this takes: it is the test that ends the waiting.
            provider_timeout_ms="60000",
            provider_failures_max="4",
        ) as site:
            yield site


def pay(client: httpx.Client, placed: dict[str, Any], method: str) -> httpx.Response:
    headers = {"Idempotency-Key": method, "Authorization": f"Bearer {placed['access_token']}"}
    return client.post(f"/api/v1/orders/{placed['number']}/payments", json={"method": method}, headers=headers)


class TestAHangingProvider:
    def test_keeps_neither_other_payments_nor_orders_waiting(self, site: web.Site, silent: socket.socket) -> None:
        make_product("TEA", pieces=1_000)
        with site.client() as client, ThreadPoolExecutor(_HANGING) as crowd:
            placed = [dict(order(client, key=f"order-{number}").json()) for number in range(_HANGING)]
            assert pay(client, placed[0], "sandbox.page").status_code == 201
            hanging = [crowd.submit(pay, client, one, "stuck.page") for one in placed[1:]]
            until(lambda: tables.count("payments_intent") >= 4)

            for number in range(10):
                one = order(client, key=f"meanwhile-{number}").json()
                assert pay(client, one, "sandbox.page").status_code == 201

            # All of it while those still waited.
            assert not any(future.done() for future in hanging)
            silent.close()
            told = [refusal(future.result(timeout=60)) for future in hanging]

            assert set(told) == {(503, "PROVIDER_UNAVAILABLE")}
            methods = client.get("/api/v1/payment-methods").json()
            assert methods == {
                "methods": [
                    {"method": "balance.instant", "provider": "balance", "way": "instant", "available": True},
                    {"method": "sandbox.page", "provider": "sandbox", "way": "page", "available": True},
                    {"method": "sandbox.qr", "provider": "sandbox", "way": "qr", "available": True},
                    {"method": "stuck.page", "provider": "stuck", "way": "page", "available": False},
                    {"method": "stuck.qr", "provider": "stuck", "way": "qr", "available": False},
                ]
            }
