"""Whether a form was sent by a page of the shop's own, as the browser itself says: for pages that carry no token.

A page that a proxy keeps is the same for everybody, so it cannot hold a token that only its visitor knows. But every
browser since 2020 says of a form that it sends where the form stood: in `Sec-Fetch-Site` over TLS and on localhost, in
`Origin` everywhere, in words that no page can change. Whoever says nothing of it at all is refused, and so is a
neighbouring subdomain. Everything else than adding to a cart asks for a token as well.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from evertill.entry.shop.answers import refused

P = ParamSpec("P")


def from_own_pages(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Take a form from the shop's own pages, by what the browser says of it instead of by a token."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, *args, **kwargs) if is_own(request) else refused(request)

    return csrf_exempt(answer)


def is_own(request: HttpRequest) -> bool:
    """This function will say whether a page of the shop's own sent a request."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    # Without TLS browsers do not say it so; the oldest of them say only the address of the page.
    said = request.headers.get("Origin") or request.headers.get("Referer", "")
    try:
        parts = urlsplit(said)
    except ValueError:
        return False
    origin = f"{parts.scheme}://{parts.netloc}"
    return origin == f"{request.scheme}://{request.get_host()}" or origin in settings.CSRF_TRUSTED_ORIGINS
