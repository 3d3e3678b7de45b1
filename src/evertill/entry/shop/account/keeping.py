"""Addresses, devices, and the owner's data: what an account keeps, and how its owner takes it back."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_POST, require_safe

from evertill.domains.accounts import AddressKind
from evertill.domains.identity import Session
from evertill.entry.pages.factors import proved_names
from evertill.entry.pages.forms import text_of
from evertill.entry.pages.frame import keep_private
from evertill.entry.pages.leading import see_other
from evertill.entry.pages.moments import write_moment
from evertill.entry.pages.visitor import signed_out, visit
from evertill.entry.shop.account.frame import account_page, own_act, signed_in_only
from evertill.journeys import change_address, manage_sessions
from evertill.journeys.delete_my_account import delete_my_account
from evertill.journeys.export_my_data import export_my_data
from evertill.kernel import clock
from evertill.kernel.errors import EvertillError


def _addresses(request: HttpRequest, session: Session, *, error: EvertillError | None = None) -> HttpResponse:
    context = {
        "addresses": change_address.list_addresses(session=session),
        "typed": text_of(request, "address"),
        "done": request.GET.get("done", ""),
    }
    return account_page(request, "addresses.html", context, error=error)


def _data(request: HttpRequest, _session: Session, *, error: EvertillError | None = None) -> HttpResponse:
    return account_page(request, "data.html", {}, error=error)


@require_safe
@signed_in_only
def show_addresses(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will show the addresses that can sign in."""
    return _addresses(request, session)


@own_act(_addresses, carried=("address",))
def add_address(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will send a code to an address that is to be added."""
    adding = change_address.begin_adding(
        session=session, address=text_of(request, "address"), visit=visit(request), now=clock.now()
    )
    return account_page(request, "address_code.html", {"address": adding.address, "code_id": adding.code_id})


@require_POST
@signed_in_only
def confirm_address(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will add an address whose code came back."""
    address, code_id = text_of(request, "address"), text_of(request, "code_id")
    try:
        change_address.finish_adding(
            session=session, address=address, code_id=code_id, digits=text_of(request, "code"), now=clock.now()
        )
    except EvertillError as error:
        return account_page(request, "address_code.html", {"address": address, "code_id": code_id}, error=error)
    return see_other("account:addresses", done="saved")


@own_act(_addresses, carried=("kind", "address"))
def remove_address(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will remove an address."""
    try:
        kind = AddressKind(text_of(request, "kind"))
    except ValueError:
        return see_other("account:addresses")
    change_address.remove_address(session=session, kind=kind, address=text_of(request, "address"), now=clock.now())
    return see_other("account:addresses", done="saved")


@require_safe
@signed_in_only
def show_devices(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will show where the account is signed in, and which browsers it knows."""
    return _devices(request, session)


@require_POST
@signed_in_only
def end_devices(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will end one session, all others, the trust in every browser, or forget one browser."""
    way, _, name = request.POST.get("way", "").partition(":")
    now = clock.now()
    number = int(name) if name.isascii() and name.isdigit() and len(name) < 20 else 0  # noqa: PLR2004 - of 63 bits
    try:
        if way == "others":
            manage_sessions.end_other_sessions(session=session, now=now)
        elif way == "trust":
            manage_sessions.end_trust(session=session, now=now)
        elif way == "session":
            manage_sessions.end_session(session=session, session_id=number, now=now)
        elif way == "browser":
            manage_sessions.forget_browser(session=session, browser_id=number, now=now)
    except EvertillError as error:
        return _devices(request, session, error=error)
    if way == "session" and number == session.id:
        return signed_out(request, see_other("account:sign-in"))
    return see_other("account:devices", done="saved")


@require_safe
@signed_in_only
def show_data(request: HttpRequest, _session: Session) -> HttpResponse:
    """This function will show how to fetch what the shop keeps, and how to delete the account."""
    return account_page(request, "data.html", {})


@own_act(_data)
def export(request: HttpRequest, session: Session) -> HttpResponseBase:
    """This function will send everything that the shop keeps of the account as one file."""
    file = export_my_data(session=session, visit=visit(request), now=clock.now())
    answer = FileResponse(file, as_attachment=True, filename="my-data.json", content_type="application/json")
    return keep_private(answer)


@own_act(_data)
def delete(request: HttpRequest, session: Session) -> HttpResponse:
    """This function will delete the account."""
    delete_my_account(session=session, visit=visit(request), now=clock.now())
    return signed_out(request, account_page(request, "deleted.html", {}))


def _devices(request: HttpRequest, session: Session, *, error: EvertillError | None = None) -> HttpResponse:
    now = clock.now()
    context = {
        "sessions": [
            {
                "id": one.id,
                "device": one.device,
                "place": one.place,
                "is_this": one.id == session.id,
                "proved": proved_names(one.proved),
                "started": write_moment(one.started_at),
                "seen": write_moment(one.seen_at),
            }
            for one in manage_sessions.list_sessions(session=session, now=now)
        ],
        "browsers": [
            {
                "id": one.id,
                "device": one.device,
                "last": write_moment(one.last_at),
                "trusted": write_moment(one.trusted_until) if one.trusted_until else "",
            }
            for one in manage_sessions.list_browsers(session=session, now=now)
        ],
        "done": request.GET.get("done", ""),
    }
    return account_page(request, "devices.html", context, error=error)
