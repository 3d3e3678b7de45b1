"""Small makers of what tests of prepaid balances begin with, and what they look at afterwards."""

from __future__ import annotations

import datetime as dt

from evertill.domains import balances
from evertill.journeys import pay_from_balance as paying
from evertill.journeys.keep_balance import open_balance, top_up_balance, view_balance
from evertill.kernel.money import Money
from tests.askers import MACHINE
from tests.builders import NOON


def make_balance(amount: int = 1000, *, currency: str = "GBP", reference: str = "") -> balances.Balance:
    """A prepaid account with so many minor units on it."""
    balance = open_balance(currency=currency, asker=MACHINE, now=NOON).balance
    if amount:
        money = Money(amount=amount, currency=currency)
        top_up_balance(
            balance_id=balance.id,
            amount=money,
            by="cash",
            reference=reference or balance.number,
            asker=MACHINE,
            now=NOON,
        )
    return balance


def token_of(balance: balances.Balance) -> str:
    """What lets its holder pay from it."""
    return balances.balance_token(balance.id)


def left_on(balance: balances.Balance) -> int:
    """What is on it, in minor units."""
    return view_balance(balance_id=balance.id, limit=0).left.amount


def ask(order_id: int, balance: balances.Balance, *, key: str = "pay-1") -> paying.PayFromBalance:
    """A request to pay an order from a balance."""
    request = paying.ask_to_pay(
        order_id=order_id,
        method="balance.instant",
        balance_token=token_of(balance),
        actor="customer",
        key=key.encode(),
    )
    assert request is not None
    return request


def pay(*asked: paying.PayFromBalance, now: dt.datetime = NOON) -> list[paying.Outcome]:
    """Pay a batch at noon."""
    return paying.pay_from_balance(asked, now=now)


def codes(outcomes: list[paying.Outcome]) -> list[str]:
    """What became of each: OK, or why not."""
    return ["OK" if isinstance(outcome, paying.Paid) else outcome.code for outcome in outcomes]
