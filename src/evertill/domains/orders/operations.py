"""Writes of orders. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import psycopg

from evertill.domains.orders import rules
from evertill.domains.orders.queries import find_holds
from evertill.domains.orders.types import Due, EventKind, Happened, Keyed, Pieces, State
from evertill.kernel import db, notices, sql
from evertill.kernel.arrays import Bigints, Ints, Texts, Uuids
from evertill.kernel.errors import EvertillError

_HERE = "evertill.domains.orders"
# Which of the three is met first is PostgreSQL's choice.
_PRIMARY_KEYS = {"orders_order_pkey", "orders_line_pkey", "orders_event_pkey"}
# A lookup is a tenth of the price of State(…).
_STATES = {state.value: state for state in State}
_EVENTS = {
    State.PAID: "order.paid",
    State.REFUNDED: "order.refunded",
    State.CANCELLED: "order.cancelled",
    State.EXPIRED: "order.expired",
}


# On which listeners hear that an order has moved.
CHANNEL = "evertill_orders"


class NumberTaken(EvertillError):
    """A new order's identifier is another order's already; the transaction is lost, and new identifiers are needed.

    It takes a flood to see one: at 15,000 orders a second a few batches a minute draw a number twice.
    """

    code = "NUMBER_TAKEN"
    status = "internal"
    remedy = "Place the orders again under new numbers."


def claim_keys(*, digests: Sequence[bytes]) -> db.Later[list[bool]]:
    """This function will ask to claim each key until the transaction ends; the answer says for each whether it got it.

    A key that it did not get is in flight in another transaction. Two different keys share a lock with probability
    2⁻⁶⁴; the later one is then told to come back, which is harmless.
    """
    keys = [int.from_bytes(digest[:8], "big", signed=True) for digest in digests]
    return db.ask(sql.load(_HERE, "claim_keys"), (Bigints(keys),), shape=lambda rows: [taken for (taken,) in rows])


def record(*, keyed: Sequence[Keyed], placed_at: dt.datetime, reserved_until: dt.datetime, receipt_batch: int) -> None:
    """This function will write new orders with their lines and first events; raises NumberTaken.

    `receipt_batch` is the batch of receipts that they are acknowledged with. A key that is used already violates
    orders_order_once_per_key; callers claim and look first.
    """
    orders = [k.order for k in keyed]
    order_ids = Bigints([order.id for order in orders])
    lines = [(order.id, place, line) for order in orders for place, line in enumerate(order.lines)]
    _insert(
        (
            placed_at,
            reserved_until,
            receipt_batch,
            order_ids,
            Texts([order.currency for order in orders]),
            Bigints([order.total for order in orders]),
            Texts([order.email for order in orders]),
            Texts([order.phone for order in orders]),
            Texts([order.language for order in orders]),
            # Nobody has the account 0.
            Bigints([order.account_id or 0 for order in orders]),
            Uuids([k.key_digest for k in keyed]),
            Uuids([k.body_digest for k in keyed]),
            Bigints([order_id for order_id, _, _ in lines]),
            Ints([place for _, place, _ in lines]),
            Texts([line.sku for _, _, line in lines]),
            Texts([line.title for _, _, line in lines]),
            Ints([line.quantity for _, _, line in lines]),
            Bigints([line.unit_price for _, _, line in lines]),
            placed_at,
            order_ids,
        ),
    )


def _insert(params: Sequence[Any]) -> None:
    try:
        db.execute(sql.load(_HERE, "record"), params)
    except psycopg.errors.UniqueViolation as violation:
        if violation.diag.constraint_name in _PRIMARY_KEYS:
            raise NumberTaken("An order number was drawn twice.") from violation
        raise


def lock_expired(*, now: dt.datetime, limit: int) -> list[int]:
    """This function will lock up to `limit` orders whose reservation has run out, and return their ids."""
    return [order_id for (order_id,) in db.fetch(sql.load(_HERE, "lock_expired"), (now, limit))]


def lock_order(*, order_id: int) -> State | None:
    """This function will lock one order until the caller's transaction ends, and return its state; None: no such."""
    rows = db.fetch(sql.load(_HERE, "lock_order"), (order_id,))
    return State(rows[0][0]) if rows else None


