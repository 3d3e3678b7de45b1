"""Deliver codes: paid orders get theirs, each piece one code and no code twice, and the customer is told.

An order gets all of its codes or waits. What a refund has given back meanwhile gets none; a held order waits.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from evertill.domains import fulfilment, orders
from evertill.domains.fulfilment import Owed, Slot
from evertill.journeys.tell_customers import tell_codes
from evertill.kernel import config, db

# Who waits is looked at again after so long.
_AGAIN = dt.timedelta(minutes=2)
_ACTOR = "JOB:deliver_codes"


def deliver_codes(*, now: dt.datetime) -> int:
    """This function will give a batch of paid orders their codes, in one transaction, and return how many it looked at.

    Safe to run twice at once, and to be cut off at any moment.
    """
    with db.write():
        due = fulfilment.lock_due(now=now, limit=config.get().codes_batch_max)
        if due:
            _deliver(due, now=now)
    return len(due)


def _deliver(due: Sequence[int], *, now: dt.datetime) -> None:
    ready = orders.ready_to_fulfil(order_ids=due)
    known = orders.read_orders(order_ids=due)
    ended = [order_id for order_id, order in known.items() if order.state is not orders.State.PAID]
    coded = fulfilment.find_pools(skus={line.sku for order in known.values() for line in order.lines})
    wanted = {order_id: _slots(known[order_id], coded) for order_id in sorted(ready)}
    given = _allot(wanted)
    pairs = [pair for one in given.values() for pair in one]
    if pairs:
        fulfilment.give(slots=pairs, now=now)
    fulfilment.end_given(given=_counted({order_id: wanted[order_id] for order_id in given}), now=now)
    # Of what they still wait for nothing is left to be given.
    fulfilment.end_void(order_ids=[*ended, *given], now=now)
    fulfilment.postpone(
        order_ids=[order_id for order_id in due if order_id not in given and order_id not in ended], until=now + _AGAIN
    )
    delivered = [known[order_id] for order_id, pairs in given.items() if pairs]
    for order in delivered:
        orders.note(order_id=order.id, kind=orders.EventKind.CODES_DELIVERED, actor=_ACTOR, now=now)
    tell_codes(delivered=delivered, now=now)


def _slots(order: orders.Order, coded: Collection[str]) -> list[Slot]:
    """Return the pieces of an order that codes are for, whether they have one or not; not what was given back."""
    return [
        Slot(order_id=order.id, position=position, piece=piece, sku=line.sku)
        for position, line in enumerate(order.lines)
        if line.sku in coded
        for piece in range(line.quantity - line.returned)
    ]


def _allot(wanted: Mapping[int, Sequence[Slot]]) -> dict[int, list[tuple[int, Slot]]]:
    """Return a free code for each piece that has none, of those orders that can have all of theirs."""
    open_ = {order_id: _open(order_id, slots) for order_id, slots in wanted.items()}
    counts = Counter(slot.sku for slots in open_.values() for slot in slots)
    free = fulfilment.lock_free(wanted=counts) if counts else {}
    given: dict[int, list[tuple[int, Slot]]] = {}
    for order_id, slots in open_.items():
        need = Counter(slot.sku for slot in slots)
        if all(len(free[sku]) >= count for sku, count in need.items()):
            given[order_id] = [(free[slot.sku].pop(0), slot) for slot in slots]
    return given


def _open(order_id: int, slots: Sequence[Slot]) -> list[Slot]:
    has = {(code.position, code.piece) for code in fulfilment.read_given(order_id=order_id)}
    return [slot for slot in slots if (slot.position, slot.piece) not in has]


def _counted(given: Mapping[int, Sequence[Slot]]) -> list[Owed]:
    counts = Counter((order_id, slot.sku) for order_id, slots in given.items() for slot in slots)
    return [Owed(order_id=order_id, sku=sku, pieces=pieces) for (order_id, sku), pieces in counts.items()]
