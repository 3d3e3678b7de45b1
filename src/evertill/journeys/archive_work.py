"""What the archive of the log works with, and how it is told to stop."""

from __future__ import annotations

import os
import select
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import psycopg

from evertill.domains import recovery
from evertill.domains.recovery import Archive, Key, Line, Target
from evertill.kernel.clock import Clock
from evertill.kernel.config import Config

__all__ = ["ArchiveWork", "Stop", "Stopped", "note_archive"]


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
class ArchiveWork:
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


def note_archive(work: ArchiveWork, *, is_away: bool = False) -> None:
    """This function will write down for others on this machine how the archive does."""
    work.place.note_archive(
        Archive(pid=os.getpid(), line=work.line.id, since=work.clock(), is_away=is_away, is_sync=work.is_sync)
    )
