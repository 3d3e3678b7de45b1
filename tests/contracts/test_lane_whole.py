"""The whole shop as `make shop` starts it: the address it prints, the order to copy, metrics on a port of their own."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from evertill.journeys.raise_walls import OWN
from evertill.kernel import embedded
from tests.contracts.test_up import clean_environment, free_port
from tests.kernel.waiting import open_folder, until

# Far more than a quiet machine needs, so that a busy one does not fail.
_PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def told() -> Iterator[list[str]]:
    """What a shop with the demo catalogue says once it is open; it stays open for the module."""
    with open_folder() as folder:
        said = folder / "said"
        with said.open("w", encoding="utf-8") as output:
            evertill = str(Path(sys.executable).with_name("evertill"))
            process = subprocess.Popen(
                [evertill, "up", "--demo", "--workers=2", f"--port={free_port()}", f"--data={folder / 'data'}"],
                env=clean_environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            until(lambda: _is_open(process, said), seconds=240)
            yield said.read_text(encoding="utf-8").splitlines()
        finally:
            os.kill(process.pid, signal.SIGTERM)
            process.wait(timeout=60)


def _is_open(process: subprocess.Popen[bytes], said: Path) -> bool:
    text = said.read_text(encoding="utf-8")
    assert process.poll() is None, text
    return "Stop it with Ctrl-C." in text


def _listens(address: str) -> bool:
    try:
        httpx.get(address, trust_env=False, timeout=_PATIENCE_S)
    except httpx.ConnectError:
        return False
    return True


def found(told: list[str], pattern: str) -> str:
    matches = [match.group(1) for line in told if (match := re.search(pattern, line))]
    assert len(matches) == 1, told
    return matches[0]


class TestWholeShop:
    def test_reads_for_customers_behind_a_second_wall(self, told: list[str]) -> None:
        folder = Path(found(told, r"Data in (.+); metrics"))

        with psycopg.connect(embedded.shop_url(folder), autocommit=True) as shop:
            (works_as, plays) = shop.execute(
                "select current_user::text, pg_has_role('evertill_visitor', 'member')"
            ).fetchone() or ("", False)
            (walled,) = shop.execute("select count(*) from pg_policy where polname = 'own'").fetchone() or (0,)

        assert (works_as, plays, walled) == ("evertill_shop", True, len(OWN))

    def test_is_at_the_address_that_it_prints(self, told: list[str]) -> None:
        url = found(told, r"The shop is open: (\S+)")

        page = httpx.get(f"{url}/en/products", trust_env=False, timeout=_PATIENCE_S, follow_redirects=True)
        ready = httpx.get(f"{url}/readyz", trust_env=False, timeout=_PATIENCE_S)

        assert page.status_code == 200
        assert "Night Shift Oolong" in page.text
        assert ready.json() == {"status": "ready", "waits_for": []}

    def test_takes_the_order_that_it_tells_to_copy(self, told: list[str]) -> None:
        command = shlex.split(found(told, r"(curl .*)").replace("$(date +%s%N)", "key-1"))
        url, content = next(word for word in command if word.startswith("http")), command[-1]
        headers = dict(command[i + 1].split(": ", 1) for i, word in enumerate(command) if word == "-H")

        answer = httpx.post(url, content=content, headers=headers, trust_env=False, timeout=_PATIENCE_S)

        assert answer.status_code == 201, answer.text
        assert answer.json()["lines"][0]["sku"] == json.loads(content)["lines"][0]["sku"]

    def test_tells_its_metrics_on_the_internal_port_alone(self, told: list[str]) -> None:
        url = found(told, r"The shop is open: (\S+)")
        body = {"lines": [{"sku": "NO", "quantity": 1}], "currency": "GBP", "contact": {"email": "a@b"}}
        httpx.post(
            f"{url}/api/v1/orders",
            json=body,
            headers={"Idempotency-Key": "key-2"},
            trust_env=False,
            timeout=_PATIENCE_S,
        )

        address = found(told, r"metrics at (\S+)")
        # Who tells them is a process of his own, which a shop that opens does not wait for.
        until(lambda: _listens(address))
        metrics = httpx.get(address, trust_env=False, timeout=_PATIENCE_S)

        assert metrics.status_code == 200
        assert 'evertill_answers_total{batch="place",outcome="UNKNOWN_SKU"} 1.0' in metrics.text
        assert httpx.get(f"{url}/metrics", trust_env=False, timeout=_PATIENCE_S).status_code == 404
