"""The log is read also while an open shop joins its small pieces into one of a whole segment."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from evertill.domains.recovery import Line, Piece, Target, rules
from evertill.domains.recovery.sealing import new_key
from evertill.domains.recovery.targets import ObjectMissing
from evertill.journeys.read_catalogue import get_piece, list_pieces
from evertill.outside.open_target import open_target
from tests.builders import NOON

SEGMENT = 64
LINE = Line(id="0123456789abcdef", system="1", segment_bytes=SEGMENT, began_at=NOON)
LOG = bytes(range(SEGMENT))
KEY = new_key()


@pytest.fixture
def target(tmp_path: Path) -> Target:
    target = open_target(str(tmp_path), folder=tmp_path, timeout_s=5)
    # By which a mounted folder is told from an empty place to mount one.
    target.put(rules.line_name(LINE.id), b"line")
    return target


def put(target: Target, start: int, end: int, *, sent_at: dt.datetime = NOON) -> None:
    name = rules.piece_name(line=LINE.id, timeline=1, start=start, end=end, sent_at=sent_at, segment_bytes=SEGMENT)
    sealed = KEY.seal(name, LOG[start:end])
    target.put(sealed.key, sealed.data)


def pieces(target: Target) -> list[Piece]:
    return list_pieces(target, line=LINE, timeline=1, since=0)


class TestGetPiece:
    def test_reads_what_was_joined_since_it_was_listed(self, target: Target) -> None:
        put(target, 0, 20)
        put(target, 20, 64)
        small = pieces(target)
        put(target, 0, 64, sent_at=NOON + dt.timedelta(seconds=1))
        for piece in small:
            target.delete(piece.key)

        got = [get_piece(target, key=KEY, line=LINE, piece=piece) for piece in small]

        assert got == [LOG[:20], LOG[20:]]

    def test_makes_nothing_up_of_what_is_gone(self, target: Target) -> None:
        put(target, 0, 20)
        (gone,) = pieces(target)
        target.delete(gone.key)
        put(target, 0, 19)

        with pytest.raises(ObjectMissing):
            get_piece(target, key=KEY, line=LINE, piece=gone)
