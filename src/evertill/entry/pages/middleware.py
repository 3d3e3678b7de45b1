"""What every page says about itself to the browser.

Scripts and styles are files of the shop's own; nothing stands inside a page, so nothing that gets into a page can run.
A page of one visitor's own (`private_page`) goes further: its policy names a nonce, new for each answer, and only
scripts that carry it run, wherever they come from. A page that a proxy may keep carries none, because a nonce that two
visitors share is no nonce: there `'self'` is what may run. Trusted Types let no script turn text into markup.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

_REST = (
    "style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=()"
_NONCE = "_script_nonce"


def nonce_of(request: HttpRequest) -> str:
    """This function will return the nonce of the answer to a request, which nobody may keep from then on."""
    nonce: str = getattr(request, _NONCE, "")
    if not nonce:
        nonce = secrets.token_urlsafe(16)
        setattr(request, _NONCE, nonce)
    return nonce


def policy(*, nonce: str = "") -> str:
    """This function will return the policy of a page, with the nonce of its scripts if it has one."""
    scripts = f"'nonce-{nonce}'" if nonce else "'self'"
    return f"default-src 'none'; script-src {scripts}; {_REST}"


def strict_pages(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """This function will wrap every page in a strict policy, unless the page has stated one of its own."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        nonce: str = getattr(request, _NONCE, "")
        if nonce:
            # Whatever the page says of itself: kept anywhere, its nonce would be known to others.
            response.headers["Cache-Control"] = "no-store"
        for name, value in _headers(nonce=nonce).items():
            response.headers.setdefault(name, value)
        return response

    return answer


def only_text(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """This function will turn away what no browser sends and the database cannot keep: a zero character in a text.

    Forms with files are left to their views, which say how much of them is read.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        has_zero = "\0" in request.path or "%00" in request.META.get("QUERY_STRING", "")
        if not has_zero and request.content_type == "application/x-www-form-urlencoded":
            has_zero = b"%00" in request.body or b"\0" in request.body
        if has_zero:
            raise BadRequest("There is a zero character in it.")
        return get_response(request)

    return answer


def _headers(*, nonce: str = "") -> dict[str, str]:
    return {
        "Content-Security-Policy": policy(nonce=nonce),
        "Permissions-Policy": _PERMISSIONS,
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def file_headers() -> dict[str, str]:
    """This function will return what the shop's files tell browsers, as SecurityMiddleware has pages tell it."""
    subdomains = "; includeSubDomains" if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else ""
    told = {
        **_headers(),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": str(settings.SECURE_REFERRER_POLICY),
        "Cross-Origin-Opener-Policy": str(settings.SECURE_CROSS_ORIGIN_OPENER_POLICY),
    }
    if settings.SECURE_HSTS_SECONDS:
        told["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}{subdomains}"
    return told
