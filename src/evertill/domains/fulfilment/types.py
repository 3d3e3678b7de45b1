"""What crosses the boundary of fulfilment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCode:
    """A code to be kept: as it is encrypted, by which key, and the keyed digest by which it is known again."""

    id: int
    stored: bytes
    key_id: int
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A SKU that is sold by codes: how many are free, how many were given, how many pieces are owed."""

    sku: str
    free: int
    given: int
    owed: int
    opened_at: dt.datetime


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of one line of an order, both counted from 0, that a code is for."""

    order_id: int
    position: int
    piece: int
    sku: str


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """Pieces of a SKU that an order bought and that are handed over by codes."""

    order_id: int
    sku: str
    pieces: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A code that was given to an order, as it is stored."""

    id: int
    sku: str
    position: int
    piece: int
    stored: bytes
    key_id: int
    given_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A SKU whose codes are fewer than the pieces that are for sale or owed; or an order that was given wrongly."""

    subject: str
    detail: str
