"""The standard transactions, as pure functions: each takes an amount above zero and says from where to where it goes.

A sale is recorded when its order is paid, so an order that was never paid leaves no trace here. Everything that
concerns an order passes through the order's account, which tells its story from its entries alone and ends at zero.
"""

from __future__ import annotations

from evertill.domains.ledger.rules import InvalidTransaction
from evertill.domains.ledger.types import Account, AccountKind, Kind, Posting, Transaction
from evertill.kernel.money import Money


def sale(*, reference: str, order: str, amount: Money) -> Transaction:
    """This function will say what an order costs: the order owes it, the shop has earned it."""
    return _move(Kind.SALE, reference, amount, to=_order(order), out_of=_REVENUE)


def capture(*, reference: str, order: str, provider: str, amount: Money) -> Transaction:
    """This function will record that a provider took money for an order."""
    return _move(Kind.CAPTURE, reference, amount, to=_clearing(provider), out_of=_order(order))


def fee(*, reference: str, provider: str, amount: Money) -> Transaction:
    """This function will record what a provider keeps for itself."""
    return _move(Kind.FEE, reference, amount, to=_FEES, out_of=_clearing(provider))


def fee_returned(*, reference: str, provider: str, amount: Money) -> Transaction:
    """This function will record that a provider gives back a part of what it kept."""
    return _move(Kind.FEE, reference, amount, to=_clearing(provider), out_of=_FEES)


def refund(*, reference: str, order: str, provider: str, amount: Money) -> Transaction:
    """This function will give back a sale, whole or in part: a credit note, and the provider pays it out."""
    legs = ((_REFUNDS, 1), (_order(order), -1), (_order(order), 1), (_clearing(provider), -1))
    return _transaction(Kind.REFUND, reference, amount, legs)


def late_refund(*, reference: str, order: str, provider: str, amount: Money) -> Transaction:
    """This function will give back what was paid on an order that is no sale, or beyond what it costs."""
    return _move(Kind.LATE_REFUND, reference, amount, to=_order(order), out_of=_clearing(provider))


def top_up(*, reference: str, customer: str, provider: str, amount: Money) -> Transaction:
    """This function will record what a customer prepays."""
    return _move(Kind.TOP_UP, reference, amount, to=_clearing(provider), out_of=_customer(customer))


def pay_from_balance(*, reference: str, order: str, customer: str, amount: Money) -> Transaction:
    """This function will pay an order with what its customer has prepaid."""
    return _move(Kind.BALANCE_PAYMENT, reference, amount, to=_customer(customer), out_of=_order(order))


def refund_to_balance(*, reference: str, order: str, customer: str, amount: Money) -> Transaction:
    """This function will give back a sale, whole or in part, as a prepaid balance."""
    legs = ((_REFUNDS, 1), (_order(order), -1), (_order(order), 1), (_customer(customer), -1))
    return _transaction(Kind.BALANCE_REFUND, reference, amount, legs)


def dispute_opened(*, reference: str, provider: str, amount: Money) -> Transaction:
    """This function will record what a provider holds back until a dispute is decided."""
    return _move(Kind.DISPUTE_OPENED, reference, amount, to=_DISPUTES, out_of=_clearing(provider))


def dispute_won(*, reference: str, provider: str, amount: Money) -> Transaction:
    """This function will record that the provider gives back what it held."""
    return _move(Kind.DISPUTE_WON, reference, amount, to=_clearing(provider), out_of=_DISPUTES)


def dispute_lost(*, reference: str, amount: Money) -> Transaction:
    """This function will record that what was held is gone."""
    return _move(Kind.DISPUTE_LOST, reference, amount, to=_DISPUTE_LOSSES, out_of=_DISPUTES)


def payout(*, reference: str, provider: str, amount: Money) -> Transaction:
    """This function will record what a provider paid to the shop's bank account."""
    return _move(Kind.PAYOUT, reference, amount, to=_BANK, out_of=_clearing(provider))


def rounding(*, reference: str, order: str, amount: Money) -> Transaction:
    """This function will forgive what an order lacks because a provider rounds."""
    return _move(Kind.ROUNDING, reference, amount, to=_ROUNDING, out_of=_order(order))


def write_off(*, reference: str, order: str, amount: Money) -> Transaction:
    """This function will give up what an order owes and nobody will pay."""
    return _move(Kind.WRITE_OFF, reference, amount, to=_WRITE_OFFS, out_of=_order(order))


def compensation(*, reference: str, customer: str, amount: Money) -> Transaction:
    """This function will give a customer a prepaid balance, because something went wrong."""
    return _move(Kind.COMPENSATION, reference, amount, to=_COMPENSATIONS, out_of=_customer(customer))


def correction(*, reference: str, provider: str, against: AccountKind, amount: Money) -> Transaction:
    """This function will have a provider hold more for the shop than the books said, or less (an amount below zero).

    The difference comes from, or goes to, an account that nobody owns, such as FEES or WRITE_OFFS.
    """
    held, other = _clearing(provider), (against, None)
    if amount.amount > 0:
        return _move(Kind.CORRECTION, reference, amount, to=held, out_of=other)
    less = Money(amount=-amount.amount, currency=amount.currency)
    return _move(Kind.CORRECTION, reference, less, to=other, out_of=held)


def reversal(*, reference: str, of: Transaction) -> Transaction:
    """This function will undo a transaction by its opposite; both stay in the books."""
    opposite = tuple(Posting(posting.account, -posting.amount) for posting in of.postings)
    return Transaction(kind=Kind.REVERSAL, reference=reference, postings=opposite)


# Whose account of which kind; the currency is the amount's.
_Whose = tuple[AccountKind, str | None]

_REVENUE: _Whose = (AccountKind.REVENUE, None)
_REFUNDS: _Whose = (AccountKind.REFUNDS, None)
_FEES: _Whose = (AccountKind.FEES, None)
_DISPUTES: _Whose = (AccountKind.DISPUTES, None)
_DISPUTE_LOSSES: _Whose = (AccountKind.DISPUTE_LOSSES, None)
_WRITE_OFFS: _Whose = (AccountKind.WRITE_OFFS, None)
_ROUNDING: _Whose = (AccountKind.ROUNDING, None)
_COMPENSATIONS: _Whose = (AccountKind.COMPENSATIONS, None)
_BANK: _Whose = (AccountKind.BANK, None)


def _order(owner: str) -> _Whose:
    return AccountKind.ORDER_RECEIVABLE, owner


def _customer(owner: str) -> _Whose:
    return AccountKind.CUSTOMER_BALANCE, owner


def _clearing(owner: str) -> _Whose:
    return AccountKind.PROVIDER_CLEARING, owner


def _move(kind: Kind, reference: str, amount: Money, *, to: _Whose, out_of: _Whose) -> Transaction:
    return _transaction(kind, reference, amount, ((to, 1), (out_of, -1)))


def _transaction(kind: Kind, reference: str, amount: Money, legs: tuple[tuple[_Whose, int], ...]) -> Transaction:
    if amount.amount <= 0:
        raise InvalidTransaction(f"{kind}:{reference[:40]} is of {amount.amount}; it takes an amount above zero.")
    return Transaction(
        kind=kind,
        reference=reference,
        postings=tuple(
            Posting(Account(kind=of, currency=amount.currency, owner=owner), sign * amount.amount)
            for (of, owner), sign in legs
        ),
    )
