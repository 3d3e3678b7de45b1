"""The orders that this browser opened lately: so that whoever comes back from a payment page finds his own.

The cookie holds their numbers with their access tokens. A token opens one order and cannot be made up, so what stands
here needs no signature.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from evertill.entry.pages import cookies
from evertill.journeys.view_order import opens
from evertill.kernel import ids

_COOKIE = "orders"
_KEPT_S = 30 * 86400
_COUNT_MAX = 5


def address(number: str, token: str, *, view: str = "order", **parts: str) -> str:
    """This function will return the address at which an order is opened; without a token, by its owner alone."""
    bare = reverse(f"shop:{view}", args=[number, *parts.values()])
    return with_query(bare, access_token=token) if token else bare


def with_query(address: str, **query: str | int) -> str:
    """This function will return an address that asks for something more."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


def latest(request: HttpRequest) -> str:
    """This function will return the address of the order that this browser opened last, "" without one."""
    return next((address(number, token) for number, token in _read(request)), "")


def find(request: HttpRequest, *, order_id: int) -> str:
    """This function will return the token of an order that this browser opened lately, "" otherwise."""
    number = ids.to_number(order_id)
    for known, token in _read(request):
        if known == number and opens(token, order_id=order_id):
            return token
    return ""


def remember(request: HttpRequest, answer: HttpResponse, *, number: str, token: str) -> HttpResponse:
    """This function will have the browser remember an order that it opened, as the last of a few."""
    others = [(known, other) for known, other in _read(request) if known != number]
    kept = [(number, token), *others][:_COUNT_MAX]
    cookies.keep(answer, _COOKIE, "~".join(f"{known}.{other}" for known, other in kept), max_age_s=_KEPT_S)
    return answer


def _read(request: HttpRequest) -> list[tuple[str, str]]:
    known = []
    for part in cookies.read(request, _COOKIE).split("~")[:_COUNT_MAX]:
        number, _, token = part.partition(".")
        try:
            if ids.to_number(ids.from_number(number)) == number and token.isascii():
                known.append((number, token))
        except ids.InvalidNumber:
            continue
    return known
