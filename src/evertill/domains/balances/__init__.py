"""Balances: prepaid accounts, as whoever holds one knows them: number, token, currency. The money is in the ledger."""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.balances.operations import block, open_one, unblock
    from evertill.domains.balances.queries import find, read
    from evertill.domains.balances.tokens import balance_token, opened_by
    from evertill.domains.balances.types import Balance

__getattr__ = open_door(__name__)

__all__ = [
    "Balance",
    "balance_token",
    "block",
    "find",
    "open_one",
    "opened_by",
    "read",
    "unblock",
]
