"""Finding an order again: by its number and the address that it was placed with, which is proved by a code."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from evertill.entry.pages import failures, places
from evertill.entry.pages.audience import Audience, open_to
from evertill.entry.pages.frame import keep_private, reads
from evertill.entry.pages.troubles import Trouble
from evertill.entry.pages.visitor import visit
from evertill.entry.shop import own_orders
from evertill.entry.shop.pages import private_page
from evertill.journeys import look_up_order
from evertill.journeys.look_up_order import CodeWrong
from evertill.kernel import clock, ids
from evertill.kernel.errors import EvertillError

_SALT = "evertill.find"
# Longer than a code lives, so that the code's own end is told.
_OPEN_S = 3600
_CHARS_MAX = 400


class _Errand(msgspec.Struct, frozen=True):
    """What the code that was sent is to prove: sealed, so that it cannot be another order or address afterwards."""

    order_id: int
    kind: str
    address: str
    code_id: str
    is_in_file: bool


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Audience.ANYBODY)
@reads
def find(request: HttpRequest) -> HttpResponse:
    """This function will ask for number and address, send a code there, take it, and lead to the order."""
    if request.method != "POST":
        return _form(request)
    sealed = request.POST.get("errand", "")
    try:
        return _finish(request, _unseal(sealed)) if sealed else _begin(request)
    except signing.BadSignature:
        return _form(request)


def _begin(request: HttpRequest) -> HttpResponse:
    number, contact = (request.POST.get(name, "").strip()[:_CHARS_MAX] for name in ("number", "contact"))
    try:
        asked = look_up_order.begin(
            number=number,
            contact=contact,
            caller=visit(request).caller,
            language=places.of(request).language,
            now=clock.now(),
        )
    except EvertillError as error:
        return _form(request, number=number, contact=contact, error=error)
    errand = _Errand(asked.order_id, asked.kind, asked.address, asked.code.code_id, asked.code.is_in_file)
    return _code_page(request, errand)


def _finish(request: HttpRequest, errand: _Errand) -> HttpResponse:
    try:
        found = look_up_order.finish(
            order_id=errand.order_id,
            kind=errand.kind,
            address=errand.address,
            code_id=errand.code_id,
            digits=request.POST.get("code", "")[:_CHARS_MAX],
            now=clock.now(),
        )
    except CodeWrong as error:
        return _code_page(request, errand, error=error)
    except EvertillError as error:
        return _form(request, number=ids.to_number(errand.order_id), contact=errand.address, error=error)
    answer = redirect(own_orders.address(found.number, found.access_token))
    answer.status_code = 303
    return keep_private(own_orders.remember(request, answer, number=found.number, token=found.access_token))


def _form(
    request: HttpRequest, *, number: str = "", contact: str = "", error: EvertillError | None = None
) -> HttpResponse:
    context = {
        "number": number,
        "contact": contact,
        "trouble": _tell(error) if error else None,
        "is_of_account": error is not None and error.code == "ORDER_OF_ACCOUNT",
    }
    return private_page(request, "shop/find.html", context, status=_status(error))


def _code_page(request: HttpRequest, errand: _Errand, *, error: EvertillError | None = None) -> HttpResponse:
    context = {
        "errand": signing.dumps(msgspec.to_builtins(errand), salt=_SALT, compress=True),
        "number": ids.to_number(errand.order_id),
        "contact": errand.address,
        "is_in_file": errand.is_in_file,
        "trouble": _tell(error) if error else None,
    }
    return private_page(request, "shop/find_code.html", context, status=_status(error))


def _unseal(text: str) -> _Errand:
    return msgspec.convert(signing.loads(text, salt=_SALT, max_age=_OPEN_S), _Errand)


def _status(error: EvertillError | None) -> int:
    # Of an order that there is not, or that is another's, a status says no more than of a form that is wrong.
    if error is None:
        return 200
    return {"unavailable": 503, "busy": 429}.get(error.status, 422)


def _tell(error: EvertillError) -> Trouble:
    told = failures.tell(error)
    own = {
        "NUMBER_MISTYPED": (
            _("This is not an order number."),
            _("Check it: it has 13 letters and digits, such as 0E9W-9MHZ-4G9XQ."),
        ),
        "LOOK_UP_FAILED": (
            _("There is no order of this number with this address."),
            _("Check both. The address is the one that you ordered with."),
        ),
        "ORDER_OF_ACCOUNT": (
            _("This order belongs to an account."),
            _("Sign in, and you find it among your orders."),
        ),
    }.get(error.code)
    return replace(told, what=own[0], kept="", remedy=own[1], reference="") if own else told
