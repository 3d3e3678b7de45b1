"""Reads of disputes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from evertill.domains.disputes.types import Dispute, HistoryDifference, State
from evertill.kernel import db, sql
from evertill.kernel.money import Money

_HERE = "evertill.domains.disputes"


def find(*, name: str) -> Dispute | None:
    """This function will return the dispute of a name, which is `provider:id at the provider`."""
    provider, _, provider_id = name.partition(":")
    rows = db.fetch(sql.load(_HERE, "find"), (provider, provider_id))
    return _dispute(rows[0]) if rows else None


def read_disputes(*, intent_id: int) -> list[Dispute]:
    """This function will return every dispute about a payment, the oldest first."""
    return [_dispute(row) for row in db.fetch(sql.load(_HERE, "of_payment"), (intent_id,))]


def lock_disputes(*, intent_id: int) -> list[Dispute]:
    """This function will lock the disputes about a payment until the caller's transaction ends, and return them."""
    return [_dispute(row) for row in db.fetch(sql.load(_HERE, "lock_of_payment"), (intent_id,))]


def read_open(*, limit: int) -> list[Dispute]:
    """This function will return up to `limit` open disputes: those whose evidence is due first, then the others."""
    return [_dispute(row) for row in db.fetch(sql.load(_HERE, "read_open"), (limit,))]


def read_held() -> dict[int, list[Dispute]]:
    """This function will return every dispute that was not won, by payment; they are few."""
    held: dict[int, list[Dispute]] = {}
    for row in db.fetch(sql.load(_HERE, "read_held")):
        dispute = _dispute(row)
        held.setdefault(dispute.intent_id, []).append(dispute)
    return held


def stream_booked() -> Iterator[tuple[str, State, Money]]:
    """This function will give (name, OPENED, WON or LOST, amount) for all that disputes did to money.

    In the order of names, LOST before OPENED before WON; the caller's transaction.
    """
    for name, state, amount, currency in db.stream(sql.load(_HERE, "stream_booked")):
        yield name, State(state), Money(amount=amount, currency=currency)


def stream_holding() -> Iterator[tuple[int, str, bool]]:
    """This function will give (order id, name, whether it is lost) for each dispute that holds its order.

    That is every open one, and a lost one whose money had bought the order. In that order; the caller's transaction.
    """
    return db.stream(sql.load(_HERE, "stream_holding"))


def find_history_differences() -> list[HistoryDifference]:
    """This function will return every dispute whose moves do not tell how it came to its state."""
    return [
        HistoryDifference(dispute_id=dispute_id, state=state, last_move=last_move)
        for dispute_id, state, last_move in db.fetch(sql.load(_HERE, "history_differences"))
    ]


def _dispute(row: Sequence[Any]) -> Dispute:
    return Dispute(
        id=row[0],
        provider=row[1],
        provider_id=row[2],
        intent_id=row[3],
        order_id=row[4],
        is_sale=row[5],
        state=State(row[6]),
        amount=Money(amount=row[7], currency=row[8]),
        fee=row[9],
        reason=row[10],
        evidence_due_at=row[11],
        opened_at=row[12],
        closed_at=row[13],
    )
