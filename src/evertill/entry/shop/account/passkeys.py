"""Passkeys: fingerprint, face or screen lock of the visitor's own device.

A script asks for a challenge, has the device answer it, and sends the answer as an ordinary form
(static/account/passkey.js).
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from evertill.domains.identity import Session
from evertill.entry.pages import failures
from evertill.entry.pages.audience import Audience, open_to
from evertill.entry.pages.errands import unseal
from evertill.entry.pages.forms import text_of
from evertill.entry.pages.frame import keep_private, reads
from evertill.entry.pages.leading import see_other
from evertill.entry.pages.visitor import attempt, visit
from evertill.entry.shop.account import proving
from evertill.entry.shop.account.frame import account_page, own_act, signed_in_only
from evertill.entry.shop.account.signing_in import address_page, go_on
from evertill.journeys import manage_passkeys, sign_in_by_passkey, sign_up_by_passkey, step_up_by_passkey
from evertill.kernel import clock
from evertill.kernel.errors import EvertillError

# A credential with its attestation is some hundred bytes; the domain has its own limit below this one.
_ANSWER_CHARS_MAX = 20_000


def _adding(request: HttpRequest, _session: Session, *, error: EvertillError | None = None) -> HttpResponse:
    return account_page(request, "passkey_add.html", {}, error=error)


def _failed(request: HttpRequest, _session: Session, *, error: EvertillError | None = None) -> HttpResponse:
    return account_page(request, "failed.html", {}, error=error)


@require_POST
@open_to(Audience.ANYBODY)
@reads
def begin_sign_in(request: HttpRequest) -> HttpResponse:
    """This function will give a challenge to whoever wants to sign in with a passkey, whoever that is."""
    try:
        return _begun(sign_in_by_passkey.begin(visit=visit(request), attempt=_attempt(request), now=clock.now()))
    except EvertillError as error:
        return _refused(error)


@require_POST
@open_to(Audience.ANYBODY)
@reads
def sign_in(request: HttpRequest) -> HttpResponse:
    """This function will sign in with a passkey, or go on with a sign-in whose second step it is."""
    try:
        outcome = sign_in_by_passkey.sign_in_by_passkey(
            answer=_answer(request),
            attempt=_attempt(request),
            trust=request.POST.get("trust") == "1",
            visit=visit(request),
            now=clock.now(),
        )
    except EvertillError as error:
        return address_page(request, error=error)
    return go_on(request, outcome)


@require_POST
@open_to(Audience.ANYBODY)
@reads
def begin_sign_up(request: HttpRequest) -> HttpResponse:
    """This function will give a challenge to whoever opens an account that a passkey alone opens."""
    name = text_of(request, "name")
    try:
        return _begun(sign_up_by_passkey.begin(display_name=name, visit=visit(request), now=clock.now()))
    except EvertillError as error:
        return _refused(error)


@require_POST
@open_to(Audience.ANYBODY)
@reads
def sign_up(request: HttpRequest) -> HttpResponse:
    """This function will open an account that a passkey alone opens."""
    try:
        opened = sign_up_by_passkey.sign_up_by_passkey(
            answer=_answer(request),
            display_name=text_of(request, "name"),
            passkey_name=_device(request),
            visit=visit(request),
            now=clock.now(),
        )
    except EvertillError as error:
        return address_page(request, error=error)
    return go_on(request, opened)


@require_POST
@signed_in_only
def begin_proving(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will give a challenge for a step-up, bound to its operation and object."""
    errand = unseal(request.POST.get("errand", ""), session=session)
    if errand is None:
        return HttpResponse(status=409)
    try:
        return _begun(
            step_up_by_passkey.begin(
                session=session,
                operation=errand.operation,
                subject=errand.subject,
                visit=visit(request),
                now=clock.now(),
            )
        )
    except EvertillError as error:
        return _refused(error)


@require_POST
@signed_in_only
def prove(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will take a passkey as the proof that an important operation needs."""
    errand = unseal(request.POST.get("errand", ""), session=session)
    if errand is None:
        return see_other("account:home")
    try:
        step_up_by_passkey.prove(
            session=session,
            operation=errand.operation,
            subject=errand.subject,
            answer=_answer(request),
            visit=visit(request),
            now=clock.now(),
        )
    except EvertillError as error:
        return proving.page(request, session, errand, sealed=request.POST["errand"], error=error)
    return proving.go_on(request, session, errand)


@own_act(_adding)
def add_first(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will show the page on which a passkey is added, with its challenge; step-up comes before it."""
    options = manage_passkeys.begin_adding(session=session, visit=visit(request), now=clock.now())
    return account_page(request, "passkey_add.html", {"options": options, "name": _device(request)})


@require_POST
@signed_in_only
def add(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will keep a new passkey."""
    try:
        manage_passkeys.add_passkey(
            session=session,
            answer=_answer(request),
            name=text_of(request, "name"),
            now=clock.now(),
        )
    except EvertillError as error:
        return account_page(request, "passkey_add.html", {}, error=error)
    return see_other("account:security", done="passkey")


@own_act(_failed)
def rename(request: HttpRequest, session: Session, passkey_id: int) -> HttpResponse:
    """This function will give a passkey another name."""
    manage_passkeys.rename_passkey(
        session=session, passkey_id=passkey_id, name=text_of(request, "name"), now=clock.now()
    )
    return see_other("account:security", done="saved")


@own_act(_failed)
def remove(_request: HttpRequest, session: Session, passkey_id: int) -> HttpResponse:
    """This function will remove a passkey."""
    manage_passkeys.remove_passkey(session=session, passkey_id=passkey_id, now=clock.now())
    return see_other("account:security", done="saved")


def _answer(request: HttpRequest) -> str:
    return request.POST.get("answer", "")[:_ANSWER_CHARS_MAX]


def _attempt(request: HttpRequest) -> str:
    # On the page of a second step it goes on with that sign-in; on the first page it begins one.
    return attempt(request) if request.POST.get("is_second") else ""


def _device(request: HttpRequest) -> str:
    return visit(request).device or _("My device")


def _begun(options: str) -> HttpResponse:
    return keep_private(HttpResponse(options, content_type="application/json"))


def _refused(error: EvertillError) -> HttpResponse:
    trouble = failures.tell(error)
    said = f"{trouble.what} {trouble.kept} {trouble.remedy}"
    return keep_private(JsonResponse({"said": said, "code": error.code}, status=409))
