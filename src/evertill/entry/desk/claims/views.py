"""The queue of claims, one claim with its clues beside what was found, and what is decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.domains.claims import About, Claim, Clue, Decision, Source, Standing, State, Way
from evertill.entry.desk.claims.backups import billed_of
from evertill.entry.desk.claims.words import CLUES, evidence_of, happened, who_did
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.desk.numbers import id_of
from evertill.entry.desk.who import known_as
from evertill.entry.desk.words import ORDER_STATES
from evertill.entry.pages.forms import text_of
from evertill.entry.pages.leading import see_other
from evertill.journeys import compensate_claim as compensating
from evertill.journeys import decide_claim as deciding
from evertill.journeys.enter_desk import Entered
from evertill.kernel import clock, ids

_PAGE = 50
_DAYS_MAX = 3650
ABOUTS: Mapping[About, Promise] = {
    About.LOST_ORDER: _("Lost order"),
    About.LATE_DELIVERY: _("Late delivery"),
    About.DOUBLE_CHARGE: _("Double charge"),
    About.OTHER: _("Other"),
}
_STATES: Mapping[State, tuple[Promise, str]] = {
    State.FILED: (_("Being looked into"), "wait"),
    State.FOUND: (_("Something was found"), "wait"),
    State.NOTHING: (_("Nothing was found"), "wait"),
    State.ANSWERED: (_("Answered"), "good"),
    State.WITHDRAWN: (_("Withdrawn"), ""),
}
_STANDINGS: Mapping[Standing, Promise] = {
    Standing.SURE: _("Sure"),
    Standing.LIKELY: _("Likely"),
    Standing.SEVERAL: _("Several may be meant"),
    Standing.NOTHING: _("Nothing"),
}
_SOURCES: Mapping[Source, Promise] = {
    Source.ORDER: _("Order"),
    Source.RECEIPT: _("Genuine receipt of a lost order"),
    Source.PAYMENT: _("Payment without its order"),
    Source.BILL: _("Line of a provider's bill"),
    Source.SUBMISSION: _("Failed checkout"),
    Source.BACKUP: _("Order in a backup"),
}


@desk_view(Permission.CLAIMS_READ)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will list claims: those that wait, the oldest first, or all."""
    is_all = request.GET.get("all") == "1"
    found = deciding.list_claims(
        asker=entered.asker, every=is_all, behind=_place(request), limit=_PAGE + 1, now=clock.now()
    )
    shown = found[:_PAGE]
    context = {
        "rows": [_row(claim) for claim in shown],
        "is_all": is_all,
        "older": f"{shown[-1].filed_at.isoformat()} {shown[-1].id}" if len(found) > _PAGE else "",
        "newest": _place(request) is not None,
    }
    return desk_page(request, entered, "claims/index.html", context)


