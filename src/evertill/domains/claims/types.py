"""What crosses the boundary of claims. Amounts are in minor units."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import msgspec

from evertill.kernel.money import Money


class State(StrEnum):
    """Where a claim stands."""

    # Nobody has looked yet; the shop does so by itself, at once.
    FILED = "FILED"
    # Looked for: there is something, or there is nothing. Both wait for staff.
    FOUND = "FOUND"
    NOTHING = "NOTHING"
    ANSWERED = "ANSWERED"
    WITHDRAWN = "WITHDRAWN"


class About(StrEnum):
    """What a customer says has happened; compensation is declared for each of them."""

    LOST_ORDER = "LOST_ORDER"
    LATE_DELIVERY = "LATE_DELIVERY"
    DOUBLE_CHARGE = "DOUBLE_CHARGE"
    OTHER = "OTHER"


class Decision(StrEnum):
    """How a claim was answered."""

    # The order was here all the time.
    SHOWN = "SHOWN"
    # It was lost, and made again from its receipt, or from a backup.
    REBUILT = "REBUILT"
    RECOVERED = "RECOVERED"
    NOTHING_FOUND = "NOTHING_FOUND"


class Clue(StrEnum):
    """What a customer may hand in."""

    RECEIPT = "RECEIPT"
    NUMBER = "NUMBER"
    REFERENCE = "REFERENCE"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    AMOUNT = "AMOUNT"
    DATE = "DATE"


class Match(StrEnum):
    """How well a clue fits what the shop has."""

    EXACT = "EXACT"
    # One slip away: a wrong sign, a neighbouring day, an amount that is nearly it.
    NEAR = "NEAR"
    # A part of it, or two slips.
    PART = "PART"
    AGAINST = "AGAINST"


class Source(StrEnum):
    """Where a finding stands."""

    ORDER = "ORDER"
    # A genuine receipt of an order that this shop has not.
    RECEIPT = "RECEIPT"
    # A payment, here or on the provider's bill, of an order that this shop has not.
    PAYMENT = "PAYMENT"
    BILL = "BILL"
    # A checkout that failed and is kept.
    SUBMISSION = "SUBMISSION"
    BACKUP = "BACKUP"


class Standing(StrEnum):
    """What a search came to."""

    SURE = "SURE"
    LIKELY = "LIKELY"
    # Several are as good as each other: nobody but a person chooses between them.
    SEVERAL = "SEVERAL"
    NOTHING = "NOTHING"


class Clues(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer handed in, each in its one spelling; what he did not give is empty.

    `number` and `reference` are as he typed them: they may be wrong, or a part. `date` is the day, in the shop's time,
    that he says he ordered or paid on.
    """

    receipt: str = ""
    number: str = ""
    reference: str = ""
    email: str = ""
    phone: str = ""
    amount: int | None = None
    currency: str = ""
    date: dt.date | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for."""
        texts = (self.receipt, self.number, self.reference, self.email, self.phone)
        return not any(texts) and self.amount is None and self.date is None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """Something in the shop that may be what a customer looks for, with what its clues are compared with.

    `name` is the order's number, or what the source calls it. `references` are the numbers of its payments, ours and
    those of providers. `is_of_receipt` says that a genuine receipt names it.
    """

    source: Source
    name: str
    order_id: int | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    account_id: int | None = None
    currency: str = ""
    total: int | None = None
    at: dt.datetime | None = None
    references: tuple[str, ...] = ()
    is_of_receipt: bool = False


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What one clue says of a candidate: how well it fits, what that counts, and what the shop has there.

    `kept` is for staff; it may be somebody else's.
    """

    clue: Clue
    match: Match
    points: int
    kept: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate with the points that its evidence comes to."""

    source: Source
    name: str
    order_id: int | None
    points: int
    evidence: tuple[Evidence, ...]


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, the best first, and what it comes to; `missed` names places that could not be looked into."""

    standing: Standing
    findings: tuple[Finding, ...]
    missed: tuple[str, ...] = ()


class Proofs(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who files a claim has proved: by signing in, by a code sent to an address, by a genuine receipt."""

    account_id: int | None = None
    email: str = ""
    phone: str = ""
    order_id: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was proved."""
        return self == Proofs()


class NewClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A claim that is to be filed. `contact` is where its answer goes: an email address or a number as E.164 has it."""

    id: int
    about: About
    clues: Clues
    contact: str
    words: str
    language: str
    account_id: int | None
    filed_at: dt.datetime


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A claim as it is kept. `number` is its id as people see it; `version` counts its moves.

    `order_id` is the order that it turned out to be about, `answer` what staff wrote to who filed it.
    """

    id: int
    number: str
    state: State
    about: About
    clues: Clues
    contact: str
    words: str
    language: str
    account_id: int | None
    proofs: Proofs
    search: Search | None
    decision: Decision | None
    order_id: int | None
    answer: str
    filed_at: dt.datetime
    searched_at: dt.datetime | None
    decided_at: dt.datetime | None
    decided_by: str
    version: int


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a claim: who did it, and when."""

    position: int
    kind: str
    actor: str
    at: dt.datetime


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the shop promises for one thing that went wrong, in one currency.

    `fixed` minor units, and `percent_bp` hundredths of a percent of the order, and `per_day` minor units for each whole
    day of delay beyond the first `grace_days`; together at most `order_max`. Up to `alone_max` one person gives it by
    himself.
    """

    about: About
    currency: str
    fixed: int = 0
    percent_bp: int = 0
    per_day: int = 0
    grace_days: int = 0
    order_max: int
    alone_max: int = 0


class Cap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most so much in one currency: for one customer in a calendar month, and for all together in one."""

    currency: str
    customer_month_max: int
    month_max: int


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What the shop promises, as somebody declared it. Version 0 promises nothing."""

    version: int = 0
    rules: tuple[Rule, ...] = ()
    caps: tuple[Cap, ...] = ()
    declared_at: dt.datetime | None = None
    declared_by: str = ""
    why: str = ""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What was given before, in minor units of one currency: for the order, to the customer and to all this month."""

    order: int = 0
    customer_month: int = 0
    month: int = 0


class Limit(StrEnum):
    """What kept a compensation below what its rule came to."""

    ORDER = "ORDER"
    CUSTOMER_MONTH = "CUSTOMER_MONTH"
    MONTH = "MONTH"


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """What the policy comes to: the amount, which version and rule said so, and each step of how."""

    amount: Money
    version: int
    rule: int | None
    by_rule: int
    limits: tuple[Limit, ...]
    needs_approval: bool
    delay_days: int


class Way(StrEnum):
    """How a compensation is paid."""

    BALANCE = "BALANCE"
    REFUND = "REFUND"


class Award(msgspec.Struct, frozen=True, kw_only=True):
    """A compensation that was given. `reference` is how the ledger calls it; the target is a balance or a refund."""

    id: int
    number: str
    claim_id: int
    order_id: int
    about: About
    way: Way
    amount: Money
    version: int
    rule: int
    delay_days: int
    target_id: int
    given_at: dt.datetime
    given_by: str
    approved_by: str
    why: str
