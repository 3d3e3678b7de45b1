"""Pure decisions of recovery: what builds on what, what is due, what may go, and what things are called.

Positions of the write-ahead log decide what is newer. Clocks jump; the log does not.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from evertill.domains.recovery.types import Backup, Kind, Manifest, Piece, State
from evertill.kernel.errors import EvertillError

_PIECE = re.compile(
    r"(?P<line>[0-9a-f]{16})/wal/(?P<timeline>[0-9A-F]{8})/(?P<segment>[0-9A-F]{16})"
    r"/(?P<start>[0-9A-F]{16})-(?P<end>[0-9A-F]{16})-(?P<sent>[0-9A-F]{12})-[0-9a-f]{32}\.zst\.age"
)
_MANIFEST = re.compile(r"(?P<line>[0-9a-f]{16})/backups/(?P<id>[0-9A-Za-z-]{1,40})/manifest-[0-9a-f]{32}\.zst\.age")
_HEAD = re.compile(r"[0-9a-f]{16}/heads/(?P<number>[0-9A-F]{16})-(?P<hash>[0-9a-f]{64})-[0-9a-f]{32}\.zst\.age")
_LINE = re.compile(r"(?P<line>[0-9a-f]{16})/line-[0-9a-f]{32}\.zst\.age")
# More seals than any shop will ever have.
_SEALS_MAX = 1 << 53
# Further ahead of the clock than this, a moment was noted by a clock that was wrong.
_AHEAD = dt.timedelta(minutes=10)


class LinkMissing(EvertillError):
    """A backup builds on another that is not there."""

    code = "BACKUP_LINK_MISSING"
    status = "conflict"
    kept = "Nothing was restored; the copies are as they were."
    remedy = "Restore to a moment before this backup or after the next full one: `evertill backup list` shows them."


class WalMissing(EvertillError):
    """A stretch of the write-ahead log is not at the target."""

    code = "WAL_MISSING"
    status = "conflict"
    kept = "Nothing was restored; the copies are as they were."
    remedy = "Restore to a moment before the gap, or from a backup behind it: `evertill backup list` shows them."


class NothingToRestore(EvertillError):
    """No backup reaches back to, or up to, the wanted moment."""

    code = "NOTHING_TO_RESTORE"
    status = "not_found"
    kept = "Nothing was restored; the copies are as they were."
    remedy = "See `evertill backup list --from …` for what there is, and name a moment within it, or `latest`."


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How long backups are kept: to any moment of the last `days`, then a full one of each week, then of each month.

    The newest `fulls` full ones stay with everything behind them, whatever the clock says: it may have jumped.
    """

    days: int
    weeks: int
    months: int
    fulls: int = 1


class Timetable(msgspec.Struct, frozen=True, kw_only=True):
    """How often backups are taken, and how long to wait after one that failed."""

    full_every: dt.timedelta
    incremental_every: dt.timedelta
    retry_after: dt.timedelta


class Keep(msgspec.Struct, frozen=True, kw_only=True):
    """What must stay: backups by id, and stretches of the log; the last one has no end."""

    backups: frozenset[str]
    log: Sequence[tuple[int, int | None]]


def line_name(line: str) -> str:
    """This function will name the object by which a line is known at a target."""
    return f"{line}/line"


def piece_name(*, line: str, timeline: int, start: int, end: int, sent_at: dt.datetime, segment_bytes: int) -> str:
    """This function will name a stretch of the log, so that a listing alone tells what there is."""
    sent_ms = int(sent_at.timestamp() * 1000)
    return f"{line}/wal/{timeline:08X}/{start // segment_bytes:016X}/{start:016X}-{end:016X}-{sent_ms:012X}"


def history_name(*, line: str, timeline: int) -> str:
    """This function will name the object that tells where a timeline began."""
    return f"{line}/wal/{timeline:08X}/history"


def heads_folder(*, line: str) -> str:
    """This function will name the place where is noted which seals of the journal were the newest, before the slash."""
    return f"{line}/heads/"


