"""Who takes messages to customers: an object from outside that keeps to one protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import ClassVar, Protocol

from evertill.domains.messages.types import Channel, Letter
from evertill.kernel.errors import EvertillError, Status


class SenderUnavailable(EvertillError):
    """Nothing can be sent at all just now: the mail server or gateway does not answer, or does not know us."""

    code = "SENDER_UNAVAILABLE"
    status: ClassVar[Status] = "unavailable"
    kept = "Messages wait, and none is lost."
    remedy = "See that its settings are right and that it answers; nothing else is to be done."


class SendingUnclear(SenderUnavailable):
    """Nobody knows whether the letter went out: the connection broke after it was handed over."""

    code = "SENDING_UNCLEAR"


class LetterPostponed(EvertillError):
    """The mail server or gateway does not take this letter now; it may later."""

    code = "LETTER_POSTPONED"
    status: ClassVar[Status] = "unavailable"


class LetterRefused(EvertillError):
    """The mail server or gateway refuses this letter for good."""

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
_known: dict[Channel, Sender] = {}
_stand_ins: dict[Channel, Sender] = {}


def register(senders: Mapping[Channel, Sender], *, stand_ins: Mapping[Channel, Sender] | None = None) -> None:
    """This function will make these the senders of the process.

    `stand_ins` take what cannot wait where there is no sender, such as a code that somebody is to type in now.
    """
    _known.clear()
    _known.update(senders)
    _stand_ins.clear()
    _stand_ins.update(stand_ins or {})


def sender(channel: Channel) -> Sender | None:
    """This function will return the sender of a channel, if this process has one; messages wait where it has none."""
    return _known.get(channel)


def sender_or_stand_in(channel: Channel) -> Sender | None:
    """This function will return who takes what cannot wait; None: this shop does not use the channel."""
    return _known.get(channel) or _stand_ins.get(channel)
