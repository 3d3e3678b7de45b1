"""Who takes messages to customers: an object from outside that keeps to one protocol."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import ClassVar, Protocol

from evertill.domains.messages.types import Letter
from evertill.kernel.errors import EvertillError, Status


class SenderUnavailable(EvertillError):
    """Messages cannot be sent at all just now: the mail server does not answer, or does not know us."""

    code = "SENDER_UNAVAILABLE"
    status: ClassVar[Status] = "unavailable"
    kept = "Messages wait, and none is lost."
    remedy = "See that EVERTILL_SMTP_URL is right and that the mail server answers; nothing else is to be done."


class LetterPostponed(EvertillError):
    """The mail server does not take this letter now; it may later."""

    code = "LETTER_POSTPONED"
    status: ClassVar[Status] = "unavailable"


class LetterRefused(EvertillError):
    """The mail server refuses this letter for good."""

    code = "LETTER_REFUSED"
    status: ClassVar[Status] = "conflict"


# Takes one letter; raises LetterRefused, LetterPostponed or SenderUnavailable. Sending a letter again is recognised by
# its reference, at best.
Post = Callable[[Letter], None]


class Sender(Protocol):
    """A way to customers. Every call may take seconds, so nobody calls it inside a transaction."""

    def open(self) -> AbstractContextManager[Post]:
        """This function will open a connection on which letters can be sent; raises SenderUnavailable."""


# Set once, when a process starts.
_known: list[Sender] = []


def register(sender: Sender | None) -> None:
    """This function will make this the sender of the process; None means that messages wait."""
    _known[:] = [] if sender is None else [sender]


def sender() -> Sender | None:
    """This function will return the sender of this process, if it has one."""
    return _known[0] if _known else None
