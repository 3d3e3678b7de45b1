"""The codes that an order was given: shown to whoever may open the order, once he has said that he wants to see them.

An account's owner proves anew that it is he. The page is kept by nobody, and every look is on record.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from evertill.entry.pages import troubles
from evertill.entry.pages.errands import ask_first
from evertill.entry.pages.visitor import visit, visitor
from evertill.entry.shop.opening import Opened, opened
from evertill.entry.shop.pages import private_page
from evertill.journeys.step_up import StepUpRequired
from evertill.journeys.view_codes import CodesHeld, count_codes, view_codes
from evertill.kernel import clock


@require_http_methods(["GET", "HEAD", "POST"])
@opened
def show_codes(request: HttpRequest, opened: Opened) -> HttpResponse:
    """This function will ask whether the codes are to be seen, and then show them."""
    context = {
        "number": opened.number,
        "order": opened.address,
        "here": opened.address_of("order-codes"),
        "codes": count_codes(order_id=opened.id),
    }
    if request.method != "POST":
        return private_page(request, "shop/codes.html", context)
    # Who holds the token needs no more than that; its owner came in by his account alone.
    session = None if opened.token else visitor(request)
    try:
        shown = view_codes(order_id=opened.id, session=session, place=visit(request).place, now=clock.now())
    except StepUpRequired as error:
        if session is None:
            raise
        return ask_first(request, session, error)
    except CodesHeld as error:
        return private_page(
            request,
            "shop/codes.html",
            context | {"trouble": troubles.tell(error, has_order=True)},
            status=troubles.status_of(error),
        )
    return private_page(request, "shop/codes.html", context | {"shown": shown})
