"""The log on its way to the target: through outages, restarts and gaps. A real server, a target with a switch."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
import pytest

from evertill.domains import incidents, recovery
from evertill.domains.recovery import Key, Piece, Stored, Target, TargetUnavailable
from evertill.journeys.archive_log import Stop, archive_log, slot_of
from evertill.journeys.read_catalogue import list_pieces
from evertill.kernel import clock, config
from evertill.kernel.replication import read_lsn
from evertill.outside.open_target import open_target
from tests import server as servers
from tests.kernel.waiting import until

pytestmark = pytest.mark.usefixtures("committed_db")


@dataclass(slots=True)
class Switched:
    """A target that is away whenever its switch says so."""

    target: Target
    is_away: threading.Event

    @property
    def place(self) -> str:
        return self.target.place

    def _see(self) -> None:
        if self.is_away.is_set():
            raise TargetUnavailable("It is switched off.")

    def put(self, key: str, data: bytes) -> None:
        self._see()
        self.target.put(key, data)

    def get(self, key: str) -> bytes:
        self._see()
        return self.target.get(key)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Stored]:
        self._see()
        return self.target.list(prefix, after=after)

    def delete(self, key: str) -> bool:
        self._see()
        return self.target.delete(key)

    def close(self) -> None:
        self.target.close()


@dataclass(slots=True, kw_only=True)
class Archive:
    """A data folder whose server's log is archived into a folder beside it."""

    data: Path
    copies: Path
    server: servers.Server
    away: threading.Event = field(default_factory=threading.Event)

    def open(self) -> Switched:
        return Switched(open_target(str(self.copies), folder=self.data, timeout_s=1), self.away)

    @property
    def key(self) -> Key:
        return recovery.place.Place(self.data).ensure_key()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Archive while the block runs; what it raises is raised here."""
        stop, failed = Stop.make(), []

        def work() -> None:
            try:
                archive_log(url=self.server.superuser_url, target=self.open(), clock=clock.now, stop=stop)
            except BaseException as error:
                failed.append(error)
                raise

        thread = threading.Thread(target=work, name="archive")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(timeout=30)
        assert not thread.is_alive()
        assert failed == []

    def write(self) -> int:
        """Have the server commit something, and return its position."""
        with psycopg.connect(self.server.superuser_url, autocommit=True) as database:
            database.execute("set synchronous_commit = on")
            message = "select pg_logical_emit_message(true, 'test', repeat('x', 3000))::text"
            ((position,),) = database.execute(message).fetchall()
        return read_lsn(str(position))

    def settle(self) -> None:
        """Return once what is written now is at the target."""
        position = self.write()
        until(lambda: self.reached() > position)

    def is_sync(self) -> bool:
        """Whether commits wait for the target; something has to be written for the archive to look."""
        self.write()
        state = recovery.place.Place(self.data).read_archive()
        return state is not None and state.is_sync

    def pieces(self) -> list[Piece]:
        line = recovery.place.Place(self.data).read_line()
        assert line is not None
        return list_pieces(self.open(), line=line, timeline=1, since=0)

    def reached(self) -> int:
        """Up to where the log is at the target without a gap."""
        line = recovery.place.Place(self.data).read_line()
        if line is None:
            return 0
        began = recovery.place.Place(self.data).read_log_begin() or 0
        covering = recovery.rules.cover(self.pieces(), timeline=1, start=began)
        return covering[-1].end if covering else 0


@pytest.fixture
def archive(
    tmp_path: Path, pg_server: servers.Server, monkeypatch: pytest.MonkeyPatch, committed_db: None
) -> Iterator[Archive]:
    (tmp_path / "data").mkdir()
    (tmp_path / "copies").mkdir()
    made = Archive(data=tmp_path / "data", copies=tmp_path / "copies", server=pg_server)
    settings = replace(config.get(), data=made.data, log_every_ms=20, backup_away_s=1, log_sync_patience_s=1)
    monkeypatch.setattr(config, "get", lambda: settings)
    recovery.register(made.open)
    try:
        yield made
    finally:
        recovery.register(None)
        line = recovery.place.Place(made.data).read_line()
        with psycopg.connect(pg_server.superuser_url, autocommit=True) as database:
            database.execute("alter system reset synchronous_standby_names")
            database.execute("select pg_reload_conf()")
            if line is not None:
                # The server lets go of a connection a moment after it has ended.
                until(lambda: _dropped(database, slot_of(line)), seconds=10)


def _dropped(database: psycopg.Connection[tuple[object, ...]], slot: str) -> bool:
    try:
        database.execute(
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = %s", [slot]
        )
    except psycopg.errors.ObjectInUse:
        return False
    return True


class TestArchive:
    def test_sends_what_is_written_and_lets_go_of_it_only_then(self, archive: Archive) -> None:
        with archive.running():
            first = archive.write()
            until(lambda: archive.reached() >= first)

            line = recovery.place.Place(archive.data).read_line()
            assert line is not None
            until(lambda: (recovery.queries.read_slot_position(slot=slot_of(line)) or 0) >= first)
        for piece in archive.pieces():
            assert len(archive.key.open(piece.key, archive.open().get(piece.key))) == piece.end - piece.start

    def test_goes_on_where_it_was(self, archive: Archive) -> None:
        with archive.running():
            archive.settle()
        between = archive.write()

        with archive.running():
            until(lambda: archive.reached() >= between)

        pieces = sorted(archive.pieces(), key=lambda one: one.start)
        assert all(one.end == other.start for one, other in itertools.pairwise(pieces))

    def test_waits_for_a_target_that_is_away_and_says_so(self, archive: Archive) -> None:
        with archive.running():
            archive.settle()
            archive.away.set()
            meanwhile = archive.write()
            until(lambda: [one.kind for one in incidents.read_open_alerts(limit=9)] == ["BACKUP_TARGET_AWAY"])

            archive.away.clear()
            until(lambda: archive.reached() >= meanwhile)
            until(lambda: incidents.read_open_alerts(limit=9) == [])

    def test_begins_anew_with_an_alert_where_the_server_let_go(self, archive: Archive) -> None:
        with archive.running():
            archive.settle()
        line = recovery.place.Place(archive.data).read_line()
        assert line is not None
        with psycopg.connect(archive.server.superuser_url, autocommit=True) as database:
            until(lambda: _dropped(database, slot_of(line)))

        with archive.running():
            until(lambda: [one.kind for one in incidents.read_open_alerts(limit=9)] == ["BACKUP_LOG_GAP"])

    def test_joins_a_full_segment_into_one_object(self, archive: Archive) -> None:
        with archive.running():
            archive.settle()
            archive.settle()
            with psycopg.connect(archive.server.superuser_url, autocommit=True) as database:
                database.execute("select pg_switch_wal()")
            archive.settle()

        size = 16 << 20
        whole = [piece for piece in archive.pieces() if piece.end - piece.start == size]
        assert whole
        inside = [
            p for p in archive.pieces() if p.start >= whole[-1].start and p.end <= whole[-1].end and p not in whole
        ]
        assert inside == []

    def test_begins_a_new_line_when_the_database_went_back(self, archive: Archive) -> None:
        with archive.running():
            archive.settle()
        place = recovery.place.Place(archive.data)
        line, last = place.read_line(), max(archive.pieces(), key=lambda one: one.end)
        assert line is not None
        ahead = recovery.rules.piece_name(
            line=line.id,
            timeline=1,
            start=last.end,
            end=last.end + (64 << 20),
            sent_at=last.sent_at,
            segment_bytes=16 << 20,
        )
        sealed = archive.key.seal(ahead, b"of another life")
        archive.open().put(sealed.key, sealed.data)

        with archive.running():
            until(lambda: (place.read_line() or line).id != line.id)
            archive.settle()


class TestSync:
    @pytest.fixture
    def archive(self, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> Archive:
        settings = replace(config.get(), log_sync=1)
        monkeypatch.setattr(config, "get", lambda: settings)
        return archive

    def test_answers_a_commit_only_when_it_is_at_the_target(self, archive: Archive) -> None:
        with archive.running():
            until(archive.is_sync)

            for _ in range(5):
                position = archive.write()
                assert archive.reached() > position

    def test_does_not_keep_the_shop_closed_for_a_target_that_is_away(self, archive: Archive) -> None:
        with archive.running():
            until(archive.is_sync)
            archive.away.set()
            began = time.monotonic()

            archive.write()

            assert 0.5 < time.monotonic() - began < 20
            archive.away.clear()
            until(archive.is_sync)
