"""Small makers of what ledger tests begin with."""

from __future__ import annotations

from evertill.domains import ledger
from evertill.domains.ledger import Account, AccountKind
from evertill.kernel.money import Money
from tests.builders import NOON


def gbp(amount: int) -> Money:
    return Money(amount=amount, currency="GBP")


def account(kind: AccountKind, owner: str | None = None, *, currency: str = "GBP") -> Account:
    return Account(kind=kind, currency=currency, owner=owner)


ADA = account(AccountKind.CUSTOMER_BALANCE, "ada")
REVENUE = account(AccountKind.REVENUE)
STRIPE = account(AccountKind.PROVIDER_CLEARING, "stripe")


def order_account(order: str = "1") -> Account:
    return account(AccountKind.ORDER_RECEIVABLE, order)


def paid(order: str = "1", amount: int = 2500) -> list[ledger.Transaction]:
    """A sale, and its capture by a provider."""
    return [
        ledger.standard.sale(reference=order, order=order, amount=gbp(amount)),
        ledger.standard.capture(reference=f"pi_{order}", order=order, provider="stripe", amount=gbp(amount)),
    ]


def top_up(reference: str, amount: int, *, customer: str = "ada") -> ledger.Transaction:
    return ledger.standard.top_up(reference=reference, customer=customer, provider="stripe", amount=gbp(amount))


def spend(order: str, amount: int, *, customer: str = "ada") -> ledger.Transaction:
    return ledger.standard.pay_from_balance(reference=order, order=order, customer=customer, amount=gbp(amount))


def post(*transactions: ledger.Transaction) -> list[ledger.Outcome]:
    return ledger.post(transactions=transactions, now=NOON)
