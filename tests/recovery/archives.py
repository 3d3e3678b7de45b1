"""A real server whose log is archived into a folder, and a target that can be switched off."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from evertill.domains import recovery
from evertill.domains.recovery import Key, Kind, Piece, Stored, Target, TargetUnavailable
from evertill.journeys.archive_log import archive_log
from evertill.journeys.archive_work import Stop
from evertill.journeys.backup_server import slot_of
from evertill.journeys.plan_restore import Plan, plan_restore
from evertill.journeys.read_catalogue import list_pieces
from evertill.journeys.take_backup import take_backup
from evertill.kernel import clock, config
from evertill.kernel.replication import read_lsn
from evertill.outside.open_target import open_target
from tests import server as servers
from tests.kernel.waiting import until
from tests.recovery.copies import Copies

# Nobody orders beside these backups.
FAST_KB_S = 1_000_000


@dataclass(slots=True)
class Switched:
    """A target that is away whenever its switch says so."""

    target: Target
    archive: Archive

    @property
    def place(self) -> str:
        return self.target.place

    def _see(self) -> None:
        if self.archive.away.is_set():
            raise TargetUnavailable("It is switched off.")

    def put(self, key: str, data: bytes) -> None:
        self._see()
        self.target.put(key, data)
        if "/backups/" in key:
            self.archive.puts[key] += 1
            if self.archive.away_after is not None and len(self.archive.puts) >= self.archive.away_after:
                self.archive.away.set()

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
    # After so many objects of backups the target goes away.
    away_after: int | None = None
    puts: Counter[str] = field(default_factory=Counter)

    def open(self) -> Switched:
        return Switched(open_target(str(self.copies), folder=self.data, timeout_s=1), self)

    @property
    def place(self) -> recovery.place.Place:
        return recovery.place.Place(self.data)

    def come_back(self) -> None:
        self.away_after = None
        self.away.clear()

    def sent(self) -> list[str]:
        """The objects of backups that have been sent."""
        return list(self.puts)

    def times(self, key: str) -> int:
        """How often an object was sent."""
        return self.puts[key]

    def adopt(self, copies: Copies) -> None:
        """Make copies those of this data folder."""
        self.place.make()
        recovery.sealing.write_key(self.place.key, copies.key)
        made = self.place.begin_line(
            system=copies.line.system,
            segment_bytes=copies.line.segment_bytes,
            now=copies.line.began_at,
            token=lambda _bytes: copies.line.id,
        )
        assert made.id == copies.line.id

    @property
    def key(self) -> Key:
        return self.place.ensure_key()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Archive while the block runs; what it raises is raised here."""
        until(lambda: not self.is_read())
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
            thread.join(timeout=120)
        assert not thread.is_alive()
        assert failed == []

    def is_read(self) -> bool:
        """Whether somebody reads the log: the server lets go of a connection a moment after it has ended."""
        line = self.place.read_line()
        if line is None:
            return False
        with psycopg.connect(self.server.superuser_url, autocommit=True) as database:
            active = database.execute(
                "select from pg_replication_slots where slot_name = %s and active", [slot_of(line)]
            )
            return active.rowcount > 0

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

    def copy_all(self) -> Plan:
        """Take a full backup, have the log come after it, and return the plan to restore all of it."""
        with self.running():
            take_backup(kind=Kind.FULL, clock=clock.now)
            self.settle()
        return plan_restore(target=self.open(), key=self.key, at=None)

    def is_sync(self) -> bool:
        """Whether commits wait for the target; something has to be written for the archive to look."""
        self.write()
        state = self.place.read_archive()
        return state is not None and state.is_sync

    def pieces(self) -> list[Piece]:
        line = self.place.read_line()
        assert line is not None
        return list_pieces(self.open(), line=line, timeline=1, since=0)

    def reached(self) -> int:
        """Up to where the log is at the target without a gap."""
        line = self.place.read_line()
        if line is None:
            return 0
        began = self.place.read_log_begin() or 0
        covering = recovery.rules.cover(self.pieces(), timeline=1, start=began)
        return covering[-1].end if covering else 0


@contextmanager
def archiving(
    home: Path, server: servers.Server, monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> Iterator[Archive]:
    """A data folder whose log can be archived, with these settings; afterwards the server is as it was."""
    (home / "data").mkdir()
    (home / "copies").mkdir()
    made = Archive(data=home / "data", copies=home / "copies", server=server)
    quick: dict[str, Any] = {
        "data": made.data,
        "log_every_ms": 20,
        "backup_away_s": 1,
        "log_sync_patience_s": 1,
        "backup_rate_kb_s": FAST_KB_S,
    }
    ours = replace(config.get(), **(quick | settings))
    monkeypatch.setattr(config, "get", lambda: ours)
    recovery.register(made.open)
    try:
        yield made
    finally:
        recovery.register(None)
        line = made.place.read_line()
        with psycopg.connect(server.superuser_url, autocommit=True) as database:
            database.execute("alter system reset synchronous_standby_names")
            database.execute("select pg_reload_conf()")
            if line is not None:
                # The server lets go of a connection a moment after it has ended.
                until(lambda: dropped(database, slot_of(line)))


def dropped(database: psycopg.Connection[tuple[object, ...]], slot: str) -> bool:
    try:
        database.execute(
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = %s", [slot]
        )
    except psycopg.errors.ObjectInUse:
        return False
    return True
