"""Writes of messages. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec

from evertill.domains.messages.queries import to_message
from evertill.domains.messages.types import Channel, Message, NewMessage, State
from evertill.kernel import db, sql
from evertill.kernel.arrays import Bigints, Texts
from evertill.kernel.errors import EvertillError

_HERE = "evertill.domains.messages"
_ERROR_CHARS = 200
# No id is negative, and these arrays have no nulls.
_NONE = -1


class MessageNotUndeliverable(EvertillError):
    """No message of this key was given up."""

    code = "MESSAGE_NOT_UNDELIVERABLE"
    status = "not_found"
    remedy = "Look at the list of messages; only one that was given up can be tried again."


def write(*, new: Sequence[NewMessage], now: dt.datetime) -> None:
    """This function will write messages that are to be sent, in one statement; a key that there is changes nothing."""
    if new:
        ask_to_write(new=new, now=now).get()


def ask_to_write(*, new: Sequence[NewMessage], now: dt.datetime) -> db.Later[None]:
    """This function will ask for what write does."""
    return db.tell(
        sql.load(_HERE, "write"),
        (
            now,
            now,
            Texts([message.key for message in new]),
            Texts([message.kind for message in new]),
            Texts([message.channel for message in new]),
            Bigints([_NONE if message.order_id is None else message.order_id for message in new]),
            Bigints([_NONE if message.account_id is None else message.account_id for message in new]),
            Bigints([_NONE if message.claim_id is None else message.claim_id for message in new]),
            Texts([message.to for message in new]),
            Texts([message.language for message in new]),
            Texts([msgspec.json.encode(message.facts).decode() for message in new]),
        ),
        shape=_done,
    )


def _done(_written: int) -> None:
    """How many were new is of no interest."""


def claim(*, channel: Channel, about_accounts_only: bool = False, now: dt.datetime) -> Message | None:
    """This function will take the message of a channel that waits longest, for five minutes.

    Whoever dies with it only delays it. `about_accounts_only` leaves what tells of an order or a claim.
    """
    statement = "claim_about_account" if about_accounts_only else "claim"
    rows = db.fetch(sql.load(_HERE, statement), (channel.value, now, now))
    return to_message(rows[0]) if rows else None


def put_back(*, message: Message, now: dt.datetime) -> None:
    """This function will put back a message that could not be tried; it does not count as a try."""
    db.execute(sql.load(_HERE, "put_back"), (now, message.key, message.tries))


def postpone(*, message: Message, error: str, now: dt.datetime) -> None:
    """This function will have a message tried again later: after a minute, doubled each time, at most an hour."""
    db.execute(sql.load(_HERE, "postpone"), (now, error[:_ERROR_CHARS], message.key, message.tries))


def finish(*, message: Message, state: State, error: str = "", now: dt.datetime) -> None:
    """This function will end a message as sent or undeliverable; what has ended stays as it is."""
    db.execute(sql.load(_HERE, "finish"), (state.value, error[:_ERROR_CHARS], now, message.key))


def end_too_old(*, channel: Channel, written_before: dt.datetime, limit: int, now: dt.datetime) -> int:
    """This function will give up messages that nobody wants any more, and return how many there were, at most so."""
    return db.execute(sql.load(_HERE, "end_too_old"), (channel.value, written_before, limit, now))


def retry(*, key: str, now: dt.datetime) -> None:
    """This function will have a message that was given up wait again; raises MessageNotUndeliverable."""
    if not db.execute(sql.load(_HERE, "retry"), (now, now, key)):
        raise MessageNotUndeliverable(f"There is no message '{key[:100]}' that was given up.")


def remove_old(*, written_before: dt.datetime, limit: int) -> int:
    """This function will remove messages, sent or not, and return how many there were, at most so many."""
    return db.execute(sql.load(_HERE, "remove_old"), (written_before, limit))


def remove(*, keys: Sequence[str]) -> int:
    """This function will remove messages, sent or not, and return how many there were: nobody is told any more."""
    return db.execute(sql.load(_HERE, "remove"), (Texts(keys),))


def remove_of_account(*, account_id: int) -> int:
    """This function will remove what an account was told, and return how many messages; those that wait are left."""
    return db.execute(sql.load(_HERE, "remove_of_account"), (account_id,))
