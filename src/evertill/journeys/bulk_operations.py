"""All that can be done in bulk. Whoever adds something adds a line."""

from __future__ import annotations

from collections.abc import Mapping

from evertill.journeys import edit_many_products, handle_order, reprice_many, tabulate_stock, watch_alerts
from evertill.journeys.bulk_item import BulkOperation

OPERATIONS: tuple[BulkOperation, ...] = (
    handle_order.CANCEL_MANY,
    reprice_many.REPRICE_MANY,
    edit_many_products.EDIT_MANY,
    tabulate_stock.STOCK_MANY,
    watch_alerts.CLOSE_MANY,
)


def operations() -> Mapping[str, BulkOperation]:
    """This function will return all operations by their names."""
    return {one.name: one for one in OPERATIONS}
