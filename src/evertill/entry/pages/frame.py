"""What every page has in common: what stands around it, and what it answers while the database is away."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from evertill.entry.pages import places, references
from evertill.journeys.read_preference import shop_contact, shop_name, storefront_banner
from evertill.kernel import db, ids

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)

OK = 200

# How long a browser waits before it looks again whether the database is back.
RETRY_S = 5


def reads(
    view: Callable[Concatenate[HttpRequest, P], R], *, away: Callable[[HttpRequest], HttpResponse] | None = None
) -> Callable[Concatenate[HttpRequest, P], R | HttpResponse]:
    """Answer with a page of its own, `away` makes it, while the database is away or too busy."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> R | HttpResponse:
        try:
            return db.with_connection(lambda: view(request, *args, **kwargs))
        except db.DatabaseUnavailable:
            return (away or unavailable)(request)

    return answer


def page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """This function will render a page at the visitor's place, which nobody is told to keep."""
    place = places.of(request)
    answer = render(
        request,
        template,
        {
            **context,
            "shop_name": shop_name() or _("Evertill"),
            "shop_contact": shop_contact(),
            "banner": storefront_banner(language=place.language),
            "place": place,
            "language": place.language,
            # The one in which variants are named.
            "first_language": settings.LANGUAGE_CODE,
            "languages": [
                (places.like(place, language=code).code, code, name)
                for code, name in settings.LANGUAGES
                if code != place.language
            ],
            "here": urlencode({"next": places.bare_path(request)}),
        },
        status=status,
    )
    answer["Cache-Control"] = "no-store" if status != OK else "no-cache"
    return answer


def private_page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """This function will render a page that is one visitor's own: nobody keeps it and nobody lists it."""
    return keep_private(page(request, template, {"is_private": True} | context, status=status))


def keep_private(answer: R) -> R:
    """This function will mark an answer as one visitor's own."""
    answer["Cache-Control"] = "no-store"
    answer["X-Robots-Tag"] = "noindex"
    return answer


def message(request: HttpRequest, status: int, **context: object) -> HttpResponse:
    """This function will render a page that says one thing, with a reference for support."""
    known = {"reference": ids.to_number(references.new()), "status": status}
    return page(request, "shop/message.html", known | context, status=status)


def view_of(request: HttpRequest) -> str:
    """This function will return which page was asked for, by its name: addresses may hold what opens something."""
    return request.resolver_match.view_name if request.resolver_match else ""


def unavailable(request: HttpRequest) -> HttpResponse:
    """This function will answer while the database is away; the page asks again by itself."""
    answer = message(
        request,
        503,
        title=_("One moment, please"),
        text=_(
            "The shop is busy or starting again. Orders that were confirmed are safe. This page tries again by itself."
        ),
        reference=references.note("page unavailable", view=view_of(request)),
        retry_s=RETRY_S,
    )
    answer["Retry-After"] = str(RETRY_S)
    return answer
