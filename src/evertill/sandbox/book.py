"""What every operation works with: the open book, the draw of faults, and the moment."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evertill.kernel import clock
from evertill.kernel.errors import EvertillError

from . import faults
from .faults import Draw
from .store import Store, new_id

# The setting that has the address webhooks go to; what happens before it is set is told to nobody.
ENDPOINT = "webhook_url"


class NotFound(EvertillError):
    """There is nothing under this id."""

    code = "NOT_FOUND"
    status = "not_found"


@dataclass(slots=True, kw_only=True)
class Book:
    """The provider while it runs."""

    store: Store
    # Where people and webhooks' receivers find this provider.
    base: str
    draw: Draw = field(default_factory=Draw)
    # Set whenever there is something new for the background task to do.
    stirred: asyncio.Event = field(default_factory=asyncio.Event)


def now_ms() -> int:
    """This function will return the moment, in milliseconds since 1970."""
    return int(clock.now().timestamp() * 1000)


def as_time(ms: int) -> str:
    """This function will write a moment as RFC 3339."""
    return clock.as_text(dt.datetime.fromtimestamp(ms / 1000, dt.UTC))


def as_day(ms: int) -> str:
    """This function will return the UTC day of a moment, YYYY-MM-DD."""
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).strftime("%Y-%m-%d")


def payment_row(book: Book, payment: str) -> dict[str, Any]:
    """This function will return a payment as the book has it; raises NotFound."""
    row = book.store.one("select * from payments where id = ?", payment)
    if row is None:
        raise NotFound(f"There is no payment {payment[:40]}.")
    row["metadata"] = json.loads(row["metadata"])
    return row


def own_faults(row: Mapping[str, Any]) -> frozenset[str]:
    """This function will return the faults that a payment asked for itself."""
    return faults.asked(row["metadata"])


def tell(book: Book, *, kind: str, row: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """This function will write an event and plan its deliveries, as the faults that strike it have it.

    To be called inside the block that makes what it tells true.
    """
    at = now_ms()
    event = new_id("evt")
    own = own_faults(row)
    struck = book.draw.strikes(faults.WEBHOOK, subject=f"event:{row['reference']}:{kind}", own=own)
    # Counted per payment: to be overtaken, only the first event may be held back.
    struck += book.draw.strikes(faults.ORDER, subject=f"order:{row['reference']}", own=own)
    body = _json({"id": event, "type": kind, "created_at": as_time(at), "data": data})
    book.store.run("insert into events values (?, ?, ?, ?, ?, ?)", event, kind, row["id"], body, ",".join(struck), at)
    late = sum(
        book.draw.ms(name, row["metadata"]) for name in ("webhook_late", "webhook_out_of_order") if name in struck
    )
    deaf = book.store.setting(ENDPOINT) is None
    planned = [] if deaf or "webhook_lost" in struck else [(body, 0, at + late)]
    if "webhook_doubled" in struck:
        planned += [(line, forged, due + 200) for line, forged, due in planned]
    if "webhook_forged" in struck and not deaf:
        planned.append((_forge(event=event, kind=kind, row=row, at=at), 1, at))
    for text, forged, due in planned:
        book.store.run(
            "insert into deliveries (event, body, forged, due_at) values (?, ?, ?, ?)", event, text, forged, due
        )
    book.stirred.set()


def _forge(*, event: str, kind: str, row: Mapping[str, Any], at: int) -> str:
    # What a thief would send: the same payment, claimed to be paid.
    claim = {"id": row["id"], "reference": row["reference"], "status": "CAPTURED", "amount": row["amount"],
             "captured": row["amount"], "currency": row["currency"]}  # fmt: skip
    forged = "payment.captured" if kind != "payment.captured" else "refund.succeeded"
    return _json({"id": f"{event}f", "type": forged, "created_at": as_time(at), "data": {"payment": claim}})


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
