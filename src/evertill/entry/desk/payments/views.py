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
from evertill.journeys.end_difference import accept_difference, book_difference
from evertill.journeys.enter_desk import Entered
from evertill.journeys.look_at_payments import About, Ending, Kind, Shown, look_at_payments
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
# What a difference is about, and how bill and books differ.
_ABOUT: Mapping[About, Promise | str] = {
    About.CAPTURE: _("Money that came"),
    About.FEE: _("A fee"),
    About.REFUND: _("Money that went back"),
    About.DISPUTE: _("A dispute"),
    About.DISPUTE_WON: _("A dispute that was won"),
    About.PAYOUT: _("A payout"),
}
_KINDS: Mapping[Kind, Promise | str] = {
    Kind.MISSING_HERE: _("On the bill, not in our books"),
    Kind.MISSING_THERE: _("In our books, on no bill"),
    Kind.AMOUNT_DIFFERS: _("Another amount"),
    Kind.CURRENCY_DIFFERS: _("Another currency"),
    Kind.DUPLICATED: _("Billed twice"),
}
_ENDINGS: Mapping[Ending, Promise | str] = {
    Ending.SETTLE: _("The provider is asked about it by itself."),
    Ending.CHECK_DISPUTES: _("The provider is asked about its disputes by itself."),
    Ending.BOOK: _("Mostly our books follow the bill."),
    Ending.ACCEPT: _("Look into it; where it may stand, say why."),
}


class ReasonMissing(EvertillError):
    """It is not said why a difference is ended so."""

    code = "REASON_MISSING"


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


@desk_view(Permission.BOOKS_RECONCILE, methods=("POST",))
def end_difference(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will let a difference stand, or have our books follow the bill; both say why."""
    why, now = request.POST.get("why", "").strip()[:200], clock.now()
    if not why:
        return _page(request, entered, error=ReasonMissing("This takes a reason."))
    if request.POST.get("how") == "book":
        book_difference(difference_id=id_of(number), asker=entered.asker, why=why, now=now)
        return see_other("desk:payments:index", done="booked")
    accept_difference(difference_id=id_of(number), asker=entered.asker, why=why, now=now)
    return see_other("desk:payments:index", done="accepted")


def _page(request: HttpRequest, entered: Entered, *, error: EvertillError | None = None) -> HttpResponse:
    seen = look_at_payments(asker=entered.asker, limit=_LISTED_MAX, now=clock.now())
    context = {
        "seen": seen,
        "followed": [{"one": one, "state": _STATES.get(one.state.value, one.state.value)} for one in seen.followed],
        "disputes": [{"one": one, "state": DISPUTE_STATES[one.state]} for one in seen.disputes],
        "differences": [_told(one) for one in seen.differences],
        "typed": request.POST,
    }
    return desk_page(request, entered, "payments/index.html", context, error=error)


def _told(one: Shown) -> dict[str, object]:
    difference = one.difference
    is_missing = (difference.kind, difference.subject.about) == (Kind.MISSING_HERE, About.CAPTURE)
    is_nobodys = is_missing and one.ending is Ending.ACCEPT
    return {
        "one": difference,
        "about": _ABOUT[difference.subject.about],
        "kind": _("For no order that we know") if is_nobodys else _KINDS[difference.kind],
        "ending": _ENDINGS[one.ending],
    }
