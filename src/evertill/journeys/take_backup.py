"""Take a backup: copy the database, encrypt it here, keep it until it has been sent, and look at what arrived.

Copying and sending are apart. Copying needs the database and takes as short as it can; sending may take as long as it
likes, goes on where it was after whatever cut it off, and ends with the manifest: a backup without one is none.
"""

from __future__ import annotations

import base64
import datetime as dt
import os
import secrets
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

import msgspec
import psycopg
import structlog

from evertill import __version__
from evertill.domains import incidents, recovery
from evertill.domains.recovery import Backup, Damaged, Key, Kind, Line, Manifest, Part, State, Target
from evertill.journeys.archive_log import is_our_server, server_url, slot_of
from evertill.kernel import config, db, embedded
from evertill.kernel.clock import Clock
from evertill.kernel.config import Config
from evertill.kernel.errors import EvertillError, Status
from evertill.kernel.files import write_whole
from evertill.kernel.replication import lsn_text

__all__ = ["BackupRunning", "NoTarget", "Report", "alone", "due_backup", "has_left", "take_backup", "timetable"]

_log = structlog.get_logger("evertill.recovery")

# Any number that nothing else in the database locks; it ends with the connection.
_LOCK = 0x45564243
# Bytes of the database in one object: small enough to be sent again whole when it breaks off.
_PART_BYTES = 16 << 20
_SEEN_MAX = 500
# How long the log may take to follow once the files are there.
_LOG_S = 120.0
_FAILED, _GAP = incidents.Kind.BACKUP_FAILED, incidents.Kind.BACKUP_LOG_GAP

# Written when everything of a backup is staged.
_WHOLE = "manifest.json"

# Step, how much of it is done, and how much it is altogether, in bytes; 0 where nobody knows.
Report = Callable[[str, int, int], None]


def _silent(_step: str, _done: int, _all: int) -> None:
    return


class NoTarget(EvertillError):
    """The shop has nowhere to put backups."""

    code = "BACKUP_NO_TARGET"
    remedy = "Set EVERTILL_BACKUP_TARGET and start the shop anew; docs/operate/backups.md says to what."


class BackupRunning(EvertillError):
    """Another backup is being taken."""

    code = "BACKUP_RUNNING"
    status: ClassVar[Status] = "conflict"
    kept = "The other one goes on."
    remedy = "Wait until it has ended: `evertill backup list` shows it."


class LogMissing(EvertillError):
    """The files are at the target, the log that makes them whole is not."""

    code = "BACKUP_LOG_LATE"
    status: ClassVar[Status] = "unavailable"
    kept = "What was copied is kept, and finished as soon as the log has come."
    remedy = "See that the process `archive` of `evertill up` runs; the next backup tries anew."


class DiskFull(EvertillError):
    """There is no room on this machine for what waits to be sent."""

    code = "BACKUP_DISK_FULL"
    status: ClassVar[Status] = "unavailable"
    kept = "The shop goes on; what was half copied was removed, the backups of before are as they were."
    remedy = "Make room in the data folder: a backup needs about a third of the database's size until it has been sent."


def due_backup(*, line: Line, now: dt.datetime) -> Kind | None:
    """This function will say which kind of backup the timetable wants now; None when it wants none."""
    settings = config.get()
    known = recovery.queries.read_backups(line=line.id, limit=_SEEN_MAX)
    began = recovery.place.Place(settings.data).read_log_begin()
    if began is None:
        # The archive has not begun yet, and without the log a copy of files is good for nothing.
        return None
    usable = [one for one in known if one.state is not State.COMPLETE or (one.start or 0) >= began]
    return recovery.rules.due(usable, timetable=timetable(settings), now=now)


def timetable(settings: Config) -> recovery.rules.Timetable:
    """This function will return how often backups are taken."""
    return recovery.rules.Timetable(
        full_every=dt.timedelta(hours=settings.backup_full_h),
        incremental_every=dt.timedelta(minutes=settings.backup_incremental_min),
        retry_after=dt.timedelta(minutes=settings.backup_retry_min),
    )


