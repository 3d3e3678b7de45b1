"""The way from a product to an order: cart, review, and placing it."""

from __future__ import annotations

import re
import time

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evertill.entry.shop import cart, drafts, own_orders, troubles, wares
from evertill.entry.shop.drafts import Draft
from evertill.entry.shop.offers import preferred_currency
from evertill.entry.shop.pages import keep_private, private_page, reads
from evertill.entry.shop.troubles import Trouble
from evertill.journeys.browse_products import find_variants
from evertill.journeys.place_orders import (
    KeyInFlight,
    KeyReused,
    Outcome,
    Placed,
    PlaceOrder,
    SoldOut,
    UnknownSku,
    place_orders,
)
from evertill.kernel import clock, config, contacts
from evertill.kernel.errors import EvertillError

# How often, and after how long, the second press looks whether the first is done.
_TRIES_MAX, _PAUSE_S = 10, 0.1
_NUMBER = re.compile(r"[0-9]{1,9}")
_GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])


class EmailWrong(EvertillError):
    """What was put in is no email address."""

    code = "EMAIL_WRONG"


class DraftStale(EvertillError):
    """What was sent is no review of this shop, or one that was open for too long."""

    code = "DRAFT_STALE"


# What says that a cart has to be looked over again; whatever else went wrong, the same form may be sent once more.
_AGAIN = ("IDEMPOTENCY_KEY_IN_FLIGHT", "OUTCOME_UNKNOWN", "DATABASE_UNAVAILABLE", "DATABASE_BUSY")


@require_safe
@reads
def show_cart(request: HttpRequest) -> HttpResponse:
    """This function will show what is in the cart."""
    return _cart_page(request, cart.read(request))


@require_POST
@reads
def add_to_cart(request: HttpRequest) -> HttpResponse:
    """This function will put pieces of one variant into the cart and lead there."""
    sku = request.POST.get("sku", "")
    lines = cart.read(request)
    # Only what is for sale now gets in.
    if sku not in find_variants(skus=[sku], languages=[translation.get_language()]):
        return redirect("shop:cart")
    try:
        added = cart.bounded(lines | {sku: lines.get(sku, 0) + _quantity(request.POST.get("quantity", "1"))})
    except cart.CartFull as error:
        return _cart_page(request, lines, trouble=troubles.tell(error), status=409)
    # See other: loading the cart again adds nothing.
    return cart.keep(_see_other("shop:cart"), added, is_secure=request.is_secure())


@require_POST
def change_cart(request: HttpRequest) -> HttpResponse:
    """This function will set the quantities in the cart; a line with none, or whose remove was pressed, goes."""
    lines = cart.read(request)
    changed = {sku: _quantity(request.POST.get(f"quantity-{sku}", str(quantity))) for sku, quantity in lines.items()}
    changed.pop(request.POST.get("remove", ""), None)
    return cart.keep(_see_other("shop:cart"), cart.bounded(changed), is_secure=request.is_secure())


@_GET_OR_POST
@reads
def check_out(request: HttpRequest) -> HttpResponse:
    """This function will show the whole order for review, or place what was reviewed."""
    if request.method == "POST":
        return _place(request)
    lines = cart.read(request)
    shown = _show(request, lines)
    if not shown.is_ready:
        return redirect("shop:cart")
    drafted = drafts.draft(lines, currency=shown.currency, total=shown.amount)
    return _review(request, drafted)


