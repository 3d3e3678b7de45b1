"""Ledger: double entry for all money, whoever it belongs to. It knows accounts and amounts, and no other domain.

A transaction's postings sum to zero. Nothing that is written is ever changed: what was wrong is set right by a new one.
"""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.ledger import standard
    from evertill.domains.ledger.operations import (
        BalanceTooLow,
        Outcome,
        Posted,
        ReferenceTaken,
        lock_prepaid,
        post,
        record_sales,
    )
    from evertill.domains.ledger.queries import (
        find_cleared,
        find_differences,
        find_overdrawn,
        find_payer,
        find_unbalanced,
        read_balances,
        read_entries,
        stream_captures,
        stream_cleared,
        stream_compensations,
        stream_disputes,
        stream_refunds,
        sum_entries,
        trial_balance,
    )
    from evertill.domains.ledger.rules import RIGHTS, InvalidTransaction
    from evertill.domains.ledger.types import Account, AccountKind, BalanceSale, Cleared, Kind, Posting, Transaction

__getattr__ = open_door(__name__)

__all__ = [
    "RIGHTS",
    "Account",
    "AccountKind",
    "BalanceSale",
    "BalanceTooLow",
    "Cleared",
    "InvalidTransaction",
    "Kind",
    "Outcome",
    "Posted",
    "Posting",
    "ReferenceTaken",
    "Transaction",
    "find_cleared",
    "find_differences",
    "find_overdrawn",
    "find_payer",
    "find_unbalanced",
    "lock_prepaid",
    "post",
    "read_balances",
    "read_entries",
    "record_sales",
    "standard",
    "stream_captures",
    "stream_cleared",
    "stream_compensations",
    "stream_disputes",
    "stream_refunds",
    "sum_entries",
    "trial_balance",
]
