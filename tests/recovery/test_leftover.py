"""The log in the folder of a database that does not open: a restore goes on with it, from where the copies end."""

from __future__ import annotations

import datetime as dt
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from evertill.domains.recovery.leftover import find_leftover
from evertill.domains.recovery.types import Line
from evertill.kernel import embedded
from evertill.kernel.replication import lsn_text
from tests.kernel.waiting import open_folder, until
from tests.recovery.archives import FAST_KB_S
from tests.recovery.test_over_live import _REFUSES, break_glass, buyers, damage, trade
from tests.recovery.test_story import flushed, one, order
from tests.shop import Shop, shop_in

SIZE = 16 << 20
LINE = Line(id="0" * 16, system="42", segment_bytes=SIZE, began_at=dt.datetime(2026, 11, 26, tzinfo=dt.UTC))


def write_piece(folder: Path, number: int, *, claims: int | None = None) -> None:
    """Write the head of a file of the log of the system 42, which says that it is at its place, or at another."""
    place = number if claims is None else claims
    head = struct.pack("<HHIQI4xQII", 0xD118, 0x0002, 1, place * SIZE, 0, 42, SIZE, 8192)
    (folder / f"00000001{0:08X}{number:08X}").write_bytes(head)


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop that is copied elsewhere."""
    with open_folder() as home:
        (home / "copies").mkdir()
        settings = {"backup_target": f"file://{home / 'copies'}", "drill_min": "0", "backup_rate_kb_s": str(FAST_KB_S)}
        with shop_in(home / "data", settings=settings) as shop:
            shop.workers = 1
            shop.start()
            shop.stock_up([("TEA", 100)])
            yield shop


def send_target_away(shop: Shop) -> None:
    """From now on the target takes nothing: what it has is elsewhere, and in its place is no folder."""
    copies = shop.folder.parent / "copies"
    copies.rename(copies.with_name("elsewhere"))
    copies.touch()


def next_piece(shop: Shop) -> None:
    with psycopg.connect(embedded.superuser_url(shop.folder)) as database:
        database.execute("select pg_switch_wal()")


def break_database(shop: Shop) -> None:
    damage(shop.folder / "postgres" / "global" / "pg_control")
    until(lambda: shop.kill_child("postgresql"))
    until(lambda: _REFUSES in (shop.folder / "postgres-start.log").read_text(encoding="utf-8"), seconds=30)


def restore(shop: Shop) -> str:
    """Restore it from the copies, which are reached by another way, and return what was told."""
    elsewhere = shop.folder.parent / "elsewhere"
    done = break_glass(shop, "the disk lost its control file", "--from", elsewhere, says="y\n")
    assert done.returncode == 0, done.stdout + done.stderr
    shop.wait_ready()
    return done.stderr


def old_log(shop: Shop) -> Path:
    return max(shop.folder.parent.glob("data.before-*")) / "postgres" / "pg_wal"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def own(shop: Shop) -> set[str]:
    return {email.partition("@")[0] for email in buyers(shop.database_url)}


class TestTargetAway:
    def test_brings_every_order_that_only_the_broken_folder_has(self, shop: Shop) -> None:
        trade(shop, "copied")
        send_target_away(shop)
        order(shop, "away-first@example.com")
        next_piece(shop)
        order(shop, "away-second@example.com")
        next_piece(shop)
        order(shop, "away-last@example.com")
        break_database(shop)
        before = contents(shop.folder / "postgres" / "pg_wal")

        told = restore(shop)

        wanted = {"copied-before", "copied-after", "away-first", "away-second", "away-last"}
        assert own(shop) == wanted
        assert f"3 pieces of the log from {shop.folder}/postgres/pg_wal, behind the copies, until " in told
        assert shop.run("audit").returncode == 0
        assert contents(old_log(shop)) == before

    def test_comes_as_far_as_a_torn_last_piece_is_whole(self, shop: Shop) -> None:
        trade(shop, "copied")
        send_target_away(shop)
        order(shop, "away-first@example.com")
        position = flushed(shop)
        size = 16 << 20
        high, low = (int(part, 16) for part in position.split("/"))
        within = ((high << 32) + low) % size
        name = str(one(shop, "select pg_walfile_name(%s::pg_lsn)", position))
        break_database(shop)
        # The disk gives no more than half a page behind the order.
        piece = shop.folder / "postgres" / "pg_wal" / name
        with piece.open("r+b") as file:
            file.truncate(within + 4096)

        told = restore(shop)

        assert own(shop) == {"copied-before", "copied-after", "away-first"}
        assert "1 pieces of the log from" in told
        assert f"{name} is not whole: it has {within + 4096} bytes of {size}" in told
        assert shop.run("audit").returncode == 0

    def test_goes_on_without_a_log_that_cannot_be_used_and_says_so(self, shop: Shop) -> None:
        trade(shop, "copied")
        send_target_away(shop)
        order(shop, "away-first@example.com")
        break_database(shop)
        shutil.rmtree(shop.folder / "postgres" / "pg_wal")

        told = restore(shop)

        assert own(shop) == {"copied-before", "copied-after"}
        assert f"Nothing was taken of the log in {shop.folder}/postgres/pg_wal: it cannot be read: No such file" in told


class TestFindLeftover:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        for number in (3, 4, 6):
            write_piece(tmp_path, number)
        # One that PostgreSQL keeps to use again bears another's place.
        write_piece(tmp_path, 7, claims=1)
        return tmp_path

    def test_takes_what_goes_on_without_a_gap_and_tells_of_what_is_behind(self, folder: Path) -> None:
        found = find_leftover(folder, line=LINE, timeline=1, start=3 * SIZE + 100)

        assert [path.name[-1] for path in found.files] == ["3", "4"]
        assert found.why == f"the piece at {lsn_text(5 * SIZE)} is missing or damaged, and 1 behind it"

    def test_takes_nothing_of_another_system_or_timeline(self, folder: Path) -> None:
        other = LINE.__class__(id=LINE.id, system="43", segment_bytes=SIZE, began_at=LINE.began_at)

        assert find_leftover(folder, line=other, timeline=1, start=3 * SIZE).files == ()
        assert find_leftover(folder, line=LINE, timeline=2, start=3 * SIZE).files == ()
