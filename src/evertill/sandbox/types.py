"""What the provider speaks of: states, and the bodies of its requests."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from evertill.kernel.money import AMOUNT_MAX

Amount = Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MAX)]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
Reference = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Url = Annotated[str, msgspec.Meta(min_length=8, max_length=2000)]
Short = Annotated[str, msgspec.Meta(max_length=200)]
Metadata = Annotated[dict[Annotated[str, msgspec.Meta(max_length=40)], Short], msgspec.Meta(max_length=20)]
Ms = Annotated[int, msgspec.Meta(ge=0, le=600_000)]
Probability = Annotated[float, msgspec.Meta(ge=0, le=1)]
Line = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class State(StrEnum):
    """Where a payment is. What was refunded or disputed is told beside it and changes nothing here."""

    REQUIRES_ACTION = "REQUIRES_ACTION"
    PROCESSING = "PROCESSING"
    AUTHORIZED = "AUTHORIZED"
    CAPTURED = "CAPTURED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class DisputeState(StrEnum):
    """Where a dispute is."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request's JSON; what it does not name is refused, so that a misspelt field is noticed."""


class NewPayment(Body, frozen=True, kw_only=True):
    """POST /v1/payments."""

    reference: Reference
    amount: Amount
    currency: Currency
    method: Literal["page", "qr"] = "page"
    capture: Literal["automatic", "manual"] = "automatic"
    return_url: Url
    description: Short = ""
    metadata: Metadata = msgspec.field(default_factory=dict)


class Capture(Body, frozen=True, kw_only=True):
    """POST /v1/payments/{id}/capture; without an amount all that is authorised."""

    amount: Amount | None = None


class NewRefund(Body, frozen=True, kw_only=True):
    """POST /v1/payments/{id}/refunds."""

    amount: Amount
    reference: Reference


class Simulate(Body, frozen=True, kw_only=True):
    """POST /v1/payments/{id}/simulate: what a person at the page would do, for tests without a browser."""

    card: Id


class WebhookEndpoint(Body, frozen=True, kw_only=True):
    """POST /v1/webhook-endpoint."""

    url: Url


class NewDispute(Body, frozen=True, kw_only=True):
    """POST /v1/disputes; without an amount all that was captured and not refunded."""

    payment: Id
    amount: Amount | None = None
    reason: Short = "fraudulent"


class CloseDispute(Body, frozen=True, kw_only=True):
    """POST /v1/disputes/{id}/close."""

    outcome: Literal["won", "lost"]


class NewFaults(Body, frozen=True, kw_only=True):
    """POST /v1/faults: how often each fault strikes, drawn from `seed` so that a run can be repeated."""

    mix: Annotated[dict[str, Probability], msgspec.Meta(min_length=1, max_length=20)]
    seed: int = 0
    ms: Ms | None = None


class BillLine(Body, frozen=True, kw_only=True):
    """A line planted into a bill."""

    kind: Annotated[str, msgspec.Meta(max_length=20)]
    payment: Id
    reference: Reference
    amount: Annotated[int, msgspec.Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)]
    currency: Currency
    refund: Id | None = None


class BillChange(Body, frozen=True, kw_only=True):
    """An amount or currency that one line of the bill is to show instead of the true one."""

    line: Line
    amount: Annotated[int, msgspec.Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)] | None = None
    currency: Currency | None = None


class Plant(Body, frozen=True, kw_only=True):
    """POST /v1/bill/plant: differences between the bill and the truth, at most 10,000 a call."""

    date: Day
    add: Annotated[list[BillLine], msgspec.Meta(max_length=10_000)] = msgspec.field(default_factory=list)
    change: Annotated[list[BillChange], msgspec.Meta(max_length=10_000)] = msgspec.field(default_factory=list)
    remove: Annotated[list[Line], msgspec.Meta(max_length=10_000)] = msgspec.field(default_factory=list)
