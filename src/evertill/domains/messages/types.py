"""What crosses the boundary of messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a message tells of; its facts fill in the rest."""

    # Placed by the shop, for a customer whose checkout failed. Facts: order, amount and currency (minor units), hours.
    ORDER_PLACED = "ORDER_PLACED"
    ORDER_MADE = "ORDER_MADE"
    # Somebody of the shop asks about the order; the question itself stands on the order's page. Facts: as below.
    QUESTION_ASKED = "QUESTION_ASKED"
    # Facts: order, amount and currency.
    ORDER_PAID = "ORDER_PAID"
    # The same: goods that are codes wait on the order's page. The message has none of them.
    CODES_READY = "CODES_READY"
    # The same, and cause.
    REFUNDED = "REFUNDED"
    # Facts: claim. Whoever filed it may be a stranger to what was found, so there is nothing else.
    CLAIM_ANSWERED = "CLAIM_ANSWERED"
    # Facts: claim, amount and currency, and way: BALANCE or REFUND.
    COMPENSATED = "COMPENSATED"
    # Facts: notice and at; as it needs them device, place, address, name, left, ready_at, ends_at and cancel (a path).
    ACCOUNT_NOTICE = "ACCOUNT_NOTICE"


class Notice(StrEnum):
    """What the owner of an account is told of."""

    NEW_SIGN_IN = "NEW_SIGN_IN"
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 — the name of a notice.
    PASSWORD_REMOVED = "PASSWORD_REMOVED"  # noqa: S105 — as above.
    ADDRESS_ADDED = "ADDRESS_ADDED"
    ADDRESS_REMOVED = "ADDRESS_REMOVED"
    TOTP_ADDED = "TOTP_ADDED"
    TOTP_REMOVED = "TOTP_REMOVED"
    PASSKEY_ADDED = "PASSKEY_ADDED"
    PASSKEY_REMOVED = "PASSKEY_REMOVED"
    PASSKEY_SUSPECTED = "PASSKEY_SUSPECTED"
    SMS_SECOND_ON = "SMS_SECOND_ON"
    SMS_SECOND_OFF = "SMS_SECOND_OFF"
    RECOVERY_CODES_MADE = "RECOVERY_CODES_MADE"
    RECOVERY_CODE_USED = "RECOVERY_CODE_USED"
    RECOVERY_ASKED = "RECOVERY_ASKED"
    RECOVERY_READY = "RECOVERY_READY"
    RECOVERY_CANCELLED = "RECOVERY_CANCELLED"
    RECOVERY_DONE = "RECOVERY_DONE"
    DATA_EXPORTED = "DATA_EXPORTED"
    ACCOUNT_DELETED = "ACCOUNT_DELETED"
    STAFF_ADDED = "STAFF_ADDED"
    STAFF_REMOVED = "STAFF_REMOVED"


class Channel(StrEnum):
    """By what way a message reaches somebody."""

    EMAIL = "EMAIL"
    SMS = "SMS"


class Cause(StrEnum):
    """Why money went back."""

    WHOLE = "WHOLE"
    PART = "PART"
    UNDELIVERABLE = "UNDELIVERABLE"
    LATE = "LATE"
    OVERPAID = "OVERPAID"
    UNDERPAID = "UNDERPAID"
    PAID_TWICE = "PAID_TWICE"
    WRONG_CURRENCY = "WRONG_CURRENCY"


class State(StrEnum):
    """Where a message stands."""

    WAITING = "WAITING"
    SENT = "SENT"
    UNDELIVERABLE = "UNDELIVERABLE"


class Compensation(StrEnum):
    """How something is given to a customer, as the facts of COMPENSATED name it."""

    BALANCE = "BALANCE"
    REFUND = "REFUND"


class NewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is to be sent once, however often it is written under its key, such as `refunded:NUMBER`.

    `to` is an address of the channel's: an email address, or a telephone number in E.164. It tells of an order, of a
    claim, of an account, or of some of them. Facts are never secret: a message lies in other people's machines.
    """

    key: str
    kind: Kind
    to: str
    language: str
    facts: Mapping[str, str]
    order_id: int | None = None
    account_id: int | None = None
    claim_id: int | None = None
    channel: Channel = Channel.EMAIL


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it is kept. `kind` may be one that only a newer release knows; `error` is why it was not sent."""

    key: str
    kind: str
    order_id: int | None
    account_id: int | None
    channel: Channel
    to: str
    language: str
    facts: Mapping[str, str]
    state: State
    written_at: dt.datetime
    tries: int
    error: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A message in words. The same key gives the same `reference`, by which a doubled letter can be recognised.

    An SMS has no subject. `form` and `values` are for gateways that send only what they approved before, such as the
    code in a form for codes; others send the body.
    """

    reference: str
    to: str
    language: str
    subject: str
    body: str
    written_at: dt.datetime
    form: str = ""
    values: Mapping[str, str] = {}
