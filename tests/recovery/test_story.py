"""A shop that is copied elsewhere while it trades, is lost, and comes back from the copies alone. Real processes."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import json
import re
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from evertill.domains.recovery.sealing import read_key
from evertill.journeys.read_catalogue import reach, read_catalogue
from evertill.kernel import embedded
from evertill.outside.open_target import open_target
from tests.contracts import command
from tests.contracts.test_up import clean_environment
from tests.kernel.waiting import until
from tests.recovery.copied import copied_shop
from tests.server import SECRET
from tests.shop import Shop


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
    return command.run(clean_environment(), *words, seconds=600)


def restore(story: Story, into: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return evertill("restore", "--from", story.copies, "--key", story.key, "--into", into, *words)


def orders_in(folder: Path) -> set[str]:
    """The keys of all orders in a restored shop, which is opened for it and audited."""
    with embedded.running(folder=folder, tell=lambda _line: None) as url:
        with psycopg.connect(url) as database:
            rows = database.execute("select email from orders_order").fetchall()
        environment = clean_environment() | {"DATABASE_URL": url, "EVERTILL_SECRET": SECRET}
        audited = command.run(environment, "audit", "--data", folder)
    assert audited.returncode == 0, audited.stdout
    return {email for (email,) in rows}


def order(shop: Shop, email: str) -> dt.datetime:
    """Place an order, and return a moment behind it."""
    body = {"lines": [{"sku": "TEA", "quantity": 1}], "currency": "GBP", "contact": {"email": email}}
    connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=60)
    with contextlib.closing(connection):
        headers = {"Content-Type": "application/json", "Idempotency-Key": email}
        connection.request("POST", "/api/v1/orders", json.dumps(body), headers)
        answer = connection.getresponse()
        assert answer.status == http.HTTPStatus.CREATED, answer.read()
    return dt.datetime.now(dt.UTC)


def end_of(story: Story) -> dt.datetime:
    """The last moment to which there are copies."""
    target = open_target(str(story.copies), folder=story.home, timeout_s=5)
    (catalogue,) = read_catalogue(target=target, key=read_key(story.key))
    end = reach(target=target, catalogue=catalogue)
    assert end is not None
    return end


def drills_of(shop: Shop) -> list[tuple[str, str]]:
    with psycopg.connect(shop.database_url) as database:
        return list(database.execute("select verdict, occasion from recovery_drill order by id").fetchall())


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    """A shop that took five orders: before the full backup, between, and behind the second; then it was killed."""
    with copied_shop() as shop:
        home = shop.folder.parent
        story = Story(shop=shop, home=home)
        until(lambda: list((home / "copies").glob("*/backups/*/manifest-*")), seconds=240)
        # After each backup a drill is held by itself.
        until(lambda: drills_of(shop) == [("PASSED", "BACKUP")], seconds=300)
        shutil.copy(shop.folder / "backups" / "key.txt", story.key)
        for number in range(3):
            order(shop, f"{number}@example.com")
        taken = shop.run("backup", "now")
        assert taken.returncode == 0, taken.stderr
        yield story


def write_on(shop: Shop) -> None:
    """Write to the log once more, without a commit, a while later.

    How far the copies reach is told in whole milliseconds, so an order of the very last one would lie behind that.
    """
    time.sleep(0.01)
    one(shop, "select pg_logical_emit_message(false, 'later', '', true)::text")


def flushed(shop: Shop) -> str:
    """How far the log of what was committed by now goes."""
    return str(one(shop, "select pg_current_wal_flush_lsn()::text"))


def is_at_target(shop: Shop, position: str) -> bool:
    """Whether the log has come to the target up to a position, which alone moves the slot on."""
    return bool(one(shop, "select bool_and(restart_lsn >= %s::pg_lsn) from pg_replication_slots", position))


def one(shop: Shop, statement: LiteralString, *params: str) -> object:
    with psycopg.connect(shop.database_url) as database:
        row = database.execute(statement, params).fetchone()
    assert row is not None
    return row[0]


class TestDrill:
    def test_makes_the_shop_again_and_takes_an_order_in_it(self, story: Story) -> None:
        held = story.shop.run("drill", "restore")

        assert held.returncode == 0, held.stdout + held.stderr
        lines = [line.strip() for line in held.stdout.splitlines()]
        assert "✓ every file is as PostgreSQL listed it" in lines
        assert "✓ the incremental backup holds every block that the log says was changed" in lines
        assert "✓ its books are sound" in lines
        assert "✓ every index and table is sound by pg_amcheck" in lines
        assert "✓ every page fits its checksum" in lines
        assert any(line.startswith("✓ it took the order ") for line in lines)
        assert lines[-1] == "PASSED: this shop can be brought back."
        # Nothing of it is left, and nothing of it is in the shop.
        assert list((story.shop.folder / "backups").glob("drills*")) == []
        with psycopg.connect(story.shop.database_url) as database:
            assert database.execute("select count(*) from stock_item where sku = 'EVERTILL-DRILL'").fetchone() == (0,)

    def test_finds_a_summary_that_left_something_out(self, story: Story) -> None:
        """The one defect that restores without complaint: blocks that changed and were not copied."""
        order(story.shop, "forgotten@example.com")
        with psycopg.connect(embedded.superuser_url(story.shop.folder), autocommit=True) as database:
            database.execute("checkpoint")
            until(lambda: is_summarized(database))
        empty_summaries(story.shop.folder / "postgres" / "pg_wal" / "summaries")
        taken = story.shop.run("backup", "now")
        assert taken.returncode == 0, taken.stderr

        held = story.shop.run("drill", "restore")

        assert held.returncode == 1
        assert re.search(r"✗ The backup \S+-incr-\S+ leaves out \d+ changed blocks: base/\d+/\d+", held.stdout), (
            held.stdout
        )
        assert "DRILL_FAILED" in story.shop.run("alerts").stdout

    def test_that_passes_closes_the_alert_of_one_that_failed(self, story: Story) -> None:
        taken = story.shop.run("backup", "now", "--full")
        assert taken.returncode == 0, taken.stderr

        held = story.shop.run("drill", "restore")

        assert held.returncode == 0, held.stdout
        assert "DRILL_FAILED" not in story.shop.run("alerts").stdout
        assert "PASSED  ASKED" in story.shop.run("drill", "list").stdout


class TestBackup:
    def test_is_not_taken_twice_at_once(self, story: Story) -> None:
        with psycopg.connect(story.shop.database_url, autocommit=True) as other:
            other.execute("select pg_advisory_lock(%s)", (0x45564243,))

            second = story.shop.run("backup", "now")

        assert second.returncode == 1
        assert "Another backup, or a drill, is under way." in second.stderr

    def test_is_verified_against_what_the_shop_remembers(self, story: Story) -> None:
        verified = story.shop.run("backup", "verify")

        assert verified.returncode == 0, verified.stdout
        assert "All is as it was sent" in verified.stdout

    def test_wants_its_key_kept_elsewhere(self, story: Story) -> None:
        until(lambda: "BACKUP_KEY_UNCONFIRMED" in story.shop.run("alerts").stdout, seconds=240)
        key = story.shop.run("backup", "key").stdout.strip()
        wrong = story.shop.run("backup", "key", "--confirm", "AAAAAAAA")

        right = story.shop.run("backup", "key", "--confirm", key[-8:])

        assert wrong.returncode == 1
        assert right.returncode == 0, right.stderr
        assert "BACKUP_KEY_UNCONFIRMED" not in story.shop.run("alerts").stdout

    def test_goes_where_it_was_told_to(self, story: Story) -> None:
        assert story.shop.run("backup", "target").stdout.strip() == f"file://{story.copies}"

    def test_notes_there_which_seal_of_the_journal_is_the_newest(self, story: Story) -> None:
        until(lambda: list(story.copies.glob("*/heads/*.zst.age")), seconds=300)

        audited = story.shop.run("audit")

        assert audited.returncode == 0, audited.stdout
        assert "✓ the chain is the one whose newest seals were noted elsewhere" in audited.stdout


def is_summarized(database: psycopg.Connection[tuple[object, ...]]) -> bool:
    """Whether PostgreSQL has summarized its log up to the last checkpoint; what comes behind is another summary."""
    row = database.execute(
        "select summarized_lsn >= redo_lsn from pg_get_wal_summarizer_state(), pg_control_checkpoint()"
    ).fetchone()
    return row == (True,)


def empty_summaries(folder: Path) -> None:
    """Make PostgreSQL's summaries of its log say that nothing has changed, in their own form, checksum and all.

    The form: a magic number, entries, one of zeros as the end, and the CRC-32C of it all (blkreftable.c).
    """
    body = struct.pack("<I", 0x652B137B) + bytes(24)
    for path in folder.iterdir():
        # One that is being made gets its name when it is whole. Made here in that moment, it would not be PostgreSQL's
        # to write any more, which then summarizes nothing.
        if path.name != "temp.summary":
            path.write_bytes(body + struct.pack("<I", crc32c(body)))


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class TestStory:
    def test_brings_back_every_order_or_those_of_a_moment(self, story: Story) -> None:
        moment = order(story.shop, "before@example.com")
        time.sleep(0.01)
        order(story.shop, "after@example.com")
        write_on(story.shop)
        position = flushed(story.shop)
        until(lambda: is_at_target(story.shop, position), seconds=240)
        story.shop.kill()
        shutil.rmtree(story.shop.folder)

        latest = restore(story, story.home / "latest")
        as_of = restore(story, story.home / "as-of", "--at", moment.isoformat())
        # Behind this moment nothing was committed any more, so PostgreSQL itself finds nowhere to stop.
        to_the_end = restore(story, story.home / "end", "--at", end_of(story).isoformat())

        assert latest.returncode == 0, latest.stderr
        assert as_of.returncode == 0, as_of.stderr
        assert to_the_end.returncode == 0, to_the_end.stderr
        first = {f"{number}@example.com" for number in range(3)} | {"before@example.com"}
        # Placed by the tests above, where they ran.
        others = {"forgotten@example.com"}
        assert orders_in(story.home / "latest") - others == first | {"after@example.com"}
        assert orders_in(story.home / "as-of") - others == first
        assert orders_in(story.home / "end") == orders_in(story.home / "latest")
        assert (story.home / "latest" / "secret.key").read_text(encoding="utf-8").strip() == SECRET
