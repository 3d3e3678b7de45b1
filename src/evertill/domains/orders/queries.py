"""Reads of orders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import psycopg

from evertill.domains.orders.types import (
    Acknowledged,
    Event,
    Happening,
    HistoryDifference,
    Hold,
    HoldReason,
    Keyed,
    Line,
    Note,
    Order,
    PastHold,
    Pieces,
    Return,
    ReturnDifference,
    State,
    Told,
    TotalDifference,
)
from evertill.kernel import db, ids, scopes, sql
from evertill.kernel.arrays import Bigints, Ints, Uuids
from evertill.kernel.money import Money

_HERE = "evertill.domains.orders"
# Of a row that begins with an order's own columns.
_ORDER_COLUMNS = 10
# Orders that are in memory at a time while all of an account's are given.
_PAGE = 500
# Rows of another shop that are fetched at a time.
_STREAMED = 5_000


def find_by_keys(*, digests: Sequence[bytes]) -> db.Later[dict[bytes, Keyed]]:
    """This function will ask for the orders that were placed under these keys, by key digest."""
    return db.ask(sql.load(_HERE, "find_by_keys"), (Uuids(digests),), shape=_by_key)


def _by_key(rows: Sequence[Any]) -> dict[bytes, Keyed]:
    if not rows:
        return {}
    orders = _with_lines([row[:-2] for row in rows])
    return {
        key.bytes: Keyed(order=orders[order_id], key_digest=key.bytes, body_digest=body.bytes)
        for order_id, *_, key, body in rows
    }


def read_keys(*, order_ids: Sequence[int]) -> dict[int, tuple[bytes, bytes]]:
    """This function will return the digests of the keys, and of the bodies, with which orders were asked for."""
    rows = db.fetch(sql.load(_HERE, "read_keys"), (Bigints(order_ids),))
    return {order_id: (key.bytes, body.bytes) for order_id, key, body in rows}


def read_orders(*, order_ids: Sequence[int]) -> dict[int, Order]:
    """This function will read orders with their lines; an id that does not exist is missing from the answer."""
    return _with_lines(db.fetch(sql.load(_HERE, "read_orders"), (Bigints(order_ids),)))


def read_order(*, order_id: int) -> Order | None:
    """This function will read an order with its lines, narrowed to whom it is read for; None: no such order for him."""
    rows = scopes.fetch(sql.load(_HERE, "read_order"), (order_id,))
    if not rows:
        return None
    # Without any line there is one row, with nothing in it.
    lines = [_line(row[_ORDER_COLUMNS:]) for row in rows if row[_ORDER_COLUMNS] is not None]
    return _order(rows[0][:_ORDER_COLUMNS], lines)


def read_lines(*, order_ids: Sequence[int]) -> dict[int, list[Line]]:
    """This function will read the lines of orders, in their places."""
    lines: dict[int, list[Line]] = {order_id: [] for order_id in order_ids}
    rows = db.fetch(sql.load(_HERE, "lines_of"), (Bigints(order_ids),))
    for order_id, *line in rows:
        lines[order_id].append(_line(line))
    return lines


def _line(row: Sequence[Any]) -> Line:
    sku, title, quantity, unit_price, returned = row
    return Line(sku=sku, title=title, quantity=quantity, unit_price=unit_price, returned=returned)


def read_returns(*, refund_ids: Iterable[int]) -> dict[int, Return]:
    """This function will read what refunds give back; a refund of an amount alone is missing from the answer."""
    pieces: dict[int, list[Pieces]] = {}
    restocked: set[int] = set()
    rows = db.fetch(sql.load(_HERE, "read_returns"), (Bigints(sorted(refund_ids)),))
    for refund_id, position, sku, quantity, unit_price, restock in rows:
        part = Pieces(position=position, sku=sku, quantity=quantity, unit_price=unit_price)
        pieces.setdefault(refund_id, []).append(part)
        if restock:
            restocked.add(refund_id)
    return {
        refund_id: Return(pieces=tuple(parts), restock=refund_id in restocked) for refund_id, parts in pieces.items()
    }


def read_owner(*, order_id: int) -> int | None:
    """This function will return the account that an order belongs to; None: a guest's, or no such order."""
    rows = db.fetch(sql.load(_HERE, "read_owner"), (order_id,))
    return rows[0][0] if rows else None


def read_receipt_batches(*, order_ids: Sequence[int]) -> dict[int, int]:
    """This function will return the batches of receipts that orders were acknowledged with.

    One from before there were receipts is missing from the answer, like one that does not exist.
    """
    return dict(db.fetch(sql.load(_HERE, "receipt_batches"), (Bigints(order_ids),)))


