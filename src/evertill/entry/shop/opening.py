"""Who may open an order's pages: whoever holds its access token; to anybody else there is no such order."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse

from evertill.entry.shop import own_orders
from evertill.entry.shop.audience import Audience, open_to
from evertill.entry.shop.pages import reads
from evertill.journeys.view_order import OrderNotFound, opens
from evertill.journeys.view_payment import PaymentNotFound
from evertill.kernel import ids

P = ParamSpec("P")


class Opened:
    """An order's id, with the number and token that opened it."""

    __slots__ = ("id", "number", "token")

    def __init__(self, *, order_id: int, token: str) -> None:
        self.id = order_id
        self.number = ids.to_number(order_id)
        self.token = token

    @property
    def address(self) -> str:
        """Where the order's page is."""
        return self.address_of("order")

    @property
    def query(self) -> str:
        """What addresses of the order's pages end in."""
        return urlencode({"access_token": self.token})

    def address_of(self, view: str, **parts: str) -> str:
        """This function will return where one of the order's pages is."""
        return own_orders.address(self.number, self.token, view=view, **parts)


def opened(view: Callable[Concatenate[HttpRequest, Opened, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """Show an order to whoever holds its access token; to anybody else there is no such order."""

    @wraps(view)
    def answer(request: HttpRequest, number: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        token = request.GET.get("access_token", "")
        try:
            order_id = ids.from_number(number)
        except ids.InvalidNumber:
            raise Http404 from None
        if not opens(token, order_id=order_id):
            raise Http404
        try:
            return reads(view)(request, Opened(order_id=order_id, token=token), *args, **kwargs)
        except (OrderNotFound, PaymentNotFound):
            raise Http404 from None

    return open_to(Audience.ORDER)(answer)
