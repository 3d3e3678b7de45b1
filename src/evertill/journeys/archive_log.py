"""Archive the log: everything that the database writes goes to the target at once, encrypted, and only then is let go.

The database keeps its log for a replication slot until we confirm what has arrived. So nothing is stored here on the
way: a target that is away costs the database's disk, not data. Where an order may not be answered before it is safe
elsewhere, PostgreSQL waits for that confirmation as for a synchronous standby's.
"""

from __future__ import annotations

import datetime as dt
import os
import select
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import msgspec
import psycopg
import structlog
from psycopg import sql

from evertill.domains import incidents, recovery
from evertill.domains.recovery import Archive, Key, Line, Piece, Target, TargetRefuses, TargetUnavailable
from evertill.kernel import config, db, embedded
from evertill.kernel.clock import Clock
from evertill.kernel.config import Config
from evertill.kernel.replication import Received, Stream, StreamBroken, System, lsn_text

_log = structlog.get_logger("evertill.recovery")

# Once in so long the database is given something to write, so that its log always tells how current it is.
BEAT_S = 30.0
_BYTES_MAX = 8 << 20
_WAIT_S = 1.0
_RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
# When it is told to stop, what is written by then is still sent, within this time.
_DRAIN_S = 5.0
# Segments that wait to be joined; what is more stays in small objects, which is slower to restore and no less safe.
_JOINING_MAX = 4
_AWAY, _GAP = incidents.Kind.BACKUP_TARGET_AWAY, incidents.Kind.BACKUP_LOG_GAP


class Stopped(Exception):
    """It was told to stop while the target was away."""


@dataclass(slots=True, kw_only=True)
class Stop:
    """Being told to stop: a file descriptor that becomes readable, so that nobody who waits overlooks it."""

    reader: int
    writer: int
    is_set: bool = False

    @classmethod
    def make(cls) -> Stop:
        """This function will make one that nobody has been told by yet."""
        reader, writer = os.pipe()
        return cls(reader=reader, writer=writer)

    def set(self) -> None:
        """This function will tell."""
        self.is_set = True
        os.write(self.writer, b".")

    def wait(self, seconds: float) -> bool:
        """This function will wait so long, or until told, and say whether it was told."""
        ready, _, _ = select.select([self.reader], [], [], seconds)
        return bool(ready)


@dataclass(slots=True, kw_only=True)
class _Work:
    """What the archive works with, and where it stands: `sent` is the position up to which all is at the target."""

    target: Target
    key: Key
    place: recovery.place.Place
    line: Line
    clock: Clock
    stop: Stop
    server: psycopg.Connection[tuple[object, ...]]
    settings: Config
    timeline: int = 0
    sent: int = 0
    # The segment that is being filled, from its beginning on, and the objects at the target that hold parts of it.
    segment: bytearray = field(default_factory=bytearray)
    segment_start: int = 0
    small: list[str] = field(default_factory=list)
    # What joins small objects beside the work, and has a connection of its own for it.
    beside: ThreadPoolExecutor
    joining: list[Future[None]] = field(default_factory=list)
    away_since: float | None = None
    is_told: bool = False
    is_sync: bool = False


