"""Whether objects that have the same stretch of the log say the same of it: one database wrote one log.

An object that is sealed well may still be a thief's who had the key. Where another one has the same stretch, the two
then contradict each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from evertill.domains.recovery.types import Piece


@dataclass(slots=True)
class Overlaps:
    """What is known of the log, of one stretch at a time: pieces come in the order in which they begin."""

    start: int = 0
    timeline: int = 0
    log: bytearray = field(default_factory=bytearray)
    pieces: list[Piece] = field(default_factory=list)

    def add(self, piece: Piece, data: bytes) -> list[Piece]:
        """This function will take the next piece, and return it and those that say otherwise; none where all agree.

        What comes first is kept, since nobody can tell who is right.
        """
        end = self.start + len(self.log)
        if piece.timeline != self.timeline or piece.start > end or not self.pieces:
            self.start, self.timeline = piece.start, piece.timeline
            self.log, self.pieces = bytearray(data), [piece]
            return []
        both = min(piece.end, end) - piece.start
        known, told = self.log[piece.start - self.start :][:both], data[:both]
        self.log += data[both:]
        self.pieces.append(piece)
        if known == told:
            return []
        at = piece.start + next(place for place in range(both) if known[place] != told[place])
        return [one for one in self.pieces if one.start <= at < one.end]
