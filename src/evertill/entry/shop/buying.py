"""The way from a product to an order: cart, review, and placing it."""

from __future__ import annotations

import time

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from evertill.entry.shop import cart, drafts, own_orders, troubles
from evertill.entry.shop.audience import Audience, open_to
from evertill.entry.shop.cart_views import cart_page, show
from evertill.entry.shop.drafts import Draft
from evertill.entry.shop.pages import private_page, reads
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
_GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])


class EmailWrong(EvertillError):
    """What was put in is no email address."""

    code = "EMAIL_WRONG"


class DraftStale(EvertillError):
    """What was sent is no review of this shop, or one that was open for too long."""

    code = "DRAFT_STALE"


# What says that a cart has to be looked over again; whatever else went wrong, the same form may be sent once more.
_AGAIN = ("IDEMPOTENCY_KEY_IN_FLIGHT", "OUTCOME_UNKNOWN", "DATABASE_UNAVAILABLE", "DATABASE_BUSY")


@_GET_OR_POST
@open_to(Audience.ANYBODY)
@reads
def check_out(request: HttpRequest) -> HttpResponse:
    """This function will show the whole order for review, or place what was reviewed."""
    if request.method == "POST":
        return _place(request)
    lines = cart.read(request)
    shown = show(request, lines)
    if not shown.is_ready:
        return redirect("shop:cart")
    drafted = drafts.draft(lines, currency=shown.currency, total=shown.amount)
    return _review(request, drafted)


def _place(request: HttpRequest) -> HttpResponse:
    email = request.POST.get("email", "").strip()
    try:
        drafted = drafts.unseal(request.POST.get("draft", ""))
    except drafts.DraftStale:
        return cart_page(request, cart.read(request), trouble=troubles.tell(DraftStale("Stale.")), status=409)
    if not contacts.is_email(email):
        return _review(request, drafted, email=email, error=EmailWrong("Wrong."), status=422)
    outcome = _place_patiently(drafts.ask(drafted, email=email))
    if isinstance(outcome, Placed):
        answer = redirect(own_orders.address(outcome.number, outcome.access_token))
        answer.status_code = 303
        own_orders.remember(request, answer, number=outcome.number, token=outcome.access_token)
        return cart.keep(answer, _left_over(request, drafted))
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
    answer = cart_page(request, lines, trouble=troubles.tell(error, items=tuple(items)), status=409)
    return cart.keep(answer, lines)


def _reused(request: HttpRequest, error: EvertillError) -> HttpResponse:
    context = {"trouble": troubles.tell(error), "order": own_orders.latest(request)}
    return private_page(request, "shop/placed_before.html", context, status=409)


def _review(
    request: HttpRequest, drafted: Draft, *, email: str = "", error: EvertillError | None = None, status: int = 200
) -> HttpResponse:
    try:
        shown = show(request, drafted.lines, currency=drafted.currency)
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
