"""What every page has in common: what stands around it, and what it answers while the database is away."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from evertill.entry.shop import cart
from evertill.kernel import config, db

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

# How long a browser waits before it looks again whether the database is back.
_RETRY_S = 5


def reads(view: View[P]) -> View[P]:
    """Answer with a page of its own while the database is away or too busy."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return db.with_connection(lambda: view(request, *args, **kwargs))
        except db.DatabaseUnavailable:
            return unavailable(request)

    return answer


def page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """This function will render a page in the visitor's language."""
    language = translation.get_language()
    answer = render(
        request,
        template,
        {
            "cart_pieces": sum(cart.read(request).values()),
            **context,
            "shop_name": config.get().shop_name or _("Evertill"),
            "language": language,
            # The one in which variants are named.
            "first_language": settings.LANGUAGE_CODE,
            "languages": [(code, name) for code, name in settings.LANGUAGES if code != language],
            "here": urlencode({"next": request.get_full_path()}),
        },
        status=status,
    )
    answer["Cache-Control"] = "no-store" if status != 200 else "no-cache"  # noqa: PLR2004
    # The cart is in the head of every page.
    patch_vary_headers(answer, ["Cookie"])
    return answer


def private_page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """This function will render a page that is one visitor's own: nobody keeps it and nobody lists it."""
    return keep_private(page(request, template, {**context, "is_private": True}, status=status))


def keep_private(answer: HttpResponse) -> HttpResponse:
    """This function will mark an answer as one visitor's own."""
    answer["Cache-Control"] = "no-store"
    answer["X-Robots-Tag"] = "noindex"
    return answer


def message(request: HttpRequest, status: int, **context: object) -> HttpResponse:
    """This function will render a page that says one thing."""
    return page(request, "shop/message.html", {**context, "status": status}, status=status)


def unavailable(request: HttpRequest) -> HttpResponse:
    """This function will answer while the database is away; the page asks again by itself."""
    answer = message(
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
