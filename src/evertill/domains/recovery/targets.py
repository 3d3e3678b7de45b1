"""Where backups go: an object from outside that keeps to one small protocol.

Objects are never changed: whoever writes a key twice writes the same bytes. So a target that keeps the first of them,
and forgets none, is as good as one that can be written freely.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar, Protocol

import msgspec

from evertill.domains.recovery.sealing import PLAIN_BYTES_MAX, Damaged
from evertill.kernel.errors import EvertillError, Status


class TargetUnavailable(EvertillError):
    """The target does not answer, or does not take anything now."""

    code = "BACKUP_TARGET_UNAVAILABLE"
    status: ClassVar[Status] = "unavailable"
    kept = "What is at the target stays; the database keeps its log until it has been taken."
    remedy = "See that the target can be reached and has room; what waits is sent as soon as it can be."


class TargetRefuses(EvertillError):
    """The target does not want what was asked: no right, no such place, or credentials that it does not know."""

    code = "BACKUP_TARGET_REFUSES"
    status: ClassVar[Status] = "forbidden"
    kept = "What is at the target stays; the database keeps its log until it has been taken."
    remedy = "Correct the settings EVERTILL_BACKUP_… or the rights at the target; see docs/operate/backups.md."


class TargetFull(TargetUnavailable):
    """There is no room left at the target."""

    code = "BACKUP_TARGET_FULL"
    remedy = (
        "Make room at the target, or keep backups for a shorter time (EVERTILL_BACKUP_KEEP_DAYS, …_WEEKS, …_MONTHS)."
    )


class ObjectMissing(EvertillError):
    """There is no object under a key."""

    code = "BACKUP_OBJECT_MISSING"
    status: ClassVar[Status] = "not_found"
    kept = "Nothing was restored; the copies are as they were."
    remedy = "Restore from a backup that does not need this object: `evertill backup list`."


class ArrivedWrong(TargetUnavailable):
    """What came back from the target is not what was sent there."""

    code = "BACKUP_ARRIVED_WRONG"


# What is larger is no object of ours: what is sealed has a head, and takes a little more where it cannot be compressed.
OBJECT_BYTES_MAX = PLAIN_BYTES_MAX + (1 << 20)


def too_large(key: str) -> Damaged:
    """This function will make the error about an object that is larger than any of ours, and is not read therefore."""
    return Damaged(f"{key} is larger than anything of ours.", key=key)


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """An object at a target."""

    key: str
    size: int


class Target(Protocol):
    """Somewhere to keep objects. Every call may take seconds, so nobody calls it inside a transaction.

    All raise TargetUnavailable and TargetRefuses.
    """

    @property
    def place(self) -> str:
        """Where it is, for people, without any secret."""

    def put(self, key: str, data: bytes) -> None:
        """This function will store an object, whole or not at all, and look at what arrived.

        When it returns, the object survives a power cut there. Raises ArrivedWrong and TargetFull.
        """

    def get(self, key: str) -> bytes:
        """This function will return an object as it was first stored.

        More than OBJECT_BYTES_MAX are never read. Raises ObjectMissing, and Damaged for what is none.
        """

    def list(self, prefix: str, *, after: str = "") -> Iterator[Stored]:
        """This function will give the objects whose keys begin with `prefix` and sort behind `after`, in order of keys.

        Half-written ones are not among them.
        """

    def delete(self, key: str) -> bool:
        """This function will remove an object, and say whether it is gone; a target that keeps everything says no."""

    def close(self) -> None:
        """This function will end its connections."""


# Opens a connection of its own for whoever asks. Set once, when a process starts.
Opener = Callable[[], Target]
_known: list[Opener] = []


def register(opener: Opener | None) -> None:
    """This function will make this the way to the target; None means that there are no backups."""
    _known[:] = [] if opener is None else [opener]


def target() -> Target | None:
    """This function will open the target of this process, if it has one; whoever asks closes it."""
    return _known[0]() if _known else None
