"""Ordering again: what an order had goes back into the cart, as far as it can be had."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from evertill.entry.pages import places
from evertill.entry.pages.leading import see_other
from evertill.entry.pages.troubles import Trouble
from evertill.entry.shop import cart
from evertill.entry.shop.cart_views import cart_page
from evertill.entry.shop.opening import Opened, opened
from evertill.journeys.reorder import Wanted, look_again


@require_http_methods(["GET", "HEAD", "POST"])
@opened
def order_again(request: HttpRequest, opened: Opened) -> HttpResponse:
    """This function will put what an order had into the cart, and say what it could not.

    At least as many pieces as the order had are in the cart then, however often it is pressed.
    """
    if request.method != "POST":
        return redirect(opened.address)
    place = places.of(request)
    wanted = look_again(order_id=opened.id, languages=[place.language])
    lines, left_out = _fill(cart.read(request), wanted)
    items = tuple(_short(one) for one in wanted if one.can_be_had < one.ordered)
    items += tuple(_("%(title)s: there is no more room in the cart.") % {"title": one.title} for one in left_out)
    if items:
        trouble = Trouble(
            what=_("Not everything could be put into your cart again."),
            kept=_("Whatever can be had is in it now, at today's prices."),
            remedy=_("Look it over, and go on to the checkout."),
            items=items,
        )
        answer = cart_page(request, lines, trouble=trouble)
    else:
        answer = see_other("shop:cart")
    places.remember(answer, place)
    return cart.keep(answer, lines)


def _fill(lines: dict[str, int], wanted: Iterable[Wanted]) -> tuple[dict[str, int], list[Wanted]]:
    """Return the cart with what fits into it, and what does not."""
    left_out = []
    for one in wanted:
        if not one.can_be_had:
            continue
        try:
            lines = cart.bounded(lines | {one.sku: max(one.can_be_had, lines.get(one.sku, 0))})
        except cart.CartFull:
            left_out.append(one)
    return lines, left_out


def _short(one: Wanted) -> str:
    named = {"title": one.title, "ordered": one.ordered, "left": one.can_be_had}
    if one.can_be_had:
        return _("%(title)s: you had %(ordered)s, there are %(left)s left; your cart has these.") % named
    return _("%(title)s cannot be had at the moment.") % named
