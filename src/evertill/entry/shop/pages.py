"""The kinds of pages that customers see: the same for everybody, or one visitor's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from evertill.entry.pages import frame, places
from evertill.entry.pages.audience import Audience, open_to
from evertill.entry.pages.frame import page, reads
from evertill.entry.shop import cart
from evertill.kernel import config

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

# For how long a page of the catalogue may be shown while it is asked for again, and while the shop does not answer.
_STALE_S, _STALE_ON_ERROR_S = 60, 3600


def for_everybody(view: View[P]) -> View[P]:
    """Show a page that is the same for everybody at one place, so that proxies and browsers may keep it.

    What could tell visitors apart is taken from the request before the view sees it: what a page does not know, it
    cannot show. An address without a place leads to the one with it.
    """

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not places.is_in_path(request):
            return _to_place(request)
        request.COOKIES = {}
        for name in ("HTTP_COOKIE", "HTTP_ACCEPT_LANGUAGE", "HTTP_AUTHORIZATION", "HTTP_USER_AGENT", "HTTP_REFERER"):
            request.META.pop(name, None)
        return reads(view)(request, *args, **kwargs)

    return open_to(Audience.ANYBODY)(answer)


def _to_place(request: HttpRequest) -> HttpResponse:
    answer = redirect(f"{places.root(request)}{places.of(request).code}{places.bare_path(request)}")
    answer["Cache-Control"] = "private, no-cache"
    return answer


def public_page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """This function will render a page that everybody may keep for a little while; for views `for_everybody`."""
    answer = page(request, template, {**context, "addresses": _addresses(request)})
    fresh_s = config.get().catalog_fresh_s
    # Who has it may show it a little longer while he asks again, and much longer while the shop does not answer.
    answer["Cache-Control"] = (
        f"public, max-age={fresh_s}, stale-while-revalidate={_STALE_S}, stale-if-error={_STALE_ON_ERROR_S}"
        if fresh_s
        else "public, no-cache"
    )
    return answer


def _addresses(request: HttpRequest) -> dict[str, Any]:
    """Return where a page is found for good: in its own language, and in each of the shop's."""
    shop, rest = config.get().public_url.rstrip("/"), places.bare_path(request)
    return {
        "own": f"{shop}/{places.of(request).language}{rest}",
        "others": [(code, f"{shop}/{code}{rest}") for code, _name in settings.LANGUAGES],
        "any": f"{shop}{rest}",
    }


def private_page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """This function will render a page that is one visitor's own, with how much is in his cart."""
    known = {"cart_pieces": sum(cart.read(request).values())}
    return frame.private_page(request, template, known | context, status=status)
