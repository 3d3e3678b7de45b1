"""Orders whose answer never reached the browser: what it would have done is done when the browser is seen again."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse

from evertill.entry.shop import cart, drafts, own_orders
from evertill.entry.shop.opening import token_for
from evertill.journeys.find_placed import find_placed
from evertill.journeys.place_orders import Placed


def find(request: HttpRequest) -> Placed | None:
    """This function will return what this browser ordered without being told, if it did."""
    key = drafts.read_key(request)
    return find_placed(key_digest=key.digest) if key else None


def left_over(lines: Mapping[str, int], placed: Placed) -> dict[str, int]:
    """This function will return what of a cart is beyond an order: what was put in while the review was open."""
    ordered = {line.sku: line.quantity for line in placed.order.lines}
    return {sku: count for sku, count in lines.items() if ordered.get(sku) != count}


def settle(request: HttpRequest, answer: HttpResponse, placed: Placed) -> HttpResponse:
    """This function will have the browser remember the order, keep of its cart what is left, and take a new key."""
    if token := token_for(request, placed):
        own_orders.remember(request, answer, number=placed.number, token=token)
    cart.keep(answer, left_over(cart.read(request), placed))
    return drafts.drop_key(answer)
