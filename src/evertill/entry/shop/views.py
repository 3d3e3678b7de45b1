"""The customers' pages: what is for sale, one product, and what to do when something is not right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from evertill.entry.shop import live, own_orders, places, returning
from evertill.entry.shop.audience import Audience, open_to
from evertill.entry.shop.offers import Shown, show
from evertill.entry.shop.pages import for_everybody, private_page, public_page, reads
from evertill.journeys import browse_products
from evertill.journeys.browse_products import ProductOnSale
from evertill.journeys.view_payment import PaymentNotFound
from evertill.kernel import config, ids

_PAGE_SIZE = 24


@require_safe
@for_everybody
def show_products(request: HttpRequest) -> HttpResponse:
    """This function will show one page of what is for sale, or of what a search found."""
    search = request.GET.get("q", "").strip()
    try:
        found = browse_products.list_products(
            languages=[places.of(request).language],
            search=search,
            cursor=request.GET.get("after") or None,
            limit=_PAGE_SIZE,
        )
    except browse_products.InvalidCursor:
        return redirect("shop:products")
    products = _shown(request, found.products)
    return public_page(
        request,
        "shop/products.html",
        {
            "products": products,
            "search": search,
            "is_continued": "after" in request.GET,
            "next": urlencode({"q": search, "after": found.next_cursor}) if found.next_cursor else "",
            "example": _example(request, products),
            **_currencies(request, found.products),
        },
    )


@require_safe
@for_everybody
def show_product(request: HttpRequest, slug: str) -> HttpResponse:
    """This function will show one product with its variants."""
    try:
        found = browse_products.read_product(slug=slug, languages=[places.of(request).language])
    except browse_products.UnknownProduct:
        raise Http404 from None
    (product,) = _shown(request, [found])
    context = {"product": product, "example": _example(request, [product]), **_currencies(request, [found])}
    return public_page(request, "shop/product.html", context)


@require_safe
@open_to(Audience.ANYBODY)
@reads
def show_payment(request: HttpRequest) -> HttpResponse:
    """This function will show how a payment stands to a customer who comes back from its provider."""
    # A provider may add its own id under the same name, behind ours.
    number = next(iter(request.GET.getlist("payment")), "")
    try:
        intent = returning.look(number)
    except (ids.InvalidNumber, PaymentNotFound):
        raise Http404 from None
    here = f"{reverse('shop:payment')}?{urlencode({'payment': intent.number})}"
    shown = returning.show(intent, looks=returning.count(request.GET.get("looks", "")), here=here)
    # Whoever comes back with the browser that opened the order finds it again; nobody else is told of it.
    token = own_orders.find(request, order_id=intent.order_id)
    heard = live.at(live.hear(request, order_id=intent.order_id, token=token) if token else live.Live(), here)
    order = own_orders.address(ids.to_number(intent.order_id), token) if token else ""
    context = {"order": order, "number": intent.number, **returning.as_context(shown, heard)}
    return private_page(request, "shop/payment.html", context)


@require_safe
@open_to(Audience.ANYBODY)
def choose_place(request: HttpRequest, code: str) -> HttpResponse:
    """This function will keep a visitor's choice of language and currency and lead back to where he was."""
    place = places.every().get(code)
    if place is None:
        raise Http404
    back = request.GET.get("next", "")
    if not back.startswith("/") or not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    answer = redirect(f"{places.root(request)}{place.code}{back}")
    answer["Cache-Control"] = "no-store"
    places.remember(answer, place)
    return answer


def _shown(request: HttpRequest, products: Sequence[ProductOnSale]) -> list[Shown]:
    place = places.of(request)
    return [show(product, currency=place.currency, language=place.language) for product in products]


def _currencies(request: HttpRequest, products: Sequence[ProductOnSale]) -> dict[str, Any]:
    """Return the currencies in which these products have prices, each with the place where one sees them in it."""
    place = places.of(request)
    priced = {code for product in products for variant in product.variants for code in variant.prices}
    shown = [code for code in config.get().currencies if code in priced]
    if len(shown) < 2:  # noqa: PLR2004 - with one there is nothing to choose
        return {}
    return {"currencies": [(places.with_currency(place.language, code).code, code) for code in shown]}


def _example(request: HttpRequest, products: list[Shown]) -> dict[str, str]:
    """Return what an order by the API looks like here: an order of the first thing that can be had."""
    for product in products:
        for variant in product.variants:
            if variant.in_stock and variant.currency:
                address = f"{request.scheme}://{request.get_host()}/api/v1/orders"
                return {"address": address, "sku": variant.sku, "currency": variant.currency}
    return {}
