"""Signing in: an address and a code or a password, then a second step where the account has one; or a passkey alone.

Whoever asks for a code gets one, whether or not somebody has this address: no page tells the one from the other.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from evertill.domains.identity import Factor
from evertill.entry.pages.audience import Audience, open_to
from evertill.entry.pages.factors import SENT
from evertill.entry.pages.forms import text_of
from evertill.entry.pages.frame import reads
from evertill.entry.pages.leading import next_of, see_other
from evertill.entry.pages.moments import write_moment
from evertill.entry.pages.visitor import attempt, keep_attempt, signed_in, signed_out, visit, visitor
from evertill.entry.shop.account import words
from evertill.entry.shop.account.frame import account_page, onward, signed_in_only
from evertill.journeys import manage_sessions, recover_account
from evertill.journeys.begin_session import SignedIn
from evertill.journeys.send_code import is_stand_in
from evertill.journeys.sign_in import (
    AskedForCode,
    AttemptEnded,
    MoreNeeded,
    NewHere,
    ask_for_code,
    look_at_attempt,
    send_second_code,
    sign_in_by_code,
    sign_in_by_password,
    sign_in_by_second_factor,
)
from evertill.journeys.sign_up import sign_up
from evertill.journeys.verify_passkey import are_possible
from evertill.kernel import clock
from evertill.kernel.errors import EvertillError

_GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])


@_GET_OR_POST
@open_to(Audience.ANYBODY)
@reads
def sign_in(request: HttpRequest) -> HttpResponse:
    """This function will ask who somebody is, and take an address with a password, or send a code to it."""
    if request.method != "POST":
        # Whoever is signed in already has nothing to do here.
        return onward(request) if visitor(request) else address_page(request)
    address, password = text_of(request, "address").strip(), text_of(request, "password")
    try:
        if password and request.POST.get("way") != "code":
            outcome = sign_in_by_password(address=address, password=password, visit=visit(request), now=clock.now())
            return go_on(request, outcome)
        asked = ask_for_code(address=address, visit=visit(request), now=clock.now())
    except EvertillError as error:
        return address_page(request, address=address, error=error)
    return keep_attempt(see_other("account:code", next=next_of(request)), asked.attempt)


@_GET_OR_POST
@open_to(Audience.ANYBODY)
@reads
def enter_code(request: HttpRequest) -> HttpResponse:
    """This function will take the code that was sent."""
    if request.method != "POST":
        return _stage(request)
    try:
        outcome = sign_in_by_code(
            attempt=attempt(request), digits=text_of(request, "code"), visit=visit(request), now=clock.now()
        )
    except AttemptEnded as error:
        return address_page(request, error=error)
    except EvertillError as error:
        return _stage(request, error=error)
    return go_on(request, outcome)


@_GET_OR_POST
@open_to(Audience.ANYBODY)
@reads
def second_step(request: HttpRequest) -> HttpResponse:
    """This function will take the second proof of an account that has a second step, or send what proves it."""
    way, _, name = request.POST.get("way", "").partition(":")
    if request.method != "POST" or name not in set(Factor):
        return _stage(request)
    factor = Factor(name)
    sent = factor if factor in SENT else None
    try:
        if way == "send":
            send_second_code(attempt=attempt(request), factor=factor, visit=visit(request), now=clock.now())
            return _stage(request, sent=sent)
        outcome = sign_in_by_second_factor(
            attempt=attempt(request),
            factor=factor,
            text=text_of(request, "text"),
            trust=request.POST.get("trust") == "1",
            visit=visit(request),
            now=clock.now(),
        )
    except AttemptEnded as error:
        return address_page(request, error=error)
    except EvertillError as error:
        return _stage(request, error=error, sent=sent)
    return go_on(request, outcome)


@_GET_OR_POST
@open_to(Audience.ANYBODY)
@reads
def open_account(request: HttpRequest) -> HttpResponse:
    """This function will open an account for whoever proved an address that nobody has."""
    if request.method != "POST":
        return _stage(request)
    try:
        opened = sign_up(
            attempt=attempt(request),
            display_name=text_of(request, "name"),
            password=text_of(request, "password"),
            visit=visit(request),
            now=clock.now(),
        )
    except AttemptEnded as error:
        return address_page(request, error=error)
    except EvertillError as error:
        return _stage(request, error=error)
    return go_on(request, opened)


@require_POST
@open_to(Audience.ANYBODY)
@reads
def recover(request: HttpRequest) -> HttpResponse:
    """This function will ask for the recovery of an account whose second step is lost, or end it when it is time."""
    try:
        if request.POST.get("way") == "finish":
            recovered = recover_account.finish(attempt=attempt(request), visit=visit(request), now=clock.now())
            return go_on(request, recovered)
        recovery = recover_account.ask(attempt=attempt(request), visit=visit(request), now=clock.now())
    except AttemptEnded as error:
        return address_page(request, error=error)
    except EvertillError as error:
        return _stage(request, error=error)
    return account_page(request, "recovery_asked.html", {"ready_at": write_moment(recovery.ready_at)})


@_GET_OR_POST
@open_to(Audience.ANYBODY)
@reads
def cancel_recovery(request: HttpRequest, token: str) -> HttpResponse:
    """This function will end a recovery that the owner did not ask for, by the link in the message to him."""
    is_done = None
    if request.method == "POST":
        is_done = recover_account.cancel_by_link(token=token, now=clock.now())
    return account_page(request, "recovery_cancel.html", {"is_done": is_done})


@require_POST
@signed_in_only
def sign_out(request: HttpRequest, session: manage_sessions.Session) -> HttpResponse:
    """This function will end the session of this browser."""
    manage_sessions.sign_out(session=session, now=clock.now())
    return signed_out(request, see_other("shop:products"))


def go_on(request: HttpRequest, outcome: SignedIn | MoreNeeded | NewHere) -> HttpResponse:
    """This function will lead to what follows a proof: the second step, opening an account, or being signed in."""
    if isinstance(outcome, SignedIn):
        return signed_in(request, onward(request), outcome)
    view = "account:second-step" if isinstance(outcome, MoreNeeded) else "account:open"
    return keep_attempt(see_other(view, next=next_of(request)), outcome.attempt)


def address_page(request: HttpRequest, *, address: str = "", error: EvertillError | None = None) -> HttpResponse:
    """This function will show the page on which signing in begins."""
    return account_page(request, "sign_in.html", {"address": address, "has_passkeys": are_possible()}, error=error)


def _stage(request: HttpRequest, *, error: EvertillError | None = None, sent: Factor | None = None) -> HttpResponse:
    """Show the page of where this sign-in stands, whichever was asked for."""
    try:
        stage = look_at_attempt(attempt=attempt(request), now=clock.now())
    except AttemptEnded as ended:
        return address_page(request, error=ended)
    if isinstance(stage, AskedForCode):
        context = {"asked": stage, "is_in_file": is_stand_in(stage.kind)}
        return account_page(request, "code.html", context, error=error)
    if isinstance(stage, NewHere):
        return account_page(request, "open.html", {"new": stage, "name": text_of(request, "name")}, error=error)
    ways = words.ways(stage.factors, hidden=stage.hidden, sent=sent)
    recovery = stage.recovery
    context = {
        "ways": ways,
        "can_trust": stage.can_trust,
        "may_recover": stage.may_recover,
        "recovery": recovery,
        "ready_at": write_moment(recovery.ready_at) if recovery else "",
    }
    return account_page(request, "second_step.html", context, error=error)
