"""What crosses the boundary of reconciliation. Amounts are in minor units; money that leaves the shop is negative."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from evertill.kernel.money import Money


class About(StrEnum):
    """What a line or a difference is about."""

    CAPTURE = "CAPTURE"
    FEE = "FEE"
    REFUND = "REFUND"
    DISPUTE = "DISPUTE"
    DISPUTE_WON = "DISPUTE_WON"
    PAYOUT = "PAYOUT"


class RunState(StrEnum):
    """Where the fetching of a bill stands. Of all runs for a day only the last that FINISHED counts."""

    FETCHING = "FETCHING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    REPLACED = "REPLACED"


class Kind(StrEnum):
    """How bill and books differ. DUPLICATED: the bill has more than one line for it, and they are too much together."""

    MISSING_HERE = "MISSING_HERE"
    MISSING_THERE = "MISSING_THERE"
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS"
    CURRENCY_DIFFERS = "CURRENCY_DIFFERS"
    DUPLICATED = "DUPLICATED"


class State(StrEnum):
    """Whether somebody still has to look at a difference."""

    OPEN = "OPEN"
    SETTLED = "SETTLED"


class How(StrEnum):
    """How a difference was settled: found later by itself; accepted as it is; or our books now follow the bill.

    RECORDED: what was missing here is written down as what it is. BOOKED: by a correction in the ledger, which counts
    with our amount from then on.
    """

    FOUND_LATER = "FOUND_LATER"
    ACCEPTED = "ACCEPTED"
    RECORDED = "RECORDED"
    BOOKED = "BOOKED"


class Standing(StrEnum):
    """How the payment of a difference stands here: not ours with this provider, ours without money yet, or captured.

    NONE: the line names no payment at all, such as what a provider charges once a month.
    """

    NONE = "NONE"
    FOREIGN = "FOREIGN"
    UNPAID = "UNPAID"
    CAPTURED = "CAPTURED"


class Ending(StrEnum):
    """The suggested ending: ask the provider (about disputes), have our books follow the bill, or note why not."""

    SETTLE = "SETTLE"
    CHECK_DISPUTES = "CHECK_DISPUTES"
    BOOK = "BOOK"
    ACCEPT = "ACCEPT"


class Subject(msgspec.Struct, frozen=True):
    """What lines and entries are matched by: for example CAPTURE and the number of the payment."""

    about: About
    name: str


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a bill as it came, and the subject that we take it to be about.

    `payment` is our number of the payment, empty when it is not ours.
    """

    subject: Subject
    payment: str
    reference: str
    provider_id: str
    part_id: str
    amount: Money
    at: dt.datetime


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """Money that a provider's bill says came in. `payment` is our number of it, empty when it was not ours then."""

    provider: str
    date: dt.date
    position: int
    payment: str
    reference: str
    provider_id: str
    amount: Money
    at: dt.datetime
    # What the comparison takes it to be about; "" where nobody asked.
    subject: str = ""

    @property
    def name(self) -> str:
        """Where the line stands."""
        return f"{self.provider} {self.date} line {self.position}"


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """What bills say of one subject: amounts by currency, from how many lines, the last of them of which day."""

    amounts: Mapping[str, int]
    lines: int
    payment: str
    last_date: dt.date


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """One day as a provider counts it: from `begins_at` on, before `ends_at`."""

    begins_at: dt.datetime
    ends_at: dt.datetime


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A bill that was fetched, at `fetched_at`, and what came of comparing it with our books.

    `matched` counts lines; `pending` entries of ours that the bill of a neighbouring day may have; `differences` what
    was found, also what somebody has accepted before.
    """

    id: int
    provider: str
    date: dt.date
    fetched_at: dt.datetime
    finished_at: dt.datetime
    lines: int
    matched: int
    pending: int
    differences: int


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """That bill and books differ, and by what; None where a side has nothing."""

    kind: Kind
    ours: Money | None
    theirs: Money | None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A difference that a comparison found."""

    id: int
    subject: Subject
    payment: str
    verdict: Verdict


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A difference as we keep it. `number` is its id as people see it."""

    id: int
    number: str
    provider: str
    date: dt.date
    kind: Kind
    subject: Subject
    payment: str
    ours: Money | None
    theirs: Money | None
    state: State
    how: How | None
    actor: str
    why: str
    found_at: dt.datetime
    settled_at: dt.datetime | None


class CountDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A finished run that counted other lines or differences than are there."""

    provider: str
    date: dt.date
    lines: int
    lines_there: int
    differences: int
    differences_there: int
