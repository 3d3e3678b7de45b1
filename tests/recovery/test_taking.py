"""Taking backups, and what cuts them off: a target that goes away, a full disk, a power cut, missing rights."""

from __future__ import annotations

import datetime as dt
import errno
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from evertill.domains import incidents, recovery
from evertill.domains.recovery import Kind, State, TargetUnavailable
from evertill.journeys.check_rights import find_missing
from evertill.journeys.copy_database import DiskFull
from evertill.journeys.due_backup import due_backup
from evertill.journeys.prune_backups import prune_backups
from evertill.journeys.take_backup import NoTarget, has_left, take_backup
from evertill.journeys.verify_backups import verify_backups
from evertill.kernel import clock, config
from tests import server as servers
from tests.recovery.archives import Archive, archiving
from tests.recovery.copies import NOON, add_full, make

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def archive(
    tmp_path: Path, pg_server: servers.Server, monkeypatch: pytest.MonkeyPatch, committed_db: None
) -> Iterator[Archive]:
    # That a target is away for long is told in test_archive.py and test_faults.py.
    settings = {"backup_database_url": pg_server.superuser_url, "backup_keep_days": 1, "backup_away_s": 600}
    with archiving(tmp_path, pg_server, monkeypatch, **settings) as made:
        yield made


def states(archive: Archive) -> list[tuple[Kind, State]]:
    line = archive.place.read_line()
    assert line is not None
    return [(one.kind, one.state) for one in recovery.queries.read_backups(line=line.id, limit=9)]


class TestTaking:
    def test_goes_on_where_the_target_went_away(self, archive: Archive) -> None:
        with archive.running():
            archive.away_after = 3
            with pytest.raises(TargetUnavailable):
                take_backup(kind=Kind.FULL, clock=clock.now)
            line = archive.place.read_line()
            assert line is not None
            assert states(archive) == [(Kind.FULL, State.RUNNING)]
            assert has_left(line=line)
            assert [one.kind for one in incidents.read_open_alerts(limit=9)] == ["BACKUP_FAILED"]
            sent = archive.sent()

            archive.come_back()
            manifest = take_backup(kind=None, clock=clock.now)

            assert manifest is not None
            assert states(archive) == [(Kind.FULL, State.COMPLETE)]
            assert not has_left(line=line)
            assert incidents.read_open_alerts(limit=9) == []
            # What was there already was not sent again.
            assert sent
            assert all(archive.times(key) == 1 for key in sent)
            assert archive.open().get(manifest.listing.key)

    def test_that_was_cut_off_leaves_nothing_and_is_noted(self, archive: Archive) -> None:
        with archive.running():
            archive.settle()
            line = archive.place.read_line()
            assert line is not None
            # As a power cut leaves it: begun, some of it staged, no word that it is whole.
            recovery.operations.begin_backup(backup="cut", line=line.id, kind=Kind.FULL, parent=None, now=clock.now())
            staged = archive.place.staged / line.id / "backups" / "cut"
            staged.mkdir(parents=True)
            (staged / "database-000000-x").write_bytes(b"half")
            assert has_left(line=line)

            assert take_backup(kind=None, clock=clock.now) is None

        assert states(archive) == [(Kind.FULL, State.FAILED)]
        assert not staged.exists()

    def test_says_that_the_disk_is_full_and_leaves_nothing(
        self, archive: Archive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with archive.running():
            archive.settle()
            with monkeypatch.context() as patch:
                patch.setattr("evertill.journeys.copy_database.os.posix_fadvise", full)
                with pytest.raises(DiskFull, match="No space left on device"):
                    take_backup(kind=Kind.FULL, clock=clock.now)

        assert states(archive) == [(Kind.FULL, State.FAILED)]
        assert [path for path in archive.place.staged.rglob("*") if path.is_file()] == []

    def test_is_due_by_the_timetable_once_the_log_is_sent(self, archive: Archive) -> None:
        line = archive.place.begin_line(system="1", segment_bytes=16 << 20, now=clock.now())

        assert due_backup(line=line, now=clock.now()) is None
        archive.place.note_log_begin(0)
        assert due_backup(line=line, now=clock.now()) is Kind.FULL

    def test_needs_somewhere_to_go(self, archive: Archive) -> None:
        recovery.register(None)

        with pytest.raises(NoTarget, match="EVERTILL_BACKUP_TARGET is not set"):
            take_backup(kind=Kind.FULL, clock=clock.now)


class TestPruning:
    def test_removes_what_no_promise_needs_and_nothing_else(self, archive: Archive) -> None:
        copies = make(archive.copies, dice=random.Random(5))
        archive.adopt(copies)

        pruned = prune_backups(now=NOON + dt.timedelta(hours=3, minutes=30))
        later = prune_backups(now=NOON + dt.timedelta(days=400))

        assert pruned.backups == frozenset()
        # All build on the first one, which is also the last of its month.
        assert later.backups == frozenset()
        assert len(copies.files("manifest-")) == 4

    def test_removes_old_chains_with_their_log(self, archive: Archive) -> None:
        first, second = (make(archive.copies, dice=random.Random(seed)) for seed in (6, 7))
        archive.adopt(first)
        newer = add_full(first, ended_at=NOON + dt.timedelta(days=100)).id

        pruned = prune_backups(now=NOON + dt.timedelta(days=130))

        # The full one is the first of its month.
        assert pruned.backups == {one.id for one in first.manifests[1:]}
        left = {path.parent.name for path in copies_of(archive, first.line.id)}
        assert left == {newer, first.manifests[0].id}
        assert verify_backups(opener=archive.open, key=first.key, line=first.line.id).findings == []
        # Another line's are not ours to remove.
        assert len([path for path in second.files("manifest-") if second.line.id in str(path)]) == 4

    def test_removes_nothing_while_the_last_drill_failed(self, archive: Archive) -> None:
        copies = make(archive.copies, dice=random.Random(8))
        archive.adopt(copies)
        add_full(copies, ended_at=NOON + dt.timedelta(days=100))
        recovery.operations.record_drill(
            drill=recovery.Drill(
                occasion=recovery.Occasion.ASKED,
                backup="",
                wanted_at=None,
                began_at=NOON,
                ended_at=NOON,
                verdict=recovery.Verdict.FAILED,
                rpo_ms=None,
                rto_ms=None,
                certificate=["✗"],
            )
        )

        assert prune_backups(now=NOON + dt.timedelta(days=130)).objects == 0


def copies_of(archive: Archive, line: str) -> list[Path]:
    return sorted((archive.copies / line).glob("backups/*/manifest-*"))


class TestRights:
    def test_are_all_there_for_a_superuser(self, archive: Archive) -> None:
        assert find_missing() == []

    def test_that_are_missing_are_named(self, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = replace(config.get(), backup_database_url="", log_sync=1)
        monkeypatch.setattr(config, "get", lambda: settings)
        role = urlsplit(settings.database_url).username

        assert find_missing() == [
            f"No backups at all: the role {role} may not replicate (alter role {role} replication).",
            f"Orders do not wait for the target: the role {role} may not set synchronous_standby_names.",
        ]

    def test_of_a_server_that_is_away_cannot_be_told(self, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = replace(config.get(), backup_database_url="postgresql://x:y@127.0.0.1:1/z")
        monkeypatch.setattr(config, "get", lambda: settings)

        (said,) = find_missing()

        assert said.startswith("The database cannot be reached: ")
