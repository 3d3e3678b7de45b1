"""Seek orders by what somebody remembers of them: ids alone, the latest first, never more than a few hundred.

Whoever seeks weighs what is found; nothing here says that an order is anybody's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from evertill.kernel import db, ids, sql
from evertill.kernel.arrays import Bigints, Ints, Texts

_HERE = "evertill.domains.orders"
_BITS_MAX = (1 << ids.BITS) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time, and of identifiers, which have their minute in front."""

    first: dt.datetime
    last: dt.datetime
    low: int = 0
    high: int = _BITS_MAX


def known(*, order_ids: Collection[int]) -> list[int]:
    """This function will return those of some ids that orders have: thousands may be asked for, and few are there."""
    return [order_id for (order_id,) in db.fetch(sql.load(_HERE, "seek_ids"), (Bigints(sorted(order_ids)),))]


def by_addresses(*, emails: Collection[str], phones: Collection[str], span: Span, limit: int) -> list[int]:
    """This function will return guests' orders that were placed with any of these addresses in their one spelling."""
    params = {
        "emails": Texts(sorted(emails)),
        "phones": Texts(sorted(phones)),
        "low": span.low,
        "high": span.high,
        "limit": limit,
    }
    return [order_id for (order_id,) in db.fetch(sql.load(_HERE, "seek_addresses"), params)]


def by_accounts(*, account_ids: Collection[int], span: Span, limit: int) -> list[int]:
    """This function will return the orders of some accounts."""
    params = {"accounts": Bigints(sorted(account_ids)), "low": span.low, "high": span.high, "limit": limit}
    return [order_id for (order_id,) in db.fetch(sql.load(_HERE, "seek_accounts"), params)]


def in_span(
    *,
    span: Span,
    totals: tuple[int, int] | None = None,
    phone_tail: str = "",
    parts: Sequence[tuple[int, int, int]] = (),
    limit: int,
) -> list[int]:
    """This function will return the orders of a span within two totals, and with what stands in a number.

    A part is (shift, mask, value) of an identifier; one of them has to fit. It reads the whole span: keep that small.
    """
    params = {
        "low": span.low,
        "high": span.high,
        "first": span.first,
        "last": span.last,
        "least": totals[0] if totals else None,
        "most": totals[1] if totals else None,
        "tail": phone_tail,
        "shifts": Ints([shift for shift, _, _ in parts]),
        "masks": Bigints([mask for _, mask, _ in parts]),
        "values": Bigints([value for _, _, value in parts]),
        "limit": limit,
    }
    return [order_id for (order_id,) in db.fetch(sql.load(_HERE, "seek_span"), params, is_planned_anew=True)]
