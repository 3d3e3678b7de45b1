"""Writes of the ledger. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from evertill.domains.ledger import rules
from evertill.domains.ledger.types import Account, AccountKind, Transaction
from evertill.kernel import db, sql
from evertill.kernel.arrays import Texts
from evertill.kernel.errors import EvertillError

_HERE = "evertill.domains.ledger"

# What names a transaction, and what it says: currency, accounts, amounts.
_Name = tuple[str, str]
_Says = tuple[str, list[str], list[int]]


class BalanceTooLow(EvertillError):
    """A customer's prepaid balance does not cover this."""

    code = "BALANCE_TOO_LOW"
    status = "conflict"
    remedy = "Top the balance up, or pay in another way."


class ReferenceTaken(EvertillError):
    """Another transaction is recorded under this kind and reference; whoever named this one has a fault."""

    code = "REFERENCE_TAKEN"
    status = "internal"
    kept = "The transaction that was recorded first stands unchanged."
    remedy = "Look at both, and record a correction under a name of its own."


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """The transaction is recorded, now or (a repeat) since earlier; it counts once."""

    is_repeat: bool


Outcome = Posted | BalanceTooLow | ReferenceTaken


def post(*, transactions: Sequence[Transaction], now: dt.datetime) -> list[Outcome]:
    """This function will record transactions, each once, and return what became of each, in the same sequence.

    One that a prepaid balance does not cover is refused by itself; the others are recorded. Raises InvalidTransaction,
    before anything is written, when any of them breaks a rule of double entry.
    """
    for transaction in transactions:
        rules.check(transaction)
    first: dict[_Name, int] = {}
    for place, transaction in enumerate(transactions):
        first.setdefault(_name(transaction), place)
    asked = [transactions[place] for place in first.values()]

    refused, recorded = _look_first(asked)
    new = [t for t in asked if _name(t) not in refused and _name(t) not in recorded]
    written = _write(new, now=now)
    # Somebody else was faster with these; his are committed, or the insert would still be waiting.
    missed = [t for t in new if _name(t) not in written]
    if missed:
        recorded |= _find(missed).get()

    recorded |= {_name(t): _says(t) for t in new if _name(t) in written}
    return [
        _outcome(t, refused=refused, recorded=recorded, is_new=_name(t) in written and first[_name(t)] == place)
        for place, t in enumerate(transactions)
    ]


def _outcome(transaction: Transaction, *, refused: set[_Name], recorded: dict[_Name, _Says], is_new: bool) -> Outcome:
    name = _name(transaction)
    if name in refused:
        return BalanceTooLow("The prepaid balance does not cover this.")
    if recorded[name] != _says(transaction):
        return ReferenceTaken(f"{name[0]} '{name[1]}' is recorded with other postings.")
    return Posted(is_repeat=not is_new)


def _look_first(transactions: Sequence[Transaction]) -> tuple[set[_Name], dict[_Name, _Says]]:
    """Lock the prepaid balances, then see who is recorded already and who cannot afford his; nobody else needs it."""
    prepaid = [t for t in transactions if any(p.account.kind is AccountKind.CUSTOMER_BALANCE for p in t.postings)]
    if not prepaid:
        return set(), {}
    moves = [rules.prepaid_moves(t) for t in prepaid]
    touched = {account for move in moves for account in move}
    credited = {account for move in moves for account, amount in move.items() if amount < 0}
    with db.together():
        if credited:
            db.execute(sql.load(_HERE, "open_prepaid"), _keys(credited))
        locked = db.ask(sql.load(_HERE, "lock_prepaid"), _keys(touched)[:1], shape=_balances)
        # Asked after the locks: what others recorded while this waited is seen.
        found = _find(prepaid)
    recorded = found.get()
    new = [t for t in prepaid if _name(t) not in recorded]
    refused = rules.uncovered(transactions=new, balances=_by_account(touched, locked.get()))
    return {_name(new[place]) for place in refused}, recorded


def _write(transactions: Sequence[Transaction], *, now: dt.datetime) -> set[_Name]:
    if not transactions:
        return set()
    says = [_says(t) for t in transactions]
    rows = db.fetch(
        sql.load(_HERE, "post"),
        (
            now,
            Texts([t.kind.value for t in transactions]),
            Texts([t.reference for t in transactions]),
            Texts([currency for currency, _, _ in says]),
            # Arrays of arrays cannot be ragged; as literals they can, and the rules keep quotes out of them.
            Texts([f"{{{','.join(accounts)}}}" for _, accounts, _ in says]),
            Texts([f"{{{','.join(map(str, amounts))}}}" for _, _, amounts in says]),
        ),
    )
    return set(rows)


def _find(transactions: Sequence[Transaction]) -> db.Later[dict[_Name, _Says]]:
    names = (Texts([t.kind.value for t in transactions]), Texts([t.reference for t in transactions]))
    return db.ask(
        sql.load(_HERE, "find"),
        names,
        shape=lambda rows: {
            (kind, reference): (currency, accounts, amounts) for kind, reference, currency, accounts, amounts in rows
        },
    )


def _name(transaction: Transaction) -> _Name:
    return transaction.kind.value, transaction.reference


def _says(transaction: Transaction) -> _Says:
    postings = transaction.postings
    return transaction.currency, [p.account.key for p in postings], [p.amount for p in postings]


def _balances(rows: Sequence[Any]) -> dict[tuple[str, str], int]:
    return {(key, currency): balance for key, currency, balance in rows}


def _by_account(accounts: Iterable[Account], balances: dict[tuple[str, str], int]) -> dict[Account, int]:
    return {account: balances.get((account.key, account.currency), 0) for account in accounts}


def _keys(accounts: Iterable[Account]) -> tuple[Texts, Texts]:
    ordered = sorted({(account.key, account.currency) for account in accounts})
    return Texts([key for key, _ in ordered]), Texts([currency for _, currency in ordered])
