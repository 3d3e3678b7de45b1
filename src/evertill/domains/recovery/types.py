"""What crosses the boundary of recovery."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from evertill.kernel.said import Said

# The layout of what lies at a target. It goes up when an older release could not restore it any more.
FORMAT = 1


class Kind(StrEnum):
    """How much a backup holds."""

    # Every file of the database.
    FULL = "FULL"
    # What has changed since its parent, which it needs.
    INCREMENTAL = "INCREMENTAL"


class State(StrEnum):
    """How far a backup has come."""

    # Being copied, or copied and on its way: nothing to build on.
    RUNNING = "RUNNING"
    # All of it arrived and was looked at there, its manifest last.
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"
    # Its time was over.
    REMOVED = "REMOVED"


class Verdict(StrEnum):
    """How a drill ended."""

    PASSED = "PASSED"
    FAILED = "FAILED"


class Occasion(StrEnum):
    """Why a drill was held."""

    BACKUP = "BACKUP"
    RANDOM = "RANDOM"
    ASKED = "ASKED"


class Wish(StrEnum):
    """What somebody may want now, beside what the timetable wants."""

    FULL = "FULL"
    INCREMENTAL = "INCREMENTAL"
    DRILL = "DRILL"


class SearchState(StrEnum):
    """How far the searching of backups for a lost order has come."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    # There is something that the shop has not; or there is nothing.
    FOUND = "FOUND"
    NOTHING = "NOTHING"
    FAILED = "FAILED"


class BackupSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Backups that are searched, or were. `number` is its id as people see it.

    `clues` say what is looked for, `found` what there is: texts of whoever looks. `wanted_at` is as of when, None where
    the clues decide. `backup` is the one that was restored, `reached_at` the moment as of which. `step`, `done` and
    `whole` tell how far it is. `code` is what it failed with, and `error` says so in words.
    """

    id: int
    number: str
    claim_id: int | None
    clues: str
    wanted_at: dt.datetime | None
    asked_by: str
    asked_at: dt.datetime
    state: SearchState = SearchState.WAITING
    tries: int = 0
    step: str = ""
    done: int = 0
    whole: int = 0
    backup: str = ""
    reached_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    found: str = ""
    code: str = ""
    error: str = ""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A wish that nobody has begun to fulfil yet."""

    wish: Wish
    asked_by: str
    asked_at: dt.datetime


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """Leave to restore over the living shop, once: which line, to which moment (None: the latest), and who said so."""

    id: int
    line: str
    at: dt.datetime | None
    why: str
    asked_by: str
    approved_by: str
    given_at: dt.datetime
    expires_at: dt.datetime
    # When it was used up; by the database alone.
    spent_at: dt.datetime | None = None


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """What would be lost if this machine burned now.

    `behind_bytes` of the log are not at the target; None when nothing of the shop is. `since` is from when on it was
    written, where it is more than what is on its way at every moment, and `orders` how many were placed since.
    """

    behind_bytes: int | None
    since: dt.datetime | None = None
    orders: int = 0


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """An object at the target and its size in bytes, as it lies there."""

    key: str
    size: int


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the write-ahead log at the target, from `start` up to `end`; the server sent it at `sent_at`."""

    timeline: int
    start: int
    end: int
    sent_at: dt.datetime
    key: str
    size: int


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """The backups of one shop in one data folder. A restored shop begins a line of its own."""

    id: str
    system: str
    segment_bytes: int
    began_at: dt.datetime
    format: int = FORMAT


class Leftover(msgspec.Struct, frozen=True, kw_only=True):
    """Files of the log in `folder` that go on from the position `start` without a gap.

    `why` says why there are none, or why it ends where it does although there is more; "" when it goes on to its end.
    """

    folder: Path
    start: int
    segment_bytes: int
    files: tuple[Path, ...] = ()
    why: str = ""

    @property
    def disk_bytes(self) -> int:
        """What they take on the disk."""
        return len(self.files) * self.segment_bytes


class Archive(msgspec.Struct, frozen=True, kw_only=True):
    """How the sending of the log stands: whose work it is, since when the target is away, and whether orders wait."""

    pid: int
    line: str
    since: dt.datetime
    is_away: bool = False
    is_sync: bool = False


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup consists of. It is written last: a backup without one is none.

    Positions are those of the write-ahead log: from `start` on it has to be replayed, up to `stop` at least. `database`
    is the stream of the database's files, in order; `listing` is PostgreSQL's own manifest of them; `files` is
    everything else that a rebuild needs.
    """

    line: str
    id: str
    kind: Kind
    parent: str | None
    began_at: dt.datetime
    ended_at: dt.datetime
    timeline: int
    start: int
    stop: int
    system: str
    segment_bytes: int
    server: str
    release: str
    plain_bytes: int
    database: Sequence[Part]
    listing: Part
    files: Part
    # Whose the database is, and what it is called: where it was not an embedded one, it becomes one.
    owner: str = "evertill"
    name: str = "evertill"
    format: int = FORMAT

    @property
    def parts(self) -> list[Part]:
        """Every object of it but the manifest itself."""
        return [*self.database, self.listing, self.files]

    @property
    def stored_bytes(self) -> int:
        """What all its objects take at the target."""
        return sum(part.size for part in self.parts)


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """A backup as the shop itself remembers it; what can be restored is what lies at the target."""

    id: str
    line: str
    kind: Kind
    state: State
    began_at: dt.datetime
    parent: str | None = None
    ended_at: dt.datetime | None = None
    start: int | None = None
    stop: int | None = None
    plain_bytes: int = 0
    stored_bytes: int = 0
    # What it failed with, and that in words.
    code: str = ""
    error: str = ""


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """A restore that was tried: what of, to which moment, how it ended, and what it says of a real one.

    `rpo_ms` is how old the newest thing was that could be brought back, `rto_ms` how long it took until the restored
    shop had taken an order. `certificate` has one line for each thing that was looked at.
    """

    occasion: Occasion
    backup: str
    wanted_at: dt.datetime | None
    began_at: dt.datetime
    ended_at: dt.datetime
    verdict: Verdict
    rpo_ms: int | None
    rto_ms: int | None
    certificate: Sequence[str]
    # The same lines, to be told in any language; none of a drill of before there was that.
    told: Sequence[Said] = ()
    # Its number, once it is kept.
    id: int = 0