def archive_log(*, url: str, target: Target, clock: Clock, stop: Stop) -> None:
    """This function will send the log of the server at `url` to the target until it is told to stop.

    Raises StreamBroken when the server goes away; whoever starts it again loses nothing.
    """
    place = recovery.place.Place(config.get().data)
    key = place.ensure_key()
    try:
        with (
            psycopg.connect(url, autocommit=True, application_name="evertill archive") as server,
            ThreadPoolExecutor(1, thread_name_prefix="join") as beside,
        ):
            # What is written here must not wait for itself.
            server.execute("set synchronous_commit = local")
            with closing(Stream(url, name="evertill_archive_probe")) as probe:
                system, segment_bytes = probe.identify(), _read_bytes(probe.show("wal_segment_size"))
            line = _line(place, system, segment_bytes=segment_bytes, now=clock())
            work = _Work(
                target=target,
                key=key,
                place=place,
                line=line,
                clock=clock,
                stop=stop,
                server=server,
                settings=config.get(),
                beside=beside,
            )
            if is_our_server(url):
                _limit_kept_log(server, megabytes=work.settings.log_keep_mb)
            ((standby,),) = server.execute("show synchronous_standby_names").fetchall()
            work.is_sync = slot_of(line) in str(standby)
            # From here on nobody waits for this process: a shop opens also while its target is away.
            _note(work)
            with closing(Stream(url, name=slot_of(line))) as stream:
                _stream(work, stream)
    except psycopg.OperationalError as error:
        raise StreamBroken(f"The server went away: {' '.join(str(error).split())}") from error
    except Stopped:
        return


def slot_of(line: Line) -> str:
    """This function will name the replication slot of a line."""
    return f"evertill_{line.id}"


def server_url(settings: Config) -> str:
    """This function will return the address of the database as a role that may replicate."""
    if settings.backup_database_url:
        return settings.backup_database_url
    try:
        is_ours = settings.database_url in (embedded.url(settings.data), embedded.shop_url(settings.data))
    except embedded.NoCluster:
        is_ours = False
    return embedded.superuser_url(settings.data) if is_ours else settings.database_url


def is_our_server(url: str) -> bool:
    """This function will say whether an address is that of this data folder's own server, as its superuser."""
    try:
        return url == embedded.superuser_url(config.get().data)
    except embedded.NoCluster:
        return False


def _limit_kept_log(server: psycopg.Connection[tuple[object, ...]], *, megabytes: int) -> None:
    """Have the embedded server keep its log for a target that is away, and yet never fill the disk with it."""
    wanted = f"{megabytes}MB"
    server.execute(sql.SQL("alter system set max_slot_wal_keep_size = {}").format(sql.Literal(wanted)))
    server.execute("select pg_reload_conf()")


def _stream(work: _Work, stream: Stream) -> None:
    timeline = stream.identify().timeline
    _begin(work, stream, timeline=timeline)
    slot = slot_of(work.line)
    stream.start(slot=slot, at=work.segment_start, timeline=timeline)
    _note(work)
    _log.info("archive begins", line=work.line.id, at=lsn_text(work.sent), target=work.target.place)
    beat_at = 0.0
    until: float | None = None
    while True:
        if time.monotonic() >= beat_at:
            _beat(work)
            beat_at = time.monotonic() + BEAT_S
        if work.stop.is_set and until is None:
            until = time.monotonic() + _DRAIN_S
        gather_s = 0.0 if work.is_sync else work.settings.log_every_ms / 1000
        received = stream.read(
            wait_s=_WAIT_S if until is None else 0.2,
            gather_s=gather_s,
            bytes_max=_BYTES_MAX,
            wakeup=None if work.stop.is_set else work.stop.reader,
        )
        if received is not None:
            for stretch in _by_segment(received, work.line.segment_bytes):
                _take(work, stretch)
            stream.confirm(work.sent)
            _see_to_sync(work)
        if until is not None and (_is_drained(work) or time.monotonic() > until):
            _log.info("archive ends", at=lsn_text(work.sent))
            return


def _line(place: recovery.place.Place, system: System, *, segment_bytes: int, now: dt.datetime) -> Line:
    """Return the line of this data folder; a new one when the database is another, or went back in time."""
    line = place.read_line()
    if line is None or line.system != system.identifier or line.segment_bytes != segment_bytes:
        line = place.begin_line(system=system.identifier, segment_bytes=segment_bytes, now=now)
    return line


