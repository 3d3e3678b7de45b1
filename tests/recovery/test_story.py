"""A shop that is copied elsewhere while it trades, is lost, and comes back from the copies alone. Real processes."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from evertill.kernel import embedded
from tests.contracts.test_up import clean_environment
from tests.kernel.waiting import open_folder, until
from tests.server import SECRET
from tests.shop import Shop, shop_in

_EVERTILL = Path(sys.executable).with_name("evertill")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A shop and the folder elsewhere to which it is copied."""

    shop: Shop
    home: Path

    @property
    def copies(self) -> Path:
        return self.home / "copies"

    @property
    def key(self) -> Path:
        return self.home / "key.txt"


def evertill(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """A command on a machine that knows nothing of the shop."""
    return subprocess.run([_EVERTILL, *words], env=clean_environment(), capture_output=True, text=True, timeout=120)


def restore(story: Story, into: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return evertill("restore", "--from", story.copies, "--key", story.key, "--into", into, *words)


def orders_in(folder: Path) -> set[str]:
    """The keys of all orders in a restored shop, which is opened for it and audited."""
    with embedded.running(folder=folder, tell=lambda _line: None) as url:
        with psycopg.connect(url) as database:
            rows = database.execute("select email from orders_order").fetchall()
        environment = clean_environment() | {"DATABASE_URL": url, "EVERTILL_SECRET": SECRET}
        audited = subprocess.run([_EVERTILL, "audit"], env=environment, capture_output=True, text=True, timeout=60)
    assert audited.returncode == 0, audited.stdout
    return {email for (email,) in rows}


def order(shop: Shop, email: str) -> dt.datetime:
    """Place an order, and return a moment behind it."""
    body = {"lines": [{"sku": "TEA", "quantity": 1}], "currency": "GBP", "contact": {"email": email}}
    connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=10)
    with contextlib.closing(connection):
        headers = {"Content-Type": "application/json", "Idempotency-Key": email}
        connection.request("POST", "/api/v1/orders", json.dumps(body), headers)
        answer = connection.getresponse()
        assert answer.status == http.HTTPStatus.CREATED, answer.read()
    return dt.datetime.now(dt.UTC)


def backups_of(story: Story) -> list[str]:
    listed = evertill("backup", "list", "--from", story.copies, "--key", story.key)
    assert listed.returncode == 0, listed.stderr
    return [line.split()[0] for line in listed.stdout.splitlines() if "MiB" in line]


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    """A shop that took five orders: before the full backup, between, and behind the second; then it was killed."""
    with open_folder() as home:
        (home / "copies").mkdir()
        settings = {"backup_target": f"file://{home / 'copies'}"}
        with shop_in(home / "data", settings=settings) as shop:
            shop.workers = 1
            shop.start()
            shop.stock_up([("TEA", 100)])
            story = Story(shop=shop, home=home)
            until(lambda: list((home / "copies").glob("*/backups/*/manifest-*")), seconds=60)
            shutil.copy(shop.folder / "backups" / "key.txt", story.key)
            for number in range(3):
                order(shop, f"{number}@example.com")
            taken = shop.run("backup", "now")
            assert taken.returncode == 0, taken.stderr
            yield story


class TestStory:
    def test_brings_back_every_order_or_those_of_a_moment(self, story: Story) -> None:
        moment = order(story.shop, "before@example.com")
        time.sleep(0.01)
        order(story.shop, "after@example.com")
        # What is answered is at the target within a second.
        time.sleep(1.0)
        story.shop.kill()
        shutil.rmtree(story.shop.folder)

        latest = restore(story, story.home / "latest")
        as_of = restore(story, story.home / "as-of", "--at", moment.isoformat())

        assert latest.returncode == 0, latest.stderr
        assert as_of.returncode == 0, as_of.stderr
        first = {f"{number}@example.com" for number in range(3)} | {"before@example.com"}
        assert orders_in(story.home / "latest") == first | {"after@example.com"}
        assert orders_in(story.home / "as-of") == first
        assert (story.home / "latest" / "secret.key").read_text(encoding="utf-8").strip() == SECRET
