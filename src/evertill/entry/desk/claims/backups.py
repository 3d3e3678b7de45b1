"""Backups that are searched for a claim's order: how far a search is, what it found, and putting that back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.domains.claims import Claim, Source
from evertill.domains.claims import State as ClaimState
from evertill.domains.recovery import SearchState
from evertill.entry.desk.claims.words import evidence_of, failed_search
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.desk.numbers import id_of
from evertill.entry.desk.telling import tell
from evertill.entry.desk.words import ORDER_STATES
from evertill.entry.pages.forms import text_of
from evertill.entry.pages.leading import see_other
from evertill.journeys import ask_to_search as searching
from evertill.journeys import decide_claim as deciding
from evertill.journeys.enter_desk import Entered
from evertill.kernel import clock

_STATES: Mapping[SearchState, tuple[Promise, str]] = {
    SearchState.WAITING: (_("Waits"), "wait"),
    SearchState.RUNNING: (_("Is being searched"), "wait"),
    SearchState.FOUND: (_("Found"), "good"),
    SearchState.NOTHING: (_("Has nothing that fits and the shop has not"), ""),
    SearchState.FAILED: (_("Failed"), "bad"),
}
_STEPS: Mapping[str, Promise] = {
    "Fetching": _("Fetching the copy"),
    "Putting incremental backups together": _("Putting incremental backups together"),
    "Replaying the log": _("Replaying the log"),
    "Writing to the disk": _("Writing to the disk"),
    "Looking for the order": _("Looking for the order"),
}
_PERCENT = 100


@desk_view(Permission.ORDERS_REBUILD)
def show(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will show what backups were searched because of a claim, and what was found there."""
    claim_id = id_of(number)
    claim = deciding.read_claim(asker=entered.asker, claim_id=claim_id, now=clock.now())
    searches = searching.view_searches(asker=entered.asker, claim_id=claim_id, now=clock.now())
    context = {
        "claim": claim,
        "searches": [_row(one) for one in searches],
        "is_running": any(one.search.ended_at is None for one in searches),
        "is_open": claim.state in (ClaimState.FOUND, ClaimState.NOTHING),
        "billed": billed_of(claim),
    }
    return desk_page(request, entered, "claims/backups.html", context)


@desk_view(Permission.ORDERS_REBUILD, methods=("POST",))
def search(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will have the backups searched for what a claim is about."""
    searching.ask_to_search(
        asker=entered.asker,
        claim_id=id_of(number),
        at=_moment(text_of(request, "at")),
        why=text_of(request, "why").strip(),
        now=clock.now(),
    )
    return see_other("desk:claims:backups", number, done="searching")


@desk_view(Permission.ORDERS_REBUILD, methods=("POST",))
def recover(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will put an order back that was found in a backup, and answer the claim with it."""
    asked = deciding.RecoverOrder(
        search_id=id_of(text_of(request, "search")),
        order_id=id_of(text_of(request, "order")),
        paid=text_of(request, "paid").strip(),
        why=text_of(request, "why").strip(),
    )
    if asks(request):
        deciding.ask_to_recover(asker=entered.asker, asked=asked, now=clock.now())
        return see_other("desk:claims:backups", number)
    deciding.recover_claimed(
        asker=entered.asker,
        claim_id=id_of(number),
        asked=asked,
        answer=text_of(request, "answer"),
        now=clock.now(),
    )
    return see_other("desk:claims:show", number, done="rebuilt")


def billed_of(claim: Claim) -> list[str]:
    """This function will return the lines of bills that were found for a claim, by their names."""
    findings = claim.search.findings if claim.search is not None else ()
    return [one.name for one in findings if one.source is Source.BILL]


def _row(searched: searching.Searched) -> dict[str, object]:
    one = searched.search
    return {
        "search": one,
        "state": _STATES[one.state],
        "is_running": one.state is SearchState.RUNNING,
        "step": _STEPS.get(one.step, one.step),
        "failed": failed_search(one.code) if one.state is SearchState.FAILED else "",
        "percent": int(Decimal(_PERCENT * one.done) / one.whole) if one.whole else None,
        "lost": [
            {
                "name": lost.finding.name,
                "points": lost.finding.points,
                "order": lost.copied.order,
                "order_state": ORDER_STATES[lost.copied.order.state][0],
                "is_over": lost.copied.is_over,
                "by_hand": [tell(line) for line in lost.copied.by_hand],
                "payments": len(lost.copied.payments),
                "evidence": evidence_of(lost.finding),
            }
            for lost in searched.lost
        ],
    }


def _moment(text: str) -> dt.datetime | None:
    """A moment as the form has it, in UTC; None for none."""
    try:
        moment = dt.datetime.fromisoformat(text.strip()[:25])
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
