"""Where a request leads: to a page after something was done, and on to where its visitor wanted to go."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from evertill.entry.pages.frame import keep_private

_NEXT_CHARS_MAX = 500


def see_other(view: str, /, *args: str | int, **query: str) -> HttpResponse:
    """This function will lead to a page after something was done; loading that one again does nothing again."""
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
