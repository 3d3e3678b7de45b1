"""Reads of payments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from evertill.domains.payments.types import (
    Ending,
    HistoryDifference,
    Intent,
    Moved,
    Next,
    Paid,
    Refund,
    RefundDifference,
    RefundKind,
    RefundState,
    State,
    Taken,
    ToldRefund,
)
from evertill.kernel import db, ids, sql
from evertill.kernel.arrays import Bigints, Texts, Uuids
from evertill.kernel.money import Money

_HERE = "evertill.domains.payments"


def read_intents(*, intent_ids: Iterable[int]) -> dict[int, Intent]:
    """This function will read payments; an id that does not exist is missing from the answer."""
    rows = db.fetch(sql.load(_HERE, "read_intents"), (Bigints(sorted(intent_ids)),))
    return {row[0]: _intent(row) for row in rows}


def find_intent(*, key_digest: bytes) -> Intent | None:
    """This function will return the payment that was asked for under a key."""
    rows = db.fetch(sql.load(_HERE, "find_intent"), (UUID(bytes=key_digest),))
    return _intent(rows[0]) if rows else None


def find_intent_ids(*, provider: str, provider_ids: Sequence[str]) -> dict[str, int]:
    """This function will return the ids of those payments that a provider knows by ids of its own."""
    return dict(db.fetch(sql.load(_HERE, "find_intent_ids"), (Texts(provider_ids), provider)))


def find_buyer(*, order_id: int) -> int | None:
    """This function will return the id of the payment that bought an order."""
    rows = db.fetch(sql.load(_HERE, "find_buyer"), (order_id,))
    return rows[0][0] if rows else None


def find_by_keys(*, digests: Sequence[bytes]) -> db.Later[dict[bytes, Intent]]:
    """This function will ask for the payments that were asked for under these keys, by key digest."""
    return db.ask(
        sql.load(_HERE, "find_by_keys"),
        (Uuids(digests),),
        shape=lambda rows: {row[-1].bytes: _intent(row) for row in rows},
    )


def read_keys(*, intent_ids: Sequence[int]) -> dict[int, bytes]:
    """This function will return the digests of the keys under which payments were asked for."""
    rows = db.fetch(sql.load(_HERE, "read_keys"), (Bigints(sorted(intent_ids)),))
    return {intent_id: key.bytes for intent_id, key in rows}


def lock_intent(*, intent_id: int) -> Intent | None:
    """This function will lock one payment until the caller's transaction ends, and read it as it is then."""
    rows = db.fetch(sql.load(_HERE, "lock_intent"), (intent_id,))
    return _intent(rows[0]) if rows else None


def find_by_provider_id(*, provider: str, provider_id: str) -> Intent | None:
    """This function will return the payment that a provider knows by an id of its own."""
    rows = db.fetch(sql.load(_HERE, "find_by_provider_id"), (provider, provider_id))
    return _intent(rows[0]) if rows else None


def seek_by_provider_id(*, provider_id: str) -> list[int]:
    """This function will return the ids of payments that any provider knows by this id of its own."""
    rows = db.fetch(sql.load(_HERE, "seek_provider_ids"), (provider_id,))
    return [intent_id for (intent_id,) in rows]


def read_waiting(*, providers: Sequence[str], limit: int) -> list[Intent]:
    """This function will return up to `limit` payments of these providers that wait for their money, oldest first."""
    rows = db.fetch(sql.load(_HERE, "waiting_intents"), (Texts(providers), limit))
    return [_intent(row) for row in rows]


def read_waiting_refunds(*, providers: Sequence[str], limit: int) -> list[Refund]:
    """This function will return up to `limit` refunds of these providers that have not been sent, oldest first."""
    rows = db.fetch(sql.load(_HERE, "waiting_refunds"), (Texts(providers), limit))
    return [_refund(row) for row in rows]


def list_refunds(*, states: Sequence[RefundState], behind: int | None, limit: int) -> list[tuple[Refund, dt.datetime]]:
    """This function will return up to `limit` refunds in these states behind an id, the latest first, with when."""
    values = (2**62 if behind is None else behind, Texts([state.value for state in states]), limit)
    # Which index is best depends on how many are in these states.
    rows = db.fetch(sql.load(_HERE, "list_refunds"), values, is_planned_anew=True)
    return [(_refund(row[:-1]), row[-1]) for row in rows]


def read_unfinished(*, limit: int) -> list[Intent]:
    """This function will return up to `limit` payments that have not ended, those first that are looked after next."""
    return [_intent(row) for row in db.fetch(sql.load(_HERE, "unfinished_intents"), (limit,))]


def find_ours(*, intent_ids: Iterable[int]) -> set[tuple[str, int]]:
    """This function will return (provider, id) of those payments that are this shop's."""
    rows = db.fetch(sql.load(_HERE, "our_intents"), (Bigints(sorted(intent_ids)),))
    return {(name, intent_id) for intent_id, name in rows}