def hold(*, order_ids: Sequence[int], reason: str, subject: str, actor: str, now: dt.datetime) -> set[int]:
    """This function will hold orders, so that nobody hands over their goods, and return the ids not so held before.

    An order may be held for several reasons and subjects at once; each counts once. It locks the orders.
    """
    lock_orders(order_ids=order_ids)
    rows = db.fetch(sql.load(_HERE, "hold"), (reason, subject, actor, now, Bigints(order_ids)))
    return {order_id for (order_id,) in rows}


def release_holds(*, order_ids: Sequence[int], subject: str, actor: str, now: dt.datetime) -> set[int]:
    """This function will release what holds orders because of a subject, and return the ids that were held so.

    What holds them because of other subjects stays. It locks the orders.
    """
    lock_orders(order_ids=order_ids)
    rows = db.fetch(sql.load(_HERE, "release_holds"), (now, actor, Bigints(order_ids), subject))
    return {order_id for (order_id,) in rows}


def lock_orders(*, order_ids: Sequence[int]) -> dict[int, State]:
    """This function will lock orders, in their order, until the caller's transaction ends, and return their states."""
    rows = db.fetch(sql.load(_HERE, "lock_orders"), (Bigints(order_ids),))
    return {order_id: State(state) for order_id, state in rows}


def ready_to_fulfil(*, order_ids: Sequence[int]) -> set[int]:
    """This function will lock orders and return those whose goods may be handed over: PAID, and held by nothing.

    Nobody can hold one of them before the caller's transaction ends, so hand over, or note that it is begun, in it.
    """
    states = lock_orders(order_ids=order_ids)
    # Asked only now: a statement that waits for a lock does not see what others wrote beside it meanwhile.
    held = find_holds(order_ids=order_ids)
    return {order_id for order_id, state in states.items() if state is State.PAID and order_id not in held}


def extend_reservation(*, order_id: int, lasting: dt.timedelta) -> None:
    """This function will keep the goods of an unpaid order for so long after it was placed, if that is longer than now.

    It counts from when the order was placed, so that asking again and again keeps nothing for longer. An order that is
    paid or has ended stays as it is.
    """
    db.execute(sql.load(_HERE, "extend_reservation"), (lasting, order_id))


def lock_due(*, order_ids: Sequence[int]) -> db.Later[dict[int, Due]]:
    """This function will ask to lock orders, in the order of their ids, until the caller's transaction ends.

    The answer tells what each owes once the locks are held; an id that does not exist is missing from it.
    """
    return db.ask(sql.load(_HERE, "lock_due"), (Bigints(sorted(order_ids)),), shape=_due)


def _due(rows: Sequence[Any]) -> dict[int, Due]:
    return {
        order_id: Due(
            state=_STATES[state],
            total=total,
            currency=currency,
            email=email,
            phone=phone,
            language=language,
            account_id=account_id,
        )
        for order_id, state, total, currency, email, phone, language, account_id in rows
    }


def change_state(*, order_ids: Sequence[int], to: State, actor: str, now: dt.datetime) -> set[int]:
    """This function will move orders to a state where the table of moves allows it, and return the ids that moved.

    The caller has locked them before, so that their events are numbered one by one; whoever watches them is told.
    """
    return ask_to_change_state(order_ids=order_ids, to=to, actor=actor, now=now).get()


def ask_to_change_state(*, order_ids: Sequence[int], to: State, actor: str, now: dt.datetime) -> db.Later[set[int]]:
    """This function will ask for what change_state does."""
    notices.announce(channel=CHANNEL, subjects=order_ids)
    return db.ask(
        sql.load(_HERE, "change_state"),
        (to.value, Bigints(order_ids), Texts([s.value for s in rules.sources_of(to)]), _EVENTS[to], actor, now),
        shape=lambda rows: {order_id for (order_id,) in rows},
    )


def note(*, order_id: int, kind: EventKind, actor: str, now: dt.datetime) -> None:
    """This function will add to an order's history what happened about it without moving it; whoever watches is told.

    It locks the order. A payment's lock is taken before an order's, as everywhere.
    """
    # A statement of its own: one that waits for a lock does not see the events that were written meanwhile.
    if lock_order(order_id=order_id) is None:
        return
    db.execute(sql.load(_HERE, "note"), (order_id, kind.value, actor, now, order_id))
    notices.announce(channel=CHANNEL, subjects=[order_id])