def take_backup(*, kind: Kind | None, clock: Clock, report: Report = _silent) -> Manifest | None:
    """This function will send what an earlier backup left, then take one, and return once all of it is at the target.

    Asked for an incremental one without anything that it could build on, it takes a full one; asked for none, it only
    sends what is left, and returns the last of it. Raises NoTarget, BackupRunning, CopyFailed, DiskFull, LogMissing,
    TargetUnavailable, TargetRefuses, and what db.write raises. What fails is noted, with an alert.
    """
    settings = config.get()
    place = recovery.place.Place(settings.data)
    target = recovery.target()
    if target is None:
        raise NoTarget("EVERTILL_BACKUP_TARGET is not set, so there is nowhere to put a backup.")
    with closing(target), alone():
        line = _wait_for_line(place)
        work = _Work(
            settings=settings, place=place, key=place.ensure_key(), line=line, target=target, clock=clock, report=report
        )
        sent = _send_left(work)
        return sent if kind is None else _take(work, kind)


def has_left(*, line: Line) -> bool:
    """This function will say whether a backup was copied and not sent, or was cut off."""
    place = recovery.place.Place(config.get().data)
    known = recovery.queries.read_backups(line=line.id, limit=_SEEN_MAX)
    return any(one.state is State.RUNNING for one in known) or bool(_staged(place, line))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    settings: Config
    place: recovery.place.Place
    key: Key
    line: Line
    target: Target
    clock: Clock
    report: Report


@contextmanager
def alone() -> Iterator[None]:
    """This function will hold the lock of backups and drills while the block runs, or raise BackupRunning.

    It is on a connection of its own, because backups commit while they hold it.
    """
    with psycopg.connect(config.get().database_url, autocommit=True, application_name="evertill backup") as holder:
        ((got,),) = holder.execute("select pg_try_advisory_lock(%s)", (_LOCK,)).fetchall()
        if not got:
            raise BackupRunning("Another backup, or a drill, is under way.")
        yield


def _wait_for_line(place: recovery.place.Place) -> Line:
    deadline = time.monotonic() + _LOG_S
    while True:
        line = place.read_line()
        if line is not None and place.read_log_begin() is not None:
            return line
        if time.monotonic() > deadline:
            raise LogMissing("The log of the database is not being sent to the target.")
        time.sleep(0.1)


def _staged(place: recovery.place.Place, line: Line) -> dict[str, Path]:
    """Return the folder of each backup of which something waits to be sent."""
    return {path.name: path for path in sorted((place.staged / line.id / "backups").glob("*"))}


def _send_left(work: _Work) -> Manifest | None:
    """Send what was copied whole; note as failed, and remove, what was cut off. The lock is ours: nobody is at it."""
    running = [
        one.id
        for one in recovery.queries.read_backups(line=work.line.id, limit=_SEEN_MAX)
        if one.state is State.RUNNING
    ]
    sent = None
    for backup, folder in _staged(work.place, work.line).items():
        whole = folder / _WHOLE
        if not whole.exists():
            continue
        manifest = msgspec.json.decode(whole.read_bytes(), type=Manifest)
        if manifest.start >= (work.place.read_log_begin() or 0):
            # What was not on the disk yet when the power went is copied anew.
            with suppress(Damaged):
                sent = _finish(work, manifest)
                running = [one for one in running if one != backup]
    for backup in running:
        _give_up(work, backup, "It was cut off.")
    return sent


def _take(work: _Work, kind: Kind) -> Manifest:
    parent = _parent(work) if kind is Kind.INCREMENTAL else None
    kind = Kind.INCREMENTAL if parent else Kind.FULL
    backup = recovery.rules.new_backup_id(kind=kind, now=work.clock(), salt=secrets.randbits(24))
    with db.write():
        recovery.operations.begin_backup(
            backup=backup, line=work.line.id, kind=kind, parent=parent.id if parent else None, now=work.clock()
        )
    try:
        manifest = _copy(work, backup=backup, parent=parent)
    except OSError as error:
        full = DiskFull(f"The backup could not be kept here until it is sent: {error.strerror}.")
        _give_up(work, backup, full.detail)
        raise full from error
    except EvertillError as error:
        _give_up(work, backup, error.detail)
        raise
    return _finish(work, manifest)


