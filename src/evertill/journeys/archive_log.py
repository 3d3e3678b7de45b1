"""Archive the log: everything that the database writes goes to the target at once, encrypted, and only then is let go.

The database keeps its log for a replication slot until we confirm what has arrived. So nothing is stored here on the
way: a target that is away costs the database's disk, not data. Where an order may not be answered before it is safe
elsewhere, PostgreSQL waits for that confirmation as for a synchronous standby's.
"""

from __future__ import annotations

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import msgspec
import psycopg
import structlog
from psycopg import sql

from evertill.domains import recovery
from evertill.domains.recovery import Line, Target
from evertill.journeys.archive_pieces import find_sent, send_received
from evertill.journeys.archive_target import insist, put_once, see_to_sync, tell_gap
from evertill.journeys.archive_work import ArchiveWork, Stop, Stopped, note_archive
from evertill.journeys.backup_server import is_our_server, slot_of
from evertill.kernel import config
from evertill.kernel.clock import Clock
from evertill.kernel.replication import Stream, StreamBroken, System, lsn_text

__all__ = ["BEAT_S", "archive_log"]

_log = structlog.get_logger("evertill.recovery")

# Once in so long the database is given something to write, so that its log always tells how current it is.
BEAT_S = 30.0
_BYTES_MAX = 8 << 20
_WAIT_S = 1.0
# When it is told to stop, what is written by then is still sent, within this time.
_DRAIN_S = 5.0


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
            work = ArchiveWork(
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
            note_archive(work)
            with closing(Stream(url, name=slot_of(line))) as stream:
                _stream(work, stream)
    except psycopg.OperationalError as error:
        raise StreamBroken(f"The server went away: {' '.join(str(error).split())}") from error
    except Stopped:
        return


def _limit_kept_log(server: psycopg.Connection[tuple[object, ...]], *, megabytes: int) -> None:
    """Have the embedded server keep its log for a target that is away, and yet never fill the disk with it."""
    wanted = f"{megabytes}MB"
    server.execute(sql.SQL("alter system set max_slot_wal_keep_size = {}").format(sql.Literal(wanted)))
    server.execute("select pg_reload_conf()")


def _stream(work: ArchiveWork, stream: Stream) -> None:
    timeline = stream.identify().timeline
    _begin(work, stream, timeline=timeline)
    slot = slot_of(work.line)
    stream.start(slot=slot, at=work.segment_start, timeline=timeline)
    note_archive(work)
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
            send_received(work, received)
            stream.confirm(work.sent)
            see_to_sync(work)
        if until is not None and (_is_drained(work) or time.monotonic() > until):
            _log.info("archive ends", at=lsn_text(work.sent))
            return


def _line(place: recovery.place.Place, system: System, *, segment_bytes: int, now: dt.datetime) -> Line:
    """Return the line of this data folder; a new one when the database is another, or went back in time."""
    line = place.read_line()
    if line is None or line.system != system.identifier or line.segment_bytes != segment_bytes:
        line = place.begin_line(system=system.identifier, segment_bytes=segment_bytes, now=now)
    return line


def _begin(work: ArchiveWork, stream: Stream, *, timeline: int) -> None:
    """Find out up to where the log is at the target already, and make the slot when there is none."""
    slot, line = slot_of(work.line), work.line
    insist(work, lambda: _make_known(work))
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
            tell_gap(work)
    start = position - position % line.segment_bytes
    work.timeline, work.segment_start, work.sent = timeline, start, start
    flushed = stream.identify().flushed
    pieces = find_sent(work, confirmed=position, flushed=flushed)
    covering = recovery.rules.cover(pieces, timeline=timeline, start=start)
    if covering:
        work.sent = covering[-1].end
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
        insist(work, lambda: put_once(work, name, history))


def _make_known(work: ArchiveWork) -> None:
    put_once(work, recovery.rules.line_name(work.line.id), msgspec.json.encode(work.line))


def _is_drained(work: ArchiveWork) -> bool:
    ((flushed,),) = work.server.execute("select pg_current_wal_flush_lsn() - '0/0'::pg_lsn").fetchall()
    return work.sent >= int(str(flushed))


def _beat(work: ArchiveWork) -> None:
    work.server.execute("select pg_logical_emit_message(true, 'evertill', 'beat')")


def _read_bytes(text: str) -> int:
    units = {"kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "B": 1}
    for unit, size in units.items():
        if text.endswith(unit) and text[: -len(unit)].isdigit():
            return int(text[: -len(unit)]) * size
    return int(text)
