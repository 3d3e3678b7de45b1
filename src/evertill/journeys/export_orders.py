"""Export orders: what a search finds, with how its customers are reached, as a table for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evertill.domains.access import Permission
from evertill.journeys.export_table import Cell, Table
from evertill.journeys.search_orders import find, read_search
from evertill.kernel import clock, ids
from evertill.kernel.money import as_decimal

_CHUNK = 1_000


def _read(filters: Mapping[str, str], most: int) -> Iterator[Sequence[Cell]]:
    search, behind, left = read_search(filters), None, most
    while left > 0:
        page = find(search=search, behind=behind, limit=min(_CHUNK, left), now=clock.now())
        for one in page.orders:
            yield (
                ids.to_number(one.order.id),
                one.order.placed_at,
                one.order.state.value,
                as_decimal(one.total),
                one.order.currency,
                one.order.email,
                one.order.phone,
                one.name,
                ", ".join(sorted({f"{intent.provider}.{intent.way}" for intent in one.payments})),
            )
        left -= len(page.orders)
        behind = page.older
        if behind is None:
            return


ORDERS = Table(
    name="orders",
    permission=Permission.ORDERS_READ,
    is_personal=True,
    columns=("order", "placed_at", "state", "total", "currency", "email", "phone", "name", "methods"),
    read=_read,
)