def _finish(work: _Work, manifest: Manifest) -> Manifest:
    """Send a backup that is copied whole. When that does not work now, it stays, and is sent later."""
    try:
        _send(work, manifest)
    except EvertillError as error:
        _tell(work, error.detail)
        raise
    with db.write():
        recovery.operations.finish_backup(manifest=manifest)
        for alert in (_FAILED, _GAP):
            incidents.close_alerts(kind=alert, subject=work.line.id, actor="clock", why=manifest.id, now=work.clock())
    work.place.clear_staged(recovery.rules.backup_folder(line=manifest.line, backup=manifest.id))
    _log.info("backup complete", backup=manifest.id, kind=manifest.kind, bytes=manifest.stored_bytes)
    return manifest


def _parent(work: _Work) -> Backup | None:
    """Return the newest backup that an incremental one can build on; None when there is none."""
    if not recovery.queries.can_summarize():
        return None
    began = work.place.read_log_begin() or 0
    known = recovery.queries.read_backups(line=work.line.id, limit=_SEEN_MAX)
    complete = [one for one in known if one.state is State.COMPLETE and (one.start or 0) >= began]
    newest = max(complete, key=lambda one: one.stop or 0, default=None)
    return newest if newest and work.place.listing(newest.id).exists() else None


def _copy(work: _Work, *, backup: str, parent: Backup | None) -> Manifest:
    """Copy the database's files, encrypted, into the folder of what waits to be sent."""
    began_at = work.clock()
    name = recovery.rules.backup_folder(line=work.line.id, backup=backup)
    size, version = recovery.queries.read_server()
    parts = _Parts(work, name=name, total=0 if parent else size)
    listing = b""
    url, address = server_url(work.settings), urlsplit(work.settings.database_url)
    with recovery.copying.copying(
        programs=embedded.find_programs(),
        url=url,
        label=f"evertill {backup}",
        since=work.place.listing(parent.id) if parent else None,
        rate_kb_s=work.settings.backup_rate_kb_s,
        is_fast=True,
    ) as stream:
        try:
            for number, (member, tar) in enumerate(recovery.copying.each_member(stream, seen=parts.add)):
                if number == 0:
                    _slow_down_server(url)
                if member.name == recovery.copying.LISTING:
                    content = tar.extractfile(member)
                    listing = content.read() if content else b""
        except tarfile.TarError:
            # The program's own words say why it broke off.
            listing = b""
    database = parts.end()
    reach = recovery.copying.read_range(listing)
    write_whole(path=work.place.listing(backup), text=listing.decode())
    files = work.place.pack_files(secret=_secret(work.settings), settings=_settings())
    manifest = Manifest(
        line=work.line.id,
        id=backup,
        kind=Kind.INCREMENTAL if parent else Kind.FULL,
        parent=parent.id if parent else None,
        began_at=began_at,
        ended_at=work.clock(),
        timeline=reach.timeline,
        start=reach.start,
        stop=reach.stop,
        system=work.line.system,
        segment_bytes=work.line.segment_bytes,
        server=version,
        release=__version__,
        plain_bytes=parts.plain_bytes,
        database=database,
        listing=_stage(work, f"{name}/listing", listing),
        files=_stage(work, f"{name}/files", files),
        owner=unquote(address.username or ""),
        name=unquote(address.path.lstrip("/")),
    )
    # The last thing: what is staged without it was cut off.
    write_whole(path=work.place.staged / name / _WHOLE, text=msgspec.json.encode(manifest).decode())
    return manifest


def _slow_down_server(url: str) -> None:
    """Have the server's own process that reads the files stand back too, as this one does; it is not our child.

    Only an embedded server is on this machine, and ours to touch.
    """
    if not is_our_server(url):
        return
    with psycopg.connect(url, autocommit=True, application_name="evertill backup") as database:
        rows = database.execute("select pid from pg_stat_progress_basebackup").fetchall()
    for (pid,) in rows:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, pid, max(os.getpriority(os.PRIO_PROCESS, 0), 0))


