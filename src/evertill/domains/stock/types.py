"""What crosses the boundary of stock."""

from __future__ import annotations

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
