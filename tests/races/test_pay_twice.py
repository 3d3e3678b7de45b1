"""The same pay call, sent twice at once to two web workers: one payment each, here and at the provider."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from evertill.kernel import config
from tests import tables
from tests.builders import make_product
from tests.contracts import web
from tests.contracts.test_up import free_port
from tests.sandbox.provider import Provider, running

_CALLS = 60
_CALLS_OF_A_DRILL = 1_000
# Each pair has two connections of its own; the workers share one port, and take connections as they come.
_PAIRS = 4


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running(tmp_path_factory.mktemp("sandbox"), port=free_port()) as started:
        yield started


@pytest.fixture
def site(sandbox: Provider, committed_db: None) -> Iterator[web.Site]:
    keys = sandbox.folder / "sandbox" / "sandbox-keys.json"
    url = config.get().database_url
    with web.running(
        url, workers=2, sandbox_url=sandbox.url, sandbox_keys=str(keys), provider_timeout_ms="60000"
    ) as site:
        yield site


def ask(connection: http.client.HTTPConnection, path: str, body: Any, **headers: str) -> tuple[int, bool, Any]:
    named = {"Content-Type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
    connection.request("POST", path, json.dumps(body), named)
    answer = connection.getresponse()
    return answer.status, answer.getheader("Idempotency-Replayed") == "true", json.loads(answer.read())


class TestPayingTwice:
    def test_is_one_payment_each_time(self, site: web.Site, sandbox: Provider, pytestconfig: pytest.Config) -> None:
        calls = _CALLS_OF_A_DRILL if pytestconfig.getoption("drill") else _CALLS
        make_product("TEA", pieces=calls * 2)

        def pair(which: int) -> list[tuple[tuple[int, bool, Any], tuple[int, bool, Any]]]:
            answers = []
            barrier = threading.Barrier(2)
            lines = [http.client.HTTPConnection(site.host, site.port, timeout=120) for _ in range(2)]
            with closing(lines[0]), closing(lines[1]), ThreadPoolExecutor(1) as other:

                def send(line: http.client.HTTPConnection, placed: Any) -> tuple[int, bool, Any]:
                    barrier.wait(timeout=120)
                    return ask(
                        line, f"/api/v1/orders/{placed['number']}/payments", {"method": "sandbox.page"},
                        Idempotency_Key="pay", Authorization=f"Bearer {placed['access_token']}",
                    )  # fmt: skip

                for number in range(which, calls, _PAIRS):
                    _, _, placed = ask(lines[0], web.ORDERS, web.body(), Idempotency_Key=f"order {number}")
                    second = other.submit(send, lines[1], placed)
                    answers.append((send(lines[0], placed), second.result(timeout=120)))
            return answers

        with ThreadPoolExecutor(_PAIRS) as pairs:
            answers = [both for told in pairs.map(pair, range(_PAIRS)) for both in told]

        assert len(answers) == calls
        assert {status for both in answers for status, _, _ in both} == {201}
        # Whoever comes second is given the first one's payment, also while that is being begun.
        assert all(one["number"] == other["number"] for (_, _, one), (_, _, other) in answers)
        assert Counter(sum(again for _, again, _ in both) for both in answers) == {1: calls}
        assert tables.count("payments_intent") == calls
        begun = Counter(told["reference"] for told in at(sandbox))
        assert begun == dict.fromkeys((one["number"] for (_, _, one), _ in answers), 1)


def at(sandbox: Provider) -> list[dict[str, Any]]:
    """Every payment that Sandbox has."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = sandbox.get("/v1/ledger", cursor=cursor)
        found += page["payments"]
        if page["next_cursor"] is None:
            return found
        cursor = page["next_cursor"]
