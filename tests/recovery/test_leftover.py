"""The log in the folder of a database that does not open: a restore goes on with it, from where the copies end."""

from __future__ import annotations

import datetime as dt
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from evertill.domains.recovery.leftover import copy_leftover, find_leftover
from evertill.domains.recovery.types import Leftover, Line, Piece
from evertill.journeys.living_log import tell_living_log
from evertill.journeys.living_shop import find_living, find_trouble
from evertill.journeys.plan_restore import Plan
from evertill.journeys.restore_shop import Restored
from evertill.kernel import embedded
from evertill.kernel.replication import lsn_text
from tests.kernel.waiting import until
from tests.recovery.copied import copied_shop
from tests.recovery.test_over_live import _REFUSES, break_glass, buyers, damage, trade
from tests.recovery.test_story import flushed, one, order
from tests.shop import Shop

SIZE = 16 << 20
LINE = Line(id="0" * 16, system="42", segment_bytes=SIZE, began_at=dt.datetime(2026, 11, 26, tzinfo=dt.UTC))


def write_piece(folder: Path, number: int, *, claims: int | None = None, more: bytes = b"") -> None:
    """Write the head of a file of the log of the system 42, which says that it is at its place, or at another."""
    place = number if claims is None else claims
    head = struct.pack("<HHIQI4xQII", 0xD118, 0x0002, 1, place * SIZE, 0, 42, SIZE, 8192)
    (folder / f"00000001{0:08X}{number:08X}").write_bytes(head + more)


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop that is copied elsewhere."""
    with copied_shop() as shop:
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
    until(lambda: _REFUSES in (shop.folder / "postgres-start.log").read_text(encoding="utf-8"), seconds=240)


def damage_table(shop: Shop) -> None:
    """Have the disk give another page of the orders than was written, to a server that runs."""
    with psycopg.connect(embedded.superuser_url(shop.folder), autocommit=True, dbname="evertill") as database:
        # Else the log would mend it.
        database.execute("checkpoint")
        ((file,),) = database.execute("select pg_relation_filepath('orders_order')").fetchall()
    with (shop.folder / "postgres" / str(file)).open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"\xff" * 64)
    until(lambda: shop.kill_child("postgresql"))
    until(lambda: find_trouble(find_living(folder=shop.folder, given="")).startswith("invalid page"), seconds=240)


def ask_restore(shop: Shop, at: str) -> subprocess.CompletedProcess[str]:
    """Ask for it to be restored from the copies, which are reached by another way."""
    elsewhere = shop.folder.parent / "elsewhere"
    return break_glass(shop, "the disk lost its control file", "--from", elsewhere, "--at", at, says="y\n")


def restore(shop: Shop, at: str = "latest") -> str:
    """Restore it from the copies, and return what was told."""
    done = ask_restore(shop, at)
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

    def test_goes_on_to_a_moment_that_only_the_broken_folder_has_and_to_none_behind_it(self, shop: Shop) -> None:
        trade(shop, "copied")
        send_target_away(shop)
        moment = order(shop, "away-first@example.com")
        time.sleep(0.01)
        order(shop, "away-second@example.com")
        break_database(shop)

        refused = ask_restore(shop, "2100-01-01T00:00:00Z")
        told = restore(shop, moment.isoformat())

        assert refused.returncode == 1
        assert "What is whole of the log ends at " in refused.stderr
        assert "Restore with --at latest" in refused.stderr
        assert own(shop) == {"copied-before", "copied-after", "away-first"}
        assert "UTC; going on with the living shop's own log." in told
        assert f"1 pieces of the log from {shop.folder}/postgres/pg_wal, behind the copies, until " in told
        assert shop.run("audit").returncode == 0

    @pytest.mark.drill
    def test_brings_them_also_where_the_server_runs_on_with_a_damaged_table(self, shop: Shop) -> None:
        trade(shop, "copied")
        send_target_away(shop)
        order(shop, "away-first@example.com")
        damage_table(shop)

        restore(shop)

        assert own(shop) == {"copied-before", "copied-after", "away-first"}
        assert shop.run("audit").returncode == 0

    @pytest.mark.drill
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

    @pytest.mark.drill
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


class TestCopyLeftover:
    def copied(self, folder: Path, text: bytes) -> Path:
        """A folder in which the copies end 100 bytes behind the beginning of the third file."""
        into = folder / "copied"
        into.mkdir()
        (into / f"00000001{0:08X}{3:08X}").write_bytes(text.ljust(SIZE, b"\0"))
        return into

    def test_keeps_what_was_copied_and_adds_what_is_behind(self, tmp_path: Path) -> None:
        write_piece(tmp_path, 3, more=b"a" * (SIZE - 40))
        write_piece(tmp_path, 4, more=b"b" * 60)
        left = find_leftover(tmp_path, line=LINE, timeline=1, start=3 * SIZE + 100)
        whole = left.files[0].read_bytes()
        into = self.copied(tmp_path, whole[:100])

        put = copy_leftover(left, into=into)

        assert put.why == f"{left.files[1].name} is not whole: it has 100 bytes of {SIZE}"
        assert put.files == left.files
        assert (into / left.files[0].name).read_bytes() == whole
        assert (into / left.files[1].name).read_bytes() == left.files[1].read_bytes().ljust(SIZE, b"\0")

    def test_puts_nothing_of_another_history(self, tmp_path: Path) -> None:
        write_piece(tmp_path, 3, more=b"a" * (SIZE - 40))
        left = find_leftover(tmp_path, line=LINE, timeline=1, start=3 * SIZE + 100)
        into = self.copied(tmp_path, left.files[0].read_bytes()[:99] + b"x")
        before = contents(into)

        put = copy_leftover(left, into=into)

        assert put.files == ()
        assert put.why == f"its piece at {lsn_text(3 * SIZE)} is not the one that was copied"
        assert contents(into) == before


class TestTellLivingLog:
    def test_says_how_far_it_came_and_what_lies_behind_a_damaged_record(self) -> None:
        folder = Path("/srv/shop/postgres/pg_wal")
        files = tuple(folder / str(number) for number in range(3, 8))
        left = Leftover(folder=folder, start=3 * SIZE + 100, segment_bytes=SIZE, files=files)
        piece = Piece(timeline=1, start=2 * SIZE, end=3 * SIZE + 100, sent_at=LINE.began_at, key="", size=1)
        plan = Plan(line=LINE, chain=[], pieces=[piece], at=None)

        def told(end: int) -> str:
            restored = Restored(
                into=Path("/srv/new"),
                line=LINE.id,
                backup="",
                last_at=LINE.began_at,
                ends_at=LINE.began_at,
                seconds=1.0,
                end=end,
                left=left,
            )
            return tell_living_log(restored, plan=plan)

        so_far = "pieces of the log from /srv/shop/postgres/pg_wal, behind the copies, until 2026-11-26 00:00:00 UTC"
        assert told(8 * SIZE) == f"5 {so_far}."
        assert told(4 * SIZE) == f"1 {so_far}; 4 pieces behind {lsn_text(4 * SIZE)} cannot be used."
        assert told(4 * SIZE + 1) == f"2 {so_far}; 3 pieces behind {lsn_text(4 * SIZE + 1)} cannot be used."
        assert told(piece.end) == (
            "Nothing was taken of the log in /srv/shop/postgres/pg_wal, which has nothing more that is whole."
        )
