"""The account's first page, and what lets its owner in: password, second factors, recovery codes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evertill.domains.identity import Session
from evertill.entry.pages.errands import Errand, ask_first, seal
from evertill.entry.pages.forms import text_of
from evertill.entry.pages.leading import see_other
from evertill.entry.pages.moments import write_moment
from evertill.entry.pages.visitor import visit
from evertill.entry.shop import qr
from evertill.entry.shop.account import words
from evertill.entry.shop.account.frame import account_page, own_act, signed_in_only
from evertill.journeys import change_address, change_password, manage_passkeys, manage_second_factors, recover_account
from evertill.journeys.step_up import StepUpRequired
from evertill.journeys.verify_passkey import are_possible
from evertill.journeys.view_account import view_account
from evertill.kernel import clock
from evertill.kernel.errors import EvertillError

_URI = "otpauth://totp/"


def _security(request: HttpRequest, session: Session, *, error: EvertillError | None = None) -> HttpResponse:
    factors = manage_second_factors.view_factors(session=session)
    context = {
        "factors": factors,
        "codes_left": words.codes_left(factors.recovery_codes_left),
        "passkeys": [
            {
                "id": passkey.id,
                "name": passkey.name,
                "made": write_moment(passkey.added_at),
                "is_suspected": passkey.suspected_at,
            }
            for passkey in manage_passkeys.list_passkeys(session=session)
        ],
        "has_passkeys": are_possible(),
        "done": request.GET.get("done", ""),
        "is_staff": session.is_staff,
    }
    return account_page(request, "security.html", context, error=error)


@require_safe
@signed_in_only
def show_home(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will show an account at a glance."""
    recovery = recover_account.waiting(session=session, now=clock.now())
    context = {
        "account": view_account(session=session),
        "is_staff": session.is_staff,
        "addresses": change_address.list_addresses(session=session),
        "factors": manage_second_factors.view_factors(session=session),
        "recovery": write_moment(recovery.ready_at) if recovery else "",
    }
    return account_page(request, "home.html", context)


@require_safe
@signed_in_only
def show_security(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will show what lets the owner in."""
    return _security(request, session)


@require_POST
@signed_in_only
def stop_recovery(_request: HttpRequest, session: Session) -> HttpResponse:
    """This function will end a recovery that somebody asked for, because the owner is here."""
    recover_account.cancel(session=session, now=clock.now())
    return see_other("account:home")


@require_POST
@signed_in_only
def begin_password(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will have the owner prove himself before he types a new password, which is carried nowhere."""
    has_password = manage_second_factors.view_factors(session=session).has_password
    # Whoever does not know the present one sets a new one after a code.
    is_forgotten = not has_password or request.POST.get("way") == "forgotten"
    errand = Errand(
        session_id=session.id,
        operation="SET_PASSWORD" if is_forgotten else "CHANGE_PASSWORD",
        subject="",
        address=reverse("account:password") + ("?way=set" if is_forgotten else ""),
        fields={},
        is_form=False,
    )
    return see_other("account:prove", errand=seal(errand))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_only
def password(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will take a new password."""
    is_set = request.GET.get("way") == "set"
    if request.method != "POST":
        return account_page(request, "password.html", {"is_set": is_set})
    new, asked = text_of(request, "new"), visit(request)
    try:
        if is_set:
            change_password.set_password(session=session, new=new, visit=asked, now=clock.now())
        else:
            change_password.change_password(
                session=session, current=text_of(request, "current"), new=new, visit=asked, now=clock.now()
            )
    except StepUpRequired as error:
        return ask_first(request, session, error, address=request.get_full_path(), is_form=False)
    except EvertillError as error:
        return account_page(request, "password.html", {"is_set": is_set}, error=error)
    return see_other("account:security", done="password")


@own_act(_security)
def remove_password(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will remove the password."""
    change_password.remove_password(session=session, visit=visit(request), now=clock.now())
    return see_other("account:security", done="saved")


@own_act(_security)
def begin_totp(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will show the secret that an authenticator app scans."""
    begun = manage_second_factors.begin_totp(session=session, now=clock.now())
    return _totp(request, begun.uri, begun.secret)


@require_POST
@signed_in_only
def confirm_totp(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will take the first code of the app, with which it begins to count."""
    try:
        manage_second_factors.confirm_totp(
            session=session, code=text_of(request, "code"), visit=visit(request), now=clock.now()
        )
    except EvertillError as error:
        uri, secret = text_of(request, "uri"), text_of(request, "secret")
        if not uri.startswith(_URI):
            return _security(request, session, error=error)
        return _totp(request, uri, secret, error=error)
    return see_other("account:security", done="totp")


@own_act(_security)
def remove_totp(_request: HttpRequest, session: Session) -> HttpResponse:
    """This function will remove the authenticator app."""
    manage_second_factors.remove_totp(session=session, now=clock.now())
    return see_other("account:security", done="saved")


@own_act(_security, carried=("to",))
def turn_sms(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will turn codes by SMS as a second step on or off."""
    turn = manage_second_factors.turn_sms_on if request.POST.get("to") == "on" else manage_second_factors.turn_sms_off
    turn(session=session, now=clock.now())
    return see_other("account:security", done="saved")


@own_act(_security)
def make_recovery_codes(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will show new recovery codes, this once."""
    codes = manage_second_factors.make_recovery_codes(session=session, now=clock.now())
    return account_page(request, "recovery_codes.html", {"codes": codes})


def _totp(request: HttpRequest, uri: str, secret: str, *, error: EvertillError | None = None) -> HttpResponse:
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    context = {"uri": uri, "secret": secret, "groups": groups, "code": qr.as_svg(uri)}
    return account_page(request, "totp.html", context, error=error)
