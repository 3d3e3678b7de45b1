"""The exam of backups: everything is killed under load, and the shop comes back from the copies alone.

Nothing of the killed machine is used: its data folder is removed. Each order that was acknowledged is looked for; what
is missing may only be of the last second, and where orders wait for the target nothing may be missing at all. What is
missing is named by the receipts that its buyers were given, no more and no less, and put back from them. The next round
goes on in the restored shop.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import random
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
import pytest

from evertill.kernel import embedded, ids
from tests.contracts.test_up import clean_environment, lives
from tests.kernel.waiting import ROOT, open_folder, until
from tests.recovery.archives import FAST_KB_S
from tests.server import SECRET
from tests.shop import Shop, shop_in

_ROUNDS = 1
_ROUNDS_OF_A_DRILL = 20
_BUYERS = 4
_LOST_S_MAX = 1.0
# A shop is at work once it has answered so many.
_FIRST = 20
_EVERTILL = Path(sys.executable).with_name("evertill")


@pytest.fixture
def rounds(pytestconfig: pytest.Config) -> int:
    given: int | None = pytestconfig.getoption("rounds")
    return given or (_ROUNDS_OF_A_DRILL if pytestconfig.getoption("drill") else _ROUNDS)


@dataclass(slots=True)
class Crowd:
    """Buyers who order without a pause, and note when each order was acknowledged."""

    shop: Shop
    # Number of the order → the moment, by the monotonic clock, at which its answer was there; and its receipt.
    told: dict[int, float] = field(default_factory=dict)
    receipts: dict[int, str] = field(default_factory=dict)
    _enough: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        for number in range(_BUYERS):
            thread = threading.Thread(target=self._buy, name=f"buyer-{number}")
            self._threads.append(thread)
            thread.start()

    def finish(self) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join()

    def _buy(self) -> None:
        body = json.dumps(
            {"lines": [{"sku": "TEA", "quantity": 1}], "currency": "GBP", "contact": {"email": "b@example.com"}}
        )
        connection = http.client.HTTPConnection("127.0.0.1", self.shop.port, timeout=120)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            while not self._enough.is_set():
                headers = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)}
                connection.request("POST", "/api/v1/orders", body, headers)
                answer = connection.getresponse()
                said = json.loads(answer.read())
                if answer.status == http.HTTPStatus.CREATED:
                    number = ids.from_number(said["number"])
                    self.receipts[number] = said["receipt"]
                    self.told[number] = time.monotonic()


def kill_everything(shop: Shop) -> float:
    """Kill every process of a shop at once, the database's too, and return when."""
    assert shop.process is not None
    root = psutil.Process(shop.process.pid)
    family = [root, *root.children(recursive=True)]
    moment = time.monotonic()
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    shop.process.wait()
    shop.process = None
    # As processes and not as numbers, which a busy machine soon gives to others.
    until(lambda: not any(map(lives, family)), seconds=120)
    return moment


def restore(home: Path, into: Path) -> None:
    words: list[str | Path] = ["--from", home / "copies", "--key", home / "key.txt", "--into", into]
    done = subprocess.run([_EVERTILL, "restore", *words], env=clean_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def look_into(folder: Path, crowd: Crowd) -> tuple[set[int], set[int]]:
    """The orders in a restored shop, and those that receipts name as lost, which are put back. Both are audited."""
    receipts = folder.with_name(f"{folder.name}.receipts")
    receipts.write_text("\n".join(crowd.receipts.values()), encoding="utf-8")
    with embedded.running(folder=folder, tell=lambda _line: None) as url:
        environment = clean_environment() | {"DATABASE_URL": url, "EVERTILL_SECRET": SECRET}
        environment |= {"DJANGO_SETTINGS_MODULE": "evertill.entry.site.settings", "EVERTILL_DATA": str(folder)}
        with psycopg.connect(url) as database:
            found = {order for (order,) in database.execute("select id from orders_order").fetchall()}
        run([_EVERTILL, "audit"], environment)
        said = json.loads(
            run([sys.executable, "-m", "tests.recovery.rebuilding", receipts], environment).splitlines()[-1]
        )
        assert said["left"] == []
        if said["lost"]:
            run([_EVERTILL, "audit"], environment)
    return found, set(said["lost"])


def run(words: list[str | Path], environment: dict[str, str]) -> str:
    done = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextlib.contextmanager
def copied(home: Path, *, sync: bool) -> Iterator[Shop]:
    (home / "copies").mkdir()
    settings = {"backup_target": f"file://{home / 'copies'}", "drill_min": "0", "log_sync": str(int(sync))}
    # However busy the machine is, no order is answered without the target.
    settings |= {"backup_rate_kb_s": str(FAST_KB_S), "log_sync_patience_s": "600"}
    with shop_in(home / "data-0", settings=settings) as shop:
        shop.workers = 1
        shop.start()
        shop.stock_up([("TEA", 10**9)])
        yield shop


def all_are_copied(copies: Path) -> bool:
    """Whether every line has a backup that is whole."""
    return all(list(line.parent.glob("backups/*/manifest-*")) for line in copies.glob("*/line-*"))


class TestKills:
    # What is gathered is looked for in test_story.py too, so that every change need not wait for it here.
    @pytest.mark.parametrize(
        "sync",
        [pytest.param(False, marks=pytest.mark.drill, id="gathered"), pytest.param(True, id="waited for")],
    )
    def test_lose_no_more_than_was_promised(
        self, sync: bool, seed: int, rounds: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        dice = random.Random(f"{seed}/{sync}")
        known: set[int] = set()
        with open_folder() as home, copied(home, sync=sync) as shop:
            for number in itertools.count(1):
                until(lambda: all_are_copied(home / "copies"), seconds=240)
                shutil.copy(shop.folder / "backups" / "key.txt", home / "key.txt")
                crowd = Crowd(shop)
                crowd.start()
                until(lambda: len(crowd.told) > _FIRST, seconds=240)  # noqa: B023 — asked before it is another one.
                time.sleep(dice.uniform(0.0, 2.0))
                killed = kill_everything(shop)
                crowd.finish()
                shutil.rmtree(shop.folder)

                into = home / f"data-{number}"
                restore(home, into)
                found, lost = look_into(into, crowd)

                missing = {order: killed - at for order, at in crowd.told.items() if order not in found}
                oldest = max(missing.values(), default=0.0)
                with capsys.disabled():
                    print(
                        f"\n  round {number}, {'waited for' if sync else 'gathered'}: {len(crowd.told)} acknowledged,"
                        f" {len(missing)} missing, the oldest of {oldest:.2f} s, all named and put back; replay with"
                        f" SEED={seed}",
                        end="",
                        flush=True,
                    )
                assert oldest <= (0.0 if sync else _LOST_S_MAX)
                assert lost == missing.keys()
                assert known <= found
                known = found | lost
                if number == rounds:
                    return
                shop.folder = into
                shop.start()
