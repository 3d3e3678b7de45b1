"""List my orders: what an account has ordered, page by page."""

from __future__ import annotations

from dataclasses import dataclass

from evertill.domains import orders
from evertill.domains.identity import Session
from evertill.domains.orders import Order
from evertill.journeys.see_own import own_rows

__all__ = ["MyOrders", "Order", "list_my_orders"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MyOrders:
    """One page of orders with their lines, the latest first; `behind` is the id to go on behind, None at the end."""

    orders: tuple[Order, ...]
    behind: int | None


def list_my_orders(*, session: Session, behind: int | None = None, limit: int) -> MyOrders:
    """This function will return one page of what the account has ordered, from behind one of its orders on.

    Behind an order that is not its own there is nothing.
    """
    with own_rows(session):
        found = orders.list_of_account(account_id=session.account_id, behind=behind, limit=limit + 1)
    page = tuple(found[:limit])
    return MyOrders(orders=page, behind=page[-1].id if len(found) > limit else None)
