"""Numbers in the desk's addresses, as people read and type them."""

from __future__ import annotations

from django.http import Http404

from evertill.journeys.view_order import OrderNotFound
from evertill.kernel import ids


def id_of(number: str) -> int:
    """This function will return the id behind a number in an address; raises Http404 for one that there cannot be."""
    try:
        return ids.from_number(number)
    except ids.InvalidNumber:
        raise Http404 from None


def order_of(number: str) -> int:
    """This function will return the id of an order by its number; raises OrderNotFound."""
    try:
        return ids.from_number(number)
    except ids.InvalidNumber:
        raise OrderNotFound("There is no order with this number.") from None
