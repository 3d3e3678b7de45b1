"""Reads of the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, LiteralString

from evertill.domains.ledger.types import (
    Account,
    AccountKind,
    Cleared,
    Difference,
    Entry,
    Kind,
    Overdrawn,
    TrialLine,
    Unbalanced,
)
from evertill.kernel import db, sql
from evertill.kernel.arrays import Texts
from evertill.kernel.money import Money

_HERE = "evertill.domains.ledger"

# Looked up rather than made, where there are many.
_KIND = {kind.value: kind for kind in Kind}


def read_balances(*, accounts: Iterable[Account]) -> dict[Account, int]:
    """This function will return where accounts stand, in minor units, without adding up their history.

    An order's account has no running balance and is added up from its few entries.
    """
    wanted = list(accounts)
    orders = [account for account in wanted if account.kind is AccountKind.ORDER_RECEIVABLE]
    others = [account for account in wanted if account.kind is not AccountKind.ORDER_RECEIVABLE]
    found = sum_entries(accounts=orders) if orders else {}
    if others:
        rows = db.fetch(sql.load(_HERE, "read_balances"), _keys(others))
        by_key = {(key, currency): balance for key, currency, balance in rows}
        found |= {account: by_key.get((account.key, account.currency), 0) for account in others}
    return found


def sum_entries(*, accounts: Iterable[Account]) -> dict[Account, int]:
    """This function will return where accounts stand by their entries alone, in minor units.

    For an account that all share this reads the whole history; read_balances does not.
    """
    wanted = list(accounts)
    rows = db.fetch(sql.load(_HERE, "sum_entries"), _keys(wanted))
    by_key = {(key, currency): total for key, currency, total in rows}
    return {account: by_key.get((account.key, account.currency), 0) for account in wanted}


def read_entries(*, account: Account, limit: int) -> list[Entry]:
    """This function will return the newest entries of an account."""
    rows = db.fetch(sql.load(_HERE, "read_entries"), (account.key, account.currency, account.key, limit))
    return [
        Entry(kind=Kind(kind), reference=reference, amount=amount, posted_at=posted_at)
        for kind, reference, amount, posted_at in rows
    ]


def find_payer(*, reference: str) -> str | None:
    """This function will return whose prepaid balance a payment came from; None for what no balance paid."""
    rows = db.fetch(sql.load(_HERE, "find_payer"), (reference,))
    return str(rows[0][0]) if rows else None


def trial_balance(*, currency: str) -> list[TrialLine]:
    """This function will add up all entries of a currency by kind of account; the balances sum to zero."""
    return [
        TrialLine(kind=AccountKind(kind), debited=debited, credited=credited)
        for kind, debited, credited in db.fetch(sql.load(_HERE, "trial_balance"), (currency,))
    ]


def stream_captures() -> Iterator[tuple[str, Money]]:
    """This function will give (reference, amount) of all that paid orders, by providers and from balances.

    In the order of references; the caller holds a transaction.
    """
    return _stream(sql.load(_HERE, "stream_captures"))


def stream_refunds() -> Iterator[tuple[str, Money]]:
    """This function will give (reference, amount) of all that was given back, as stream_captures does."""
    return _stream(sql.load(_HERE, "stream_refunds"))


def stream_compensations() -> Iterator[tuple[str, Money]]:
    """This function will give (reference, amount) of all that was given for what went wrong, as captures are."""
    return _stream(sql.load(_HERE, "stream_compensations"))


def stream_cleared(*, provider: str, since: dt.datetime, until: dt.datetime) -> Iterator[Cleared]:
    """This function will give what was recorded of a provider's money from `since` on, before `until`.

    The caller holds a transaction.
    """
    for row in db.stream(sql.load(_HERE, "stream_cleared"), (_clearing_key(provider), since, until)):
        yield _cleared(row)


def find_cleared(*, provider: str, names: Sequence[tuple[Kind, str]]) -> list[Cleared]:
    """This function will return what transactions of these kinds and references did to a provider's money."""
    kinds, references = Texts([kind for kind, _ in names]), Texts([reference for _, reference in names])
    rows = db.fetch(sql.load(_HERE, "find_cleared"), (kinds, references, _clearing_key(provider)))
    return [_cleared(row) for row in rows]


def _clearing_key(provider: str) -> str:
    # The currency does not count in it.
    return Account(kind=AccountKind.PROVIDER_CLEARING, currency="", owner=provider).key


def stream_disputes() -> Iterator[tuple[str, Money]]:
    """This function will give (reference and kind, amount) of all that disputes did, as stream_captures does."""
    return _stream(sql.load(_HERE, "stream_disputes"))


def _stream(statement: LiteralString) -> Iterator[tuple[str, Money]]:
    for reference, currency, amount in db.stream(statement):
        yield reference, Money(amount=amount, currency=currency)


def find_unbalanced() -> list[Unbalanced]:
    """This function will return every transaction that does not sum to zero; a sound shop has none."""
    return [
        Unbalanced(kind=kind, reference=reference, postings=postings, total=total)
        for kind, reference, postings, total in db.fetch(sql.load(_HERE, "unbalanced"))
    ]


def find_differences() -> list[Difference]:
    """This function will return every running balance that is not the sum of its entries; a sound shop has none."""
    return [
        Difference(account=account, currency=currency, balance=balance, by_entries=by_entries)
        for account, currency, balance, by_entries in db.fetch(sql.load(_HERE, "differences"))
    ]


def find_overdrawn() -> list[Overdrawn]:
    """This function will return every customer who has spent more than he prepaid; a sound shop has none."""
    return [
        Overdrawn(account=account, currency=currency, balance=balance)
        for account, currency, balance in db.fetch(sql.load(_HERE, "overdrawn"))
    ]


def _cleared(row: Sequence[Any]) -> Cleared:
    kind, reference, currency, amount, posted_at = row
    return Cleared(
        kind=_KIND[kind], reference=reference, amount=Money(amount=amount, currency=currency), posted_at=posted_at
    )


def _keys(accounts: Sequence[Account]) -> tuple[Texts, Texts]:
    return Texts([account.key for account in accounts]), Texts([account.currency for account in accounts])
