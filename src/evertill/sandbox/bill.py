"""The daily bill, the differences a test plants into it, and the ledger that tells the truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .book import Book, as_day, as_time
from .types import Plant

PAGE = 1_000


def write_line(
    book: Book, *, kind: str, row: Mapping[str, Any], amount: int, at: int, refund: str | None = None
) -> None:
    """This function will put a line onto the bill of the day of `at`; money leaving the merchant is negative."""
    book.store.run(
        "insert into bill_lines (date, kind, payment, refund, reference, amount, currency, at)"
        " values (?, ?, ?, ?, ?, ?, ?, ?)",
        as_day(at), kind, row["id"], refund, row["reference"], amount, row["captured_currency"], at,
    )  # fmt: skip


def read_bill(book: Book, *, date: str, after: int) -> dict[str, Any]:
    """This function will return up to 1,000 lines of a day beyond the line `after`, and the cursor of the next page."""
    rows = book.store.all(
        "select id as line, kind, payment, refund, reference, amount, currency, at from bill_lines"
        " where date = ? and id > ? and removed = 0 order by id limit ?",
        date, after, PAGE + 1,
    )  # fmt: skip
    page = rows[:PAGE]
    for row in page:
        row["at"] = as_time(row["at"])
    return {"date": date, "lines": page, "next_cursor": str(page[-1]["line"]) if len(rows) > PAGE else None}


def plant(book: Book, asked: Plant, *, at: int) -> dict[str, int]:
    """This function will make the bill differ from the truth: lines added, changed, left out. Returns the counts."""
    changed = removed = 0
    with book.store.writing():
        for line in asked.add:
            book.store.run(
                "insert into bill_lines (date, kind, payment, refund, reference, amount, currency, at)"
                " values (?, ?, ?, ?, ?, ?, ?, ?)",
                asked.date, line.kind, line.payment, line.refund, line.reference, line.amount, line.currency, at,
            )  # fmt: skip
        for item in asked.change:
            changed += book.store.run(
                "update bill_lines set amount = coalesce(?, amount), currency = coalesce(?, currency)"
                " where id = ? and date = ?",
                item.amount, item.currency, item.line, asked.date,
            )  # fmt: skip
        for number in asked.remove:
            removed += book.store.run("update bill_lines set removed = 1 where id = ? and date = ?", number, asked.date)
    return {"added": len(asked.add), "changed": changed, "removed": removed}


def read_ledger(book: Book, *, after: str) -> dict[str, Any]:
    """This function will return what the provider truly believes, up to 1,000 payments a page, in the order of ids.

    Each has its refunds, disputes, events and their deliveries. Planted lines of the bill do not show here.
    """
    rows = book.store.all(
        "select id, reference, amount, currency, state as status, authorized, captured, captured_currency, refunded,"
        " disputed, fee from payments where id > ? order by id limit ?",
        after, PAGE + 1,
    )  # fmt: skip
    page = rows[:PAGE]
    for row in page:
        row["refunds"] = book.store.all(
            "select id, amount, currency, reference from refunds where payment = ? order by id", row["id"]
        )
        row["disputes"] = book.store.all(
            "select id, amount, currency, state as status from disputes where payment = ? order by id", row["id"]
        )
    return {"payments": page, "totals": _totals(book), "next_cursor": page[-1]["id"] if len(rows) > PAGE else None}


def read_events(book: Book, *, payment: str) -> list[dict[str, Any]]:
    """This function will return the events of a payment with the faults that struck them and how telling them went."""
    events = book.store.all(
        "select id, type, faults, created_at from events where payment = ? order by created_at, id limit 100", payment
    )
    for event in events:
        event["created_at"] = as_time(event["created_at"])
        event["deliveries"] = book.store.all(
            "select status, attempts, forged from deliveries where event = ? order by id", event["id"]
        )
    return events


def _totals(book: Book) -> list[dict[str, Any]]:
    return book.store.all(
        "select captured_currency as currency, count(*) as payments, sum(captured) as captured,"
        " sum(refunded) as refunded, sum(disputed) as disputed, sum(fee) as fee from payments"
        " group by captured_currency order by captured_currency"
    )
