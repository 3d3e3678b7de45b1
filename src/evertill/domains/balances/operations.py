"""Writes of balances. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt

from evertill.domains.balances.models import Account


def open_one(*, balance_id: int, currency: str, now: dt.datetime) -> None:
    """This function will open a prepaid account under an identifier that the caller drew."""
    Account.objects.create(id=balance_id, currency=currency, opened_at=now)


def block(*, balance_id: int, now: dt.datetime) -> bool:
    """This function will end paying from a balance, and say whether one could until now. What is on it stays there."""
    return Account.objects.filter(id=balance_id, blocked_at=None).update(blocked_at=now) == 1


def unblock(*, balance_id: int) -> bool:
    """This function will let a balance pay again, and say whether it was blocked."""
    return Account.objects.filter(id=balance_id, blocked_at__isnull=False).update(blocked_at=None) == 1
