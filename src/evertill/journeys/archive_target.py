"""The archive's target, which may be away: tried again and again, told of, and waited for by orders or not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import structlog
from psycopg import sql

from evertill.domains import incidents
from evertill.domains.recovery import TargetRefuses, TargetUnavailable
from evertill.journeys.archive_work import ArchiveWork, Stopped, note_archive
from evertill.journeys.backup_server import slot_of
from evertill.kernel import db
from evertill.kernel.said import Said, said_of

__all__ = ["insist", "put_once", "see_to_sync", "tell_gap"]

_log = structlog.get_logger("evertill.recovery")

_RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_AWAY, _GAP = incidents.Kind.BACKUP_TARGET_AWAY, incidents.Kind.BACKUP_LOG_GAP


def insist(work: ArchiveWork, call: Callable[[], object]) -> None:
    """This function will do something at the target, again and again until it works; raises Stopped."""
    tries = 0
    while True:
        try:
            call()
        except (TargetUnavailable, TargetRefuses) as error:
            _wait_for_target(work, error)
            if work.stop.wait(_RETRY_S[min(tries, len(_RETRY_S) - 1)]):
                raise Stopped from None
            tries += 1
        else:
            if work.away_since is not None:
                _greet(work)
            return


def _wait_for_target(work: ArchiveWork, error: TargetUnavailable | TargetRefuses) -> None:
    if work.away_since is None:
        work.away_since = time.monotonic()
        _log.warning("the target of backups is away", why=error.detail)
    away_s = time.monotonic() - work.away_since
    patience_s = work.settings.log_sync_patience_s
    if patience_s and away_s >= patience_s:
        _set_sync(work, wanted=False)
        note_archive(work, is_away=True)
    if away_s >= work.settings.backup_away_s and not work.is_told:
        work.is_told = True
        _tell(work, kind=_AWAY, subject=work.target.place, detail=said_of(error))
        note_archive(work, is_away=True)


def _greet(work: ArchiveWork) -> None:
    work.away_since = None
    _log.info("the target of backups is there again")
    _close_alert(work, kind=_AWAY, subject=work.target.place, why="it takes backups again")
    work.is_told = False
    note_archive(work)


def put_once(work: ArchiveWork, name: str, plain: bytes) -> None:
    """This function will store an object that is always the same, unless it is there already."""
    if next(iter(work.target.list(f"{name}-")), None) is None:
        sealed = work.key.seal(name, plain)
        work.target.put(sealed.key, sealed.data)


def see_to_sync(work: ArchiveWork) -> None:
    """This function will have orders wait for the target once everything of before is there."""
    if work.settings.log_sync and not work.is_sync and work.away_since is None:
        ((flushed,),) = work.server.execute("select pg_current_wal_flush_lsn() - '0/0'::pg_lsn").fetchall()
        if work.sent + work.line.segment_bytes >= int(str(flushed)):
            _set_sync(work, wanted=True)
            note_archive(work)


def _set_sync(work: ArchiveWork, *, wanted: bool) -> None:
    if work.is_sync == wanted:
        return
    name = f'"{slot_of(work.line)}"' if wanted else ""
    try:
        work.server.execute(sql.SQL("alter system set synchronous_standby_names = {}").format(sql.Literal(name)))
        work.server.execute("select pg_reload_conf()")
    except psycopg.errors.InsufficientPrivilege:
        _log.error("orders cannot wait for the target: the role may not set synchronous_standby_names")
        return
    work.is_sync = wanted
    _log.info("orders wait for the target" if wanted else "orders do not wait for the target any more")


def tell_gap(work: ArchiveWork) -> None:
    """This function will alert that some of the log never came to the target."""
    detail = "The database no longer had all of its log; a full backup begins anew. Moments in between are lost."
    _tell(work, kind=_GAP, subject=work.line.id, detail=Said(text=detail, code="BACKUP_LOG_GAP"))


def _tell(work: ArchiveWork, *, kind: incidents.Kind, subject: str, detail: Said) -> None:
    with _apart():
        incidents.raise_alert(kind=kind, subject=subject, detail=detail, now=work.clock())


def _close_alert(work: ArchiveWork, *, kind: incidents.Kind, subject: str, why: str) -> None:
    with _apart():
        incidents.close_alerts(kind=kind, subject=subject, actor="clock", why=why, now=work.clock())


@contextmanager
def _apart() -> Iterator[None]:
    """A transaction that does not wait for the target, which may be just what it tells of; alerts are rare."""
    try:
        with db.write():
            db.execute("set local synchronous_commit = local")
            yield
    finally:
        db.close()
