"""What crosses the boundary of payments. Amounts are in minor units."""

from __future__ import annotations

import datetime as dt
from enum import Flag, StrEnum, auto

import msgspec

from evertill.kernel.money import Money


class State(StrEnum):
    """Where a payment stands, as its provider tells. CREATED: we do not know yet whether the provider heard of it."""

    CREATED = "CREATED"
    PENDING = "PENDING"
    AUTHORIZED = "AUTHORIZED"
    CAPTURED = "CAPTURED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Ending(StrEnum):
    """What captured money meant for its order; the first three bought the goods, the others are given back whole."""

    MATCHED = "MATCHED"
    OVERPAID = "OVERPAID"
    LATE = "LATE"
    UNDERPAID = "UNDERPAID"
    WRONG_CURRENCY = "WRONG_CURRENCY"
    PAID_TWICE = "PAID_TWICE"
    UNDELIVERABLE = "UNDELIVERABLE"


class Standing(StrEnum):
    """How an order stands to money that arrives: waits for it, has been paid, or has ended without."""

    OPEN = "OPEN"
    PAID = "PAID"
    ENDED = "ENDED"


class Capability(Flag):
    """What a provider can do; providers differ by these, and nowhere by their names."""

    PAGE = auto()
    QR = auto()
    # Staff say when the money came; nobody can be asked.
    OFFLINE = auto()
    # The money moves in our own books, in the transaction that asks for it.
    INSTANT = auto()
    PARTIAL_REFUND = auto()
    DISPUTES = auto()
    BILL = auto()
    # What it charges stands on its bill only: the bill is where our books learn of it.
    BILLED_FEES = auto()


class RefundState(StrEnum):
    """Where a refund stands."""

    REQUESTED = "REQUESTED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class RefundKind(StrEnum):
    """What is given back: a SALE, whole or in part, or EXCESS that never bought anything."""

    SALE = "SALE"
    EXCESS = "EXCESS"


class BillKind(StrEnum):
    """What a line of a provider's bill is about. Money that leaves the shop has a negative amount."""

    CAPTURE = "CAPTURE"
    FEE = "FEE"
    REFUND = "REFUND"
    DISPUTE = "DISPUTE"
    DISPUTE_WON = "DISPUTE_WON"
    PAYOUT = "PAYOUT"


class DisputeStanding(StrEnum):
    """How a provider says that a dispute stands."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


class Next(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer does next: go to an address (`redirect`), scan a QR code (`qr`), read (`instructions`)."""

    kind: str
    value: str


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of a payment. `captured` and `fee` count once it is CAPTURED."""

    state: State
    provider_id: str = ""
    captured: Money | None = None
    fee: int = 0
    reason: str = ""
    next: Next | None = None


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as we keep it: what is expected, what the provider took, and how much of that is promised back.

    `number` is its id as people and the provider see it. `disputed` is what disputes hold of it, or have taken.
    """

    id: int
    number: str
    order_id: int
    provider: str
    way: str
    state: State
    expected: Money
    captured: Money | None
    refunded: int
    disputed: int
    ending: Ending | None
    provider_id: str
    reason: str
    next: Next | None
    created_at: dt.datetime
    body_digest: bytes

    @property
    def has_bought(self) -> bool:
        """Whether its money is what the order was paid with."""
        return self.ending in (Ending.MATCHED, Ending.OVERPAID, Ending.LATE)

    @property
    def left(self) -> int:
        """Minor units that can still be given back."""
        return max((self.captured.amount if self.captured else 0) - self.refunded - self.disputed, 0)


class NewIntent(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that is to begin; the digests, 16 bytes each, make repeating its request harmless."""

    id: int
    order_id: int
    provider: str
    way: str
    expected: Money
    key_digest: bytes
    body_digest: bytes


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as we keep it, in the currency that was captured. `number` is as for a payment.

    `body_digest` is that of the request for it, None for one that nobody requested.
    """

    id: int
    number: str
    intent_id: int
    kind: RefundKind
    state: RefundState
    amount: int
    reason: str
    actor: str
    body_digest: bytes | None = None


class NewRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that is to be made; the digests, 16 bytes each, make asking for it again harmless."""

    id: int
    intent_id: int
    kind: RefundKind
    amount: int
    reason: str
    actor: str
    key_digest: bytes
    body_digest: bytes | None = None


class Conclusion(msgspec.Struct, frozen=True, kw_only=True):
    """What captured money ends as: minor units that buy the order, and minor units that go back to the customer."""

    ending: Ending
    kept: int
    returned: int


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What a genuine webhook is about: the provider's id of the event, and our number of the payment.

    Where the provider does not tell our number, `reference` is empty and `provider_id` is its own id of the payment.
    """

    event_id: str
    reference: str
    provider_id: str = ""


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider wants to read in answer to a webhook that is kept."""

    media_type: str
    body: bytes


class BillLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a provider's daily bill.

    `reference` is our number of the payment, `provider_id` the provider's; `part_id` is the provider's id of the refund
    or dispute, or of what else the line is about. Each is empty where the bill does not tell it.
    """

    kind: BillKind
    reference: str
    provider_id: str
    part_id: str = ""
    amount: Money
    at: dt.datetime


class DisputeTruth(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of one dispute about a payment. `fee` is what it charges for it, where it tells."""

    provider_id: str
    standing: DisputeStanding
    amount: Money
    fee: int = 0
    reason: str
    evidence_due_at: dt.datetime | None = None


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as it came."""

    provider: str
    event_id: str
    intent_id: int
    body: bytes


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A stored webhook that is to be handled."""

    provider: str
    event_id: str
    intent_id: int


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds until something is looked at again: at first, and at most when it was doubled again and again."""

    first_s: int
    most_s: int


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """A method of paying, such as `sandbox.qr`: its provider, the way of it, and whether it can be used now."""

    name: str
    provider: str
    way: str
    is_available: bool


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """Money that a payment captured, for comparing it with the other books."""

    intent_id: int
    order_id: int
    captured: Money


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What was captured for an order that it bought, and what of that went back or is promised, in minor units."""

    captured: int
    refunded: int


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """One move of a payment: to which state, who moved it, and why."""

    intent_id: int
    position: int
    state: State
    actor: str
    why: str
    moved_at: dt.datetime


class ToldRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund with when it was asked for and when it ended; None while it has not."""

    id: int
    number: str
    intent_id: int
    kind: RefundKind
    state: RefundState
    amount: Money
    reason: str
    actor: str
    requested_at: dt.datetime
    done_at: dt.datetime | None


class RefundDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A payment whose refunds are more than its capture, or not the sum it keeps; minor units."""

    intent_id: int
    captured: int
    refunded: int
    by_refunds: int


class HistoryDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A payment whose moves do not tell how it came to its state; None where there is no payment, or no moves."""

    intent_id: int
    state: str | None
    last_move: str | None
