"""The customers' pages: what is for sale, one product, and what to do when something is not right."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from evertill.entry.shop import own_orders, returning
from evertill.entry.shop.offers import Shown, preferred_currency, show
from evertill.entry.shop.pages import message, page, private_page, reads
from evertill.journeys import browse_products
from evertill.journeys.browse_products import ProductOnSale
from evertill.journeys.view_payment import PaymentNotFound
from evertill.kernel import ids

_PAGE_SIZE = 24
_YEAR_S = 365 * 86400


@require_safe
@reads
def show_products(request: HttpRequest) -> HttpResponse:
    """This function will show one page of what is for sale, or of what a search found."""
    search = request.GET.get("q", "").strip()
    try:
        found = browse_products.list_products(
            languages=[translation.get_language()],
            search=search,
            cursor=request.GET.get("after") or None,
            limit=_PAGE_SIZE,
        )
    except browse_products.InvalidCursor:
        return redirect("shop:products")
    products = _shown(request, found.products)
    return page(
        request,
        "shop/products.html",
        {
            "products": products,
            "search": search,
            "is_continued": "after" in request.GET,
            "next": urlencode({"q": search, "after": found.next_cursor}) if found.next_cursor else "",
            "example": _example(request, products),
        },
    )


@require_safe
@reads
def show_product(request: HttpRequest, slug: str) -> HttpResponse:
    """This function will show one product with its variants."""
    try:
        found = browse_products.read_product(slug=slug, languages=[translation.get_language()])
    except browse_products.UnknownProduct:
        raise Http404 from None
    (product,) = _shown(request, [found])
    return page(request, "shop/product.html", {"product": product, "example": _example(request, [product])})


@require_safe
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
    order = own_orders.find(request, order_id=intent.order_id)
    return private_page(request, "shop/payment.html", {"order": order, **returning.as_context(shown, intent)})


@require_safe
def choose_language(request: HttpRequest, code: str) -> HttpResponse:
    """This function will keep a visitor's choice of language and lead back to where he was."""
    if code not in dict(settings.LANGUAGES):
        raise Http404
    back = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("shop:products")
    answer = redirect(back)
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, code, max_age=_YEAR_S, httponly=True, samesite="Lax", secure=request.is_secure()
    )
    return answer


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """This function will answer a request that cannot be understood."""
    return message(
        request,
        400,
        title=_("This address cannot be used"),
        text=_("Your browser asked in a way that this shop does not understand."),
    )


def refused(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """This function will answer what a page did not allow, mostly a form that was open for too long."""
    return message(
        request,
        403,
        title=_("This could not be done"),
        text=_("The page may have been open for too long. Nothing was changed; go back, load it again and try anew."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """This function will answer an address where there is nothing."""
    return message(
        request,
        404,
        title=_("There is nothing here"),
        text=_("The page has moved, or what it showed is no longer for sale."),
    )


def failed(request: HttpRequest) -> HttpResponse:
    """This function will answer when something went wrong that nobody foresaw."""
    return message(
        request,
        500,
        title=_("Something went wrong here"),
        text=_("It is our mistake, and it is in the shop's log. Orders that were confirmed are safe."),
    )


def _shown(request: HttpRequest, products: Sequence[ProductOnSale]) -> list[Shown]:
    currency = preferred_currency(request.headers.get("Accept-Language", ""), language=translation.get_language())
    return [show(product, currency=currency, language=translation.get_language()) for product in products]


def _example(request: HttpRequest, products: list[Shown]) -> dict[str, str]:
    """Return what an order by the API looks like here: an order of the first thing that can be had."""
    for product in products:
        for variant in product.variants:
            if variant.in_stock and variant.currency:
                address = f"{request.scheme}://{request.get_host()}/api/v1/orders"
                return {"address": address, "sku": variant.sku, "currency": variant.currency}
    return {}
