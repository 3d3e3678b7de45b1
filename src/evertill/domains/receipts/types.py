"""What crosses the boundary of receipts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

import msgspec


class LineLike(Protocol):
    """A line of an order, whoever's type it is."""

    @property
    def sku(self) -> str: ...

    @property
    def quantity(self) -> int: ...

    @property
    def unit_price(self) -> int: ...


class FactLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as a receipt tells it; the price of one piece in minor units."""

    sku: str
    quantity: int
    unit_price: int


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a receipt says of an order. `total` is in minor units of `currency`."""

    order_id: int
    placed_at: dt.datetime
    currency: str
    total: int
    lines: Sequence[LineLike]


class PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key by which receipts can be checked. `id` is 64 bits of its hash, signed.

    `vouched` is its signature over itself and all keys before it: who trusts it can trust those.
    """

    id: int
    generation: int
    public: bytes
    made_at: dt.datetime
    vouched: bytes


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Orders under one signature: their leaves (32 bytes each) and contact digests (16 each), in their places."""

    id: int
    key_id: int
    sealed_at: dt.datetime
    order_ids: Sequence[int]
    leaves: bytes
    contacts: bytes
    root: bytes
    signature: bytes


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt as it was read, which proves nothing before it was verified.

    `lines` is None in the short form, which knows their digest and number only. `path` leads from the order's leaf,
    the one in place `index` of `count`, to the root that was signed.
    """

    order_id: int
    placed_at: dt.datetime
    currency: str
    total: int
    line_count: int
    lines_digest: bytes
    lines: tuple[FactLine, ...] | None
    contact: bytes
    batch_id: int
    key_id: int
    sealed_at: dt.datetime
    index: int
    count: int
    path: tuple[bytes, ...]
    signature: bytes


class EventFact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an order after it was placed, as the journal tells it."""

    order_id: int
    position: int
    kind: str
    actor: str
    happened_at: dt.datetime


class Seal(msgspec.Struct, frozen=True):
    """Batches and order events under one signature; `previous` is the hash of the seal before, zeros for the first.

    `leaves` are those of the batches and then those of the events, in their places. The order of the fields is that of
    the statements that write and read them.
    """

    number: int
    previous: bytes
    key_id: int
    sealed_at: dt.datetime
    batch_ids: Sequence[int]
    event_orders: Sequence[int]
    event_positions: Sequence[int]
    leaves: bytes
    root: bytes
    signature: bytes


class Leaf(msgspec.Struct, frozen=True):
    """That an order was acknowledged: in which batch, by which key, its leaf and the digest of its contact."""

    order_id: int
    batch_id: int
    key_id: int
    leaf: bytes
    contact: bytes


class Head(msgspec.Struct, frozen=True):
    """A seal by its number and its hash: what is noted elsewhere of the newest one."""

    number: int
    hash: bytes


class SealFault(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong with the chain: the seal or batch, and what."""

    subject: str
    detail: str
