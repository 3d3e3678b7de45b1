"""Compare two shops: which orders of the living one will not be in the one that takes its place, or not as they are.

Both are read in the order of their numbers, so that millions are compared without being kept; what differs goes into a
file as it is found.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from evertill.domains import orders
from evertill.kernel import ids
from evertill.kernel.money import Money, as_decimal

__all__ = ["Loss", "Missing", "compare_shops"]

_TOLD_MAX = 20

# Id, moment, state, total, currency.
_Row = tuple[int, dt.datetime, str, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """An order of the living shop that the other one does not have."""

    number: str
    placed_at: dt.datetime
    state: str
    total: Money


@dataclass(slots=True, kw_only=True)
class Loss:
    """What the living shop has and the other one has not.

    The first of the missing orders are in `told`; all of them, with their sums, are counted. `changed` stand otherwise
    there, `only_there` are in the other shop alone.
    """

    missing: int = 0
    sums: Counter[str] = field(default_factory=Counter)
    told: list[Missing] = field(default_factory=list)
    changed: int = 0
    only_there: int = 0

    @property
    def totals(self) -> list[Money]:
        """What the missing orders come to, in each currency."""
        return [Money(amount=amount, currency=currency) for currency, amount in sorted(self.sums.items())]


def compare_shops(*, living: str, other: str, file: Path) -> Loss:
    """This function will compare the shops at two addresses, as of one moment of each, and list the orders in a file.

    The file is a table (CSV) of every order that is missing, or stands otherwise.
    """
    loss = Loss()
    with (
        psycopg.connect(living) as one,
        psycopg.connect(other) as two,
        closing(file.open("w", encoding="utf-8", newline="")) as opened,
    ):
        table = csv.writer(opened)
        table.writerow(("order", "placed_at", "state", "total", "currency", "state_there"))
        for here, there in _beside(orders.stream_standing(one), orders.stream_standing(two)):
            if here is None:
                loss.only_there += 1
            elif there is None or here[2] != there[2]:
                _note(loss, here, is_missing=there is None)
                number, total = ids.to_number(here[0]), Money(amount=here[3], currency=here[4])
                standing = there[2] if there else ""
                table.writerow((number, here[1].isoformat(), here[2], as_decimal(total), here[4], standing))
    return loss


def _note(loss: Loss, row: _Row, *, is_missing: bool) -> None:
    if not is_missing:
        loss.changed += 1
        return
    order_id, placed_at, state, total, currency = row
    loss.missing += 1
    loss.sums[currency] += total
    if len(loss.told) < _TOLD_MAX:
        price = Money(amount=total, currency=currency)
        loss.told.append(Missing(number=ids.to_number(order_id), placed_at=placed_at, state=state, total=price))


def _beside(left: Iterator[_Row], right: Iterator[_Row]) -> Iterator[tuple[_Row | None, _Row | None]]:
    here, there = next(left, None), next(right, None)
    while here is not None or there is not None:
        number = min(row[0] for row in (here, there) if row is not None)
        one = here if here is not None and here[0] == number else None
        two = there if there is not None and there[0] == number else None
        yield one, two
        here, there = next(left, None) if one else here, next(right, None) if two else there
