"""Checkouts that failed, as the pages would keep them."""

from __future__ import annotations

import datetime as dt

import msgspec

from evertill.domains.submissions import Failed, Wanted
from evertill.journeys.place_orders import PlaceOrder
from evertill.kernel import ids
from tests.builders import NOON, ask

MONTH = dt.timedelta(days=30)


def failed(
    asked: PlaceOrder | None = None,
    *,
    reference: int = 7,
    code: str = "DATABASE_BUSY",
    price: int = 250,
    total: int | None = None,
    at: dt.datetime = NOON,
) -> Failed:
    """What is kept of a request that failed; one piece costs `price`."""
    asked = asked or ask()
    wanted = tuple(
        Wanted(sku=line.sku, title=f"Title of {line.sku}", quantity=line.quantity, unit_price=price)
        for line in asked.lines
    )
    return Failed(
        id=ids.new_ids(1, now=NOON, randbits=lambda _: reference)[0],
        key_digest=asked.key_digest,
        body_digest=asked.body_digest,
        code=code,
        email=asked.email,
        phone=asked.phone,
        language=asked.language,
        account_id=asked.account_id,
        currency=asked.currency,
        total=sum(line.quantity * price for line in asked.lines) if total is None else total,
        lines=wanted,
        consent_version="2026-11",
        consent_text="We keep it for up to 30 days.",
        failed_at=at,
        remove_at=at + MONTH,
    )


def later(one: Failed, seconds: float, **changes: object) -> Failed:
    """The same key, failed again so much later."""
    by = dt.timedelta(seconds=seconds)
    return msgspec.structs.replace(one, failed_at=one.failed_at + by, remove_at=one.remove_at + by, **changes)
