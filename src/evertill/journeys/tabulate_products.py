"""Products as a table: each variant a row, saved for a spreadsheet, to be edited there and taken back.

What belongs to a product stands in each of its rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evertill.domains import catalog, stock
from evertill.domains.access import Permission
from evertill.journeys.export_table import Cell, Table
from evertill.journeys.product_columns import cells_of, columns
from evertill.journeys.table_versions import write_version

__all__ = ["products_table"]

_PART = 500


def products_table() -> Table:
    """This function will return the table of products: every variant, shown or hidden, the newest product first."""
    return Table(
        name="products",
        permission=Permission.CATALOG_EDIT,
        is_personal=False,
        columns=(*columns(), "version"),
        read=_read_all,
        comes_back=True,
    )


def _read_all(filters: Mapping[str, str], most: int) -> Iterator[Sequence[Cell]]:
    before, left = None, most
    while left > 0:
        listed = catalog.search.list_cards(
            languages=(), search=filters.get("q", ""), status=filters.get("status", ""), before=before, limit=_PART
        )
        cards = catalog.editing.read_cards(slugs=[one.slug for one in listed])
        kinds = stock.read_items(skus=[sku for one in listed for sku in one.skus])
        for card in (cards[one.slug] for one in listed if one.slug in cards):
            for sku in card.variants:
                cells = cells_of(card, sku, kinds)
                yield (*cells.values(), write_version(cells))
                left -= 1
        if len(listed) < _PART:
            return
        before = listed[-1].id