def _begin(work: _Work, stream: Stream, *, timeline: int) -> None:
    """Find out up to where the log is at the target already, and make the slot when there is none."""
    slot, line = slot_of(work.line), work.line
    _insist(work, lambda: _make_known(work))
    found = stream.find_slot(slot)
    position = found.position if found else None
    if position is None:
        if found:
            # The server kept its log for as long as it had room; now the slot is good for nothing.
            stream.drop_slot(slot)
        position = stream.make_slot(slot)
        had_log = work.place.read_log_begin() is not None
        work.place.note_log_begin(position - position % line.segment_bytes)
        if had_log:
            _tell_gap(work)
    start = position - position % line.segment_bytes
    work.timeline, work.segment_start, work.sent = timeline, start, start
    pieces: list[Piece] = []

    def look() -> None:
        prefix = f"{line.id}/wal/{timeline:08X}/"
        after = f"{prefix}{start // line.segment_bytes:016X}"
        found = (recovery.rules.read_piece(one.key, size=one.size) for one in work.target.list(prefix, after=after))
        pieces[:] = [piece for piece in found if piece is not None]

    _insist(work, look)
    covering = recovery.rules.cover(pieces, timeline=timeline, start=start)
    if covering:
        work.sent = covering[-1].end
    flushed = stream.identify().flushed
    if work.sent > flushed:
        # A copy of this shop, or this one before it was put back, has written more. Its line is not ours to continue.
        work.line = work.place.begin_line(system=line.system, segment_bytes=line.segment_bytes, now=work.clock())
        _log.warning("the log at the target is ahead of the database; a new line begins", line=work.line.id)
        _begin(work, stream, timeline=timeline)
        return
    work.segment_start = work.sent - work.sent % line.segment_bytes
    work.small = [piece.key for piece in pieces if work.segment_start <= piece.start < work.sent]
    if timeline > 1:
        history = stream.history(timeline)
        name = recovery.rules.history_name(line=work.line.id, timeline=timeline)
        _insist(work, lambda: _put_once(work, name, history))


def _make_known(work: _Work) -> None:
    _put_once(work, recovery.rules.line_name(work.line.id), msgspec.json.encode(work.line))


def _put_once(work: _Work, name: str, plain: bytes) -> None:
    if next(iter(work.target.list(f"{name}-")), None) is None:
        sealed = work.key.seal(name, plain)
        work.target.put(sealed.key, sealed.data)


def _by_segment(received: Received, segment_bytes: int) -> Iterator[Received]:
    position = received.start
    while position < received.end:
        end = min(received.end, position - position % segment_bytes + segment_bytes)
        data = received.data[position - received.start : end - received.start]
        yield Received(start=position, data=data, sent_at=received.sent_at)
        position = end


def _take(work: _Work, stretch: Received) -> None:
    """Add a stretch to its segment, send what is new of it, and when the segment is full, all of it as one object."""
    if stretch.start != work.segment_start + len(work.segment):
        raise StreamBroken(f"The log goes on at {lsn_text(stretch.start)}, which was not the next.")
    work.segment += stretch.data
    if stretch.end > work.sent:
        work.small.append(_send(work, start=max(work.sent, work.segment_start), data=stretch))
        work.sent = stretch.end
    if len(work.segment) == work.line.segment_bytes:
        _join(work, sent_at=stretch.sent_at)
        work.segment_start, work.segment, work.small = stretch.end, bytearray(), []


def _send(work: _Work, *, start: int, data: Received) -> str:
    name = _name(work, start=start, end=data.end, sent_at=data.sent_at)
    sealed = work.key.seal(name, data.data[start - data.start :])
    _insist(work, lambda: work.target.put(sealed.key, sealed.data))
    return sealed.key


def _name(work: _Work, *, start: int, end: int, sent_at: dt.datetime) -> str:
    return recovery.rules.piece_name(
        line=work.line.id,
        timeline=work.timeline,
        start=start,
        end=end,
        sent_at=sent_at,
        segment_bytes=work.line.segment_bytes,
    )


