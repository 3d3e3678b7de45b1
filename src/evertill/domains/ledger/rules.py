"""What a transaction must be, and who can afford his."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from evertill.domains.ledger.types import Account, AccountKind, Transaction
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import AMOUNT_MAX, is_currency

# The constraints of ledger_transaction take and add up exactly so many.
POSTINGS_MIN, POSTINGS_MAX = 2, 8

# What the shop's own role may do with a table beyond which it may all: what was recorded is only added to.
RIGHTS: Mapping[str, tuple[str, ...]] = {"ledger_transaction": ("select", "insert")}

OWNED = frozenset({AccountKind.ORDER_RECEIVABLE, AccountKind.CUSTOMER_BALANCE, AccountKind.PROVIDER_CLEARING})

# Keys travel in array literals, where these signs need no quotes.
_OWNER = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_REFERENCE = re.compile(r"[\x21-\x7e]{1,128}")


class InvalidTransaction(EvertillError):
    """A transaction breaks a rule of double entry; whoever built it has a fault."""

    code = "INVALID_TRANSACTION"
    status = "internal"


def check(transaction: Transaction) -> None:
    """This function will raise InvalidTransaction unless two to eight non-zero postings of one currency sum to zero."""
    name = f"{transaction.kind}:{transaction.reference[:40]}"
    if _REFERENCE.fullmatch(transaction.reference) is None:
        raise InvalidTransaction(f"{name}: a reference has 1 to 128 printable signs.")
    postings = transaction.postings
    if not POSTINGS_MIN <= len(postings) <= POSTINGS_MAX:
        raise InvalidTransaction(f"{name} has {len(postings)} postings; it may have {POSTINGS_MIN} to {POSTINGS_MAX}.")
    currency = transaction.currency
    total = 0
    for posting in postings:
        _check_account(posting.account)
        if posting.account.currency != currency:
            raise InvalidTransaction(f"{name} mixes {currency} and {posting.account.currency}.")
        if posting.amount == 0 or abs(posting.amount) > AMOUNT_MAX:
            raise InvalidTransaction(f"{name}: a posting of {posting.amount} is nothing, or beyond every amount.")
        total += posting.amount
    if total != 0:
        raise InvalidTransaction(f"{name} sums to {total} and not to zero.")


def _check_account(account: Account) -> None:
    if not is_currency(account.currency):
        raise InvalidTransaction(f"'{account.currency[:16]}' is not a currency code.")
    if (account.owner is not None) is not (account.kind in OWNED):
        raise InvalidTransaction(f"{account.key[:80]}: this kind of account has an owner, or has none.")
    if account.owner is not None and _OWNER.fullmatch(account.owner) is None:
        raise InvalidTransaction(f"'{account.key[:80]}' cannot be the key of an account.")


def prepaid_moves(transaction: Transaction) -> dict[Account, int]:
    """This function will return by how much a transaction moves each customer's balance, in minor units."""
    moves: dict[Account, int] = {}
    for posting in transaction.postings:
        if posting.account.kind is AccountKind.CUSTOMER_BALANCE:
            moves[posting.account] = moves.get(posting.account, 0) + posting.amount
    return moves


def uncovered(*, transactions: Sequence[Transaction], balances: Mapping[Account, int]) -> set[int]:
    """This function will return the places of the transactions that prepaid balances cannot cover.

    First come, first served: one that is refused takes nothing, so that a smaller one behind it may still be covered,
    and a top-up counts for those behind it. An account without a balance stands at zero.
    """
    left = dict(balances)
    refused = set()
    for place, transaction in enumerate(transactions):
        moves = prepaid_moves(transaction)
        if any(amount > 0 and left.get(account, 0) + amount > 0 for account, amount in moves.items()):
            refused.add(place)
            continue
        for account, amount in moves.items():
            left[account] = left.get(account, 0) + amount
    return refused
