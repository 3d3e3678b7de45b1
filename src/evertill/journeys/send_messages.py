"""Send messages: what people are to be told goes to the sender of its channel, one by one, until nothing is due.

A message is noted as sent right after the mail server or gateway has taken it. Whoever dies in between has it sent
again later, a letter under the same Message-ID.
"""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack
from urllib.parse import urlsplit

import structlog

from evertill.domains import incidents, messages, trail
from evertill.domains.access import Permission
from evertill.domains.messages import Channel, Message, MessageNotUndeliverable
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, permitted
from evertill.kernel import config, crypto, db
from evertill.kernel.said import Said, said_of

__all__ = [
    "Channel",
    "Message",
    "MessageNotUndeliverable",
    "in_words",
    "is_connected",
    "list_messages",
    "remove_old_messages",
    "retry_message",
    "send_messages",
]

_log = structlog.get_logger("evertill.messages")

_ALERT = incidents.Kind.MESSAGE_UNDELIVERABLE
# Subjects of alerts that are about more than one message.
_SERVERS, _TOO_OLD = {Channel.EMAIL: "mail server", Channel.SMS: "SMS gateway"}, "messages that waited too long"
# One that is away for less is nothing to wake anybody for.
_PATIENCE = dt.timedelta(hours=1)
# An SMS that may have gone out is paid for, and doubled by every try.
_UNCLEAR_SMS_MAX = 3


def send_messages(*, channel: Channel = Channel.EMAIL, now: dt.datetime) -> int:
    """This function will send one batch of messages of a channel that are due, and return how many.

    Fewer than `config.message_batch_max` means that none was left, or that the mail server or gateway does not answer;
    then they wait and nobody is asked again within a minute. Without one all of them wait, but for what is told to
    account holders where nothing at all is set up: that goes to the owner's file. Raises what db.write raises.
    """
    sender = messages.sender_or_stand_in(channel)
    if sender is None:
        return 0
    # An order's customer is far away from the owner's file; somebody who tries the shop out is not.
    about_accounts_only = messages.sender(channel) is None
    limit = config.get().message_batch_max
    if not about_accounts_only:
        _end_too_old(channel, now=now, limit=limit)
    sent = 0
    with ExitStack() as stack:
        post = None
        while sent < limit:
            with db.write():
                message = messages.claim(channel=channel, about_accounts_only=about_accounts_only, now=now)
            if message is None:
                break
            try:
                if post is None:
                    post = stack.enter_context(sender.open())
                _send(message, post, now=now)
            except messages.SenderUnavailable as error:
                _wait(message, error, now=now)
                break
            except (db.DatabaseUnavailable, db.OutcomeUnknown):
                raise
            except Exception:  # noqa: BLE001 — logged whole; this one is planned again already, and the others go on.
                _log.exception("message failed", message=message.key)
                break
            if not sent:
                _greet_again(channel, now=now)
            sent += 1
    return sent


def _send(message: Message, post: messages.Post, *, now: dt.datetime) -> None:
    try:
        post(_letter(message))
    except messages.LetterPostponed as error:
        _postpone(message, said_of(error), tries_max=config.get().message_tries_max, now=now)
    except messages.SendingUnclear as error:
        if message.channel is not Channel.SMS:
            raise
        _postpone(message, said_of(error), tries_max=_UNCLEAR_SMS_MAX, now=now)
    except messages.LetterRefused as error:
        _give_up(message, said_of(error), now=now)
    except (KeyError, ValueError) as error:
        _give_up(message, Said(text=f"there are no words for it: {error!r}", code="NO_WORDS"), now=now)
    else:
        with db.write():
            messages.finish(message=message, state=messages.State.SENT, now=now)


def _postpone(message: Message, why: Said, *, tries_max: int, now: dt.datetime) -> None:
    if message.tries >= tries_max:
        _give_up(message, why, now=now)
    else:
        with db.write():
            messages.postpone(message=message, error=why.text, now=now)


