"""Cancel an order: its goods return to sale in the same moment."""

from __future__ import annotations

import datetime as dt

from evertill.domains import orders, stock
from evertill.journeys.view_order import view_order
from evertill.kernel import db
from evertill.kernel.errors import EvertillError


class AlreadyCancelled(EvertillError):
    """The order is cancelled already."""

    code = "ALREADY_CANCELLED"
    status = "conflict"
    kept = "The order was cancelled before, and its goods are back on sale."
    remedy = "There is nothing left to do."


class CannotCancel(EvertillError):
    """The order has gone to a state from which it cannot be cancelled any more."""

    code = "CANNOT_CANCEL"
    status = "conflict"
    kept = "The order stays as it is."
    remedy = "Look at its state. An expired order's goods are back on sale and nothing is owed; a paid one is refunded."


def cancel_order(*, order_id: int, actor: str, now: dt.datetime) -> orders.Order:
    """This function will cancel one order, release what it reserved, and return it as it stands afterwards.

    Raises OrderNotFound, AlreadyCancelled or CannotCancel, and what db.write raises; after OutcomeUnknown a repeat
    answers AlreadyCancelled when the first one was kept.
    """
    with db.write():
        # Whoever comes second waits here, and then finds the state changed.
        orders.lock_order(order_id=order_id)
        moved = orders.change_state(order_ids=[order_id], to=orders.State.CANCELLED, actor=actor, now=now)
        order = view_order(order_id=order_id)
        if not moved:
            raise _refusal(order)
        stock.release(pieces={order_id: orders.pieces_by_sku(order.lines)}, now=now)
    return order


def _refusal(order: orders.Order) -> EvertillError:
    if order.state is orders.State.CANCELLED:
        return AlreadyCancelled("This order is cancelled already.")
    return CannotCancel(f"This order is {order.state.value} and cannot be cancelled.", state=order.state.value)