def _join(work: _Work, *, sent_at: dt.datetime) -> None:
    """Have a full segment stored as one object, beside the work, and its small ones removed after that."""
    work.joining = [job for job in work.joining if not job.done()]
    if len(work.small) > 1 and len(work.joining) < _JOINING_MAX:
        end = work.segment_start + len(work.segment)
        name = _name(work, start=work.segment_start, end=end, sent_at=sent_at)
        keeps = bool(work.settings.backup_append_only)
        work.joining.append(
            work.beside.submit(_join_beside, work.key, name, bytes(work.segment), () if keeps else tuple(work.small))
        )


def _join_beside(key: Key, name: str, segment: bytes, small: Sequence[str]) -> None:
    target = recovery.target()
    if target is None:
        return
    try:
        sealed = key.seal(name, segment)
        target.put(sealed.key, sealed.data)
        for one in small:
            target.delete(one)
    except (TargetUnavailable, TargetRefuses) as error:
        _log.info("small parts of the log stay", why=error.detail)
    finally:
        target.close()


def _insist(work: _Work, call: Callable[[], object]) -> None:
    """Do something at the target, again and again until it works; raises Stopped."""
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


def _wait_for_target(work: _Work, error: TargetUnavailable | TargetRefuses) -> None:
    if work.away_since is None:
        work.away_since = time.monotonic()
        _log.warning("the target of backups is away", why=error.detail)
    away_s = time.monotonic() - work.away_since
    patience_s = work.settings.log_sync_patience_s
    if patience_s and away_s >= patience_s:
        _set_sync(work, wanted=False)
        _note(work, is_away=True)
    if away_s >= work.settings.backup_away_s and not work.is_told:
        work.is_told = True
        _tell(work, kind=_AWAY, subject=work.target.place, detail=error.detail)
        _note(work, is_away=True)


def _greet(work: _Work) -> None:
    work.away_since = None
    _log.info("the target of backups is there again")
    _close_alert(work, kind=_AWAY, subject=work.target.place, why="it takes backups again")
    work.is_told = False
    _note(work)


def _see_to_sync(work: _Work) -> None:
    """Have orders wait for the target once everything of before is there."""
    if work.settings.log_sync and not work.is_sync and work.away_since is None:
        ((flushed,),) = work.server.execute("select pg_current_wal_flush_lsn() - '0/0'::pg_lsn").fetchall()
        if work.sent + work.line.segment_bytes >= int(str(flushed)):
            _set_sync(work, wanted=True)
            _note(work)


def _set_sync(work: _Work, *, wanted: bool) -> None:
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


def _is_drained(work: _Work) -> bool:
    ((flushed,),) = work.server.execute("select pg_current_wal_flush_lsn() - '0/0'::pg_lsn").fetchall()
    return work.sent >= int(str(flushed))


def _beat(work: _Work) -> None:
    work.server.execute("select pg_logical_emit_message(true, 'evertill', 'beat')")


def _note(work: _Work, *, is_away: bool = False) -> None:
    work.place.note_archive(
        Archive(pid=os.getpid(), line=work.line.id, since=work.clock(), is_away=is_away, is_sync=work.is_sync)
    )


def _tell_gap(work: _Work) -> None:
    detail = "The database no longer had all of its log; a full backup begins anew. Moments in between are lost."
    _tell(work, kind=_GAP, subject=work.line.id, detail=detail)


def _tell(work: _Work, *, kind: incidents.Kind, subject: str, detail: str) -> None:
    with _apart():
        incidents.raise_alert(kind=kind, subject=subject, detail=detail, now=work.clock())


def _close_alert(work: _Work, *, kind: incidents.Kind, subject: str, why: str) -> None:
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


def _read_bytes(text: str) -> int:
    units = {"kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "B": 1}
    for unit, size in units.items():
        if text.endswith(unit) and text[: -len(unit)].isdigit():
            return int(text[: -len(unit)]) * size
    return int(text)