def find_due_to_follow(*, now: dt.datetime) -> list[str]:
    """This function will return the providers of payments and refunds that are due to be followed."""
    return [name for (name,) in db.fetch(sql.load(_HERE, "due_to_follow"), {"now": now})]


def find_due_to_handle(*, now: dt.datetime) -> list[str]:
    """This function will return the providers of webhooks that wait to be handled."""
    return [name for (name,) in db.fetch(sql.load(_HERE, "due_to_handle"), (now,))]


def read_refunds(*, refund_ids: Iterable[int]) -> dict[int, Refund]:
    """This function will read refunds; an id that does not exist is missing from the answer."""
    rows = db.fetch(sql.load(_HERE, "read_refunds"), (Bigints(sorted(refund_ids)),))
    return {row[0]: _refund(row) for row in rows}


def read_kept_refunds(*, intent_ids: Sequence[int]) -> list[tuple[Refund, str, bytes]]:
    """This function will return the refunds of payments, each with the provider's id or "", and its key's digest."""
    rows = db.fetch(sql.load(_HERE, "read_kept_refunds"), (Bigints(intent_ids),))
    return [(_refund(row[:8]), row[8], row[9].bytes) for row in rows]


def find_refund(*, key_digest: bytes) -> Refund | None:
    """This function will return the refund that was asked for under a key."""
    rows = db.fetch(sql.load(_HERE, "find_refund"), (UUID(bytes=key_digest),))
    return _refund(rows[0]) if rows else None


def find_refunds_of(*, intent_ids: Iterable[int]) -> list[tuple[int, int, str]]:
    """This function will return (payment id, refund id, the provider's id or "") of all refunds of payments."""
    return db.fetch(sql.load(_HERE, "refunds_of"), (Bigints(sorted(intent_ids)),))


def find_order_intents(*, order_id: int, limit: int) -> list[Intent]:
    """This function will return the payments of an order, the latest first."""
    return [_intent(row) for row in db.fetch(sql.load(_HERE, "order_intents"), (order_id, limit))]


def read_intents_of_orders(*, order_ids: Sequence[int]) -> dict[int, list[Intent]]:
    """This function will return the payments of orders, the latest first; an order without any is missing."""
    found: dict[int, list[Intent]] = {}
    for row in db.fetch(sql.load(_HERE, "intents_of_orders"), (Bigints(order_ids),)):
        intent = _intent(row)
        found.setdefault(intent.order_id, []).append(intent)
    return found


def find_order_refunds(*, order_id: int, limit: int) -> list[Refund]:
    """This function will return the refunds of an order's payments, the latest first."""
    return [_refund(row) for row in db.fetch(sql.load(_HERE, "order_refunds"), (order_id, limit))]


def find_said(*, reference: str, number: int | None) -> list[int]:
    """This function will return the orders of payments and refunds that somebody names, a handful at most.

    `number` is what a number of ours means (None: it is none), `reference` what a provider may call a payment.
    """
    params = {"id": -1 if number is None else number, "reference": reference}
    return [order_id for (order_id,) in db.fetch(sql.load(_HERE, "find_said"), params)]


def count_unfinished(*, limit: int) -> tuple[int, int]:
    """This function will count payments and refunds that are still followed, up to `limit` of each."""
    ((intents, refunds),) = db.fetch(sql.load(_HERE, "count_unfinished"), (limit, limit))
    return int(intents), int(refunds)


def read_moves(*, order_id: int, limit: int) -> list[Moved]:
    """This function will return how an order's payments came to their states, the first first."""
    return [
        Moved(intent_id=intent_id, position=position, state=State(state), actor=actor, why=why, moved_at=moved_at)
        for intent_id, position, state, actor, why, moved_at in db.fetch(
            sql.load(_HERE, "read_moves"), (order_id, limit)
        )
    ]


def read_told_refunds(*, order_id: int, limit: int) -> list[ToldRefund]:
    """This function will return the refunds of an order with their moments, the first first."""
    return [
        ToldRefund(
            id=refund_id,
            number=ids.to_number(refund_id),
            intent_id=intent_id,
            kind=RefundKind(kind),
            state=RefundState(state),
            amount=Money(amount=amount, currency=currency),
            reason=reason,
            actor=actor,
            requested_at=requested_at,
            done_at=done_at,
        )
        for refund_id, intent_id, kind, state, amount, currency, reason, actor, requested_at, done_at in db.fetch(
            sql.load(_HERE, "refunds_told"), (order_id, limit)
        )
    ]


def read_captured_at(*, intent_ids: Iterable[int]) -> dict[int, dt.datetime]:
    """This function will return when payments were captured; one that was not is missing from the answer."""
    return dict(db.fetch(sql.load(_HERE, "captured_at"), (Bigints(sorted(intent_ids)),)))


