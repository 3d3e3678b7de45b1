"""What who is signed in has ordered."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from evertill.domains.identity import Session
from evertill.entry.pages import places
from evertill.entry.shop import ordered
from evertill.entry.shop.account.frame import signed_in_only
from evertill.entry.shop.pages import private_page
from evertill.journeys.list_my_orders import Order, list_my_orders
from evertill.kernel import clock, ids

_PAGE_SIZE = 20
# Lines of an order that are named before it says how many more there are.
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """An order on one row: how it stands, and its first lines."""

    order: ordered.Shown
    named: list[ordered.Line]
    more: int


@require_safe
@signed_in_only
def show_orders(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will show one page of an account's orders, the latest first."""
    page = list_my_orders(session=session, behind=_behind(request.GET.get("after", "")), limit=_PAGE_SIZE)
    language = places.of(request).language
    context = {
        "rows": [_row(order, language=language) for order in page.orders],
        "is_continued": "after" in request.GET,
        "next": urlencode({"after": ids.to_number(page.behind)}) if page.behind is not None else "",
    }
    return private_page(request, "shop/orders.html", context)


def _behind(number: str) -> int | None:
    try:
        return ids.from_number(number) if number else None
    except ids.InvalidNumber:
        # No order has it, so that there is nothing behind it.
        return -1


def _row(order: Order, *, language: str) -> _Row:
    shown = ordered.show(order, language=language, now=clock.now())
    return _Row(order=shown, named=shown.lines[:_NAMED], more=max(len(shown.lines) - _NAMED, 0))
