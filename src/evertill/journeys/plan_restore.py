"""Plan a restore: which backups, and which stretch of the log, bring the shop to a moment; and that they are all there.

Nothing is fetched but names and manifests. It needs nothing but the target and the key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from evertill.domains import recovery
from evertill.domains.recovery import Key, Line, Manifest, Piece, Target
from evertill.journeys.read_catalogue import Catalogue, list_pieces, read_catalogue
from evertill.kernel.errors import EvertillError, Status
from evertill.kernel.replication import lsn_text

__all__ = ["CopiesEnd", "LogEnds", "Plan", "plan_restore"]

# Commits behind the wanted moment that tell PostgreSQL where to stop come within this time.
_BEYOND = dt.timedelta(seconds=90)
_SPARE = 1.2


class CopiesEnd(EvertillError):
    """The wanted moment lies behind the last thing that was copied."""

    code = "RESTORE_BEYOND_COPIES"
    status: ClassVar[Status] = "conflict"
    kept = "Nothing was restored; the copies are as they were."
    remedy = (
        "Restore with --at latest, or to a moment before that. Where the shop's own folder is still there, restore over"
        " it (--over-live, --break-glass): that goes on with the log in it."
    )


class LogEnds(EvertillError):
    """The wanted moment lies behind the last thing that is whole in the copies and in the living shop's own log."""

    code = "RESTORE_BEYOND_LOG"
    status: ClassVar[Status] = "conflict"
    kept = "Nothing was restored; the copies and the living shop are as they were."
    remedy = "Restore with --at latest, which goes on with all that is whole, or to a moment before that."


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a restore will fetch: backups that build on each other, and the log behind the last of them."""

    line: Line
    chain: Sequence[Manifest]
    pieces: Sequence[Piece]
    at: dt.datetime | None
    # Objects that are not to be looked at, by their keys.
    without: frozenset[str] = frozenset()

    @property
    def backup(self) -> Manifest:
        """The backup from which the log is replayed."""
        return self.chain[-1]

    @property
    def ends_at(self) -> dt.datetime:
        """When the server sent the last of the log that there is."""
        return self.pieces[-1].sent_at

    @property
    def is_beyond(self) -> bool:
        """The moment lies behind the copies: it can be reached with more log than they have, or not at all."""
        return self.at is not None and self.ends_at < self.at

    @property
    def fetch_bytes(self) -> int:
        """What is to be fetched."""
        return sum(one.stored_bytes for one in self.chain) + sum(piece.size for piece in self.pieces)

    @property
    def disk_bytes(self) -> int:
        """What it takes on the disk while it is made."""
        files = sum(one.plain_bytes for one in self.chain)
        log = self.pieces[-1].end - self.pieces[0].start + 2 * self.line.segment_bytes
        return int(_SPARE * (files + log))


def plan_restore(
    *,
    target: Target,
    key: Key,
    at: dt.datetime | None,
    line: str | None = None,
    without: Collection[str] = (),
    may_go_beyond: bool = False,
    warn: Callable[[str], object] = lambda _line: None,
) -> Plan:
    """This function will find what a restore to a moment needs, without one to the latest, and see that it is there.

    Of the backups before that moment the last is taken from which it can be reached; `warn` is told why a later one is
    not. `without` names backups, and objects by their keys, that are not to be used. Who has more log than the copies
    may go beyond their end.

    Raises NothingToRestore, LinkMissing, WalMissing, CopiesEnd, WrongKey, NewerFormat, TargetUnavailable and
    TargetRefuses.
    """
    catalogues = read_catalogue(target=target, key=key, line=line, damaged=lambda damage: warn(damage.detail))
    catalogue = _choose_line(catalogues, line)
    manifests = {
        name: one
        for name, one in catalogue.manifests.items()
        if name not in without and not any(part.key in without for part in one.parts)
    }
    first: EvertillError | None = None
    while True:
        try:
            backup = recovery.rules.choose(manifests.values(), at=at)
        except recovery.rules.NothingToRestore as error:
            raise first or error from None
        try:
            plan = _plan_from(target, catalogue.line, manifests, backup=backup, at=at, without=without)
        except (recovery.rules.LinkMissing, recovery.rules.WalMissing) as error:
            first = first or error
            warn(f"The backup {backup.id} cannot be used: {error.detail}")
            del manifests[backup.id]
            continue
        if plan.is_beyond and not may_go_beyond:
            raise CopiesEnd(f"The copies end at {plan.ends_at:%Y-%m-%d %H:%M:%S} UTC, before the wanted moment.")
        return plan


def _plan_from(
    target: Target,
    line: Line,
    manifests: Mapping[str, Manifest],
    *,
    backup: Manifest,
    at: dt.datetime | None,
    without: Collection[str],
) -> Plan:
    chain = recovery.rules.chain(manifests, backup=backup.id)
    listed = list_pieces(target, line=line, timeline=backup.timeline, since=backup.start)
    pieces = [piece for piece in listed if piece.key not in without]
    until = None if at is None else at + _BEYOND
    found = recovery.rules.cover(pieces, timeline=backup.timeline, start=backup.start, until=until)
    reached = found[-1].end if found else backup.start
    beyond = [piece.start for piece in pieces if piece.start > reached]
    if reached < backup.stop or (beyond and (at is None or found[-1].sent_at < at)):
        goes_on = f" up to {lsn_text(min(beyond))}" if beyond else ""
        raise recovery.rules.WalMissing(f"The log is missing from {lsn_text(reached)} on{goes_on}.", at=reached)
    return Plan(line=line, chain=chain, pieces=found, at=at, without=frozenset(without))


def _choose_line(catalogues: Sequence[Catalogue], line: str | None) -> Catalogue:
    for one in catalogues:
        if one.line.id == line or (line is None and one.manifests):
            return one
    raise recovery.rules.NothingToRestore(
        "There is no complete backup." if line is None else f"There is no line '{line[:40]}'."
    )
