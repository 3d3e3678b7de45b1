"""An order that was lost with the log's end, found again in the backups and put back: it alone. Real processes."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from psycopg import sql

from evertill.kernel import ids
from tests.kernel.waiting import open_folder, until
from tests.recovery.archives import FAST_KB_S
from tests.recovery.test_story import drills_of, evertill, flushed, is_at_target, one, write_on
from tests.shop import Shop, shop_in

_EVERTILL = Path(sys.executable).with_name("evertill")
# The shelf from which his goods are taken, sums of the shop's own accounts, and where its own jobs have come to.
_MOVED = {"stock_item", "ledger_balance", "orders_finding", "receipts_unsealed", "trail_chain"}
# What moves though nothing of anybody's is touched: how processes live, and what is counted of them.
_ALIVE = ("procrastinate_", "recovery_drill", "recovery_backup", "recovery_asked", "identity_", "incidents_")


@dataclass(slots=True, kw_only=True)
class Lost:
    """A shop that was restored to a moment before its last order, which was paid."""

    shop: Shop
    placed: dict[str, Any]
    payment: dict[str, Any]


def call(shop: Shop, path: str, body: object, *, port: int | None = None, **headers: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port or shop.port, timeout=60)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with contextlib.closing(connection):
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **named})
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status < http.HTTPStatus.BAD_REQUEST, said
    return dict(json.loads(said)) if said else {}


def place(shop: Shop, email: str, *, pieces: int = 1) -> dict[str, Any]:
    body = {"lines": [{"sku": "TEA", "quantity": pieces}], "currency": "GBP", "contact": {"email": email}}
    return call(shop, "/api/v1/orders", body, Idempotency_Key=email)


def pay(shop: Shop, order: dict[str, Any]) -> dict[str, Any]:
    """Have an order paid at Sandbox, and return its payment once the shop knows."""
    begun = call(
        shop,
        f"/api/v1/orders/{order['number']}/payments",
        {"method": "sandbox.page"},
        Idempotency_Key=f"pay {order['number']}",
        Authorization=f"Bearer {order['access_token']}",
    )
    keys = json.loads((shop.folder / "sandbox" / "sandbox-keys.json").read_text(encoding="utf-8"))
    theirs = one(shop, "select provider_id from payments_intent where order_id = %s", str(id_of(order)))
    call(
        shop,
        f"/v1/payments/{theirs}/simulate",
        {"card": "success"},
        port=shop.sandbox_port,
        Authorization=f"Bearer {keys['secret_key']}",
    )
    until(lambda: state_of(shop, order) == "PAID", seconds=240)
    return begun


def id_of(order: Mapping[str, Any]) -> int:
    return ids.from_number(order["number"])


def state_of(shop: Shop, order: Mapping[str, Any]) -> object:
    with psycopg.connect(shop.database_url) as database:
        row = database.execute("select state from orders_order where id = %s", (id_of(order),)).fetchone()
    return row[0] if row else None


def rows_of(shop: Shop) -> dict[str, Counter[str]]:
    """A digest of every row of every table."""
    found: dict[str, Counter[str]] = {}
    with psycopg.connect(shop.database_url) as database:
        tables = database.execute(
            "select tablename from pg_tables where schemaname = 'public' order by tablename"
        ).fetchall()
        for (table,) in tables:
            if not table.startswith(_ALIVE):
                rows = database.execute(sql.SQL("select t::text from {} as t").format(sql.Identifier(table)))
                found[table] = Counter(hashlib.sha256(text.encode()).hexdigest() for (text,) in rows)
    return found


@pytest.fixture(scope="module")
def lost() -> Iterator[Lost]:
    """Four customers order; the copies have all of it; the shop is restored to before the last, who had paid."""
    with open_folder() as home:
        (home / "copies").mkdir()
        settings = {
            "backup_target": f"file://{home / 'copies'}",
            "drill_min": "0",
            "backup_rate_kb_s": str(FAST_KB_S),
            "search_spare_mb": "0",
        }
        with shop_in(home / "data", sandbox=True, settings=settings) as shop:
            shop.workers = 1
            shop.start()
            shop.stock_up([("TEA", 100)])
            until(lambda: drills_of(shop) == [("PASSED", "BACKUP")], seconds=300)
            shutil.copy(shop.folder / "backups" / "key.txt", home / "key.txt")
            for name in ("bob", "cy", "dan"):
                place(shop, f"{name}@example.com")
            time.sleep(0.1)
            moment = dt.datetime.now(dt.UTC)
            time.sleep(0.1)
            placed = place(shop, "ada@example.com", pieces=3)
            payment = pay(shop, placed)
            write_on(shop)
            position = flushed(shop)
            until(lambda: is_at_target(shop, position), seconds=120)
            shop.stop()
            restored = evertill(
                "restore", "--from", home / "copies", "--key", home / "key.txt", "--into", home / "again",
                "--at", moment.isoformat(),
            )  # fmt: skip
            assert restored.returncode == 0, restored.stderr
            # The provider is elsewhere, and lost nothing.
            shutil.rmtree(home / "again" / "sandbox", ignore_errors=True)
            shutil.copytree(shop.folder / "sandbox", home / "again" / "sandbox")
            shop.folder = home / "again"
            shop.start()
            # The first was held before it was lost.
            until(lambda: drills_of(shop) == [("PASSED", "BACKUP")] * 2, seconds=300)
            assert state_of(shop, placed) is None
            yield Lost(shop=shop, placed=placed, payment=payment)


def scratch(shop: Shop) -> list[psutil.Process]:
    """Processes that work in the shop's place of drills."""
    found, place = [], f"{shop.folder}/backups/drills"
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if place in " ".join(process.cmdline()) or place in process.cwd():
                found.append(process)
    return found


