"""Who is looking: the visitor's session, read when a page first asks for it; and the cookies that keep its secret.

Pages that do not ask cost nothing and can be kept by a proxy. One that was made for somebody never can.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from evertill.domains.identity import Session
from evertill.entry.pages import cookies
from evertill.entry.pages.devices import name_device, name_network
from evertill.journeys.begin_session import SignedIn, Visit
from evertill.journeys.claim_orders import claim_orders
from evertill.journeys.manage_sessions import resume_session
from evertill.kernel import clock, config

_SESSION, _BROWSER, _ATTEMPT = "session", "browser", "attempt"
_FOUND = "_evertill_visitor"
_SECRET_CHARS = 100


def visitor(request: HttpRequest) -> Session | None:
    """This function will return the visitor's session, None when nobody is signed in.

    It reads the database once for a request, and not at all without the cookie. An ended session's cookie goes. Its
    place is the network that this request comes from: what is done is on record with it, and whoever stole a session
    does not act from where its owner signed in.
    """
    if not hasattr(request, _FOUND):
        secret = _read(request, _SESSION)
        session = resume_session(secret=secret, now=clock.now()) if secret else None
        if session is not None:
            here = name_network(request.META.get("REMOTE_ADDR", ""))
            session = dataclasses.replace(session, place=here or session.place)
        setattr(request, _FOUND, session)
    found: Session | None = getattr(request, _FOUND)
    return found


def visit(request: HttpRequest) -> Visit:
    """This function will say who is asking and from where, for the journeys of signing in."""
    address = request.META.get("REMOTE_ADDR", "")
    return Visit(
        caller=address,
        device=name_device(request.headers.get("User-Agent", "")),
        place=name_network(address),
        browser=_read(request, _BROWSER),
        language=translation.get_language() or config.get().languages[0],
        session=visitor(request),
    )


def attempt(request: HttpRequest) -> str:
    """This function will return the secret of the sign-in that is under way in this browser, "" without one."""
    return _read(request, _ATTEMPT)


def keep_attempt(answer: HttpResponse, secret: str) -> HttpResponse:
    """This function will have the browser keep the secret of a sign-in that is under way."""
    return _keep(answer, _ATTEMPT, secret, lasts=dt.timedelta(minutes=config.get().attempt_min))


def signed_in(request: HttpRequest, answer: HttpResponse, signed: SignedIn) -> HttpResponse:
    """This function will have the browser keep a session that has begun, and its own new secret.

    What he ordered as a guest is his from here on.
    """
    claim_orders(account_id=signed.account_id, now=clock.now())
    setattr(request, _FOUND, signed.session)
    _keep(answer, _SESSION, signed.session_secret, lasts=signed.session.ends_at - signed.session.started_at)
    _keep(answer, _BROWSER, signed.browser_secret, lasts=dt.timedelta(days=config.get().browser_keep_days))
    return _drop(answer, _ATTEMPT)


def renewed(answer: HttpResponse, session: Session, *, secret: str) -> HttpResponse:
    """This function will have the browser keep the secret that a session got in the place of its old one."""
    return _keep(answer, _SESSION, secret, lasts=session.ends_at - clock.now()) if secret else answer


def signed_out(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """This function will have the browser forget its session. The browser itself stays known."""
    setattr(request, _FOUND, None)
    return _drop(answer, _SESSION)


def follow_visitor(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """This function will wrap every page: one that asked who is looking says so to caches, and ended cookies go."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not hasattr(request, _FOUND):
            return response
        patch_vary_headers(response, ["Cookie"])
        if getattr(request, _FOUND) is not None:
            # Whatever the page says of itself: it was made for one visitor.
            response.headers["Cache-Control"] = "no-store"
        elif _read(request, _SESSION) and cookies.name(_SESSION) not in response.cookies:
            _drop(response, _SESSION)
        return response

    return answer


def _read(request: HttpRequest, base: str) -> str:
    return cookies.read(request, base)[:_SECRET_CHARS]


def _keep(answer: HttpResponse, base: str, secret: str, *, lasts: dt.timedelta) -> HttpResponse:
    cookies.keep(answer, base, secret, max_age_s=int(lasts.total_seconds()))
    return answer


def _drop(answer: HttpResponse, base: str) -> HttpResponse:
    cookies.drop(answer, base)
    return answer
