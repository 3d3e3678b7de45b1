"""Reads of messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec

from evertill.domains.messages.types import Channel, Message, State
from evertill.kernel import db, sql
from evertill.kernel.arrays import Texts

_HERE = "evertill.domains.messages"
_facts = msgspec.json.Decoder(dict[str, str])


def find(*, key: str) -> Message | None:
    """This function will return the message of a key."""
    rows = db.fetch(sql.load(_HERE, "find"), (key,))
    return to_message(rows[0]) if rows else None


def read_open(*, limit: int) -> list[Message]:
    """This function will return up to `limit` messages that wait or were given up, the latest first."""
    return [to_message(row) for row in db.fetch(sql.load(_HERE, "read_open"), (limit,))]


def read_of_account(*, account_id: int, limit: int) -> list[Message]:
    """This function will return up to `limit` messages that were written about an account, the latest first."""
    return [to_message(row) for row in db.fetch(sql.load(_HERE, "read_of_account"), (account_id, limit))]


def find_all(*, keys: Sequence[str]) -> list[Message]:
    """This function will return the messages of these keys, the latest first."""
    return [to_message(row) for row in db.fetch(sql.load(_HERE, "find_all"), (Texts(keys),))]


def read_waiting_since(*, channel: Channel) -> dt.datetime | None:
    """This function will return when the oldest message that waits for a channel was written; None: none waits."""
    ((since,),) = db.fetch(sql.load(_HERE, "waiting_since"), (channel.value,))
    return since  # type: ignore[no-any-return]


def to_message(row: Sequence[Any]) -> Message:
    """This function will make a message of a row; for this domain alone."""
    key, kind, channel, order_id, account_id, recipient, language, facts, state, written_at, looks, error = row
    return Message(
        key=key,
        kind=kind,
        order_id=order_id,
        account_id=account_id,
        channel=Channel(channel),
        to=recipient,
        language=language,
        facts=_facts.decode(facts),
        state=State(state),
        written_at=written_at,
        tries=looks,
        error=error,
    )
