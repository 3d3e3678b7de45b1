"""View an order: one order with its lines, as it stands now."""

from __future__ import annotations

from evertill.domains import orders
from evertill.domains.orders import Line, Order, access_token, opens
from evertill.kernel.errors import EvertillError

__all__ = ["Line", "Order", "OrderNotFound", "access_token", "belongs_to", "opens", "view_order"]


class OrderNotFound(EvertillError):
    """There is no such order."""

    code = "ORDER_NOT_FOUND"
    status = "not_found"
    kept = "Nothing was changed."
    remedy = "Check the order number: it has 13 letters and digits, and stands in the answer that the order got."


def view_order(*, order_id: int) -> orders.Order:
    """This function will return one order with its lines; raises OrderNotFound.

    Whether the caller may see it is decided at the door, by `orders.opens` or by a scope.
    """
    order = orders.read_order(order_id=order_id)
    if order is None:
        raise OrderNotFound("There is no order with this number.")
    return order


def belongs_to(*, order_id: int, account_id: int) -> bool:
    """This function will say whether an order is an account's. A guest's order, or none at all, is nobody's."""
    return orders.read_owner(order_id=order_id) == account_id