def head_name(*, line: str, number: int, hashed: str) -> str:
    """This function will name what is noted of a seal, so that a listing alone tells it."""
    return f"{heads_folder(line=line)}{number:016X}-{hashed}"


def read_head(key: str) -> tuple[int, str] | None:
    """This function will return number and hash of the seal that a key names; None when it names something else."""
    found = _HEAD.fullmatch(key)
    number = int(found["number"], 16) if found else 0
    return (number, found["hash"]) if found and number <= _SEALS_MAX else None


def backup_folder(*, line: str, backup: str) -> str:
    """This function will name the place of everything that one backup consists of."""
    return f"{line}/backups/{backup}"


def new_backup_id(*, kind: Kind, now: dt.datetime, salt: int) -> str:
    """This function will name a backup by when it began; `salt` keeps two of one moment, or of two clocks, apart."""
    return f"{now:%Y%m%dT%H%M%SZ}-{kind.value.lower()[:4]}-{salt & 0xFFFFFF:06x}"


def read_piece(key: str, *, size: int, segment_bytes: int) -> Piece | None:
    """This function will return what a key says about a stretch of the log; None when it names something else.

    So it is with what none of ours is called: whoever can write to a target can give an object any name. One that said
    that it reaches to the end of all logs would stand in the place of all pieces that do.
    """
    found = _PIECE.fullmatch(key)
    if found is None:
        return None
    segment, start, end = int(found["segment"], 16), int(found["start"], 16), int(found["end"], 16)
    if not start < end or not segment == start // segment_bytes == (end - 1) // segment_bytes:
        return None
    try:
        sent_at = dt.datetime.fromtimestamp(int(found["sent"], 16) / 1000, dt.UTC)
    except (ValueError, OverflowError):
        return None
    return Piece(timeline=int(found["timeline"], 16), start=start, end=end, sent_at=sent_at, key=key, size=size)


def manifest_of(key: str) -> tuple[str, str] | None:
    """This function will return the line and the backup whose manifest a key names; None when it names none."""
    found = _MANIFEST.fullmatch(key)
    return (found["line"], found["id"]) if found else None


def line_of(key: str) -> str | None:
    """This function will return the line that a key makes known; None when it names something else."""
    found = _LINE.fullmatch(key)
    return found["line"] if found else None


def chain(manifests: Mapping[str, Manifest], *, backup: str) -> list[Manifest]:
    """This function will return what a backup needs, a full one first and itself last; raises LinkMissing."""
    found: list[Manifest] = []
    wanted: str | None = backup
    while wanted is not None:
        manifest = manifests.get(wanted)
        if manifest is None or manifest in found:
            needed_by = f", on which {found[-1].id} builds," if found else ""
            raise LinkMissing(f"The backup {wanted}{needed_by} is not there.", backup=wanted)
        found.append(manifest)
        wanted = manifest.parent
    return found[::-1]


def choose(manifests: Collection[Manifest], *, at: dt.datetime | None) -> Manifest:
    """This function will return the backup from which a moment is reached soonest; without one, the latest.

    Raises NothingToRestore.
    """
    fitting = [one for one in manifests if at is None or one.ended_at <= at]
    if not fitting:
        first = min((one.ended_at for one in manifests), default=None)
        if first is None:
            raise NothingToRestore("There is no complete backup.")
        raise NothingToRestore(f"The first backup ends at {first:%Y-%m-%d %H:%M:%S} UTC, after the wanted moment.")
    return max(fitting, key=lambda one: (one.timeline, one.stop, one.id))