class _Parts:
    """A stream, cut into objects that are staged as they fill."""

    def __init__(self, work: _Work, *, name: str, total: int) -> None:
        self._work, self._name, self._total = work, name, total
        self._buffer = bytearray()
        self._parts: list[Part] = []
        self.plain_bytes = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        self._buffer += data
        self.plain_bytes += len(data)
        while len(self._buffer) >= _PART_BYTES:
            self._stage(bytes(self._buffer[:_PART_BYTES]))
            del self._buffer[:_PART_BYTES]
            self._work.report("Copying", self.plain_bytes, self._total)

    def end(self) -> list[Part]:
        """Stage what is left, and return all objects in order."""
        if self._buffer:
            self._stage(bytes(self._buffer))
        return self._parts

    def _stage(self, plain: bytes) -> None:
        self._parts.append(_stage(self._work, f"{self._name}/database-{len(self._parts):06d}", plain))


def _stage(work: _Work, name: str, plain: bytes) -> Part:
    sealed = work.key.seal(name, plain)
    path = work.place.staged / sealed.key
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(sealed.data)
        file.flush()
        # On its way to the disk, without anybody waiting: orders wait for the same disk. It is looked at again before
        # it is sent, and nobody reads it in between, so it need not take anybody's place in memory either.
        if sys.platform == "linux":
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return Part(key=sealed.key, size=len(sealed.data))


def _staged_bytes(work: _Work, part: Part) -> bytes:
    try:
        data = (work.place.staged / part.key).read_bytes()
    except FileNotFoundError:
        data = b""
    if not work.key.has_sealed(part.key, data):
        raise Damaged(f"{part.key} did not come to the disk here before the power went.", key=part.key)
    return data


def _send(work: _Work, manifest: Manifest) -> None:
    """Send what is staged, then wait for the log, then send the manifest."""
    folder = recovery.rules.backup_folder(line=manifest.line, backup=manifest.id)
    there = {one.key: one.size for one in work.target.list(f"{folder}/")}
    done = sent = 0
    began = time.monotonic()
    for part in manifest.parts:
        if there.get(part.key) != part.size:
            work.target.put(part.key, _staged_bytes(work, part))
            sent += part.size
            # Disk and line are the shop's first.
            time.sleep(max(sent / (work.settings.backup_rate_kb_s << 10) - (time.monotonic() - began), 0.0))
        done += part.size
        work.report("Sending", done, manifest.stored_bytes)
    _wait_for_log(work, manifest)
    sealed = work.key.seal(f"{folder}/manifest", msgspec.json.encode(manifest))
    work.target.put(sealed.key, sealed.data)


def _wait_for_log(work: _Work, manifest: Manifest) -> None:
    deadline = time.monotonic() + _LOG_S
    while True:
        position = recovery.queries.read_slot_position(slot=slot_of(work.line))
        if position is not None and position >= manifest.stop:
            return
        if time.monotonic() > deadline:
            raise LogMissing(f"The log up to {lsn_text(manifest.stop)} has not come to {work.target.place}.")
        work.report("Waiting for the log", 0, 0)
        time.sleep(0.05)


def _give_up(work: _Work, backup: str, why: str) -> None:
    work.place.clear_staged(recovery.rules.backup_folder(line=work.line.id, backup=backup))
    _log.error("backup failed", backup=backup, why=why)
    with db.write():
        recovery.operations.fail_backup(backup=backup, error=why, now=work.clock())
    _tell(work, why)


def _tell(work: _Work, why: str) -> None:
    with db.write():
        incidents.raise_alert(kind=_FAILED, subject=work.line.id, detail=why, now=work.clock())


def _secret(settings: Config) -> str:
    return base64.urlsafe_b64encode(settings.secret).decode()


def _settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("EVERTILL_")}