def list_of_account(*, account_id: int, behind: int | None = None, limit: int) -> list[Order]:
    """This function will return an account's orders with their lines, the latest first, from behind one of them on.

    Behind an order that is not the account's there is nothing.
    """
    rows = db.fetch(sql.load(_HERE, "list_of_account"), {"account_id": account_id, "behind": behind, "limit": limit})
    return list(_with_lines(rows).values())


def stream_of_account(*, account_id: int) -> Iterator[Order]:
    """This function will give all of an account's orders with their lines, the latest first.

    The caller holds a transaction.
    """
    behind: int | None = None
    while page := list_of_account(account_id=account_id, behind=behind, limit=_PAGE):
        yield from page
        behind = page[-1].id


def find_pieces(*, order_ids: Sequence[int]) -> db.Later[dict[int, dict[str, int]]]:
    """This function will ask how many pieces of each SKU orders have, by order."""
    return db.ask(sql.load(_HERE, "pieces_of"), (Bigints(order_ids),), shape=_pieces)


def _pieces(rows: Sequence[Any]) -> dict[int, dict[str, int]]:
    pieces: dict[int, dict[str, int]] = {}
    for order_id, sku, quantity in rows:
        wanted = pieces.setdefault(order_id, {})
        wanted[sku] = wanted.get(sku, 0) + quantity
    return pieces


def _with_lines(rows: Sequence[Any]) -> dict[int, Order]:
    lines = read_lines(order_ids=[row[0] for row in rows])
    return {row[0]: _order(row, lines[row[0]]) for row in rows}


def _order(row: Sequence[Any], lines: Sequence[Line]) -> Order:
    order_id, state, currency, total, email, phone, language, account_id, placed_at, reserved_until = row
    return Order(
        id=order_id,
        state=State(state),
        currency=currency,
        total=total,
        email=email,
        phone=phone,
        language=language,
        account_id=account_id,
        placed_at=placed_at,
        reserved_until=reserved_until,
        lines=tuple(lines),
    )


def read_events(*, after: Mapping[int, int], limit: int) -> dict[int, Told]:
    """This function will read what happened to orders after a position of each, -1 for all, at most `limit` of each.

    An id that does not exist is missing from the answer.
    """
    rows = db.fetch(sql.load(_HERE, "read_events"), (Bigints(list(after)), Ints(list(after.values())), limit))
    states: dict[int, State] = {}
    events: dict[int, list[Event]] = {}
    for order_id, state, position, kind, was, happened_at in rows:
        states[order_id] = State(state)
        told = events.setdefault(order_id, [])
        if position is not None:
            told.append(Event(position=position, kind=kind, state=_moved_to(was), happened_at=happened_at))
    return {order_id: Told(state=state, events=tuple(events[order_id])) for order_id, state in states.items()}


def _moved_to(kind: str) -> State:
    return State(kind.removeprefix("order.").upper())


def find_holds(*, order_ids: Sequence[int]) -> dict[int, list[Hold]]:
    """This function will return what holds orders, the oldest first; an order that nothing holds is missing."""
    found: dict[int, list[Hold]] = {}
    rows = db.fetch(sql.load(_HERE, "find_holds"), (Bigints(order_ids),))
    for order_id, reason, subject, actor, held_at in rows:
        one = Hold(order_id=order_id, reason=reason, subject=subject, actor=actor, held_at=held_at)
        found.setdefault(order_id, []).append(one)
    return found


def read_holds(*, order_id: int, limit: int) -> list[PastHold]:
    """This function will return what holds an order and what has held it, the oldest first."""
    rows = db.fetch(sql.load(_HERE, "read_holds"), (order_id, limit))
    return [
        PastHold(reason=reason, subject=subject, actor=actor, held_at=held_at, released_at=released_at, released_by=by)
        for reason, subject, actor, held_at, released_at, by in rows
    ]


def read_happenings(*, order_id: int, limit: int) -> list[Happening]:
    """This function will return what happened to an order and who did it, the first first."""
    return [
        Happening(position=position, kind=kind, actor=actor, happened_at=happened_at)
        for position, kind, actor, happened_at in db.fetch(sql.load(_HERE, "read_story"), (order_id, limit))
    ]


def read_notes_of(*, order_ids: Iterable[int]) -> dict[int, list[Note]]:
    """This function will return what staff said about some orders, the first first, by order."""
    found: dict[int, list[Note]] = {}
    for order_id, note_id, text, by, at in db.fetch(sql.load(_HERE, "read_notes_of"), (Bigints(list(order_ids)),)):
        found.setdefault(order_id, []).append(Note(id=note_id, text=text, written_by=by, written_at=at))
    return found


