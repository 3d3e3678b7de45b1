"""What crosses the boundary of the ledger.

An amount is in minor units. Positive is a debit: what the shop has or is owed. Negative is a credit: what the shop owes
or has earned. So a customer with 50.00 prepaid has an account that stands at -5000.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import msgspec

from evertill.kernel.money import Money


class AccountKind(StrEnum):
    """What an account is for."""

    # What an order still owes; below zero, what was paid on it beyond what it costs.
    ORDER_RECEIVABLE = "ORDER_RECEIVABLE"
    # What a customer has prepaid; the shop owes it, so it is never above zero.
    CUSTOMER_BALANCE = "CUSTOMER_BALANCE"
    # What a payment provider has taken for the shop and not paid out.
    PROVIDER_CLEARING = "PROVIDER_CLEARING"
    BANK = "BANK"
    REVENUE = "REVENUE"
    REFUNDS = "REFUNDS"
    FEES = "FEES"
    # What providers hold back until a dispute is decided.
    DISPUTES = "DISPUTES"
    DISPUTE_LOSSES = "DISPUTE_LOSSES"
    WRITE_OFFS = "WRITE_OFFS"
    ROUNDING = "ROUNDING"
    # What the shop gave customers because something went wrong.
    COMPENSATIONS = "COMPENSATIONS"


class Kind(StrEnum):
    """What a transaction records. Kind and reference together name it, so that it happens once."""

    SALE = "SALE"
    CAPTURE = "CAPTURE"
    FEE = "FEE"
    REFUND = "REFUND"
    TOP_UP = "TOP_UP"
    BALANCE_PAYMENT = "BALANCE_PAYMENT"
    BALANCE_REFUND = "BALANCE_REFUND"
    LATE_REFUND = "LATE_REFUND"
    DISPUTE_OPENED = "DISPUTE_OPENED"
    DISPUTE_WON = "DISPUTE_WON"
    DISPUTE_LOST = "DISPUTE_LOST"
    PAYOUT = "PAYOUT"
    ROUNDING = "ROUNDING"
    WRITE_OFF = "WRITE_OFF"
    REVERSAL = "REVERSAL"
    CORRECTION = "CORRECTION"
    COMPENSATION = "COMPENSATION"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One account: what it is for, its currency, and whose it is where there are many (order, customer, provider)."""

    kind: AccountKind
    currency: str
    owner: str | None = None

    @property
    def key(self) -> str:
        """How the account is named within its currency."""
        return str(self.kind) if self.owner is None else f"{self.kind}:{self.owner}"


class Posting(msgspec.Struct, frozen=True):
    """One side of a transaction: minor units, debit above zero."""

    account: Account
    amount: int


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """Money that moved, from where to where. `reference` is the caller's name for the reason, unique in its kind."""

    kind: Kind
    reference: str
    postings: tuple[Posting, ...]

    @property
    def currency(self) -> str:
        """The one currency of all postings."""
        return self.postings[0].account.currency


class BalanceSale(msgspec.Struct, frozen=True, kw_only=True):
    """A sale that a prepaid balance pays at once. `order` and `customer` are whose accounts it moves."""

    reference: str
    order: str
    customer: str
    amount: Money


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What one recorded transaction did to one account, in minor units."""

    kind: Kind
    reference: str
    amount: int
    posted_at: dt.datetime


class Cleared(msgspec.Struct, frozen=True, kw_only=True):
    """What one recorded transaction did to a provider's clearing account."""

    kind: Kind
    reference: str
    amount: Money
    posted_at: dt.datetime


class TrialLine(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts of one kind in one currency: what was debited, what was credited (both positive)."""

    kind: AccountKind
    debited: int
    credited: int

    @property
    def balance(self) -> int:
        """Debits less credits."""
        return self.debited - self.credited


class Unbalanced(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded transaction whose postings do not sum to zero, or that is malformed."""

    kind: str
    reference: str
    postings: int
    total: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A running balance that is not the sum of its entries, in minor units."""

    account: str
    currency: str
    balance: int
    by_entries: int


class Overdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's prepaid balance that is below zero, as he would read it."""

    account: str
    currency: str
    balance: int
