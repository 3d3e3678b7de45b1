"""Verify backups: read back all that lies at a target, and see that it is what was sent and that nothing is missing.

It needs the target and the key, nothing else. What only PostgreSQL can tell is seen to by drills.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from evertill.domains import incidents, recovery
from evertill.domains.recovery import Backup, Key, Line, Part, Piece, State, Target
from evertill.journeys.backup_server import slot_of
from evertill.journeys.read_catalogue import Catalogue, get_piece, list_pieces, read_catalogue
from evertill.kernel import config, db
from evertill.kernel.errors import EvertillError
from evertill.kernel.replication import lsn_text
from evertill.kernel.said import Said

__all__ = ["Finding", "Memory", "Verified", "verify_backups", "verify_own"]

Opener = Callable[[], Target]
Report = Callable[[str, int, int], None]
_AT_ONCE = 8
_SEEN_MAX = 5_000
_CONTRADICTS = "it says something else of a stretch of the log than others that have the same: one of them is forged"
_DAMAGED = incidents.Kind.BACKUP_DAMAGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is not as it was stored: of which line, what, and how."""

    line: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was looked at, what is wrong, and backups that have no manifest, because they are not finished."""

    lines: int
    backups: int
    objects: int
    findings: Sequence[Finding]
    unfinished: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a shop itself knows of its copies: its backups, and from where up to where the log has to be there."""

    backups: Sequence[Backup]
    log_from: int
    log_until: int


def verify_backups(
    *,
    opener: Opener,
    key: Key,
    line: str | None = None,
    memory: Memory | None = None,
    report: Report = lambda _step, _done, _all: None,
) -> Verified:
    """This function will read everything of all lines, or of one, and return what is wrong with it.

    Without a shop's memory it cannot be known whether the newest copies were taken away, or the log between two
    backups, which goes when it is old. Raises WrongKey, NewerFormat, TargetUnavailable and TargetRefuses.
    """
    findings: list[Finding] = []
    unfinished: list[str] = []
    objects = 0
    with closing(opener()) as target:
        catalogues = read_catalogue(
            target=target, key=key, line=line, damaged=lambda said: findings.append(_finding(said))
        )
        for catalogue in catalogues:
            parts = _parts(catalogue)
            pieces = _pieces(target, catalogue)
            findings += [_of(catalogue, *wrong) for wrong in _missing_links(catalogue)]
            findings += [_of(catalogue, *wrong) for wrong in _gaps(catalogue, pieces)]
            if memory is not None:
                findings += [_of(catalogue, *wrong) for wrong in _forgotten(catalogue, pieces, memory)]
            unfinished += _unfinished(target, catalogue)
            objects += len(parts) + len(pieces)
            read = _read_all(
                opener, key, [*parts, *pieces], line=catalogue.line, sizes=_sizes(target, catalogue), report=report
            )
            findings += [_of(catalogue, *wrong) for wrong in read]
    return Verified(
        lines=len(catalogues),
        backups=sum(len(one.manifests) for one in catalogues),
        objects=objects,
        findings=findings,
        unfinished=unfinished,
    )


def verify_own(*, now: dt.datetime) -> Verified | None:
    """This function will verify this shop's own line against what it remembers, and raise an alert or close it.

    None when it has no backups. Raises what verify_backups raises.
    """
    settings = config.get()
    place = recovery.place.Place(settings.data)
    line = place.read_line()
    if line is None or recovery.target() is None:
        return None
    # Asked before anything is listed, since more comes all the time.
    log_until = recovery.queries.read_slot_position(slot=slot_of(line)) or 0
    known = recovery.queries.read_backups(line=line.id, limit=_SEEN_MAX)
    horizon = now - dt.timedelta(days=settings.backup_keep_days)
    starts = [one.start for one in known if one.state is State.COMPLETE and one.start and one.began_at >= horizon]
    memory = Memory(
        backups=known,
        log_from=max(min(starts, default=log_until), place.read_log_begin() or 0),
        log_until=log_until,
    )
    verified = verify_backups(opener=_registered, key=place.ensure_key(), line=line.id, memory=memory)
    with db.write():
        if verified.findings:
            first = verified.findings[0]
            count, objects = len(verified.findings), verified.objects
            detail = Said(
                text=f"{count} of {objects} objects; {first.subject}: {first.detail}",
                code="COPIES_DAMAGED",
                values={"count": str(count), "objects": str(objects), "first": first.subject},
            )
            incidents.raise_alert(kind=_DAMAGED, subject=line.id, detail=detail, now=now)
        else:
            incidents.close_alerts(kind=_DAMAGED, subject=line.id, actor="clock", why="all was read well", now=now)
    place.note_verified(now)
    return verified


def _registered() -> Target:
    target = recovery.target()
    assert target is not None  # noqa: S101 — asked for before.
    return target


_Wrong = Iterator[tuple[str, str]]


def _of(catalogue: Catalogue, subject: str, detail: str) -> Finding:
    return Finding(line=catalogue.line.id, subject=subject, detail=detail)


