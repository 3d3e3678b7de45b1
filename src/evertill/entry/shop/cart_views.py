"""The cart's pages: putting goods into it, looking at it, changing it."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from evertill.entry.pages import places, troubles
from evertill.entry.pages.audience import Audience, open_to
from evertill.entry.pages.frame import keep_private, reads
from evertill.entry.pages.leading import see_other
from evertill.entry.pages.troubles import Trouble
from evertill.entry.shop import cart, lost_answers, opening, wares
from evertill.entry.shop.origins import from_own_pages
from evertill.entry.shop.pages import private_page
from evertill.journeys.browse_products import find_variants
from evertill.journeys.place_orders import Placed
from evertill.kernel import config

_NUMBER = re.compile(r"[0-9]{1,9}")


@require_safe
@open_to(Audience.ANYBODY)
@reads
def show_cart(request: HttpRequest) -> HttpResponse:
    """This function will show what is in the cart, and an order of it whose answer never reached the browser."""
    lines = cart.read(request)
    if (placed := lost_answers.find(request)) is None:
        return cart_page(request, lines)
    answer = cart_page(request, lost_answers.left_over(lines, placed), placed=placed)
    return lost_answers.settle(request, answer, placed)


@require_POST
@open_to(Audience.ANYBODY)
@from_own_pages
@reads
def add_to_cart(request: HttpRequest) -> HttpResponse:
    """This function will put pieces of one variant into the cart and lead there.

    A script that asks for JSON stays where it is and is told what the cart holds now.
    """
    sku = request.POST.get("sku", "")
    lines = cart.read(request)
    place = places.of(request)
    # Only what is for sale now gets in.
    found = find_variants(skus=[sku], languages=[place.language]).get(sku)
    if found is None:
        return see_other("shop:cart")
    quantity = _quantity(request.POST.get("quantity", "1"))
    try:
        added = cart.bounded(lines | {sku: lines.get(sku, 0) + quantity})
    except cart.CartFull as error:
        return cart_page(request, lines, trouble=troubles.tell(error), status=409)
    if request.accepts("text/html"):
        # See other: loading the cart again adds nothing.
        answer = see_other("shop:cart")
    else:
        text = _("In your cart: %(title)s × %(quantity)s.") % {"title": found[0].title, "quantity": quantity}
        answer = keep_private(JsonResponse({"text": text, "pieces": sum(added.values())}))
    # The cart, and what follows it, are read in the language in which they were filled.
    places.remember(answer, place)
    return cart.keep(answer, added)


@require_POST
@open_to(Audience.ANYBODY)
def change_cart(request: HttpRequest) -> HttpResponse:
    """This function will set the quantities in the cart; a line with none, or whose remove was pressed, goes."""
    lines = cart.read(request)
    changed = {sku: _quantity(request.POST.get(f"quantity-{sku}", str(quantity))) for sku, quantity in lines.items()}
    changed.pop(request.POST.get("remove", ""), None)
    return cart.keep(see_other("shop:cart"), cart.bounded(changed))


def cart_page(
    request: HttpRequest,
    lines: dict[str, int],
    *,
    trouble: Trouble | None = None,
    placed: Placed | None = None,
    status: int = 200,
) -> HttpResponse:
    """This function will show a cart, what went wrong with it, and what was ordered of it a while ago."""
    context = {
        "shown": show(request, lines),
        "trouble": trouble,
        "placed": placed,
        "placed_at": opening.address_of_placed(request, placed) if placed else "",
        "quantity_max": config.get().quantity_max,
        "cart_pieces": sum(lines.values()),
    }
    return private_page(request, "shop/cart.html", context, status=status)


def show(request: HttpRequest, lines: dict[str, int], *, currency: str = "") -> wares.Shown:
    """This function will put a cart into words, in a currency, or else in that of the visitor's place."""
    place = places.of(request)
    return wares.show(lines, preferred=currency or place.currency, language=place.language)


def _quantity(text: str) -> int:
    return int(text) if _NUMBER.fullmatch(text) else 1
