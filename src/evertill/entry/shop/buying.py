"""The checkout: one page, for guests and for who is signed in; placed once, however often it is sent."""

from __future__ import annotations

import time
from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from evertill.entry.pages import contact_form, places, references, troubles
from evertill.entry.pages.audience import Audience, open_to
from evertill.entry.pages.contact_form import Typed
from evertill.entry.pages.frame import reads
from evertill.entry.shop import cart, consent, drafts, lost_answers, opening, wares
from evertill.entry.shop.cart_views import cart_page, show
from evertill.entry.shop.drafts import Draft
from evertill.entry.shop.pages import private_page
from evertill.journeys.find_placed import find_placed
from evertill.journeys.keep_submission import keep_submission
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
from evertill.kernel import clock, config
from evertill.kernel.errors import EvertillError, Status

# How often, and after how long, the second press looks whether the first is done.
_TRIES_MAX, _PAUSE_S = 10, 0.1
_GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])
# What a failure of ours is; after all else the customer has something to mend.
_OURS = ("unavailable", "internal")


class DraftStale(EvertillError):
    """What was sent is no review of this shop, or one that was open for too long."""

    code = "DRAFT_STALE"


class Unforeseen(EvertillError):
    """Placing met an error that nobody foresaw; it is in the shop's log."""

    code = "INTERNAL"
    status: ClassVar[Status] = "internal"


@_GET_OR_POST
@open_to(Audience.ANYBODY)
@reads
def check_out(request: HttpRequest) -> HttpResponse:
    """This function will show the whole order for review, or place what was reviewed."""
    if request.method == "POST":
        return _place(request)
    if (placed := lost_answers.find(request)) is not None:
        return _lead(request, placed)
    shown = show(request, cart.read(request))
    if not shown.is_ready:
        return redirect("shop:cart")
    drafted = drafts.draft(shown, key=drafts.read_key(request))
    answer = _review(request, drafted, typed=contact_form.known(request), shown=shown)
    return drafts.keep_key(answer, drafted)


def _place(request: HttpRequest) -> HttpResponse:
    typed = contact_form.read(request)
    try:
        drafted = drafts.unseal(request.POST.get("draft", ""))
    except drafts.DraftStale:
        return cart_page(request, cart.read(request), trouble=troubles.tell(DraftStale("Stale.")), status=409)
    try:
        reached = contact_form.understand(typed)
    except EvertillError as error:
        return _review(request, drafted, typed=typed, error=error, status=422)
    asked = drafts.ask(
        drafted,
        email=reached.email,
        phone=reached.phone,
        language=places.of(request).language,
        account_id=contact_form.account_of(request),
    )
    outcome = _place_patiently(asked, drafted)
    return _lead(request, outcome) if isinstance(outcome, Placed) else _refuse(request, drafted, asked, outcome, typed)


def _refuse(
    request: HttpRequest, drafted: Draft, asked: PlaceOrder, outcome: EvertillError, typed: Typed
) -> HttpResponse:
    if isinstance(outcome, KeyReused):
        return _reused(request, asked, outcome)
    if outcome.status in _OURS:
        return _failed(request, drafted, asked, outcome, typed=typed)
    if isinstance(outcome, KeyInFlight):
        return _review(request, drafted, typed=typed, error=outcome, status=503)
    return _mend(request, drafted, outcome)


def _place_patiently(asked: PlaceOrder, drafted: Draft) -> Outcome:
    """Place an order; whoever pressed twice waits for the first press and is led where that led."""
    for _try in range(_TRIES_MAX):
        try:
            (outcome,) = place_orders([asked], now=clock.now())
        except EvertillError as error:
            return error
        except Exception as error:  # noqa: BLE001 — logged whole; the customer keeps what he wanted, and his form.
            references.note("checkout failed", error=error, reference=drafted.reference or None)
            return Unforeseen("The order could not be placed.")
        if not isinstance(outcome, KeyInFlight):
            break
        time.sleep(_PAUSE_S)
    return outcome


def _lead(request: HttpRequest, placed: Placed) -> HttpResponse:
    answer = redirect(opening.address_of_placed(request, placed))
    answer.status_code = 303
    return lost_answers.settle(request, answer, placed)


def _failed(
    request: HttpRequest, drafted: Draft, asked: PlaceOrder, error: EvertillError, *, typed: Typed
) -> HttpResponse:
    """Keep what was wanted, and show the same form again: pressing once more is safe and may be all that it takes."""
    now = clock.now()
    failed = drafts.failed(drafted, asked, code=error.code, now=now)
    is_kept = failed is not None and keep_submission(failed=failed, now=now)
    reference = references.note(
        "checkout failed", reference=drafted.reference or None, code=error.code, is_kept=is_kept
    )
    trouble = troubles.tell(error, reference=reference, is_kept=is_kept)
    return _review(request, drafted, typed=typed, trouble=trouble, status=500 if error.status == "internal" else 503)


def _mend(request: HttpRequest, drafted: Draft, error: EvertillError) -> HttpResponse:
    """Lead back to the cart, with the fix made where there is but one."""
    lines = dict(drafted.lines)
    titles = {one.sku: one.title for one in drafted.goods}
    items = []
    if isinstance(error, SoldOut):
        for short in error.facts["short"]:
            lines[short["sku"]] = short["left"]
            told = short | {"title": titles.get(short["sku"], short["sku"])}
            items.append(
                _("%(title)s: you wanted %(asked)s, there are %(left)s left; your cart now has these.") % told
                if short["left"] > 0
                else _("%(title)s is sold out and was taken out of your cart.") % told
            )
    elif isinstance(error, UnknownSku):
        for sku in error.facts["skus"]:
            lines.pop(sku, None)
            items.append(_("%(title)s was taken out of your cart.") % {"title": titles.get(sku, sku)})
    lines = cart.bounded(lines)
    answer = cart_page(request, lines, trouble=troubles.tell(error, items=tuple(items)), status=409)
    return cart.keep(answer, lines)


def _reused(request: HttpRequest, asked: PlaceOrder, error: EvertillError) -> HttpResponse:
    """Show whoever sent something else under the same key what he sent first: the key is his browser's alone."""
    placed = find_placed(key_digest=asked.key_digest)
    address = opening.address_of_placed(request, placed) if placed else ""
    context = {"trouble": troubles.tell(error), "order": address}
    answer = private_page(request, "shop/placed_before.html", context, status=409)
    return lost_answers.settle(request, answer, placed) if placed else answer


def _review(
    request: HttpRequest,
    drafted: Draft,
    *,
    typed: Typed,
    shown: wares.Shown | None = None,
    error: EvertillError | None = None,
    trouble: troubles.Trouble | None = None,
    status: int = 200,
) -> HttpResponse:
    # What he agrees to when he presses again is what he reads now.
    drafted = drafts.agreeing(drafted, consent.current())
    context = {
        "shown": shown or _shown_before(request, drafted),
        "draft": drafts.seal(drafted),
        "typed": typed,
        "trouble": troubles.tell(error) if error else trouble,
        "wrong": error.code if error else "",
        "kept_min": config.get().reservation_s // 60,
        "consent": drafted.consent,
    }
    return private_page(request, "shop/checkout.html", context, status=status)


def _shown_before(request: HttpRequest, drafted: Draft) -> wares.Shown | None:
    """Return what is under review as it was shown, so that nothing else is asked while the shop has trouble."""
    if not drafted.goods:
        # Drafted by the release before this one.
        return None
    language = places.of(request).language
    return wares.recall(drafted.goods, currency=drafted.currency, total=drafted.total, language=language)