def _finding(said: EvertillError) -> Finding:
    key = str(said.facts.get("key", ""))
    return Finding(line=key.partition("/")[0], subject=key, detail=said.detail)


def _parts(catalogue: Catalogue) -> list[Part]:
    return [part for manifest in catalogue.manifests.values() for part in manifest.parts]


def _pieces(target: Target, catalogue: Catalogue) -> list[Piece]:
    timelines = {manifest.timeline for manifest in catalogue.manifests.values()}
    found: list[Piece] = []
    for timeline in sorted(timelines):
        found += list_pieces(target, line=catalogue.line, timeline=timeline, since=0)
    return found


def _missing_links(catalogue: Catalogue) -> _Wrong:
    for manifest in catalogue.manifests.values():
        try:
            recovery.rules.chain(catalogue.manifests, backup=manifest.id)
        except recovery.rules.LinkMissing as error:
            yield manifest.id, error.detail


def _gaps(catalogue: Catalogue, pieces: Sequence[Piece]) -> _Wrong:
    """Give each backup whose own log is not all there, and a gap behind the last one."""
    manifests = sorted(catalogue.manifests.values(), key=lambda one: (one.timeline, one.stop))
    reached = 0
    for manifest in manifests:
        reached = _reach(pieces, timeline=manifest.timeline, start=manifest.start)
        if reached < manifest.stop:
            yield manifest.id, f"the log that makes it whole is missing from {lsn_text(reached)} on"
    if manifests:
        beyond = [one.start for one in pieces if one.timeline == manifests[-1].timeline and one.start > reached]
        if beyond:
            yield "wal", f"the log is missing from {lsn_text(reached)} to {lsn_text(min(beyond))}"


def _forgotten(catalogue: Catalogue, pieces: Sequence[Piece], memory: Memory) -> _Wrong:
    for backup in memory.backups:
        if backup.line == catalogue.line.id and backup.state is State.COMPLETE and backup.id not in catalogue.manifests:
            yield backup.id, "it was stored whole, and is not there"
    timeline = max((one.timeline for one in pieces), default=0)
    reached = _reach(pieces, timeline=timeline, start=memory.log_from)
    if reached < memory.log_until:
        yield "wal", f"the log is missing from {lsn_text(reached)} on; it was there up to {lsn_text(memory.log_until)}"


def _reach(pieces: Sequence[Piece], *, timeline: int, start: int) -> int:
    covering = recovery.rules.cover(pieces, timeline=timeline, start=start)
    return covering[-1].end if covering else start


def _unfinished(target: Target, catalogue: Catalogue) -> list[str]:
    folder = f"{catalogue.line.id}/backups/"
    begun = {stored.key.removeprefix(folder).partition("/")[0] for stored in target.list(folder)}
    return sorted(begun - catalogue.manifests.keys())


def _sizes(target: Target, catalogue: Catalogue) -> dict[str, int]:
    return {stored.key: stored.size for stored in target.list(f"{catalogue.line.id}/backups/")}


def _read_all(
    opener: Opener, key: Key, objects: Sequence[Part | Piece], *, line: Line, sizes: dict[str, int], report: Report
) -> _Wrong:
    total, done = sum(one.size for one in objects), 0
    shares = [share for share in _shares(objects, line=line) if share]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="verify") as pool:
        futures = [pool.submit(_read_share, opener, key, share, line=line, sizes=sizes) for share in shares]
        for future, share in zip(futures, shares, strict=True):
            yield from future.result()
            done += sum(one.size for one in share)
            report("Reading", done, total)


def _shares(objects: Sequence[Part | Piece], *, line: Line) -> list[list[Part | Piece]]:
    """What each thread reads: pieces of the same segment go to the same one, in the order in which they begin."""
    shares: list[list[Part | Piece]] = [[] for _ in range(_AT_ONCE)]
    for number, part in enumerate(one for one in objects if isinstance(one, Part)):
        shares[number % _AT_ONCE].append(part)
    pieces = [one for one in objects if isinstance(one, Piece)]
    for piece in sorted(pieces, key=lambda one: (one.timeline, one.start, one.key)):
        shares[piece.start // line.segment_bytes % _AT_ONCE].append(piece)
    return shares


def _read_share(
    opener: Opener, key: Key, objects: Sequence[Part | Piece], *, line: Line, sizes: dict[str, int]
) -> list[tuple[str, str]]:
    wrong: list[tuple[str, str]] = []
    overlaps = recovery.overlaps.Overlaps()
    with closing(opener()) as target:
        for one in objects:
            try:
                if isinstance(one, Piece):
                    log = get_piece(target, key=key, line=line, piece=one)
                    wrong += [(other.key, _CONTRADICTS) for other in overlaps.add(one, log)]
                else:
                    key.open(one.key, target.get(one.key))
            except (recovery.Damaged, recovery.WrongKey, recovery.targets.ObjectMissing) as error:
                size = sizes.get(one.key)
                short = f" It has {size} of {one.size} bytes." if size is not None and size != one.size else ""
                wrong.append((one.key, f"{error.detail}{short}"))
    return wrong
