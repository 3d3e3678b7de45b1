"""What the shop has written down, looked up in its database and not on its pages."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An order as it stands in the books: its state, pieces by SKU, and how many payments it has that took money."""

    state: str
    pieces: dict[str, int]
    captured: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The orders of a shop. A connection of psycopg's own, because Django refuses beside a browser."""

    url: str

    def orders_of(self, email: str) -> list[Written]:
        """Every order that was placed under an address, the oldest first."""
        with psycopg.connect(self.url) as database:
            found = database.execute(
                """
                select o.state,
                       (select json_object_agg(l.sku, l.quantity) from orders_line l where l.order_id = o.id),
                       (select count(*) from payments_intent p where p.order_id = o.id and p.captured > 0)
                from orders_order o where o.email = %s order by o.placed_at, o.id
                """,
                (email,),
            )
            return [Written(state=state, pieces=pieces, captured=captured) for state, pieces, captured in found]

    def payments_of(self, email: str) -> int:
        """How many payments were begun for the orders of an address."""
        with psycopg.connect(self.url) as database:
            found = database.execute(
                "select count(*) from payments_intent p join orders_order o on o.id = p.order_id where o.email = %s",
                (email,),
            ).fetchone()
            return int(found[0]) if found else 0
