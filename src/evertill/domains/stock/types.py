"""What crosses the boundary of stock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """Whether a SKU can run out."""

    COUNTED = "COUNTED"
    UNLIMITED = "UNLIMITED"


class MovementKind(StrEnum):
    """Why a balance changed. The quantity of a movement is positive, but for CORRECTED, which takes either sign."""

    RECEIVED = "RECEIVED"
    RESERVED = "RESERVED"
    RELEASED = "RELEASED"
    SOLD = "SOLD"
    CORRECTED = "CORRECTED"
    RETURNED = "RETURNED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """The balance of one SKU, in pieces: what lies on the shelf, and how much of it is promised."""

    sku: str
    kind: Kind
    on_hand: int
    reserved: int

    @property
    def available(self) -> int:
        """Pieces that may still be promised; meaningless for an unlimited SKU."""
        return self.on_hand - self.reserved


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one balance; `order_id` says for whom, where there is an order."""

    sku: str
    kind: MovementKind
    quantity: int
    order_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A balance that is not the sum of its movements."""

    sku: str
    on_hand: int
    on_hand_by_movements: int
    reserved: int
    reserved_by_movements: int


class ChangeKind(StrEnum):
    """What somebody said of the pieces of a SKU."""

    CAME_IN = "CAME_IN"
    COUNTED = "COUNTED"
    LOST = "LOST"
    BROKEN = "BROKEN"
    UNDONE = "UNDONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody says of a SKU: pieces that came in, were lost or broken, or all that there are by a count."""

    sku: str
    kind: ChangeKind
    pieces: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What was said, and what it came to: pieces that came, or went where it is below 0."""

    id: int
    sku: str
    kind: ChangeKind
    quantity: int
    on_hand_before: int
    changed_at: dt.datetime
    changed_by: str
    why: str
    undoes: int | None
    is_undone: bool

    @property
    def on_hand_after(self) -> int:
        return self.on_hand_before + self.quantity
