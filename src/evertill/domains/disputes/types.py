"""What crosses the boundary of disputes. Amounts are in minor units."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import msgspec

from evertill.kernel.money import Money


class State(StrEnum):
    """Where a dispute stands.

    EVIDENCE_DUE: the provider has told until when it wants to hear from the shop. EVIDENCE_SENT: staff say that it has.
    """

    OPENED = "OPENED"
    EVIDENCE_DUE = "EVIDENCE_DUE"
    EVIDENCE_SENT = "EVIDENCE_SENT"
    WON = "WON"
    LOST = "LOST"


class Standing(StrEnum):
    """How the provider says that a dispute stands."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider tells of one dispute. `fee` is what it charges for it, in the dispute's currency."""

    provider: str
    provider_id: str
    standing: Standing
    amount: Money
    fee: int = 0
    reason: str = ""
    evidence_due_at: dt.datetime | None = None

    @property
    def name(self) -> str:
        """How people, the ledger and alerts call the dispute."""
        return f"{self.provider}:{self.provider_id}"


class NewDispute(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute that was not known until now. `is_sale`: its payment is what the order was bought with."""

    id: int
    intent_id: int
    order_id: int
    is_sale: bool
    told: Told


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute as we keep it."""

    id: int
    provider: str
    provider_id: str
    intent_id: int
    order_id: int
    is_sale: bool
    state: State
    amount: Money
    fee: int
    reason: str
    evidence_due_at: dt.datetime | None
    opened_at: dt.datetime
    closed_at: dt.datetime | None

    @property
    def name(self) -> str:
        """As in what was told."""
        return f"{self.provider}:{self.provider_id}"


class HistoryDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute whose moves do not tell how it came to its state; None where there is no dispute, or no moves."""

    dispute_id: int
    state: str | None
    last_move: str | None