def cover(pieces: Iterable[Piece], *, timeline: int, start: int, until: dt.datetime | None = None) -> list[Piece]:
    """This function will return pieces of one timeline that give the log from `start` on without a gap, in order.

    Where pieces overlap, the one that reaches furthest is taken. With `until`, what the server sent after the first
    piece behind that moment is left out. It ends at the first gap, and is empty when `start` itself is missing.
    """
    ahead = sorted((one for one in pieces if one.timeline == timeline and one.end > start), key=lambda one: -one.start)
    found: list[Piece] = []
    reached = start
    while True:
        best: Piece | None = None
        while ahead and ahead[-1].start <= reached:
            piece = ahead.pop()
            if best is None or piece.end > best.end:
                best = piece
        # What was passed over ends before the one that was taken, so it is never needed again.
        if best is None or best.end <= reached:
            return found
        found.append(best)
        reached = best.end
        if until is not None and best.sent_at > until:
            return found


def due(backups: Sequence[Backup], *, timetable: Timetable, now: dt.datetime) -> Kind | None:
    """This function will say which kind of backup is due, of one line's; None when none is.

    A moment that lies ahead of the clock was noted by a clock that was wrong, so what is due then is due now.
    """
    failed = max((one.began_at for one in backups if one.state is State.FAILED), default=None)
    complete = [one for one in backups if one.state is State.COMPLETE]
    fulls = [one.began_at for one in complete if one.kind is Kind.FULL]
    last = max((one.began_at for one in complete), default=None)
    if failed is not None and (last is None or failed > last) and not _is_over(failed, timetable.retry_after, now=now):
        return None
    if not fulls or _is_over(max(fulls), timetable.full_every, now=now):
        return Kind.FULL
    assert last is not None  # noqa: S101 — a full one is one.
    return Kind.INCREMENTAL if _is_over(last, timetable.incremental_every, now=now) else None


def next_at(backups: Sequence[Backup], *, timetable: Timetable) -> dict[Kind, dt.datetime]:
    """This function will say when each kind of backup is due next; a kind that is due already is not told."""
    complete = [one for one in backups if one.state is State.COMPLETE]
    fulls = [one.began_at for one in complete if one.kind is Kind.FULL]
    if not fulls:
        return {}
    last = max(one.began_at for one in complete)
    return {
        Kind.FULL: max(fulls) + timetable.full_every,
        Kind.INCREMENTAL: last + timetable.incremental_every,
    }


def keep(manifests: Mapping[str, Manifest], *, policy: Policy, now: dt.datetime) -> Keep:
    """This function will return what has to stay of one line, so that what the policy promises can be restored.

    What builds on a backup that is not there stays too: it is not for retention to hide a damage.
    """
    horizon = now - dt.timedelta(days=policy.days)
    fulls = sorted((one for one in manifests.values() if one.kind is Kind.FULL), key=lambda one: one.stop)
    newest = min((one.stop for one in fulls[-policy.fulls :]), default=0)
    recent = [one for one in manifests.values() if one.ended_at >= horizon or one.stop >= newest]
    before = [one for one in manifests.values() if one.ended_at < horizon]
    # Every moment behind the horizon is reached from the last backup before it.
    recent += sorted(before, key=lambda one: one.stop)[-1:]
    single = [
        *_first_of_each(fulls, lambda one: one.ended_at.strftime("%G-%V"), last=policy.weeks),
        *_first_of_each(fulls, lambda one: one.ended_at.strftime("%Y-%m"), last=policy.months),
    ]
    kept: set[str] = set()
    starts: list[int] = []
    for one in recent:
        try:
            links = chain(manifests, backup=one.id)
        except LinkMissing:
            links = [one]
        kept |= {link.id for link in links}
        starts.append(one.start)
    log: list[tuple[int, int | None]] = [(one.start, one.stop) for one in single]
    log.append((min(starts, default=0), None))
    return Keep(backups=frozenset(kept | {one.id for one in single}), log=log)


def _first_of_each(fulls: Sequence[Manifest], period: Callable[[Manifest], str], *, last: int) -> list[Manifest]:
    found: dict[str, Manifest] = {}
    for one in fulls:
        found.setdefault(period(one), one)
    return list(found.values())[max(len(found) - last, 0) :]


def _is_over(moment: dt.datetime, length: dt.timedelta, *, now: dt.datetime) -> bool:
    return now - moment >= length or moment - now > _AHEAD