def read_notes(*, order_id: int, limit: int) -> list[Note]:
    """This function will return what staff said about an order, the first first."""
    return [
        Note(id=note_id, text=text, written_by=by, written_at=at)
        for note_id, text, by, at in db.fetch(sql.load(_HERE, "read_notes"), (order_id, limit))
    ]


def stream_disputed_holds() -> Iterator[tuple[int, str, bool]]:
    """This function will give (order id, subject, whether it is lost) for each hold by a dispute.

    In the order of ids and subjects; the caller's transaction.
    """
    for order_id, subject, reason in db.stream(sql.load(_HERE, "disputed_holds")):
        yield order_id, subject, reason == HoldReason.DISPUTE_LOST


def stream_review_holds() -> Iterator[tuple[int, str]]:
    """This function will give (order id, subject) for each hold by a review; the caller's transaction."""
    yield from db.stream(sql.load(_HERE, "review_holds"))


def fingerprint(*, placed_before: dt.datetime) -> tuple[int, int]:
    """This function will return how many orders were placed before a moment, and a number that stands for their set."""
    ((count, number),) = db.fetch(sql.load(_HERE, "fingerprint"), (placed_before,))
    return int(count), int(number)


def count_since(*, moment: dt.datetime) -> int:
    """This function will return how many orders were placed at a moment or after it."""
    ((count,),) = db.fetch(sql.load(_HERE, "count_since"), (ids.first_of(moment), moment))
    return int(count)


def find_total_differences() -> list[TotalDifference]:
    """This function will return every order that is not the sum of its lines; a sound shop has none."""
    return [
        TotalDifference(order_id=order_id, total=total, total_of_lines=of_lines)
        for order_id, total, of_lines in db.fetch(sql.load(_HERE, "total_differences"))
    ]


def find_history_differences() -> list[HistoryDifference]:
    """This function will return every order whose events do not tell how it came to its state."""
    return [
        HistoryDifference(order_id=order_id, state=state, last_event=last_event)
        for order_id, state, last_event in db.fetch(sql.load(_HERE, "history_differences"))
    ]


def find_return_differences() -> list[ReturnDifference]:
    """This function will return every line whose returned pieces are not the sum of what refunds give back of it."""
    return [
        ReturnDifference(order_id=order_id, position=position, returned=returned, by_returns=by_returns)
        for order_id, position, returned, by_returns in db.fetch(sql.load(_HERE, "return_differences"))
    ]


def stream_paid() -> Iterator[tuple[int, Money]]:
    """This function will give (order id, total) of orders that were paid, in that order; the caller's transaction."""
    for order_id, total, currency in db.stream(sql.load(_HERE, "stream_paid")):
        yield order_id, Money(amount=total, currency=currency)


def stream_pieces_held() -> Iterator[tuple[int, str, int]]:
    """This function will give (order id, SKU, pieces) for what orders hold, in that order; the caller's transaction."""
    return db.stream(sql.load(_HERE, "pieces_held"))


def stream_pieces_restocked() -> Iterator[tuple[int, str, int]]:
    """This function will give (order id, SKU, pieces) for what went back on sale, in that order; as above."""
    return db.stream(sql.load(_HERE, "pieces_restocked"))


def stream_standing(database: psycopg.Connection[Any]) -> Iterator[tuple[int, dt.datetime, str, int, str]]:
    """This function will give id, moment, state, total and currency of each order of another shop, in their order.

    `database` is a connection to that shop's, in a transaction.
    """
    with database.cursor(name="standing") as cursor:
        cursor.itersize = _STREAMED
        yield from cursor.execute(sql.load(_HERE, "stream_standing"))


def stream_facts() -> Iterator[Acknowledged]:
    """This function will give every order by its id, as receipts tell it; the caller holds a transaction."""
    for order_id, batch, facts, email, phone in db.stream(sql.load(_HERE, "stream_facts")):
        yield Acknowledged(order_id, batch, bytes(facts), email, phone)


def stream_journal() -> Iterator[tuple[int, int, bool, bytes]]:
    """This function will give every event behind the first of each order, with its canonical bytes, in their order.

    Its order, position, and whether it waits to be journalled. The caller holds a transaction.
    """
    for order_id, position, is_queued, content in db.stream(sql.load(_HERE, "stream_journal")):
        yield order_id, position, is_queued, bytes(content)
