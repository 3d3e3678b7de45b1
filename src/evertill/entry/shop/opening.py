"""Who may open an order's pages: whoever holds its access token, and the account that it belongs to.

To anybody else there is no such order. An owner who is signed in needs no token, and none is put into his addresses or
his browser: when his session ends, so does what he can see.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse

from evertill.entry.pages.audience import Audience, open_to
from evertill.entry.pages.contact_form import account_of
from evertill.entry.pages.frame import reads
from evertill.entry.pages.visitor import visit, visitor
from evertill.entry.shop import own_orders
from evertill.journeys.place_orders import Placed
from evertill.journeys.refuse_visitor import is_to_be_recorded, refuse_visitor
from evertill.journeys.see_own import proved
from evertill.journeys.view_order import OrderNotFound, access_token, belongs_to, opens
from evertill.journeys.view_payment import PaymentNotFound
from evertill.kernel import clock, ids

P = ParamSpec("P")


class Opened:
    """An order's id, with the number and token that opened it; the token is "" where its owner did."""

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
        return urlencode({"access_token": self.token}) if self.token else ""

    @property
    def stream_token(self) -> str:
        """What the order's stream of events is opened by: a stream knows no sessions."""
        return self.token or access_token(self.id)

    def address_of(self, view: str, **parts: str) -> str:
        """This function will return where one of the order's pages is."""
        return own_orders.address(self.number, self.token, view=view, **parts)


def opened(view: Callable[Concatenate[HttpRequest, Opened, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """Show an order to whoever may open it; to anybody else there is no such order."""

    @wraps(view)
    def answer(request: HttpRequest, number: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            order_id = ids.from_number(number)
        except ids.InvalidNumber:
            raise Http404 from None
        token = request.GET.get("access_token", "")
        account_id = None
        if not opens(token, order_id=order_id):
            token = ""
            account_id = owner_here(request, order_id=order_id)
            if account_id is None:
                refused(request, kind="order", number=ids.to_number(order_id))
                raise Http404
        try:
            with proved(account_id=account_id, opens=[order_id] if token else ()):
                return view(request, Opened(order_id=order_id, token=token), *args, **kwargs)
        except (OrderNotFound, PaymentNotFound):
            raise Http404 from None

    return reads(open_to(Audience.ORDER)(answer))


def refused(request: HttpRequest, *, kind: str, number: str) -> None:
    """This function will have it recorded that whoever asks was not shown a thing of others."""
    asks = visit(request)
    who = str(asks.session.account_id) if asks.session else asks.place
    if is_to_be_recorded(kind=kind, number=number, who=who):
        refuse_visitor(kind=kind, number=number, session=asks.session, place=asks.place, now=clock.now())


def found(request: HttpRequest, *, order_id: int) -> Opened | None:
    """This function will return an order that this browser opened lately, or whose owner is signed in."""
    token = own_orders.find(request, order_id=order_id)
    return Opened(order_id=order_id, token=token) if token or is_own(request, order_id=order_id) else None


def is_own(request: HttpRequest, *, order_id: int) -> bool:
    """This function will say whether an order belongs to who is signed in. Of a guest's order nobody is the owner."""
    return owner_here(request, order_id=order_id) is not None


def owner_here(request: HttpRequest, *, order_id: int) -> int | None:
    """This function will return who is signed in, if the order is his; else None."""
    session = visitor(request)
    if session is None or not belongs_to(order_id=order_id, account_id=session.account_id):
        return None
    return session.account_id


def address_of_placed(request: HttpRequest, placed: Placed) -> str:
    """This function will return where who has just ordered finds his order."""
    return own_orders.address(placed.number, token_for(request, placed))


def token_for(request: HttpRequest, placed: Placed) -> str:
    """This function will return what this browser needs to open an order that it placed: nothing, as its owner."""
    owner = placed.order.account_id
    return "" if owner is not None and owner == account_of(request) else placed.access_token
