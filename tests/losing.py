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
        cursor.execute("select count(*) from stock_movement where order_id = %s and kind = 'SOLD'", [placed.order.id])
        (sold,) = cursor.fetchone()
        for line in placed.order.lines:
            back = "on_hand = on_hand + %s" if sold else "reserved = reserved - %s"
            cursor.execute(f"update stock_item set {back} where sku = %s", (line.quantity, line.sku))  # noqa: S608
        for table in ("stock_movement", "orders_line", "orders_event", "orders_unsealed", "fulfilment_due"):
            cursor.execute(f"delete from {table} where order_id = %s", [placed.order.id])  # noqa: S608 — ours.
        cursor.execute("delete from orders_order where id = %s", [placed.order.id])
        cursor.execute("delete from receipts_batch where id = %s", [placed.order.id])
        cursor.execute("delete from receipts_unsealed where batch_id = %s", [placed.order.id])
        if intent is not None:
            cursor.execute("delete from payments_move where intent_id = %s", [intent.id])
            cursor.execute("delete from payments_intent where id = %s", [intent.id])
            cursor.execute("truncate ledger_transaction, ledger_balance cascade")
