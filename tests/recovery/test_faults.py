"""What goes wrong around backups: each ends in a clear message and a safe state. Real server, target with a switch."""

from __future__ import annotations

import datetime as dt
import errno
import os
import random
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from evertill.domains import incidents, recovery
from evertill.domains.recovery import Kind, State, TargetUnavailable
from evertill.journeys.backup_server import slot_of
from evertill.journeys.due_backup import due_backup
from evertill.journeys.plan_restore import plan_restore
from evertill.journeys.restore_shop import DiskTooSmall, FolderTaken, restore_shop
from evertill.journeys.take_backup import BackupRunning, has_left, take_backup
from evertill.journeys.verify_backups import verify_backups
from evertill.kernel import clock, db, embedded
from evertill.kernel.clock import Clock
from evertill.kernel.supervise import FolderHeld, hold_folder
from tests import server as servers
from tests.kernel.waiting import open_folder, until
from tests.recovery.archives import Archive, Switched, archiving
from tests.recovery.copies import make
from tests.recovery.places import s3_client, s3_in

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def archive(
    tmp_path: Path, pg_server: servers.Server, monkeypatch: pytest.MonkeyPatch, committed_db: None
) -> Iterator[Archive]:
    with archiving(tmp_path, pg_server, monkeypatch, backup_database_url=pg_server.superuser_url) as made:
        yield made


def alerts() -> list[str]:
    return [one.kind for one in incidents.read_open_alerts(limit=9)]


def line_of(archive: Archive) -> recovery.Line:
    line = archive.place.read_line()
    assert line is not None
    return line


def standing(moment: dt.datetime) -> Clock:
    return lambda: moment


def is_lost(database: psycopg.Connection[tuple[object, ...]], slot: str) -> bool:
    """Whether the server no longer has the log that a slot was kept for; it looks when a checkpoint is made."""
    database.execute("checkpoint")
    row = database.execute("select wal_status from pg_replication_slots where slot_name = %s", [slot]).fetchone()
    return row == ("lost",)