def _place(request: HttpRequest) -> HttpResponse:
    email = request.POST.get("email", "").strip()
    try:
        drafted = drafts.unseal(request.POST.get("draft", ""))
    except drafts.DraftStale:
        return _cart_page(request, cart.read(request), trouble=troubles.tell(DraftStale("Stale.")), status=409)
    if not contacts.is_email(email):
        return _review(request, drafted, email=email, error=EmailWrong("Wrong."), status=422)
    outcome = _place_patiently(drafts.ask(drafted, email=email))
    if isinstance(outcome, Placed):
        answer = redirect(own_orders.address(outcome.number, outcome.access_token))
        answer.status_code = 303
        own_orders.remember(request, answer, number=outcome.number, token=outcome.access_token)
        return cart.keep(answer, _left_over(request, drafted), is_secure=request.is_secure())
    if isinstance(outcome, KeyReused):
        return _reused(request, outcome)
    if outcome.code in _AGAIN:
        return _review(request, drafted, email=email, error=outcome, status=503)
    return _mend(request, drafted, outcome)


def _place_patiently(asked: PlaceOrder) -> Outcome:
    """Place an order; whoever pressed twice waits for the first press and is led where that led."""
    for _try in range(_TRIES_MAX):
        try:
            (outcome,) = place_orders([asked], now=clock.now())
        except EvertillError as error:
            return error
        if not isinstance(outcome, KeyInFlight):
            break
        time.sleep(_PAUSE_S)
    return outcome


def _left_over(request: HttpRequest, drafted: Draft) -> dict[str, int]:
    """Return what is in the cart beyond the order: whatever was put in while the review was open."""
    lines = cart.read(request)
    return {sku: count for sku, count in lines.items() if drafted.lines.get(sku) != count}


def _mend(request: HttpRequest, drafted: Draft, error: EvertillError) -> HttpResponse:
    """Lead back to the cart, with the fix made where there is but one."""
    lines = dict(drafted.lines)
    items = []
    if isinstance(error, SoldOut):
        for short in error.facts["short"]:
            lines[short["sku"]] = short["left"]
            items.append(
                _("%(sku)s: you wanted %(asked)s, there are %(left)s left; your cart now has these.") % short
                if short["left"] > 0
                else _("%(sku)s is sold out and was taken out of your cart.") % short
            )
    elif isinstance(error, UnknownSku):
        for sku in error.facts["skus"]:
            lines.pop(sku, None)
            items.append(_("%(sku)s was taken out of your cart.") % {"sku": sku})
    lines = cart.bounded(lines)
    answer = _cart_page(request, lines, trouble=troubles.tell(error, items=tuple(items)), status=409)
    return cart.keep(answer, lines, is_secure=request.is_secure())


def _reused(request: HttpRequest, error: EvertillError) -> HttpResponse:
    context = {"trouble": troubles.tell(error), "order": own_orders.latest(request)}
    return private_page(request, "shop/placed_before.html", context, status=409)


def _review(
    request: HttpRequest, drafted: Draft, *, email: str = "", error: EvertillError | None = None, status: int = 200
) -> HttpResponse:
    try:
        shown = _show(request, drafted.lines, currency=drafted.currency)
    except EvertillError:
        # Without the database there are no names to show; the form itself has all that counts.
        shown = None
    context = {
        "shown": shown,
        "draft": drafts.seal(drafted),
        "email": email,
        "trouble": troubles.tell(error) if error else None,
        "kept_min": config.get().reservation_s // 60,
    }
    return private_page(request, "shop/checkout.html", context, status=status)


def _cart_page(
    request: HttpRequest, lines: dict[str, int], *, trouble: Trouble | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "shown": _show(request, lines),
        "trouble": trouble,
        "quantity_max": config.get().quantity_max,
        "cart_pieces": sum(lines.values()),
    }
    return private_page(request, "shop/cart.html", context, status=status)


def _show(request: HttpRequest, lines: dict[str, int], *, currency: str = "") -> wares.Shown:
    language = translation.get_language()
    wanted = currency or preferred_currency(request.headers.get("Accept-Language", ""), language=language)
    return wares.show(lines, preferred=wanted, language=language)


def _quantity(text: str) -> int:
    return int(text) if _NUMBER.fullmatch(text) else 1


def _see_other(view: str) -> HttpResponse:
    answer = redirect(view)
    answer.status_code = 303
    return keep_private(answer)