@desk_view(Permission.CLAIMS_READ)
def show(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will show a claim: what its customer gave, and beside it what the shop has."""
    opened = deciding.view_as_staff(asker=entered.asker, claim_id=id_of(number), now=clock.now())
    claim, names = opened.claim, known_as({event.actor for event in opened.events})
    context = {
        "claim": claim,
        "row": _row(claim),
        "clues": _clues(claim),
        "findings": [
            {
                "source": _SOURCES[weighed.finding.source],
                "name": weighed.finding.name,
                "points": weighed.finding.points,
                "order": weighed.order,
                "order_state": ORDER_STATES[weighed.order.state][0] if weighed.order is not None else "",
                "is_his": weighed.is_his,
                "evidence": evidence_of(weighed.finding),
            }
            for weighed in opened.weighed
        ],
        "orders": [weighed.order for weighed in opened.weighed if weighed.order is not None],
        "awards": [(award, ABOUTS[award.about]) for award in opened.awards],
        "events": [(event, happened(event.kind), who_did(event.actor, names)) for event in opened.events],
        "is_lost": any(weighed.finding.source is Source.RECEIPT for weighed in opened.weighed),
        "is_open": claim.state in (State.FOUND, State.NOTHING),
        "abouts": [(about.value, words) for about, words in ABOUTS.items()],
        "billed": billed_of(claim),
        "proved": [text for text in (claim.proofs.email, claim.proofs.phone) if text],
    }
    return desk_page(request, entered, "claims/show.html", context)


@desk_view(Permission.CLAIMS_HANDLE, methods=("POST",))
def look_again(_request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will look for what a claim is about once more."""
    deciding.look_again(asker=entered.asker, claim_id=id_of(number), now=clock.now())
    return see_other("desk:claims:show", number, done="again")


@desk_view(Permission.CLAIMS_HANDLE, methods=("POST",))
def answer(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will answer a claim: its order is here, or there is nothing."""
    order = text_of(request, "order").strip()
    deciding.answer_claim(
        asker=entered.asker,
        claim_id=id_of(number),
        decision=Decision.SHOWN if order else Decision.NOTHING_FOUND,
        order_id=_order(order) if order else None,
        answer=text_of(request, "answer"),
        seen=_count(request, "seen"),
        now=clock.now(),
    )
    return see_other("desk:claims:show", number, done="answered")


@desk_view(Permission.ORDERS_REBUILD, methods=("POST",))
def rebuild(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will put a claim's lost order back from its receipt."""
    claim_id, why, now = id_of(number), text_of(request, "why"), clock.now()
    paid = text_of(request, "paid").strip()
    if asks(request):
        deciding.ask_to_rebuild(asker=entered.asker, claim_id=claim_id, paid=paid, why=why, now=now)
        return see_other("desk:claims:show", number)
    deciding.rebuild_claimed(
        asker=entered.asker,
        claim_id=claim_id,
        answer=text_of(request, "answer"),
        paid=paid,
        why=why,
        seen=_count(request, "seen"),
        now=now,
    )
    return see_other("desk:claims:show", number, done="rebuilt")


@desk_view(Permission.COMPENSATION_GIVE, methods=("POST",))
def compensate(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will give a customer what the policy comes to."""
    now = clock.now()
    policies = compensating.list_policies(asker=entered.asker, limit=1, now=now)
    try:
        about, way = About(text_of(request, "about")), Way(text_of(request, "way"))
    except ValueError:
        raise Http404 from None
    asked = compensating.Compensate(
        claim_id=id_of(number),
        order_id=_order(text_of(request, "order")),
        about=about,
        way=way,
        delay_days=min(_count(request, "days"), _DAYS_MAX),
        version=policies[0].version if policies else 0,
        why=text_of(request, "why").strip() or str(about.value),
    )
    if why := asks(request):
        compensating.ask_to_compensate(asker=entered.asker, asked=asked, why=why, now=now)
        return see_other("desk:claims:show", number)
    compensating.compensate_claim(asker=entered.asker, asked=asked, now=now)
    return see_other("desk:claims:show", number, done="given")


def _row(claim: Claim) -> dict[str, object]:
    standing = claim.search.standing if claim.search is not None else None
    return {
        "claim": claim,
        "about": ABOUTS[claim.about],
        "state": _STATES[claim.state],
        "standing": _STANDINGS[standing] if standing is not None else "",
        "found": len(claim.search.findings) if claim.search is not None else 0,
    }


def _clues(claim: Claim) -> list[tuple[Promise, str]]:
    clues = claim.clues
    given: list[tuple[Clue, str]] = [
        (Clue.RECEIPT, f"{clues.receipt[:24]}…" if clues.receipt else ""),
        (Clue.NUMBER, clues.number),
        (Clue.REFERENCE, clues.reference),
        (Clue.EMAIL, clues.email),
        (Clue.PHONE, clues.phone),
        (Clue.AMOUNT, f"{clues.amount} {clues.currency}" if clues.amount is not None else ""),
        (Clue.DATE, clues.date.isoformat() if clues.date is not None else ""),
    ]
    return [(CLUES[clue], text) for clue, text in given if text]


def _place(request: HttpRequest) -> tuple[dt.datetime, int] | None:
    moment, _sep, claim_id = request.GET.get("older", "").partition(" ")
    try:
        at = dt.datetime.fromisoformat(moment)
        return (at, int(claim_id)) if at.tzinfo is not None else None
    except ValueError:
        return None


def _order(number: str) -> int:
    try:
        return ids.from_number(number)
    except ids.InvalidNumber:
        raise deciding.OrderUnknown("This is no order number.") from None


def _count(request: HttpRequest, name: str) -> int:
    text = text_of(request, name).strip()
    return int(text) if text.isascii() and text.isdigit() else 0
