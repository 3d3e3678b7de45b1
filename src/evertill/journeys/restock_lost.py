"""Put the goods of a lost dispute back on sale: the money is gone for good, and they were not handed over."""

from __future__ import annotations

import datetime as dt

from evertill.domains import disputes, incidents, orders, payments, stock, trail
from evertill.domains.access import Permission
from evertill.domains.trail import Subject
from evertill.journeys.owed_codes import check_restock
from evertill.journeys.permitted import Asker, check_permitted, order_thing, permitted
from evertill.journeys.watch_disputes import DisputeNotFound
from evertill.kernel.errors import EvertillError

__all__ = ["DisputeNotFound", "NothingToRestock", "restock_lost"]


class NothingToRestock(EvertillError):
    """The dispute is not lost, or was about no goods, or they were all given back before."""

    code = "NOTHING_TO_RESTOCK"
    status = "conflict"
    remedy = "Look at the dispute and its order. Only goods of a lost dispute go back on sale, and each piece once."


def restock_lost(*, name: str, asker: Asker, now: dt.datetime) -> int:
    """This function will put back on sale what a lost dispute's order bought and nobody gave back; returns the pieces.

    The order stays PAID, and held: that its goods are here again is why they must not be handed over. Raises
    DisputeNotFound, NothingToRestock, CodesDelivered, Forbidden, and what db.write raises.
    """
    subject = Subject(kind="dispute", id=name)
    with permitted(asker=asker, permission=Permission.DISPUTES_HANDLE, subject=subject, now=now):
        dispute = disputes.find(name=name)
        if dispute is None:
            raise DisputeNotFound(f"There is no dispute '{name[:140]}'.")
        check_permitted(asker=asker, permission=Permission.DISPUTES_HANDLE, thing=order_thing(dispute.order_id))
        if dispute.state is not disputes.State.LOST or not dispute.is_sale:
            raise NothingToRestock(f"Dispute {name} is {dispute.state.value}, and its goods are not given up.")
        order_id = dispute.order_id
        payments.lock_intent(intent_id=dispute.intent_id)
        orders.lock_order(order_id=order_id)
        pieces = orders.pieces_left(orders.read_lines(order_ids=[order_id])[order_id])
        if not pieces:
            raise NothingToRestock("Every piece of this order was given back before.")
        check_restock(order_id=order_id, skus={part.sku for part in pieces})
        # What refunds write down of the pieces that they give back; the dispute stands in a refund's place.
        orders.promise_return(
            order_id=order_id, refund_id=dispute.id, pieces=pieces, restock=True, actor=asker.name, now=now
        )
        orders.finish_return(refund_id=dispute.id, is_done=True, now=now)
        stock.take_back(pieces={order_id: orders.pieces_by_sku(pieces)}, now=now)
        incidents.close_alerts(
            kind=incidents.Kind.DISPUTE_LOST, subject=name, actor=asker.name, why="the goods are back on sale", now=now
        )
        back = orders.pieces_by_sku(pieces)
        trail.write(actor=asker.actor, operation="disputes.restock", subject=subject, after={"pieces": back}, now=now)
    return sum(part.quantity for part in pieces)
