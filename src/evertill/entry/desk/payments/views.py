"""Payments that have not ended."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.numbers import id_of
from evertill.entry.desk.words import DISPUTE_STATES
from evertill.entry.pages.leading import see_other
from evertill.journeys.confirm_payment import ConfirmPayment, confirm_payment
from evertill.journeys.enter_desk import Entered
from evertill.journeys.look_at_payments import look_at_payments
from evertill.journeys.watch_disputes import note_evidence
from evertill.kernel import clock
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import parse

_LISTED_MAX = 100
_STATES: Mapping[str, Promise | str] = {
    "CREATED": _("Not known to the provider yet"),
    "PENDING": _("The customer is paying"),
    "AUTHORIZED": _("Promised by the bank"),
}


@desk_view(Permission.PAYMENTS_READ)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will list what has not ended: by hand, by provider, and what is disputed."""
    return _page(request, entered)


@desk_view(Permission.PAYMENTS_CONFIRM, methods=("POST",))
def confirm(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will book money that somebody saw come."""
    intent_id = id_of(number)
    currency = request.POST.get("currency", "")[:3]
    try:
        money = parse(request.POST.get("amount", "").strip()[:40], currency=currency)
        reference = request.POST.get("reference", "")[:200]
        asked = ConfirmPayment(intent_id=intent_id, money=money, reference=reference)
        confirm_payment(asked=asked, asker=entered.asker, now=clock.now())
    except EvertillError as error:
        if error.code == "FORBIDDEN":
            raise
        return _page(request, entered, error=error)
    return see_other("desk:payments:index", done="confirmed")


@desk_view(Permission.DISPUTES_HANDLE, methods=("POST",))
def evidence(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will note that a provider was sent what it asked for."""
    name, note = request.POST.get("dispute", "")[:200], request.POST.get("note", "").strip()[:200]
    note_evidence(name=name, note=note, asker=entered.asker, now=clock.now())
    return see_other("desk:payments:index", done="noted")


def _page(request: HttpRequest, entered: Entered, *, error: EvertillError | None = None) -> HttpResponse:
    seen = look_at_payments(asker=entered.asker, limit=_LISTED_MAX, now=clock.now())
    context = {
        "seen": seen,
        "followed": [{"one": one, "state": _STATES.get(one.state.value, one.state.value)} for one in seen.followed],
        "disputes": [{"one": one, "state": DISPUTE_STATES[one.state]} for one in seen.disputes],
        "typed": request.POST,
    }
    return desk_page(request, entered, "payments/index.html", context, error=error)
