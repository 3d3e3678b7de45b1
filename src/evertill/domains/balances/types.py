"""What crosses the boundary of balances."""

from __future__ import annotations

import datetime as dt

import msgspec


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """A prepaid account of one currency. `number` is its id as people see it, and as the ledger calls its owner."""

    id: int
    number: str
    currency: str
    opened_at: dt.datetime
    blocked_at: dt.datetime | None

    @property
    def is_blocked(self) -> bool:
        """Whether nobody can pay with it."""
        return self.blocked_at is not None
