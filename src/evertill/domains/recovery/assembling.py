"""The write-ahead log, put together again from the pieces at a target, as the files that PostgreSQL reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from evertill.domains.recovery.sealing import Damaged
from evertill.domains.recovery.types import Piece


def segment_file(*, timeline: int, number: int, segment_bytes: int) -> str:
    """This function will return PostgreSQL's name of a file of its log, such as 000000010000000000000003."""
    per_log = (1 << 32) // segment_bytes
    return f"{timeline:08X}{number // per_log:08X}{number % per_log:08X}"


def segment_start(name: str, *, segment_bytes: int) -> int:
    """This function will return the position at which a file of the log, by its name, begins."""
    return int(name[8:16], 16) * (1 << 32) + int(name[16:24], 16) * segment_bytes


def write_segments(
    pieces: Sequence[Piece],
    *,
    start: int,
    segment_bytes: int,
    into: Path,
    read: Callable[[Piece], bytes],
    tell: Callable[[Piece], None] = lambda _piece: None,
) -> None:
    """This function will write the log that `pieces` give without a gap, from the segment of `start` on, into a folder.

    `read` returns the bytes of a piece. What is not there of the first and the last file is zeros, where PostgreSQL
    stops reading. Raises Damaged when a piece has not the bytes that its name tells.
    """
    segment = bytearray(segment_bytes)
    number = start // segment_bytes
    filled = False
    for piece in pieces:
        data = read(piece)
        if len(data) != piece.end - piece.start:
            raise Damaged(f"{piece.key} has {len(data)} bytes of the log, by its name {piece.end - piece.start}.")
        position = piece.start
        while position < piece.end:
            if position // segment_bytes > number:
                _write(segment, into=into, timeline=piece.timeline, number=number, filled=filled)
                segment, number, filled = bytearray(segment_bytes), position // segment_bytes, False
            within = position % segment_bytes
            take = min(segment_bytes - within, piece.end - position)
            if position // segment_bytes == number:
                segment[within : within + take] = data[position - piece.start : position - piece.start + take]
                filled = True
            position += take
        tell(piece)
    if pieces:
        _write(segment, into=into, timeline=pieces[-1].timeline, number=number, filled=filled)


def _write(segment: bytearray, *, into: Path, timeline: int, number: int, filled: bool) -> None:
    if filled:
        name = segment_file(timeline=timeline, number=number, segment_bytes=len(segment))
        (into / name).write_bytes(segment)
