"""Reads of balances."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from evertill.domains.balances.types import Balance
from evertill.kernel import db, ids, sql
from evertill.kernel.arrays import Bigints

_HERE = "evertill.domains.balances"


def find(*, balance_ids: Iterable[int]) -> db.Later[dict[int, Balance]]:
    """This function will ask for balances by id; one that does not exist is missing from the answer."""
    return db.ask(sql.load(_HERE, "find"), (Bigints(sorted(set(balance_ids))),), shape=_by_id)


def read(*, balance_id: int) -> Balance | None:
    """This function will return one balance."""
    return find(balance_ids=[balance_id]).get().get(balance_id)


def _by_id(rows: Sequence[Any]) -> dict[int, Balance]:
    return {
        balance_id: Balance(
            id=balance_id,
            number=ids.to_number(balance_id),
            currency=currency,
            opened_at=opened_at,
            blocked_at=blocked_at,
        )
        for balance_id, currency, opened_at, blocked_at in rows
    }