class TestRecovering:
    @pytest.mark.drill
    def test_a_search_that_is_killed_leaves_nothing_and_is_done_by_the_shop(self, lost: Lost) -> None:
        shop = lost.shop
        place_of_drills = shop.folder / "backups" / "drills"
        words = [_EVERTILL, "orders", "find-lost", lost.placed["number"], "--data", str(shop.folder)]
        search = subprocess.Popen(words, env=shop.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(place_of_drills.exists, seconds=240)

        os.kill(search.pid, signal.SIGKILL)
        search.wait()

        until(lambda: one(shop, "select max(state) from recovery_search") == "FOUND", seconds=300)
        until(lambda: not place_of_drills.exists() and not scratch(shop), seconds=120)
        assert one(shop, "select tries from recovery_search") == 2
        assert state_of(shop, lost.placed) is None

    def test_says_that_there_is_no_room_and_leaves_nothing(self, lost: Lost) -> None:
        shop = lost.shop
        roomy = shop.settings
        shop.settings = {**roomy, "search_spare_mb": "9000000"}
        try:
            found = shop.run("orders", "find-lost", lost.placed["number"])
        finally:
            shop.settings = roomy

        assert found.returncode == 1
        assert re.search(r"failed: A copy takes \d+ MiB, \d+ MiB are free, 9000000 stay so\.", found.stderr)
        assert not (shop.folder / "backups" / "drills").exists()

    def test_puts_back_one_order_and_touches_nothing_of_anybody_else(self, lost: Lost) -> None:
        shop, number = lost.shop, lost.placed["number"]
        found = shop.run("orders", "find-lost", number)
        assert found.returncode == 0, found.stdout + found.stderr
        assert re.search(rf"1\. {number}: \d+ points, PAID, 300 GBP, ada@example\.com", found.stdout), found.stdout
        assert "bob@example.com" not in found.stdout
        searched = re.search(r"Search (\S+), in", found.stdout)
        assert searched
        before = rows_of(shop)

        recovered = shop.run("orders", "recover", searched[1], number, "--reason", "lost by the restore")

        assert recovered.returncode == 0, recovered.stdout + recovered.stderr
        until(lambda: state_of(shop, lost.placed) == "PAID", seconds=240)
        after = rows_of(shop)
        gone = {table: (rows - after[table]).total() for table, rows in before.items() if rows - after[table]}
        assert gone.keys() <= _MOVED, gone
        self._is_whole_again(lost)
        audited = shop.run("audit")
        assert audited.returncode == 0, audited.stdout

    def _is_whole_again(self, lost: Lost) -> None:
        shop = lost.shop
        with psycopg.connect(shop.database_url) as database:
            lines = database.execute(
                "select sku, title, quantity, unit_price from orders_line where order_id = %s", (id_of(lost.placed),)
            ).fetchall()
            events = database.execute(
                "select kind from orders_event where order_id = %s order by position", (id_of(lost.placed),)
            ).fetchall()
            captures = database.execute("select reference from ledger_transaction where kind = 'CAPTURE'").fetchall()
        assert lines == [("TEA", "Title of TEA", 3, 100)]
        assert [kind for (kind,) in events] == ["order.placed", "receipt.rebuilt", "order.paid"]
        assert captures == [(lost.payment["number"],)]
        # His browser sends the same request again: it is that order, and no other.
        again = place(shop, "ada@example.com", pieces=3)
        assert (again["number"], one(shop, "select count(*) from orders_order")) == (lost.placed["number"], 4)
        (shop.folder.parent / "receipt").write_text(lost.placed["receipt"], encoding="utf-8")
        verified = shop.run("verify-receipt", str(shop.folder.parent / "receipt"))
        assert verified.returncode == 0, verified.stdout
