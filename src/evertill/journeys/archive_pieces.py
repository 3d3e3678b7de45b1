"""The log in pieces: each stretch is sent as it comes, and a full segment once more as one object."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import structlog

from evertill.domains import recovery
from evertill.domains.recovery import Damaged, Key, Piece, TargetRefuses, TargetUnavailable, WrongKey
from evertill.journeys.archive_target import insist
from evertill.journeys.archive_work import ArchiveWork
from evertill.journeys.read_catalogue import list_pieces, open_piece
from evertill.kernel.replication import Received, StreamBroken, lsn_text

__all__ = ["find_sent", "send_received"]

_log = structlog.get_logger("evertill.recovery")

# Segments that wait to be joined; what is more stays in small objects, which is slower to restore and no less safe.
_JOINING_MAX = 4
# A target that lists more than this that is not there is not asked any further: all of it is sent again.
_BAD_MAX = 100


def find_sent(work: ArchiveWork, *, confirmed: int, flushed: int) -> list[Piece]:
    """This function will return what the target has of the log from the segment on where the archive goes on.

    What lies behind `confirmed` was never looked at by us, or the server has forgotten that it was. A name alone is not
    enough for not sending it: the database lets go of what we say is there. So it is opened; where it reaches beyond
    what the server has `flushed`, so that nothing of it is ours to go on with, only the last of it. Raises Stopped.
    """
    pieces: list[Piece] = []

    def look() -> None:
        pieces[:] = list_pieces(work.target, line=work.line, timeline=work.timeline, since=work.segment_start)

    insist(work, look)
    seen: set[str] = set()
    for _ in range(_BAD_MAX):
        covering = recovery.rules.cover(pieces, timeline=work.timeline, start=work.segment_start)
        behind = [one for one in covering if one.end > confirmed and one.key not in seen]
        is_ahead = bool(behind) and behind[-1].end > flushed
        wrong = None
        for one in behind[-1:] if is_ahead else behind:
            if not _is_there(work, one):
                wrong = one
                break
            seen.add(one.key)
        if wrong is None:
            return pieces
        _log.warning("what the target lists is not there as it was sent; it is sent again", object=wrong.key)
        pieces.remove(wrong)
    return [one for one in pieces if one.end <= confirmed]


def _is_there(work: ArchiveWork, piece: Piece) -> bool:
    try:
        insist(work, lambda: open_piece(work.target, key=work.key, piece=piece))
    except (Damaged, WrongKey, recovery.targets.ObjectMissing):
        return False
    return True


def send_received(work: ArchiveWork, received: Received) -> None:
    """This function will send what was received, and return once it is at the target; raises Stopped, StreamBroken."""
    for stretch in _by_segment(received, work.line.segment_bytes):
        _take(work, stretch)


def _by_segment(received: Received, segment_bytes: int) -> Iterator[Received]:
    position = received.start
    while position < received.end:
        end = min(received.end, position - position % segment_bytes + segment_bytes)
        data = received.data[position - received.start : end - received.start]
        yield Received(start=position, data=data, sent_at=received.sent_at)
        position = end


def _take(work: ArchiveWork, stretch: Received) -> None:
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


def _send(work: ArchiveWork, *, start: int, data: Received) -> str:
    name = _name(work, start=start, end=data.end, sent_at=data.sent_at)
    sealed = work.key.seal(name, data.data[start - data.start :])
    insist(work, lambda: work.target.put(sealed.key, sealed.data))
    return sealed.key


def _name(work: ArchiveWork, *, start: int, end: int, sent_at: dt.datetime) -> str:
    return recovery.rules.piece_name(
        line=work.line.id,
        timeline=work.timeline,
        start=start,
        end=end,
        sent_at=sent_at,
        segment_bytes=work.line.segment_bytes,
    )


def _join(work: ArchiveWork, *, sent_at: dt.datetime) -> None:
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
