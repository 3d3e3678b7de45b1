"""What the account pages have in common: who may see them, where they lead back to, and how a failure is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from evertill.domains.identity import Session
from evertill.entry.shop import places
from evertill.entry.shop.account import failures
from evertill.entry.shop.audience import Audience, open_to
from evertill.entry.shop.pages import keep_private, private_page, reads
from evertill.entry.shop.visitor import visitor
from evertill.kernel.errors import EvertillError

P = ParamSpec("P")
_NEXT_CHARS_MAX = 500
# A wrong code is a form to fill in again. 401 would ask the browser for a password of its own (RFC 9110, 15.5.2).
_STATUS = {
    "conflict": 409,
    "unavailable": 503,
    "busy": 429,
    "forbidden": 403,
    "not_found": 404,
    "internal": 500,
}


def signed_in_only(
    view: Callable[Concatenate[HttpRequest, Session, P], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Show a page to whoever is signed in; everybody else is led to sign in first, and then back."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        session = visitor(request)
        if session is None:
            # What was to be done is asked for again by hand: a form is never sent on by a link.
            back = places.bare_path(request) if request.method in ("GET", "HEAD") else ""
            return see_other("account:sign-in", next=back)
        return view(request, session, *args, **kwargs)

    return open_to(Audience.ACCOUNT)(reads(answer))


def account_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    error: EvertillError | None = None,
    status: int = 200,
) -> HttpResponse:
    """This function will render an account page, with a failure at its head if there was one."""
    trouble = failures.tell(error) if error else None
    answer = private_page(
        request,
        f"account/{template}",
        {"trouble": trouble, "next": next_of(request), **context},
        status=_STATUS.get(error.status, 422) if error else status,
    )
    if error is not None and answer.status_code in (429, 503):
        answer["Retry-After"] = "5"
    return answer


def see_other(view: str, /, *args: str, **query: str) -> HttpResponse:
    """This function will lead to another account page; loading that one again sends nothing again."""
    asked = {name: value for name, value in query.items() if value}
    return see_other_address(reverse(view, args=args) + (f"?{urlencode(asked)}" if asked else ""))


def see_other_address(address: str) -> HttpResponse:
    """This function will lead to an address of this shop."""
    answer = redirect(address)
    answer.status_code = 303
    return keep_private(answer)


def next_of(request: HttpRequest) -> str:
    """This function will return where the visitor wanted to go; "" for nowhere, and for another site."""
    wanted = (request.POST.get("next") or request.GET.get("next", ""))[:_NEXT_CHARS_MAX]
    # Backslashes and control characters are read differently by browsers and by us, so nothing with them is followed.
    if not wanted.startswith("/") or not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return ""
    return wanted


def onward(request: HttpRequest) -> HttpResponse:
    """This function will lead to where the visitor wanted to go, else to his account."""
    return see_other_address(next_of(request) or reverse("account:home"))