def _give_up(message: Message, why: Said, *, now: dt.datetime) -> None:
    # Why may name the customer, so it goes into the database and not into the log.
    with db.write():
        messages.finish(message=message, state=messages.State.UNDELIVERABLE, error=why.text, now=now)
        incidents.raise_alert(kind=_ALERT, subject=message.key, detail=why, now=now)


def _wait(message: Message, error: messages.SenderUnavailable, *, now: dt.datetime) -> None:
    _log.warning("messages wait", channel=message.channel.value, why=error.detail)
    with db.write():
        messages.put_back(message=message, now=now)
        since = messages.read_waiting_since(channel=message.channel)
        if since is not None and now - since >= _PATIENCE:
            moment = f"{since:%Y-%m-%d %H:%M} UTC"
            detail = Said(
                text=f"{error.detail} Messages wait since {moment}.", code="MESSAGES_WAIT", values={"since": moment}
            )
            incidents.raise_alert(kind=_ALERT, subject=_SERVERS[message.channel], detail=detail, now=now)


def _greet_again(channel: Channel, *, now: dt.datetime) -> None:
    with db.write():
        incidents.close_alerts(
            kind=_ALERT, subject=_SERVERS[channel], actor="clock", why="it takes messages again", now=now
        )


def _end_too_old(channel: Channel, *, now: dt.datetime, limit: int) -> None:
    hours = config.get().message_age_h
    with db.write():
        ended = messages.end_too_old(
            channel=channel, written_before=now - dt.timedelta(hours=hours), limit=limit, now=now
        )
        if ended:
            detail = Said(
                text=f"{ended} messages waited for more than {hours} hours and were given up.",
                code="MESSAGES_TOO_OLD",
                values={"count": str(ended), "hours": str(hours)},
            )
            incidents.raise_alert(kind=_ALERT, subject=_TOO_OLD, detail=detail, now=now)


def is_connected() -> bool:
    """This function will say whether this process has a mail server."""
    return messages.sender(Channel.EMAIL) is not None


def list_messages(*, limit: int) -> list[Message]:
    """This function will return up to `limit` messages that wait or were given up, the latest first."""
    return messages.read_open(limit=limit)


def in_words(message: Message) -> tuple[str, str]:
    """This function will return the subject and the text of a message; an SMS has no subject."""
    if message.channel is Channel.SMS:
        return "", _short(message)[0]
    return messages.render(
        kind=message.kind, language=message.language, facts=message.facts, shop=config.get().public_url
    )


def retry_message(*, key: str, asker: Asker, now: dt.datetime) -> None:
    """This function will have a message that was given up sent after all; raises MessageNotUndeliverable, Forbidden."""
    subject = Subject(kind="message", id=key)
    with permitted(asker=asker, permission=Permission.MESSAGES_RESEND, subject=subject, now=now):
        messages.retry(key=key, now=now)
        incidents.close_alerts(kind=_ALERT, subject=key, actor=asker.name, why="to be sent again", now=now)
        trail.write(actor=asker.actor, operation="messages.retry", subject=subject, now=now)


def remove_old_messages(*, now: dt.datetime) -> int:
    """This function will remove one batch of messages that were written long ago, and return how many."""
    limits = config.get()
    with db.write():
        return messages.remove_old(
            written_before=now - dt.timedelta(days=limits.message_keep_days), limit=limits.message_batch_max
        )


def _letter(message: Message) -> messages.Letter:
    subject, body = in_words(message)
    is_sms = message.channel is Channel.SMS
    return messages.Letter(
        reference=crypto.fingerprint(b"message", message.key.encode()).hex(),
        to=message.to,
        language=message.language,
        subject=subject,
        body=body,
        written_at=message.written_at,
        form="notice" if message.order_id is None else "order",
        values={"what": _short(message)[1]} if is_sms else {},
    )


def _short(message: Message) -> tuple[str, str]:
    address = config.get().public_url
    return messages.render_sms(
        kind=message.kind,
        language=message.language,
        facts=message.facts,
        shop=urlsplit(address).netloc,
        address=address,
    )
