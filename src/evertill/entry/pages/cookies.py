"""The cookies of the pages: what each is called, and how browsers are told to keep it.

Where the shop's address is https, names begin with `__Host-`: browsers then take them from this host alone, over TLS
alone and for every path, so that neither a neighbouring subdomain nor a line without TLS can plant one. On a laptop
without TLS they have their bare names.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse

from evertill.kernel import config


def is_secure() -> bool:
    """This function will say whether customers reach the shop over TLS, as its public address says."""
    return urlsplit(config.get().public_url).scheme == "https"


def name(base: str) -> str:
    """This function will return what browsers know a cookie by."""
    return f"__Host-{base}" if is_secure() else base


def read(request: HttpRequest, base: str) -> str:
    """This function will return a cookie's value, "" without one."""
    return str(request.COOKIES.get(name(base), ""))


def keep(answer: HttpResponse, base: str, value: str, *, max_age_s: int | None, for_scripts: bool = False) -> None:
    """This function will have the browser keep a cookie; without an age, until it is closed.

    It is sent with the shop's own requests, and when a link of another site leads here; never with another site's form.
    Scripts cannot read it, unless it is `for_scripts`: that must hold nothing that opens anything.
    """
    answer.set_cookie(
        name(base), value, max_age=max_age_s, httponly=not for_scripts, samesite="Lax", secure=is_secure(), path="/"
    )


def drop(answer: HttpResponse, base: str) -> None:
    """This function will have the browser forget a cookie."""
    answer.delete_cookie(name(base), path="/", samesite="Lax")
