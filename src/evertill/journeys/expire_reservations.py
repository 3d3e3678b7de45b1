"""Expire reservations: orders that were not paid in time end, and their goods return to sale."""

from __future__ import annotations

import datetime as dt

from evertill.domains import orders, stock
from evertill.kernel import config, db

# Who moved the order, in its history.
ACTOR = "clock"


def expire_reservations(*, now: dt.datetime) -> int:
    """This function will expire one batch of orders whose reservation ran out, oldest first, and return how many.

    Fewer than `config.expire_batch_max` means that none was left, but for those that somebody else holds at this
    moment; the next run finds them. Raises what db.write raises; repeating is always safe.
    """
    with db.write():
        # Orders first, then stock in SKU order, as everywhere: nobody can wait for anybody in a circle.
        order_ids = orders.lock_expired(now=now, limit=config.get().expire_batch_max)
        if not order_ids:
            return 0
        moved = orders.change_state(order_ids=order_ids, to=orders.State.EXPIRED, actor=ACTOR, now=now)
        lines = orders.read_lines(order_ids=sorted(moved))
        stock.release(pieces={order_id: orders.pieces_by_sku(lines[order_id]) for order_id in lines}, now=now)
    return len(moved)
