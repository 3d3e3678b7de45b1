"""What crosses the boundary of orders.

The types of the hot path are msgspec structs: as frozen as a dataclass and several times cheaper to make.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import msgspec


class State(StrEnum):
    """Where an order stands. PLACED holds its goods until `reserved_until`; PAID has bought them.

    REFUNDED got all of its money back; a part of it leaves an order PAID.
    """

    PLACED = "PLACED"
    PAID = "PAID"
    REFUNDED = "REFUNDED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line as it is kept: pieces, the minor units that one piece cost, and how many pieces were given back."""

    sku: str
    title: str
    quantity: int
    unit_price: int
    returned: int = 0

    @property
    def total(self) -> int:
        """Minor units of the whole line."""
        return self.quantity * self.unit_price


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is kept. `total` is the sum of its lines in minor units of `currency`.

    It has an `email` or a `phone` (E.164), or both. `language` is empty where the customer has not said, and
    `account_id` is None for a guest's.
    """

    id: int
    state: State
    currency: str
    total: int
    email: str
    phone: str = ""
    language: str = ""
    account_id: int | None = None
    placed_at: dt.datetime
    reserved_until: dt.datetime
    lines: tuple[Line, ...]


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """What matters of an order to whoever pays it: its state, its total in minor units, whose it is, who is told."""

    state: State
    total: int
    currency: str
    email: str
    phone: str
    language: str
    account_id: int | None


class Keyed(msgspec.Struct, frozen=True, kw_only=True):
    """An order with the digests, 16 bytes each, that make repeating its request harmless."""

    order: Order
    key_digest: bytes
    body_digest: bytes


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """An order as a list shows it, without its lines."""

    id: int
    state: State
    currency: str
    total: int
    email: str
    phone: str
    account_id: int | None
    placed_at: dt.datetime


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of the orders that were looked at; the rest is older than `older`, None for no rest.

    It `is_cut` where looking stopped before the page was full: older ones may fit, too.
    """

    orders: tuple[Found, ...] = ()
    older: int | None = None
    is_cut: bool = False


class SearchFilters(msgspec.Struct, frozen=True, kw_only=True):
    """What the orders of a list have in common; what is None or empty does not matter. Totals are in minor units."""

    states: tuple[State, ...] = ()
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    currency: str = ""
    total_min: int | None = None
    total_max: int | None = None


class WordMeaning(msgspec.Struct, frozen=True, kw_only=True):
    """What one word of a search can mean; an order fits that fits one of them.

    `contact` is a part of its address or number, small letters, three at least; `totals` are minor units;
    `number_span` the ids whose numbers begin so; accounts and orders are those that the word names otherwise.
    One that `is_exact` can hardly mean anything else.
    """

    contact: str = ""
    totals: tuple[int, ...] = ()
    number_span: tuple[int, int] | None = None
    account_ids: tuple[int, ...] = ()
    order_ids: tuple[int, ...] = ()
    is_exact: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.contact or self.totals or self.number_span or self.account_ids or self.order_ids)

    @property
    def breadth(self) -> tuple[bool, bool, int]:
        """How many orders it may fit, roughly: what means one thing is first, then amounts alone, then long parts."""
        return not self.is_exact, bool(self.contact), -len(self.contact)


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What staff said about an order; it stays as it was written."""

    id: int
    text: str
    written_by: str
    written_at: dt.datetime


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to an order, and who did it."""

    position: int
    kind: str
    actor: str
    happened_at: dt.datetime


class PastHold(msgspec.Struct, frozen=True, kw_only=True):
    """Something that holds an order, or held it until `released_at`."""

    reason: str
    subject: str
    actor: str
    held_at: dt.datetime
    released_at: dt.datetime | None
    released_by: str


class HoldReason(StrEnum):
    """Why the goods of an order are not to be handed over."""

    DISPUTE_OPEN = "DISPUTE_OPEN"
    # The money is gone for good, and the goods must not go too.
    DISPUTE_LOST = "DISPUTE_LOST"
    # Somebody has to look at the order first.
    REVIEW = "REVIEW"
    # Staff said so.
    STAFF = "STAFF"
    # It was lost, and put back from its receipt; nobody has looked at it yet.
    REBUILT = "REBUILT"


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """A hold that has not been released: nobody hands over the order's goods. `subject` says because of what."""

    order_id: int
    reason: str
    subject: str
    actor: str
    held_at: dt.datetime


class EventKind(StrEnum):
    """What can happen about an order without moving it; what moves it is called by its new state (`order.paid`)."""

    PAYMENT_PENDING = "payment.pending"
    PAYMENT_AUTHORIZED = "payment.authorized"
    # Money came and bought nothing, so that it goes back; what buys the order moves it.
    PAYMENT_CAPTURED = "payment.captured"
    PAYMENT_FAILED = "payment.failed"
    PAYMENT_CANCELLED = "payment.cancelled"
    REFUND_REQUESTED = "refund.requested"
    REFUND_SUCCEEDED = "refund.succeeded"
    REFUND_FAILED = "refund.failed"
    CODES_DELIVERED = "codes.delivered"
    REBUILT = "receipt.rebuilt"
    # Staff placed it for its customer; the audit trail says how he agreed.
    MADE = "staff.made"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to an order, and the state that it was in from then on.

    Positions of one order count from 0 without a gap, in the order in which transactions were committed.
    """

    position: int
    kind: str
    state: State
    happened_at: dt.datetime


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it is kept: with who did it."""

    order_id: int
    position: int
    kind: str
    actor: str
    happened_at: dt.datetime


class Acknowledged(msgspec.Struct, frozen=True):
    """An order as receipts tell it: the canonical bytes of its facts, its batch, None without one, and its contact."""

    order_id: int
    receipt_batch: int | None
    facts: bytes
    email: str
    phone: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """How an order stands now, and what happened to it after some position, the first first."""

    state: State
    events: tuple[Event, ...]


class AskedReturn(msgspec.Struct, frozen=True, kw_only=True):
    """Pieces of a SKU that are to be given back; the price tells lines of one SKU apart, where they differ in it."""

    sku: str
    quantity: int
    unit_price: int | None = None


class Pieces(msgspec.Struct, frozen=True, kw_only=True):
    """Pieces of one line of an order, counted from 0, and the minor units that one piece cost."""

    position: int
    sku: str
    quantity: int
    unit_price: int


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """What one refund gives back of an order, and whether the goods go back on sale."""

    pieces: tuple[Pieces, ...]
    restock: bool


class ReturnDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an order whose returned pieces are not the sum of its returns; None where there is no such line."""

    order_id: int
    position: int
    returned: int | None
    by_returns: int


class TotalDifference(msgspec.Struct, frozen=True, kw_only=True):
    """An order that is not the sum of its lines, in minor units; None where there is no order, or no lines."""

    order_id: int
    total: int | None
    total_of_lines: int | None


class HistoryDifference(msgspec.Struct, frozen=True, kw_only=True):
    """An order whose events do not tell how it came to its state; None where there is no order, or no events."""

    order_id: int
    state: str | None
    last_event: str | None
