"""Orders that are lost, as a restore to an earlier moment loses them, and what a backup has of them."""

from __future__ import annotations

from django.db import connection

from evertill.domains import claims
from evertill.domains.claims import Candidate, Clues, Source
from evertill.domains.payments import Intent
from evertill.journeys.ask_to_search import LostOrder
from evertill.journeys.look_into_copy import Question, look_into_copy
from evertill.journeys.place_orders import Placed
from tests import tables
from tests.builders import NOON

_OF_ORDERS = ("stock_movement", "orders_return", "orders_line", "orders_event", "orders_unsealed", "fulfilment_due")
# Shelves as they were before all that the order did to them.
_GIVE_GOODS_BACK = """
update stock_item as item
set on_hand = item.on_hand - moved.on_hand, reserved = item.reserved - moved.reserved
from (
    select
        sku,
        coalesce(sum(quantity) filter (where kind = 'RETURNED'), 0)
            - coalesce(sum(quantity) filter (where kind = 'SOLD'), 0) as on_hand,
        coalesce(sum(quantity) filter (where kind = 'RESERVED'), 0)
            - coalesce(sum(quantity) filter (where kind in ('RELEASED', 'SOLD')), 0) as reserved
    from stock_movement
    where order_id = %s
    group by sku
) as moved
where item.sku = moved.sku
"""


def copy_of(placed: Placed) -> LostOrder:
    """What a search of a backup finds that has an order as it is now, by its number."""
    (copied,) = look_into_copy(question=Question(orders=(placed.order.id,)), now=NOON).orders
    candidate = Candidate(source=Source.BACKUP, name=placed.number, order_id=placed.order.id)
    return LostOrder(
        finding=claims.scoring.weigh(clues=Clues(number=placed.number), candidate=candidate), copied=copied
    )


def lose(placed: Placed, intent: Intent | None = None) -> None:
    """Take an order away with all that belongs to it, and with a payment, the books' rows too."""
    with connection.cursor() as cursor, tables.unguarded():
        cursor.execute(_GIVE_GOODS_BACK, [placed.order.id])
        for table in _OF_ORDERS:
            cursor.execute(f"delete from {table} where order_id = %s", [placed.order.id])  # noqa: S608 — ours.
        cursor.execute("delete from orders_order where id = %s", [placed.order.id])
        cursor.execute("delete from receipts_batch where id = %s", [placed.order.id])
        cursor.execute("delete from receipts_unsealed where batch_id = %s", [placed.order.id])
        if intent is not None:
            cursor.execute("delete from payments_refund where intent_id = %s", [intent.id])
            cursor.execute("delete from payments_move where intent_id = %s", [intent.id])
            cursor.execute("delete from payments_intent where id = %s", [intent.id])
            cursor.execute("truncate ledger_transaction, ledger_balance cascade")