def read_refunded_at(*, refund_ids: Iterable[int]) -> dict[int, dt.datetime]:
    """This function will return when refunds came to their end; one that has not is missing from the answer."""
    return dict(db.fetch(sql.load(_HERE, "refunded_at"), (Bigints(sorted(refund_ids)),)))


def find_under_way(*, order_ids: Sequence[int]) -> set[int]:
    """This function will return those of some orders for which money is on its way, to the shop or back."""
    return {order_id for (order_id,) in db.fetch(sql.load(_HERE, "orders_under_way"), (Bigints(order_ids),))}


def find_sent(*, intent_id: int, provider_id: str) -> int | None:
    """This function will return the id of a payment's refund that was sent under an id of the provider's."""
    rows = db.fetch(sql.load(_HERE, "find_sent"), (intent_id, provider_id))
    return int(rows[0][0]) if rows else None


def sum_refunds(*, intent_id: int, kind: RefundKind) -> int:
    """This function will return how much of one kind a payment has given back, in minor units."""
    ((total, _),) = db.fetch(sql.load(_HERE, "sum_refunds"), (intent_id, kind.value))
    return int(total)


def sum_promised(*, intent_id: int, kind: RefundKind) -> int:
    """This function will return how much of one kind a payment has given back or promised to, in minor units."""
    ((_, total),) = db.fetch(sql.load(_HERE, "sum_refunds"), (intent_id, kind.value))
    return int(total)


def read_taken(*, order_ids: Iterable[int]) -> dict[int, Taken]:
    """This function will return what orders were paid, by order id; one that was not is missing from the answer."""
    rows = db.fetch(sql.load(_HERE, "taken_for_orders"), (Bigints(sorted(order_ids)),))
    return {order_id: Taken(captured=captured, refunded=refunded) for order_id, captured, refunded in rows}


def stream_captured() -> Iterator[Paid]:
    """This function will give every capture, in the order of ids; the caller's transaction."""
    for intent_id, order_id, amount, currency in db.stream(sql.load(_HERE, "stream_captured")):
        yield Paid(intent_id=intent_id, order_id=order_id, captured=Money(amount=amount, currency=currency))


def stream_bought() -> Iterator[tuple[int, Money]]:
    """This function will give (order id, price) for every payment that bought an order; the caller's transaction."""
    for order_id, amount, currency in db.stream(sql.load(_HERE, "stream_bought")):
        yield order_id, Money(amount=amount, currency=currency)


def stream_refunded() -> Iterator[tuple[int, Money]]:
    """This function will give (refund id, amount) for all that was given back; the caller's transaction."""
    for refund_id, amount, currency in db.stream(sql.load(_HERE, "stream_refunded")):
        yield refund_id, Money(amount=amount, currency=currency)


def stream_disputed() -> Iterator[tuple[int, int]]:
    """This function will give (payment id, minor units) where anything is disputed; the caller's transaction."""
    return db.stream(sql.load(_HERE, "stream_disputed"))


def find_refund_differences() -> list[RefundDifference]:
    """This function will return every payment that promises back more than it has, or another sum than its refunds."""
    return [
        RefundDifference(intent_id=intent_id, captured=captured, refunded=refunded, by_refunds=by_refunds)
        for intent_id, captured, refunded, by_refunds in db.fetch(sql.load(_HERE, "refund_differences"))
    ]


def find_history_differences() -> list[HistoryDifference]:
    """This function will return every payment whose moves do not tell how it came to its state."""
    return [
        HistoryDifference(intent_id=intent_id, state=state, last_move=last_move)
        for intent_id, state, last_move in db.fetch(sql.load(_HERE, "history_differences"))
    ]


def _intent(row: Sequence[Any]) -> Intent:
    captured, captured_currency, refunded, disputed, ending = row[7:12]
    return Intent(
        id=row[0],
        number=ids.to_number(row[0]),
        order_id=row[1],
        provider=row[2],
        way=row[3],
        state=State(row[4]),
        expected=Money(amount=row[5], currency=row[6]),
        captured=Money(amount=captured, currency=captured_currency) if captured else None,
        refunded=refunded,
        disputed=disputed,
        ending=Ending(ending) if ending else None,
        provider_id=row[12],
        reason=row[13],
        next=Next(kind=row[14], value=row[15]) if row[14] else None,
        created_at=row[16],
        body_digest=row[17].bytes,
    )


def _refund(row: Sequence[Any]) -> Refund:
    refund_id, intent_id, kind, state, amount, reason, actor, body_digest = row
    return Refund(
        id=refund_id,
        number=ids.to_number(refund_id),
        intent_id=intent_id,
        kind=RefundKind(kind),
        state=RefundState(state),
        amount=amount,
        reason=reason,
        actor=actor,
        body_digest=body_digest.bytes if body_digest else None,
    )