def claim_unsealed(*, limit: int) -> list[Happened]:
    """This function will take up to `limit` events that are not journalled yet; the caller does that, or rolls back.

    What somebody else takes at the moment is left to him.
    """
    rows = db.fetch(sql.load(_HERE, "claim_unsealed"), (limit,))
    return [
        Happened(order_id=order_id, position=position, kind=kind, actor=actor, happened_at=happened_at)
        for order_id, position, kind, actor, happened_at in rows
    ]


def lock_unreceipted(*, limit: int) -> list[int]:
    """This function will lock up to `limit` orders that were acknowledged without a receipt, and return their ids."""
    return [order_id for (order_id,) in db.fetch(sql.load(_HERE, "lock_unreceipted"), (limit,))]


def give_receipt_batch(*, order_ids: Sequence[int], receipt_batch: int) -> None:
    """This function will note the batch of receipts of orders that had none; the caller has locked them."""
    db.execute(sql.load(_HERE, "give_batch"), (receipt_batch, Bigints(order_ids)))


def queue_events(*, order_ids: Sequence[int]) -> None:
    """This function will have the events of these orders journalled, none of which ever was."""
    db.execute(sql.load(_HERE, "queue_events"), (Bigints(order_ids),))


def queue_places(*, places: Sequence[tuple[int, int]]) -> None:
    """This function will have single events, by order and position, journalled, which never were."""
    params = Bigints([order_id for order_id, _ in places]), Ints([position for _, position in places])
    db.execute(sql.load(_HERE, "queue_places"), params)


def claim(*, account_id: int, email: str = "", phone: str = "", placed_after: dt.datetime, limit: int) -> int:
    """This function will give an account guests' orders placed with an address or a number, and return how many.

    Fewer than `limit` means that none is left. The caller knows that the address, or the number (E.164), is the
    account's. Case is not looked at, in addresses. An order that is an account's already stays its.
    """
    return db.execute(
        sql.load(_HERE, "claim_by_email" if email else "claim_by_phone"),
        {"address": email or phone, "account_id": account_id, "placed_after": placed_after, "limit": limit},
    )


def pseudonymise(*, account_id: int, limit: int) -> list[int]:
    """This function will take addresses and numbers out of an account's orders, and return those that had any.

    What staff noted about them goes too.
    Fewer than `limit` means that none is left. Nobody is told of these orders any more.
    """
    rows = db.fetch(sql.load(_HERE, "pseudonymise"), {"account_id": account_id, "nobody": rules.NOBODY, "limit": limit})
    forgotten = [order_id for (order_id,) in rows]
    db.execute(sql.load(_HERE, "forget_found"), (Bigints(forgotten),))
    db.execute(sql.load(_HERE, "forget_notes"), (Bigints(forgotten),))
    return forgotten


def add_note(*, note_id: int, order_id: int, text: str, by: str, now: dt.datetime) -> bool:
    """This function will keep what staff say about an order, and return whether there is such an order."""
    return bool(db.fetch(sql.load(_HERE, "add_note"), (note_id, text, by, now, order_id)))


def promise_return(
    *, order_id: int, refund_id: int, pieces: Sequence[Pieces], restock: bool, actor: str, now: dt.datetime
) -> None:
    """This function will note that a refund gives back pieces of an order, one entry per line; raises TooManyPieces.

    The caller has locked the order. `restock` is kept for when the refund succeeds.
    """
    promised = db.execute(
        sql.load(_HERE, "promise_return"),
        {
            "order_id": order_id,
            "refund_id": refund_id,
            "positions": Ints([part.position for part in pieces]),
            "quantities": Ints([part.quantity for part in pieces]),
            "restock": restock,
            "actor": actor,
            "now": now,
        },
    )
    if promised != len(pieces):
        raise rules.TooManyPieces("More pieces are to be given back than were bought and not given back yet.")


def finish_return(*, refund_id: int, is_done: bool, now: dt.datetime) -> None:
    """This function will end what a refund promised of its order; the caller has locked the order.

    Pieces of a refund that is not done may be given back by another.
    """
    db.execute(sql.load(_HERE, "finish_return"), {"refund_id": refund_id, "is_done": is_done, "now": now})
