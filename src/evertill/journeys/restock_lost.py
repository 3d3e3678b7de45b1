"""Put the goods of a lost dispute back on sale: the money is gone for good, and they were not handed over."""

from __future__ import annotations

import datetime as dt

from evertill.domains import disputes, incidents, orders, payments, stock
from evertill.journeys.watch_disputes import DisputeNotFound
from evertill.kernel import db
from evertill.kernel.errors import EvertillError

__all__ = ["DisputeNotFound", "NothingToRestock", "restock_lost"]


class NothingToRestock(EvertillError):
    """The dispute is not lost, or was about no goods, or they were all given back before."""

    code = "NOTHING_TO_RESTOCK"
    status = "conflict"
    remedy = "Look at the dispute and its order. Only goods of a lost dispute go back on sale, and each piece once."


def restock_lost(*, name: str, actor: str, now: dt.datetime) -> int:
    """This function will put back on sale what a lost dispute's order bought and nobody gave back; returns the pieces.

    The order stays PAID, and held: that its goods are here again is why they must not be handed over. Raises
    DisputeNotFound, NothingToRestock, and what db.write raises.
    """
    dispute = disputes.find(name=name)
    if dispute is None:
        raise DisputeNotFound(f"There is no dispute '{name[:140]}'.")
    if dispute.state is not disputes.State.LOST or not dispute.is_sale:
        raise NothingToRestock(f"Dispute {name} is {dispute.state.value}, and its goods are not given up.")
    order_id = dispute.order_id
    with db.write():
        payments.lock_intent(intent_id=dispute.intent_id)
        orders.lock_order(order_id=order_id)
        pieces = orders.pieces_left(orders.read_lines(order_ids=[order_id])[order_id])
        if not pieces:
            raise NothingToRestock("Every piece of this order was given back before.")
        # What refunds write down of the pieces that they give back; the dispute stands in a refund's place.
        orders.promise_return(
            order_id=order_id, refund_id=dispute.id, pieces=pieces, restock=True, actor=actor, now=now
        )
        orders.finish_return(refund_id=dispute.id, is_done=True, now=now)
        stock.take_back(pieces={order_id: orders.pieces_by_sku(pieces)}, now=now)
        incidents.close_alerts(
            kind=incidents.Kind.DISPUTE_LOST, subject=name, actor=actor, why="the goods are back on sale", now=now
        )
    return sum(part.quantity for part in pieces)
