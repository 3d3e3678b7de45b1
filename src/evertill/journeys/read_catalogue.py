"""Read the catalogue: what lies at a target, by itself, without the shop that put it there."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from evertill.domains import recovery
from evertill.domains.recovery import FORMAT, Damaged, Key, Line, Manifest, Piece, Target, WrongKey
from evertill.kernel.errors import EvertillError

__all__ = [
    "Catalogue",
    "NewerFormat",
    "get_piece",
    "list_pieces",
    "open_piece",
    "reach",
    "read_catalogue",
    "read_line",
]


_Said = TypeVar("_Said", Line, Manifest)
_LINE = re.compile(r"[0-9a-f]{16}")
_BEHIND_SLASH = chr(ord("/") + 1)
# A segment of the log with more objects that are none is not looked through any further.
_BAD_MAX = 100


class NewerFormat(EvertillError):
    """The backups were made by a release that this one does not know."""

    code = "BACKUP_FORMAT_NEWER"
    kept = "Nothing was restored; the copies are as they were."
    remedy = "Restore with the release that made them, or a newer one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """One line of backups: what is complete by its manifest."""

    line: Line
    manifests: Mapping[str, Manifest]


# Is told of what cannot be read, and may go on by returning.
Damage = Callable[[Damaged], object]


def _raise(damage: Damaged) -> None:
    raise damage


def read_catalogue(*, target: Target, key: Key, line: str | None = None, damaged: Damage = _raise) -> list[Catalogue]:
    """This function will return every line at a target, or one, with its complete backups, the latest line first.

    Other shops may keep theirs in the same place: what the key does not open is passed over, unless it opens nothing.
    Raises WrongKey, NewerFormat, TargetUnavailable and TargetRefuses, and Damaged unless `damaged` wants to be told.
    """
    found: list[Catalogue] = []
    strange: WrongKey | None = None
    for name in _lines(target) if line is None else (line,):
        try:
            one = read_line(target=target, key=key, line=name, damaged=damaged)
        except WrongKey as error:
            strange = error
            continue
        found += [] if one is None else [one]
    if strange is not None and not found:
        raise strange
    return sorted(found, key=lambda one: (_latest(one), one.line.began_at), reverse=True)


def read_line(*, target: Target, key: Key, line: str, damaged: Damage = _raise) -> Catalogue | None:
    """This function will return one line; None when it never came to anything. Raises what read_catalogue raises."""
    manifests: dict[str, Manifest] = {}
    about: Line | None = None
    strange: WrongKey | None = None
    for stored in (*target.list(f"{recovery.rules.line_name(line)}-"), *target.list(f"{line}/backups/")):
        is_manifest = recovery.rules.manifest_of(stored.key) is not None
        if not is_manifest and recovery.rules.line_of(stored.key) is None:
            continue
        try:
            plain = key.open(stored.key, target.get(stored.key))
            if is_manifest:
                manifest = _decode(plain, stored.key, Manifest)
                manifests[manifest.id] = manifest
            else:
                about = _decode(plain, stored.key, Line)
        except WrongKey as error:
            strange = error
        except Damaged as damage:
            damaged(damage)
    if about is None and not manifests:
        if strange is not None:
            raise strange
        return None
    if strange is not None:
        # Where the key opens some of it, what it does not open was put there by somebody else.
        damaged(Damaged(strange.detail, **strange.facts))
    if about is None:
        # Every manifest tells what has to be known of its line, so that it cannot be hidden by removing one object.
        first = min(manifests.values(), key=lambda one: one.stop)
        about = Line(id=line, system=first.system, segment_bytes=first.segment_bytes, began_at=first.began_at)
    return Catalogue(line=about, manifests=manifests)


def list_pieces(target: Target, *, line: Line, timeline: int, since: int) -> list[Piece]:
    """This function will return every piece of the log at a target in the segment of `since` or behind it."""
    prefix = f"{line.id}/wal/{timeline:08X}/"
    return _read_pieces(target, prefix, line=line, after=f"{prefix}{since // line.segment_bytes:016X}")


def _read_pieces(target: Target, prefix: str, *, line: Line, after: str = "") -> list[Piece]:
    found = (
        recovery.rules.read_piece(one.key, size=one.size, segment_bytes=line.segment_bytes)
        for one in target.list(prefix, after=after)
    )
    return [piece for piece in found if piece is not None]


def open_piece(target: Target, *, key: Key, piece: Piece) -> bytes:
    """This function will return the log of a piece; raises Damaged where that is less or more than its name tells."""
    log = key.open(piece.key, target.get(piece.key))
    if len(log) != piece.end - piece.start:
        said = f"it has {len(log)} bytes of the log, not {piece.end - piece.start}"
        raise Damaged(f"{piece.key} is not what it says: {said}.", key=piece.key)
    return log


def get_piece(
    target: Target,
    *,
    key: Key,
    line: Line,
    piece: Piece,
    without: Collection[str] = (),
    damaged: Callable[[EvertillError], object] | None = None,
) -> bytes:
    """This function will return the log of a piece that was listed a moment ago, from it or from others that have it.

    A shop that is open joins its small pieces into one of a whole segment, which has the same log; so a piece that is
    gone is looked for in what has come since. Where `damaged` wants to be told of one that is not what was stored,
    that is looked for too: a target may hold objects that nobody of ours wrote. `without` are not to be looked at.

    Raises what `get` and `open` raise for it when no others have all of it.
    """
    try:
        return open_piece(target, key=key, piece=piece)
    except recovery.targets.ObjectMissing as error:
        first: EvertillError = error
    except (Damaged, WrongKey) as error:
        if damaged is None:
            raise
        first = error
        damaged(error)
    segment = piece.start // line.segment_bytes
    prefix = f"{line.id}/wal/{piece.timeline:08X}/{segment:016X}/"
    others = [one for one in _read_pieces(target, prefix, line=line) if one.key not in {piece.key, *without}]
    log = _from_others(target, key=key, piece=piece, others=others, damaged=damaged)
    if log is None:
        raise first
    return log


def _from_others(
    target: Target,
    *,
    key: Key,
    piece: Piece,
    others: list[Piece],
    damaged: Callable[[EvertillError], object] | None,
) -> bytes | None:
    """Return the log of a piece out of others; None where they have not all of it, or too many of them are bad."""
    opened: dict[str, bytes] = {}
    bad = 0
    while bad <= _BAD_MAX:
        covering = recovery.rules.cover(others, timeline=piece.timeline, start=piece.start)
        ends = [number for number, one in enumerate(covering) if one.end >= piece.end]
        if not ends:
            return None
        needed = covering[: ends[0] + 1]
        for one in needed:
            try:
                if one.key not in opened:
                    opened[one.key] = open_piece(target, key=key, piece=one)
            except (Damaged, WrongKey, recovery.targets.ObjectMissing) as error:
                if damaged is not None and not isinstance(error, recovery.targets.ObjectMissing):
                    damaged(error)
                others.remove(one)
                bad += 1
                break
        else:
            return _put_together(piece, [(one, opened[one.key]) for one in needed])
    return None


def _put_together(piece: Piece, parts: Sequence[tuple[Piece, bytes]]) -> bytes:
    log, position = bytearray(), piece.start
    for one, data in parts:
        until = min(one.end, piece.end)
        log += data[position - one.start : until - one.start]
        position = until
    return bytes(log)


def reach(*, target: Target, catalogue: Catalogue) -> dt.datetime | None:
    """This function will return up to when a line can be restored without a gap; None when there is no backup."""
    if not catalogue.manifests:
        return None
    last = recovery.rules.choose(catalogue.manifests.values(), at=None)
    pieces = list_pieces(target, line=catalogue.line, timeline=last.timeline, since=last.start)
    covering = recovery.rules.cover(pieces, timeline=last.timeline, start=last.start)
    return covering[-1].sent_at if covering and covering[-1].end >= last.stop else None


def _lines(target: Target) -> Iterator[str]:
    after = ""
    while True:
        first = next(iter(target.list("", after=after)), None)
        if first is None:
            return
        line, slash, _ = first.key.partition("/")
        if slash and _LINE.fullmatch(line):
            yield line
        # Behind everything in this folder, whatever it is called: no sign comes between this one and the slash.
        after = f"{line}{_BEHIND_SLASH}" if slash else line


def _latest(one: Catalogue) -> float:
    return max((manifest.ended_at.timestamp() for manifest in one.manifests.values()), default=0.0)


def _decode(plain: bytes, key: str, kind: type[_Said]) -> _Said:
    try:
        said = msgspec.json.decode(plain, type=kind)
    except msgspec.DecodeError as error:
        raise Damaged(f"{key} cannot be read: {error}.", key=key) from error
    if said.format > FORMAT:
        raise NewerFormat(f"{key} has the format {said.format}; this release knows {FORMAT}.")
    return said