class TestTarget:
    def test_that_is_full_is_an_alert_and_is_gone_on_with_once_there_is_room(
        self, archive: Archive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put = Switched.put

        def full(target: Switched, key: str, data: bytes) -> None:
            if "/backups/" in key:
                raise recovery.targets.TargetFull(os.strerror(errno.ENOSPC))
            put(target, key, data)

        with archive.running():
            archive.settle()
            with monkeypatch.context() as patch:
                patch.setattr(Switched, "put", full)
                with pytest.raises(recovery.targets.TargetFull, match="No space left on device"):
                    take_backup(kind=Kind.FULL, clock=clock.now)
            assert alerts() == ["BACKUP_FAILED"]

            assert take_backup(kind=None, clock=clock.now) is not None

        assert alerts() == []
        assert verify_backups(opener=archive.open, key=archive.key).findings == []

    def test_that_is_away_for_a_day_costs_one_backup_on_this_disk_and_none_of_the_log(self, archive: Archive) -> None:
        with archive.running():
            take_backup(kind=Kind.FULL, clock=clock.now)
            archive.away.set()
            began = clock.now()
            for hour in range(1, 25):
                with pytest.raises(TargetUnavailable, match="switched off"):
                    take_backup(kind=Kind.INCREMENTAL, clock=standing(began + dt.timedelta(hours=hour)))
            meanwhile = archive.write()
            until(lambda: sorted(alerts()) == ["BACKUP_FAILED", "BACKUP_TARGET_AWAY"])
            # Only the first was copied: what waits is sent before anything is copied anew.
            assert len(list((archive.place.staged / line_of(archive).id / "backups").iterdir())) == 1
            assert due_backup(line=line_of(archive), now=began + dt.timedelta(hours=25)) is Kind.FULL

            archive.come_back()
            assert take_backup(kind=None, clock=clock.now) is not None
            until(lambda: archive.reached() > meanwhile)
            until(lambda: alerts() == [])

        assert list((archive.place.staged / line_of(archive).id / "backups").iterdir()) == []
        assert verify_backups(opener=archive.open, key=archive.key).findings == []


class TestLog:
    def test_is_kept_within_bounds_for_a_target_that_is_away_and_the_gap_is_told(
        self, tmp_path: Path, pg_server: servers.Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A server of its own, whose log is let go of.
        with open_folder() as folder, embedded.running(folder=folder, tell=lambda _line: None):
            own = replace(pg_server, superuser_url=embedded.superuser_url(folder))
            with archiving(tmp_path, own, monkeypatch) as archive:
                with archive.running():
                    archive.settle()
                    began = archive.place.read_log_begin()
                with psycopg.connect(own.superuser_url, autocommit=True) as database:
                    database.execute("alter system set max_slot_wal_keep_size = '16MB'")
                    database.execute("alter system set min_wal_size = '32MB'")
                    database.execute("select pg_reload_conf()")
                    for _ in range(6):
                        database.execute("select pg_logical_emit_message(true, 'test', repeat('x', 9000000))")
                        database.execute("select pg_switch_wal()")
                    until(lambda: is_lost(database, slot_of(line_of(archive))))

                with archive.running():
                    until(lambda: alerts() == ["BACKUP_LOG_GAP"])
                    archive.settle()

                # What was copied before cannot be gone on with; so the next one is a full one, and is due at once.
                assert (archive.place.read_log_begin() or 0) > (began or 0)
                assert due_backup(line=line_of(archive), now=clock.now()) is Kind.FULL


class TestTwoAtOnce:
    def test_one_is_taken_and_the_other_says_why_not(self, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
        outcomes: list[str] = []
        begin, refused = threading.Barrier(2), threading.Event()
        put = Switched.put

        def put_late(target: Switched, key: str, data: bytes) -> None:
            # Else the one might have ended before the other began.
            assert "/backups/" not in key or refused.wait(timeout=60)
            put(target, key, data)

        monkeypatch.setattr(Switched, "put", put_late)

        def take() -> None:
            begin.wait()
            try:
                manifest = take_backup(kind=Kind.FULL, clock=clock.now)
                outcomes.append("taken" if manifest else "")
            except BackupRunning as error:
                outcomes.append(error.detail)
                refused.set()
            finally:
                db.close()

        with archive.running():
            archive.settle()
            threads = [threading.Thread(target=take) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        assert sorted(outcomes) == ["Another backup, or a drill, is under way.", "taken"]
        known = recovery.queries.read_backups(line=line_of(archive).id, limit=9)
        assert [one.state for one in known] == [State.COMPLETE]
        assert alerts() == []


class TestStaged:
    def test_of_a_backup_that_nobody_knows_any_more_does_not_stay_on_this_disk(self, archive: Archive) -> None:
        """A database of the operator's that went to a standby may have forgotten that it was begun."""
        with archive.running():
            archive.settle()
            folder = archive.place.staged / line_of(archive).id / "backups" / "20261126T000000Z-full-abcdef"
            folder.mkdir(parents=True)
            (folder / "database-000000").write_bytes(b"half of one")

            assert take_backup(kind=None, clock=clock.now) is None

            assert list(folder.parent.iterdir()) == []
            assert not has_left(line=line_of(archive))
        assert alerts() == []


class TestPowerCut:
    def test_that_took_what_was_not_on_the_disk_yet_has_it_copied_anew(self, archive: Archive) -> None:
        with archive.running():
            archive.settle()
            archive.away_after = 1
            with pytest.raises(TargetUnavailable):
                take_backup(kind=Kind.FULL, clock=clock.now)
            archive.come_back()
            staged = archive.place.staged / line_of(archive).id / "backups"
            # As the disk may be after a power cut: the name is there, what was in it is not.
            lost = max(staged.rglob("database-*"))
            lost.write_bytes(b"")

            assert take_backup(kind=None, clock=clock.now) is None

            known = recovery.queries.read_backups(line=line_of(archive).id, limit=9)
            assert [one.state for one in known] == [State.FAILED]
            assert list(staged.iterdir()) == []
            assert take_backup(kind=Kind.FULL, clock=clock.now) is not None
        assert verify_backups(opener=archive.open, key=archive.key).findings == []


class TestRestore:
    def test_of_a_half_uploaded_backup_takes_the_one_before_and_all_of_the_log(self, tmp_path: Path) -> None:
        copies = make(tmp_path, dice=random.Random(9))
        (path,) = copies.files(f"{copies.manifests[-1].id}/manifest-")
        path.unlink()

        plan = plan_restore(target=copies.open(), key=copies.key, at=None)

        assert plan.backup.id == copies.manifests[-2].id
        assert plan.pieces[-1].end == copies.log_until

    def test_never_touches_what_is_there(self, tmp_path: Path) -> None:
        (tmp_path / "copies").mkdir()
        copies = make(tmp_path / "copies", dice=random.Random(9))
        plan = plan_restore(target=copies.open(), key=copies.key, at=None)
        (tmp_path / "live").mkdir()
        (tmp_path / "live" / "secret.key").write_text("precious", encoding="utf-8")

        with pytest.raises(FolderTaken, match="There is something in") as refused:
            restore_shop(plan=plan, opener=copies.open, key=copies.key, into=tmp_path / "live")

        assert "only by consent of two people" in refused.value.remedy
        assert (tmp_path / "live" / "secret.key").read_text(encoding="utf-8") == "precious"

    def test_has_its_folder_for_itself_from_the_beginning(self, tmp_path: Path) -> None:
        """Two into one folder: the second would remove what the first has made when it finds it in its way."""
        (tmp_path / "copies").mkdir()
        copies = make(tmp_path / "copies", dice=random.Random(9))
        plan = plan_restore(target=copies.open(), key=copies.key, at=None)
        into = tmp_path / "again"
        second: list[str] = []

        def opener() -> recovery.Target:
            # Before anything is in the folder.
            if not second:
                second.append("")
                with pytest.raises(FolderTaken) as taken:
                    restore_shop(plan=plan, opener=copies.open, key=copies.key, into=into)
                second.append(taken.value.detail)
                with pytest.raises(FolderHeld), hold_folder(into):
                    second.append("a shop was opened in it")
            return copies.open()

        # Of these copies the files are none.
        with pytest.raises(recovery.Damaged, match="cannot be unpacked"):
            restore_shop(plan=plan, opener=opener, key=copies.key, into=into)

        assert second == ["", f"A shop is being restored into {into} just now, or opened there."]

    def test_says_that_the_disk_is_too_small_and_leaves_nothing(
        self, archive: Archive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plan = archive.copy_all()
        usage = shutil.disk_usage(archive.data)._replace(free=5 << 20)
        monkeypatch.setattr("evertill.journeys.restore_shop.shutil.disk_usage", lambda _path: usage)

        with open_folder() as home, pytest.raises(DiskTooSmall, match="and 5 MiB are free"):
            restore_shop(plan=plan, opener=archive.open, key=archive.key, into=home / "again")

    def test_whose_target_goes_away_leaves_nothing(self, archive: Archive) -> None:
        plan = archive.copy_all()
        archive.away.set()

        with open_folder() as home:
            with pytest.raises(TargetUnavailable, match="switched off"):
                restore_shop(plan=plan, opener=archive.open, key=archive.key, into=home / "again")
            assert list((home / "again").iterdir()) == []


class TestThief:
    def test_with_the_shops_keys_cannot_erase_or_change_anything(self) -> None:
        with open_folder() as home, s3_in(home, locked=True) as elsewhere, closing(elsewhere.open()) as target:
            (home / "made").mkdir()
            copies = make(home / "made", dice=random.Random(11), backups=1, parts=1)
            for path in copies.files():
                target.put(str(path.relative_to(copies.folder)), path.read_bytes())
            port = urlsplit(parse_qs(urlsplit(elsewhere.address).query)["endpoint"][0]).port
            assert port is not None
            with closing(s3_client(port)) as thief:
                for one in thief.list_objects_v2(Bucket="copies")["Contents"]:
                    thief.put_object(Bucket="copies", Key=one["Key"], Body=b"nothing")
                    thief.delete_object(Bucket="copies", Key=one["Key"])
            for path in copies.files():
                assert not target.delete(str(path.relative_to(copies.folder)))

            verified = verify_backups(opener=elsewhere.open, key=copies.key)
            plan = plan_restore(target=target, key=copies.key, at=None)

        assert verified.findings == []
        assert verified.backups == len(copies.manifests)
        assert plan.backup.id == copies.manifests[-1].id
