"""Keep a prepaid balance: open it, put money on it, look at it, block it."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from evertill.domains import balances, ledger, trail
from evertill.domains.access import Permission
from evertill.domains.balances import Balance
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, permitted
from evertill.kernel import ids, money
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import InvalidMoney, Money

__all__ = [
    "Balance",
    "BalanceNotFound",
    "Opened",
    "Statement",
    "TopUpDiffers",
    "block_balance",
    "open_balance",
    "top_up_balance",
    "unblock_balance",
    "view_balance",
]


class BalanceNotFound(EvertillError):
    """There is no such balance."""

    code = "BALANCE_NOT_FOUND"
    status = "not_found"
    remedy = "Check the number; it stands in the answer that opened the balance."


class TopUpDiffers(EvertillError):
    """Another top-up is recorded under this reference: another balance, amount or way of paying."""

    code = "TOP_UP_DIFFERS"
    status = "conflict"
    kept = "The top-up that was recorded first stands, and nothing else was changed."
    remedy = "Give each payment that comes in a reference of its own, such as the bank's."


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A balance that was opened, and the token that lets whoever holds it pay from it."""

    balance: balances.Balance
    token: str


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What is on a balance, and its newest entries: what each did to it, so a payment is below zero."""

    balance: balances.Balance
    left: Money
    entries: Sequence[tuple[dt.datetime, str, str, Money]]


def open_balance(*, currency: str, asker: Asker, now: dt.datetime) -> Opened:
    """This function will open an empty balance; raises InvalidMoney for what is no currency."""
    if not money.is_currency(currency):
        raise InvalidMoney(f"'{currency[:16]}' is not a currency code of three capital letters.")
    (balance_id,) = ids.new_ids(1, now=now, randbits=secrets.randbits)
    with _managing(asker, balance_id, now=now):
        balances.open_one(balance_id=balance_id, currency=currency, now=now)
        _record(asker, "balances.open", balance_id, {"currency": currency}, now=now)
    return Opened(balance=_read(balance_id), token=balances.balance_token(balance_id))


def top_up_balance(*, balance_id: int, amount: Money, by: str, reference: str, asker: Asker, now: dt.datetime) -> bool:
    """This function will put money that came in on a balance, and say whether it did: False is a repeat of a reference.

    `by` is the provider that holds the money, as the ledger calls it. Raises BalanceNotFound, InvalidMoney for another
    currency, TopUpDiffers, InvalidTransaction for a reference or an amount that cannot be, and what db.write raises.
    """
    with _managing(asker, balance_id, now=now):
        balance = _read(balance_id)
        if amount.currency != balance.currency:
            raise InvalidMoney(f"This balance is kept in {balance.currency}, not in {amount.currency}.")
        entry = ledger.standard.top_up(reference=reference, customer=balance.number, provider=by, amount=amount)
        (outcome,) = ledger.post(transactions=[entry], now=now)
        if isinstance(outcome, ledger.ReferenceTaken):
            raise TopUpDiffers(f"The reference '{reference[:40]}' is that of another top-up.")
        if not isinstance(outcome, ledger.Posted):
            raise outcome
        if not outcome.is_repeat:
            told = {"amount": amount.amount, "currency": amount.currency, "by": by, "reference": reference}
            _record(asker, "balances.top_up", balance_id, told, now=now)
        return not outcome.is_repeat


def view_balance(*, balance_id: int, limit: int) -> Statement:
    """This function will return what is on a balance and up to `limit` of its entries; raises BalanceNotFound."""
    balance = _read(balance_id)
    account = ledger.Account(kind=ledger.AccountKind.CUSTOMER_BALANCE, currency=balance.currency, owner=balance.number)

    def owed(amount: int) -> Money:
        # The shop owes what is prepaid, and the ledger writes what it owes below zero.
        return Money(amount=-amount, currency=balance.currency)

    return Statement(
        balance=balance,
        left=owed(ledger.read_balances(accounts=[account])[account]),
        entries=[
            (entry.posted_at, entry.kind.value, entry.reference, owed(entry.amount))
            for entry in ledger.read_entries(account=account, limit=limit)
        ],
    )


def block_balance(*, balance_id: int, asker: Asker, now: dt.datetime) -> bool:
    """This function will end paying from a balance, and say whether one could until now; raises BalanceNotFound.

    What is on it stays there, and refunds still arrive.
    """
    with _managing(asker, balance_id, now=now):
        _read(balance_id)
        _record(asker, "balances.block", balance_id, None, now=now)
        return balances.block(balance_id=balance_id, now=now)


def unblock_balance(*, balance_id: int, asker: Asker, now: dt.datetime) -> bool:
    """This function will let a balance pay again, and say whether it was blocked; raises BalanceNotFound."""
    with _managing(asker, balance_id, now=now):
        _read(balance_id)
        _record(asker, "balances.unblock", balance_id, None, now=now)
        return balances.unblock(balance_id=balance_id)


def _managing(asker: Asker, balance_id: int, *, now: dt.datetime) -> AbstractContextManager[object]:
    return permitted(asker=asker, permission=Permission.BALANCES_MANAGE, subject=_subject(balance_id), now=now)


def _record(
    asker: Asker, operation: str, balance_id: int, after: Mapping[str, Any] | None, *, now: dt.datetime
) -> None:
    trail.write(actor=asker.actor, operation=operation, subject=_subject(balance_id), after=after, now=now)


def _subject(balance_id: int) -> Subject:
    return Subject(kind="balance", id=ids.to_number(balance_id))


def _read(balance_id: int) -> balances.Balance:
    balance = balances.read(balance_id=balance_id)
    if balance is None:
        raise BalanceNotFound("There is no balance with this number.")
    return balance
