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

from evertill.entry.pages import places
from evertill.entry.pages.audience import Audience, open_to
from evertill.entry.pages.frame import reads
from evertill.entry.shop import live, opening, returning
from evertill.entry.shop.offers import first_currency, show
from evertill.entry.shop.pages import for_everybody, private_page, public_page
from evertill.entry.shop.shelves import Shelves
from evertill.journeys import browse_products
from evertill.journeys.browse_products import ProductOnSale
from evertill.journeys.view_payment import PaymentNotFound
from evertill.kernel import config, ids

_PAGE_SIZE, _NEWEST = 24, 8


@require_safe
@for_everybody
def show_home(request: HttpRequest) -> HttpResponse:
    """This function will show the shop: its categories, and what came into it last."""
    languages = [places.of(request).language]
    newest = browse_products.list_newest(languages=languages, limit=_NEWEST)
    return _page(request, "shop/home.html", {}, found=newest, shelves=Shelves(languages=languages))


@require_safe
@for_everybody
def show_products(request: HttpRequest) -> HttpResponse:
    """This function will show one page of everything for sale, or of what a search found."""
    search = request.GET.get("q", "").strip()
    return _list(request, "shop/products.html", {"search": search, "is_everything": not search}, search=search)


@require_safe
@for_everybody
def show_category(request: HttpRequest, slug: str) -> HttpResponse:
    """This function will show one page of a category."""
    shelves = Shelves(languages=[places.of(request).language])
    if shelves.find(slug) is None:
        raise Http404
    return _list(request, "shop/category.html", shelves.around(slug), category=slug, shelves=shelves)


@require_safe
@for_everybody
def show_product(request: HttpRequest, slug: str) -> HttpResponse:
    """This function will show one product with its variants."""
    languages = [places.of(request).language]
    try:
        found = browse_products.read_product(slug=slug, languages=languages)
    except browse_products.UnknownProduct:
        raise Http404 from None
    shelves = Shelves(languages=languages)
    context = shelves.way_to(found) | {"example": _example(request, found)}
    return _page(request, "shop/product.html", context, found=[found], shelves=shelves)


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
    own = opening.found(request, order_id=intent.order_id)
    heard = live.at(live.hear(request, order_id=own.id, token=own.stream_token) if own else live.Live(), here)
    order = own.address if own else ""
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


def _list(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    search: str = "",
    category: str = "",
    shelves: Shelves | None = None,
) -> HttpResponse:
    languages = [places.of(request).language]
    try:
        found = browse_products.list_products(
            languages=languages,
            search=search,
            category=category,
            cursor=request.GET.get("after") or None,
            limit=_PAGE_SIZE,
        )
    except browse_products.InvalidCursor:
        # From the first page on, at the same address.
        return redirect(request.path)
    asked = {"q": search} if search else {}
    context |= {
        "is_continued": "after" in request.GET,
        "first": urlencode(asked),
        "next": urlencode(asked | {"after": found.next_cursor}) if found.next_cursor else "",
    }
    return _page(request, template, context, found=found.products, shelves=shelves or Shelves(languages=languages))


def _page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    found: Sequence[ProductOnSale],
    shelves: Shelves,
) -> HttpResponse:
    place = places.of(request)
    products = [show(product, currency=place.currency, language=place.language) for product in found]
    context |= {
        "products": products,
        "shelves": shelves.top,
        "currencies": _currencies(request, found),
    }
    return public_page(request, template, context)


def _currencies(request: HttpRequest, products: Sequence[ProductOnSale]) -> list[tuple[str, str]]:
    """Return the currencies in which these products have prices, each with the place where one sees them in it."""
    place = places.of(request)
    priced = {code for product in products for variant in product.variants for code in variant.prices}
    shown = [code for code in config.get().currencies if code in priced]
    if len(shown) < 2:  # noqa: PLR2004 - with one there is nothing to choose
        return []
    return [(places.with_currency(place.language, code).code, code) for code in shown]


def _example(request: HttpRequest, product: ProductOnSale) -> dict[str, str]:
    """Return what an order by the API looks like here: an order of what can be had of a product."""
    for variant in product.variants:
        if variant.in_stock and variant.prices:
            address = f"{request.scheme}://{request.get_host()}/api/v1/orders"
            currency = first_currency(variant.prices, places.of(request).currency)
            return {"address": address, "sku": variant.sku, "currency": currency}
    return {}
