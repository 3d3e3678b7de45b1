"""Take a backup: copy the database, encrypt it here, keep it until it has been sent, and look at what arrived.

Copying and sending are apart. Copying needs the database and takes as short as it can; sending may take as long as it
likes, goes on where it was after whatever cut it off, and ends with the manifest: a backup without one is none.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import ClassVar

import msgspec
import psycopg
import structlog

from evertill.domains import incidents, recovery
from evertill.domains.recovery import Backup, Damaged, Kind, Line, Manifest, State
from evertill.journeys.backup_work import BackupWork, Report
from evertill.journeys.copy_database import WHOLE, DiskFull, copy_database
from evertill.journeys.send_backup import LOG_S, LogMissing, send_backup
from evertill.kernel import config, db
from evertill.kernel.clock import Clock
from evertill.kernel.errors import EvertillError, Status
from evertill.kernel.said import Said, said_of

__all__ = ["BackupRunning", "NoTarget", "alone", "has_left", "take_backup"]

_log = structlog.get_logger("evertill.recovery")

# Any number that nothing else in the database locks; it ends with the connection.
_LOCK = 0x45564243
_SEEN_MAX = 500
_FAILED, _GAP = incidents.Kind.BACKUP_FAILED, incidents.Kind.BACKUP_LOG_GAP


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
    remedy = "Try again when it has ended: then `evertill backup list`, or `evertill drill list`, shows it."


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
        work = BackupWork(
            settings=settings, place=place, key=place.ensure_key(), line=line, target=target, clock=clock, report=report
        )
        sent = _send_left(work)
        return sent if kind is None else _take(work, kind)


def has_left(*, line: Line) -> bool:
    """This function will say whether a backup was copied and not sent, or was cut off."""
    place = recovery.place.Place(config.get().data)
    known = recovery.queries.read_backups(line=line.id, limit=_SEEN_MAX)
    return any(one.state is State.RUNNING for one in known) or bool(_staged(place, line))


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
    deadline = time.monotonic() + LOG_S
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


def _send_left(work: BackupWork) -> Manifest | None:
    """Send what was copied whole; note as failed, and remove, what was cut off. The lock is ours: nobody is at it."""
    running = [
        one.id
        for one in recovery.queries.read_backups(line=work.line.id, limit=_SEEN_MAX)
        if one.state is State.RUNNING
    ]
    sent = None
    for backup, folder in _staged(work.place, work.line).items():
        whole = folder / WHOLE
        if not whole.exists():
            continue
        manifest = msgspec.json.decode(whole.read_bytes(), type=Manifest)
        if manifest.start >= (work.place.read_log_begin() or 0):
            # What was not on the disk yet when the power went is copied anew.
            with suppress(Damaged):
                sent = _finish(work, manifest)
                running = [one for one in running if one != backup]
    for backup in _staged(work.place, work.line).keys() - set(running):
        # The database has forgotten it, or the disk did not let go of it when it failed.
        work.place.clear_staged(recovery.rules.backup_folder(line=work.line.id, backup=backup))
    for backup in running:
        _give_up(work, backup, Said(text="It was cut off.", code="BACKUP_CUT_OFF"))
    return sent


def _take(work: BackupWork, kind: Kind) -> Manifest:
    parent = _parent(work) if kind is Kind.INCREMENTAL else None
    kind = Kind.INCREMENTAL if parent else Kind.FULL
    backup = recovery.rules.new_backup_id(kind=kind, now=work.clock(), salt=secrets.randbits(24))
    with db.write():
        recovery.operations.begin_backup(
            backup=backup, line=work.line.id, kind=kind, parent=parent.id if parent else None, now=work.clock()
        )
    try:
        manifest = copy_database(work, backup=backup, parent=parent)
    except OSError as error:
        full = DiskFull(f"The backup could not be kept here until it is sent: {error.strerror}.")
        _give_up(work, backup, said_of(full))
        raise full from error
    except EvertillError as error:
        _give_up(work, backup, said_of(error))
        raise
    return _finish(work, manifest)


def _finish(work: BackupWork, manifest: Manifest) -> Manifest:
    """Send a backup that is copied whole. When that does not work now, it stays, and is sent later."""
    try:
        send_backup(work, manifest)
    except EvertillError as error:
        _tell(work, said_of(error))
        raise
    with db.write():
        recovery.operations.finish_backup(manifest=manifest)
        for alert in (_FAILED, _GAP):
            incidents.close_alerts(kind=alert, subject=work.line.id, actor="clock", why=manifest.id, now=work.clock())
    work.place.clear_staged(recovery.rules.backup_folder(line=manifest.line, backup=manifest.id))
    _log.info("backup complete", backup=manifest.id, kind=manifest.kind, bytes=manifest.stored_bytes)
    return manifest


def _parent(work: BackupWork) -> Backup | None:
    """Return the newest backup that an incremental one can build on; None when there is none."""
    if not recovery.queries.can_summarize():
        return None
    began = work.place.read_log_begin() or 0
    known = recovery.queries.read_backups(line=work.line.id, limit=_SEEN_MAX)
    complete = [one for one in known if one.state is State.COMPLETE and (one.start or 0) >= began]
    newest = max(complete, key=lambda one: one.stop or 0, default=None)
    return newest if newest and work.place.listing(newest.id).exists() else None


def _give_up(work: BackupWork, backup: str, why: Said) -> None:
    work.place.clear_staged(recovery.rules.backup_folder(line=work.line.id, backup=backup))
    _log.error("backup failed", backup=backup, why=why.text)
    with db.write():
        recovery.operations.fail_backup(backup=backup, error=why, now=work.clock())
    _tell(work, why)


def _tell(work: BackupWork, why: Said) -> None:
    with db.write():
        incidents.raise_alert(kind=_FAILED, subject=work.line.id, detail=why, now=work.clock())
