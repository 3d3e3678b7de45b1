"""Send a one-time code: made and committed, then handed to the sender of its channel, outside of any transaction.

Nothing here looks at accounts. A code goes to every address alike, so neither the answer nor the time it takes tells
whether somebody has it.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import ClassVar
from urllib.parse import urlsplit

import structlog

from evertill.domains import identity, incidents, messages
from evertill.domains.messages import Channel
from evertill.kernel import config, crypto, db, lines
from evertill.kernel.errors import EvertillError, Status
from evertill.kernel.rarely import Rarely
from evertill.kernel.said import Said, said_of

__all__ = ["AddressRefused", "ChannelClosed", "CodeNotSent", "SentCode", "is_open", "is_stand_in", "send_code"]

_log = structlog.get_logger("evertill.messages")

# Kind of address → channel.
_CHANNELS = {"EMAIL": Channel.EMAIL, "PHONE": Channel.SMS}
_ALERT = incidents.Kind.MESSAGE_UNDELIVERABLE
_MINUTE_S = 60
# How often a process looks whether an alert of before is to be closed; for a code that goes out, that is all it costs.
_close_rarely = Rarely(every_s=_MINUTE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCode:
    """A code that is on its way. `code_id` goes to the browser that asked; `is_in_file`: the owner finds it there."""

    code_id: str
    expires_at: dt.datetime
    is_in_file: bool = False


class ChannelClosed(EvertillError):
    """This shop has nothing to send to such addresses with."""

    code = "CHANNEL_CLOSED"
    status: ClassVar[Status] = "unavailable"
    remedy = "Use the other kind of address, or another way to sign in."


class CodeNotSent(EvertillError):
    """The code could not be handed to who delivers it."""

    code = "CODE_NOT_SENT"
    status: ClassVar[Status] = "unavailable"
    kept = "Nothing was changed, and a code that was sent before can still be used."
    remedy = "Ask for another code in a moment, or use another way to sign in."


class AddressRefused(EvertillError):
    """Who delivers says that nothing can be sent to this address."""

    code = "ADDRESS_REFUSED"
    remedy = "See whether it is typed right, or use another one."


def is_open(kind: str) -> bool:
    """This function will say whether this shop can send to addresses of a kind, `EMAIL` or `PHONE`."""
    return messages.sender_or_stand_in(_CHANNELS[kind]) is not None


def is_stand_in(kind: str) -> bool:
    """This function will say whether codes to such addresses only go to a file of the owner's."""
    return is_open(kind) and messages.sender(_CHANNELS[kind]) is None


def send_code(*, purpose: str, kind: str, address: str, caller: str, language: str, now: dt.datetime) -> SentCode:
    """This function will make a code for one purpose and send it to an address of a kind, `EMAIL` or `PHONE`.

    It opens its own transaction and sends after the commit. Who delivers is waited for `code_wait_ms` at most, by half
    of the pages' threads at most; then the code is under way, and what goes wrong with it raises an alert. Raises
    SendingLimited, ChannelClosed, CodeNotSent, AddressRefused, and what db.write raises.
    """
    channel = _CHANNELS[kind]
    sender = messages.sender_or_stand_in(channel)
    if sender is None:
        raise ChannelClosed("This shop cannot send to such an address.")
    with db.write():
        code = identity.codes.make(purpose=purpose, address=address, caller=caller, now=now)
    give_back = partial(_give_back, address=address, caller=caller, made_at=now)
    letter = _letter(channel, code, purpose=purpose, address=address, language=language, now=now)
    try:
        sending = lines.submit(
            f"codes-{channel.lower()}", partial(_send, channel, sender, letter, give_back=give_back, now=now)
        )
    except lines.LineFull:
        give_back()
        raise CodeNotSent("Too many codes wait to be sent.", retry_after_s=1) from None
    _wait(sending)
    return SentCode(code_id=code.id, expires_at=code.expires_at, is_in_file=is_stand_in(kind))


def _letter(
    channel: Channel, code: identity.Code, *, purpose: str, address: str, language: str, now: dt.datetime
) -> messages.Letter:
    limits = config.get()
    subject, letter, sms = messages.render_code(
        purpose=purpose,
        language=language,
        code=code.digits,
        minutes=limits.code_s // _MINUTE_S,
        shop=urlsplit(limits.public_url).netloc,
    )
    return messages.Letter(
        reference=crypto.fingerprint(b"code", code.id.encode()).hex(),
        to=address,
        language=language,
        subject="" if channel is Channel.SMS else subject,
        body=sms if channel is Channel.SMS else letter,
        written_at=now,
        form="code",
        values={"code": code.digits},
    )


def _send(
    channel: Channel,
    sender: messages.Sender,
    letter: messages.Letter,
    *,
    give_back: Callable[[], None],
    now: dt.datetime,
) -> None:
    """Hand it over; runs in the channel's own line, and is the end of it also when nobody waits any more."""
    try:
        with sender.open() as post:
            post(letter)
    except messages.LetterRefused as error:
        # It stays counted, as does a code that was put off: otherwise trying out addresses would be free.
        raise AddressRefused("Nothing can be sent to this address.") from error
    except messages.LetterPostponed as error:
        raise CodeNotSent("This address gets no more codes for the moment.") from error
    except messages.SenderUnavailable as error:
        _log.warning("code not sent", channel=channel.value, why=error.detail)
        # An outage must not use up what somebody may ask for; what may have gone out has been paid for, and counts.
        if not isinstance(error, messages.SendingUnclear):
            give_back()
        _alert(channel, said_of(error), now=now)
        raise CodeNotSent("The code could not be sent.") from error
    except Exception as error:  # noqa: BLE001 — told by its name, and told to who asked.
        # Without what it says, which may be the letter.
        _log.error("code not sent", channel=channel.value, why=type(error).__name__)
        raise CodeNotSent("The code could not be sent.") from None
    else:
        _close_alert(channel, now=now)
    finally:
        # Codes are few, and a connection for each thread of each line would be many.
        db.close()


def _give_back(*, address: str, caller: str, made_at: dt.datetime) -> None:
    with db.write():
        identity.codes.give_back(address=address, caller=caller, made_at=made_at)


def _alert(channel: Channel, why: Said, *, now: dt.datetime) -> None:
    with _beside(), db.write():
        incidents.raise_alert(kind=_ALERT, subject=_subject(channel), detail=why, now=now)


def _close_alert(channel: Channel, *, now: dt.datetime) -> None:
    if not _close_rarely.admits(channel):
        return
    with _beside(), db.write():
        incidents.close_alerts(
            kind=_ALERT, subject=_subject(channel), actor="clock", why="a code was sent again", now=now
        )


@contextmanager
def _beside() -> Iterator[None]:
    """What alerts come to changes nothing about the code."""
    try:
        yield
    except (db.DatabaseUnavailable, db.OutcomeUnknown):
        _log.exception("alert not written")


def _subject(channel: Channel) -> str:
    return f"codes by {channel.value}"


@cache
def _places() -> threading.BoundedSemaphore:
    # Whatever gateways do, half of the threads go on showing pages.
    return threading.BoundedSemaphore(max(1, config.get().page_threads // 2))


def _wait(sending: Future[None]) -> None:
    """Wait a while for how it ends; longer than that, or with too many others, it is under way."""
    if not _places().acquire(blocking=False):
        return
    try:
        sending.result(timeout=config.get().code_wait_ms / 1000)
    except TimeoutError:
        return
    finally:
        _places().release()
