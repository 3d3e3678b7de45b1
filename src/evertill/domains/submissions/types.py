"""What crosses the boundary of submissions."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import msgspec


class State(StrEnum):
    """Where a submission stands."""

    OPEN = "OPEN"
    # There is an order under its key: placed by hand, or by the customer after all.
    PLACED = "PLACED"
    CLOSED = "CLOSED"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One line as the customer saw it; `unit_price` in minor units."""

    sku: str
    title: str
    quantity: int
    unit_price: int


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """A checkout that failed. `id` is what its reference says; the digests are those that the order would have had.

    `total` is what the customer agreed to pay, `consent_text` the wording by which he agreed that this is kept until
    `remove_at`. `code` is why it failed.
    """

    id: int
    key_digest: bytes
    body_digest: bytes
    code: str
    email: str
    phone: str
    language: str
    account_id: int | None
    currency: str
    total: int
    lines: tuple[Wanted, ...]
    consent_version: str
    consent_text: str
    failed_at: dt.datetime
    remove_at: dt.datetime


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A failed checkout as it is kept: how it failed last, and what became of it. `ended_by` is "" while it is open."""

    failed: Failed
    state: State
    first_failed_at: dt.datetime
    order_id: int | None
    ended_at: dt.datetime | None
    ended_by: str
    note: str
    # Who is at it, since when; "" and None for nobody.
    taken_by: str = ""
    taken_at: dt.datetime | None = None
