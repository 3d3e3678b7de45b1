"""The customers' pages: what is for sale, one product, and what to do when something is not right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from evertill.entry.shop import returning
from evertill.entry.shop.offers import Shown, preferred_currency, show
from evertill.journeys import browse_products
from evertill.journeys.browse_products import ProductOnSale
from evertill.journeys.view_payment import PaymentNotFound
from evertill.kernel import db, ids

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

_PAGE_SIZE = 24
# How long a browser waits before it looks again whether the database is back.
_RETRY_S = 5
_YEAR_S = 365 * 86400


def _reads(view: View[P]) -> View[P]:
    """Answer with a page of its own while the database is away or too busy."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return db.with_connection(lambda: view(request, *args, **kwargs))
        except db.DatabaseUnavailable:
            return unavailable(request)

    return answer


@require_safe
@_reads
def show_products(request: HttpRequest) -> HttpResponse:
    """This function will show one page of what is for sale, or of what a search found."""
    search = request.GET.get("q", "").strip()
    try:
        page = browse_products.list_products(
            languages=[translation.get_language()],
            search=search,
            cursor=request.GET.get("after") or None,
            limit=_PAGE_SIZE,
        )
    except browse_products.InvalidCursor:
        return redirect("shop:products")
    products = _shown(request, page.products)
    return _page(
        request,
        "shop/products.html",
        {
            "products": products,
            "search": search,
            "is_continued": "after" in request.GET,
            "next": urlencode({"q": search, "after": page.next_cursor}) if page.next_cursor else "",
            "example": _example(request, products),
        },
    )


@require_safe
@_reads
def show_product(request: HttpRequest, slug: str) -> HttpResponse:
    """This function will show one product with its variants."""
    try:
        found = browse_products.read_product(slug=slug, languages=[translation.get_language()])
    except browse_products.UnknownProduct:
        raise Http404 from None
    (product,) = _shown(request, [found])
    return _page(request, "shop/product.html", {"product": product, "example": _example(request, [product])})


@require_safe
@_reads
def show_payment(request: HttpRequest) -> HttpResponse:
    """This function will show how a payment stands to a customer who comes back from its provider."""
    # A provider may add its own id under the same name, behind ours.
    number = next(iter(request.GET.getlist("payment")), "")
    looks = request.GET.get("looks", "")
    try:
        intent = returning.look(number)
    except (ids.InvalidNumber, PaymentNotFound):
        raise Http404 from None
    shown = returning.show(intent, looks=int(looks) if looks.isascii() and looks.isdigit() and len(looks) < 4 else 0)  # noqa: PLR2004
    answer = _page(request, "shop/payment.html", {**asdict(shown), "number": intent.number})
    answer["Cache-Control"] = "no-store"
    answer["X-Robots-Tag"] = "noindex"
    return answer


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
    return _message(
        request,
        400,
        title=_("This address cannot be used"),
        text=_("Your browser asked in a way that this shop does not understand."),
    )


def refused(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """This function will answer what a page did not allow, mostly a form that was open for too long."""
    return _message(
        request,
        403,
        title=_("This could not be done"),
        text=_("The page may have been open for too long. Nothing was changed; go back, load it again and try anew."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """This function will answer an address where there is nothing."""
    return _message(
        request,
        404,
        title=_("There is nothing here"),
        text=_("The page has moved, or what it showed is no longer for sale."),
    )


def failed(request: HttpRequest) -> HttpResponse:
    """This function will answer when something went wrong that nobody foresaw."""
    return _message(
        request,
        500,
        title=_("Something went wrong here"),
        text=_("It is our mistake, and it is in the shop's log. Orders that were confirmed are safe."),
    )


def unavailable(request: HttpRequest) -> HttpResponse:
    """This function will answer while the database is away; the page asks again by itself."""
    answer = _message(
        request,
        503,
        title=_("One moment, please"),
        text=_(
            "The shop is busy or starting again. Orders that were confirmed are safe. This page tries again by itself."
        ),
        retry_s=_RETRY_S,
    )
    answer["Retry-After"] = str(_RETRY_S)
    return answer


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


def _message(request: HttpRequest, status: int, **context: object) -> HttpResponse:
    return _page(request, "shop/message.html", {**context, "status": status}, status=status)


def _page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    language = translation.get_language()
    answer = render(
        request,
        template,
        {
            **context,
            "language": language,
            # The one in which variants are named.
            "first_language": settings.LANGUAGE_CODE,
            "languages": [(code, name) for code, name in settings.LANGUAGES if code != language],
            "here": urlencode({"next": request.get_full_path()}),
        },
        status=status,
    )
    answer["Cache-Control"] = "no-store" if status != 200 else "no-cache"  # noqa: PLR2004
    return answer
