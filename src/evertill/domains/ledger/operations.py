"""Writes of the ledger. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from evertill.domains.ledger import rules
from evertill.domains.ledger.types import Account, BalanceSale, Transaction
from evertill.kernel import db, sql
from evertill.kernel.arrays import Bigints, Texts
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


class _Asked(msgspec.Struct, frozen=True):
    """A transaction with what the database knows it by and what it will say there, both made once."""

    transaction: Transaction
    name: _Name
    says: _Says


def post(*, transactions: Sequence[Transaction], now: dt.datetime) -> list[Outcome]:
    """This function will record transactions, each once, and return what became of each, in the same sequence.

    One that a prepaid balance does not cover is refused by itself; the others are recorded. Raises InvalidTransaction,
    before anything is written, when any of them breaks a rule of double entry.
    """
    for transaction in transactions:
        rules.check(transaction)
    asked = [_asked(transaction) for transaction in transactions]
    first: dict[_Name, _Asked] = {}
    for one in asked:
        first.setdefault(one.name, one)

    refused, recorded = _look_first([one for one in first.values() if rules.prepaid_moves(one.transaction)])
    new = [one for name, one in first.items() if name not in refused and name not in recorded]
    written = _write(new, now=now)
    recorded |= {name: first[name].says for name in written}
    # Somebody else was faster with these; his are committed, or the insert would still be waiting.
    missed = [one for one in new if one.name not in written]
    if missed:
        recorded |= _find(missed).get()

    outcomes: list[Outcome] = []
    for one in asked:
        outcomes.append(_outcome(one, refused=refused, recorded=recorded, is_new=one.name in written))
        # The same name once more in this batch is a repeat.
        written.discard(one.name)
    return outcomes


def lock_prepaid(*, accounts: Iterable[Account]) -> db.Later[dict[Account, int]]:
    """This function will ask to lock prepaid balances until the transaction ends; the answer says where they stand.

    That is in minor units of debit, so below zero for what is prepaid; a balance that nobody topped up stands at 0.
    """
    wanted = set(accounts)
    keys, _ = _keys(wanted)
    return db.ask(sql.load(_HERE, "lock_prepaid"), (keys,), shape=lambda rows: _by_account(wanted, _balances(rows)))


def record_sales(*, sales: Sequence[BalanceSale], now: dt.datetime) -> db.Later[int]:
    """This function will ask to record sales that prepaid balances pay, which the caller has locked and compared.

    Each is one transaction of four postings: the balance pays the order, which the shop has earned. A reference that is
    not new violates the primary key, and a balance that does not cover its sales ledger_balance_prepaid_covered.
    """
    return db.tell(
        sql.load(_HERE, "record_sales"),
        (
            now,
            Texts([sale.reference for sale in sales]),
            Texts([sale.order for sale in sales]),
            Texts([sale.customer for sale in sales]),
            Texts([sale.amount.currency for sale in sales]),
            Bigints([sale.amount.amount for sale in sales]),
        ),
        shape=lambda written: written,
    )


def _outcome(one: _Asked, *, refused: set[_Name], recorded: dict[_Name, _Says], is_new: bool) -> Outcome:
    if one.name in refused:
        return BalanceTooLow("The prepaid balance does not cover this.")
    if recorded[one.name] != one.says:
        return ReferenceTaken("{} '{}' is recorded with other postings.".format(*one.name))
    return Posted(is_repeat=not is_new)


def _look_first(prepaid: Sequence[_Asked]) -> tuple[set[_Name], dict[_Name, _Says]]:
    """Lock the prepaid balances, then see who is recorded already and who cannot afford his; nobody else needs it."""
    if not prepaid:
        return set(), {}
    moves = [rules.prepaid_moves(one.transaction) for one in prepaid]
    touched = {account for move in moves for account in move}
    credited = {account for move in moves for account, amount in move.items() if amount < 0}
    with db.together():
        if credited:
            db.execute(sql.load(_HERE, "open_prepaid"), _keys(credited))
        locked = db.ask(sql.load(_HERE, "lock_prepaid"), _keys(touched)[:1], shape=_balances)
        # Asked after the locks: what others recorded while this waited is seen.
        found = _find(prepaid)
    recorded = found.get()
    new = [one for one in prepaid if one.name not in recorded]
    refused = rules.uncovered(
        transactions=[one.transaction for one in new], balances=_by_account(touched, locked.get())
    )
    return {new[place].name for place in refused}, recorded


def _write(asked: Sequence[_Asked], *, now: dt.datetime) -> set[_Name]:
    if not asked:
        return set()
    rows = db.fetch(
        sql.load(_HERE, "post"),
        (
            now,
            *_names(asked),
            Texts([one.says[0] for one in asked]),
            # Arrays of arrays cannot be ragged; as literals they can, and the rules keep quotes out of them.
            Texts([f"{{{','.join(one.says[1])}}}" for one in asked]),
            Texts([f"{{{','.join(map(str, one.says[2]))}}}" for one in asked]),
        ),
    )
    return set(rows)


def _find(asked: Sequence[_Asked]) -> db.Later[dict[_Name, _Says]]:
    return db.ask(
        sql.load(_HERE, "find"),
        _names(asked),
        shape=lambda rows: {
            (kind, reference): (currency, accounts, amounts) for kind, reference, currency, accounts, amounts in rows
        },
    )


def _asked(transaction: Transaction) -> _Asked:
    postings = transaction.postings
    return _Asked(
        transaction,
        (transaction.kind, transaction.reference),
        (transaction.currency, [p.account.key for p in postings], [p.amount for p in postings]),
    )


def _names(asked: Sequence[_Asked]) -> tuple[Texts, Texts]:
    return Texts([one.name[0] for one in asked]), Texts([one.name[1] for one in asked])


def _balances(rows: Sequence[Any]) -> dict[tuple[str, str], int]:
    return {(key, currency): balance for key, currency, balance in rows}


def _by_account(accounts: Iterable[Account], balances: dict[tuple[str, str], int]) -> dict[Account, int]:
    return {account: balances.get((account.key, account.currency), 0) for account in accounts}


def _keys(accounts: Iterable[Account]) -> tuple[Texts, Texts]:
    ordered = sorted({(account.key, account.currency) for account in accounts})
    return Texts([key for key, _ in ordered]), Texts([currency for _, currency in ordered])
