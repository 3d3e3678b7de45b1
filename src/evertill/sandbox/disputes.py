"""Disputes: the customer's bank takes the money back until somebody has won."""

from __future__ import annotations

from typing import Any

from .bill import write_line
from .book import Book, NotFound, as_time, now_ms, payment_row, tell
from .payments import NotAllowedNow, TooMuch, fetch_payment
from .store import new_id
from .types import DisputeState, State


def open_dispute(book: Book, *, payment: str, amount: int | None, reason: str) -> dict[str, Any]:
    """This function will open a dispute about what was captured and not given back, or about `amount` of it.

    Raises NotFound, NotAllowedNow and TooMuch.
    """
    at, made = now_ms(), new_id("dis")
    with book.store.writing():
        row = payment_row(book, payment)
        left = row["captured"] - row["refunded"] - row["disputed"]
        if row["state"] != State.CAPTURED or left == 0:
            raise NotAllowedNow(f"Payment {payment} has no money that could be disputed.")
        wanted = amount or left
        if wanted > left:
            raise TooMuch(f"{wanted} is more than the {left} that is left to dispute.")
        book.store.run("update payments set disputed = disputed + ? where id = ?", wanted, payment)
        book.store.run(
            "insert into disputes values (?, ?, ?, ?, ?, ?, ?)",
            made, payment, wanted, row["captured_currency"], reason, DisputeState.OPEN, at,
        )  # fmt: skip
        write_line(book, kind="dispute", row=row, amount=-wanted, refund=made, at=at)
        return _tell(book, made, kind="dispute.opened")


def close_dispute(book: Book, dispute: str, *, outcome: str) -> dict[str, Any]:
    """This function will end a dispute: won by the shop, the money comes back; lost, it stays away.

    Raises NotFound and NotAllowedNow.
    """
    state = DisputeState(outcome.upper())
    with book.store.writing():
        told = fetch_dispute(book, dispute)
        changed = book.store.run("update disputes set state = ? where id = ? and state = 'OPEN'", state, dispute)
        if not changed:
            raise NotAllowedNow(f"Dispute {dispute} is {told['status']} already.")
        if state is DisputeState.WON:
            row = payment_row(book, told["payment"])
            book.store.run("update payments set disputed = disputed - ? where id = ?", told["amount"], row["id"])
            write_line(book, kind="dispute_won", row=row, amount=told["amount"], refund=dispute, at=now_ms())
        return _tell(book, dispute, kind=f"dispute.{outcome}")


def fetch_dispute(book: Book, dispute: str) -> dict[str, Any]:
    """This function will return a dispute as the API shows it; raises NotFound."""
    row = book.store.one("select * from disputes where id = ?", dispute)
    if row is None:
        raise NotFound(f"There is no dispute {dispute[:40]}.")
    state = row.pop("state")
    return {**row, "status": state, "created_at": as_time(row["created_at"])}


def _tell(book: Book, dispute: str, *, kind: str) -> dict[str, Any]:
    told = fetch_dispute(book, dispute)
    row = payment_row(book, told["payment"])
    tell(book, kind=kind, row=row, data={"dispute": told, "payment": fetch_payment(book, row["id"])})
    return told
