"""Where a visitor is: the language that he reads and the currency that he pays in.

It stands in front of the path: `/en/products/tea`, `/zh-hans/cart`, and where the currency is not the one that goes
with the language, `/en-gbp/…`. So an address says all that a page depends on, and whoever keeps pages (a proxy, a
browser, a search engine) can never give one in the wrong language. To what is behind it, the place is like the folder
that a site is installed in: addresses that are made by `reverse` and `{% url %}` have it in front by themselves.

A path without a place is taken as well. Who asks for one has the place that he chose (a cookie), or else the one that
his browser's Accept-Language tells of; such an answer is for him alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import get_script_prefix, set_script_prefix
from django.utils import translation
from django.utils.cache import patch_vary_headers

from evertill.entry.pages import cookies
from evertill.kernel import config

COOKIE = "place"
_KEPT_S = 365 * 86400
# What is looked at of an Accept-Language header.
_ACCEPT_CHARS_MAX = 500

# What people pay with who say that they read this.
_CURRENCIES = {
    "en-us": "USD", "en-gb": "GBP", "en-au": "AUD", "en-ca": "CAD", "zh": "CNY", "zh-hant": "TWD", "zh-tw": "TWD",
    "zh-hk": "HKD", "zh-sg": "SGD", "ja": "JPY", "de": "EUR", "fr": "EUR", "es": "EUR", "it": "EUR", "nl": "EUR",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A language and a currency; `code` is how they are written in front of a path."""

    language: str
    currency: str
    code: str


def of(request: HttpRequest) -> Place:
    """This function will return where a visitor is."""
    place: Place | None = getattr(request, "place", None)
    # Without one the request went wrong before anybody looked where it came from.
    return place or own(config.get().languages[0])


def root(request: HttpRequest) -> str:
    """This function will return what stands in front of every place, "/" where the shop has a host of its own."""
    return str(getattr(request, "root", "/"))


def is_in_path(request: HttpRequest) -> bool:
    """This function will say whether the address that was asked for names the place."""
    return bool(getattr(request, "place_in_path", False))


def own(language: str) -> Place:
    """This function will return the place of a language: with the currency that goes with it."""
    wanted = _CURRENCIES.get(language) or _CURRENCIES.get(language.partition("-")[0], "")
    known = config.get().currencies
    return Place(language=language, currency=wanted if wanted in known else known[0], code=language)


@cache
def every() -> dict[str, Place]:
    """This function will return every place that there is, by its code."""
    return {place.code: place for place in _every()}


def _every() -> Iterator[Place]:
    for language in config.get().languages:
        yield own(language)
        for currency in config.get().currencies:
            if currency != own(language).currency:
                yield Place(language=language, currency=currency, code=f"{language}-{currency.lower()}")


def with_currency(language: str, currency: str) -> Place:
    """This function will return the place of a language and a currency; one that pages do not show gives the own."""
    return every().get(f"{language}-{currency.lower()}", own(language))


def like(place: Place, *, language: str) -> Place:
    """This function will return another language's place, with the same currency if that was asked for by name."""
    return own(language) if place == own(place.language) else with_currency(language, place.currency)


def bare_path(request: HttpRequest) -> str:
    """This function will return the path and query that were asked for, without the place."""
    query = request.META.get("QUERY_STRING", "")
    return f"{request.path_info}?{query}" if query else request.path_info


def remember(answer: HttpResponse, place: Place) -> None:
    """This function will have the browser remember a place, for addresses that name none."""
    cookies.keep(answer, COOKIE, place.code, max_age_s=_KEPT_S)


def at_place(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """This function will take the place from the path, and speak its language in the answer."""

    def answer(request: HttpRequest) -> HttpResponse:
        code, slash, rest = request.path_info[1:].partition("/")
        place = every().get(code)
        if place is not None and not slash:
            query = request.META.get("QUERY_STRING", "")
            return HttpResponsePermanentRedirect(f"{request.path}/{'?' if query else ''}{query}")
        before = get_script_prefix()
        request.root = before  # type: ignore[attr-defined]
        if place is not None:
            request.path_info = f"/{rest}"
            set_script_prefix(f"{get_script_prefix()}{code}/")
        request.place_in_path = place is not None  # type: ignore[attr-defined]
        request.place = found = place or _chosen(request)  # type: ignore[attr-defined]
        request.LANGUAGE_CODE = found.language
        try:
            with translation.override(found.language):
                response = get_response(request)
        finally:
            # It belongs to the thread: whoever is answered next by it has a place of his own.
            set_script_prefix(before)
        response.headers.setdefault("Content-Language", found.language)
        if place is None:
            patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response

    return answer


def _chosen(request: HttpRequest) -> Place:
    kept = every().get(cookies.read(request, COOKIE))
    return kept or preferred(request.headers.get("Accept-Language", ""))


def preferred(accept_language: str) -> Place:
    """This function will guess a place from what a browser accepts: the first language that the shop speaks.

    The currency is that of the first country beside it, "en-GB" for pounds.
    """
    known = config.get().languages
    # As Django reads the header, so that the shop's other answers agree.
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = accept_language[:_ACCEPT_CHARS_MAX]
    language = translation.get_language_from_request(request)
    language = language if language in known else known[0]
    tags = [part.partition(";")[0].strip().lower() for part in accept_language[:_ACCEPT_CHARS_MAX].split(",")]
    for tag in (tag for tag in tags if tag.partition("-")[0] == language.partition("-")[0]):
        if tag in _CURRENCIES:
            return with_currency(language, _CURRENCIES[tag])
    return own(language)
