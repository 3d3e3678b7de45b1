"""Approvals: what waits for me, what I asked for, and what exactly one of them is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk import words
from evertill.entry.desk.approvals.telling import address_of, tell_content, tell_subject
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.numbers import id_of
from evertill.entry.desk.who import known_as, people_of
from evertill.entry.pages.leading import see_other
from evertill.journeys import decide_approvals as deciding
from evertill.journeys.decide_approvals import Approval, Asked, State
from evertill.journeys.enter_desk import Entered
from evertill.kernel import clock, ids

_LISTED_MAX = 100
_STATES: Mapping[State, tuple[Promise | str, str]] = {
    State.WAITING: (_("Waits"), "wait"),
    State.APPROVED: (_("Approved"), "good"),
    State.REFUSED: (_("Refused"), "bad"),
    State.WITHDRAWN: (_("Taken back"), ""),
    State.SPENT: (_("Done"), "good"),
}
_EXPIRED = (_("Too old"), "")
# Where somebody does what was approved, by the kind of thing that it is done to.
_WAYS: Mapping[str, str] = {
    "order": "desk:refunds:order",
    "review": "desk:reviews:show",
    "bulk": "desk:bulk:show",
    "account": "desk:staff:show",
    "customer": "desk:customers:show",
    "preference": "desk:preferences:show",
}
# An account is a colleague's, but for what is done to customers.
_ON_CUSTOMERS = (Permission.CUSTOMERS_DELETE, Permission.DATA_EXPORT)


@desk_view(Permission.ALERTS_READ)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will list what waits for somebody, and what he asked for himself."""
    now = clock.now()
    waiting = deciding.list_waiting(asker=entered.asker, now=now, limit=_LISTED_MAX)
    mine = deciding.list_asked(asker=entered.asker, limit=_LISTED_MAX)
    names = known_as({one.asked_by for one in waiting} | {one.decided_by for one in mine})
    context = {
        "waiting": [_row(one, names) for one in waiting if one.asked_by != entered.asker.name],
        "mine": [_row(one, names) for one in mine],
    }
    return desk_page(request, entered, "approvals/index.html", context)


@desk_view(Permission.OWN_ACCOUNT)
def show(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will show what exactly somebody asks for."""
    asked = deciding.look_at(asker=entered.asker, approval_id=id_of(number), now=clock.now())
    names = known_as({asked.approval.asked_by, asked.approval.decided_by})
    people = people_of(asked.touched)
    context = {
        "asked": asked,
        "row": _row(asked.approval, names),
        "content": tell_content(asked.content),
        "shown_at": address_of(asked.approval, may=entered.holder.permissions),
        "touched": sorted(people),
        "at_stake": [words.permission(one) for one in asked.at_stake],
        "way": _way(asked),
    }
    return desk_page(request, entered, "approvals/show.html", context)


@desk_view(Permission.OWN_ACCOUNT, methods=("POST",))
def decide(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will approve or refuse what somebody asks for; who approves proves anew that it is he."""
    verdict = request.POST.get("verdict", "")
    if verdict not in ("approve", "refuse"):
        raise Http404
    deciding.decide(
        asker=entered.asker,
        approval_id=id_of(number),
        is_approved=verdict == "approve",
        why=request.POST.get("why", "").strip()[:500],
        must_prove=True,
        now=clock.now(),
    )
    return see_other("desk:approvals:show", number, done="approved" if verdict == "approve" else "refused")


@desk_view(Permission.OWN_ACCOUNT, methods=("POST",))
def withdraw(_request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will take back what somebody asked for himself."""
    deciding.withdraw(asker=entered.asker, approval_id=id_of(number), now=clock.now())
    return see_other("desk:approvals:show", number, done="withdrawn")


def _row(one: Approval, names: Mapping[str, str]) -> dict[str, Any]:
    is_over = one.state in (State.WAITING, State.APPROVED) and one.expires_at <= clock.now()
    return {
        "one": one,
        "number": ids.to_number(one.id),
        "what": words.permission(Permission(one.operation)),
        "on": tell_subject(one),
        "by": names.get(one.asked_by, ""),
        "decided_by": names.get(one.decided_by, ""),
        "state": _EXPIRED if is_over else _STATES[one.state],
    }


def _way(asked: Asked) -> str:
    """Return where its asker does what was approved; "" where he has to find the way himself."""
    if not (asked.is_mine and asked.is_usable):
        return ""
    kind, _colon, number = asked.approval.subject.partition(":")
    if kind == "account" and asked.approval.operation in _ON_CUSTOMERS:
        kind, number = "customer", ids.to_number(int(number))
    if kind not in _WAYS:
        return ""
    try:
        address = reverse(_WAYS[kind], args=(number,))
    except NoReverseMatch:
        return ""
    return f"{address}?approval={ids.to_number(asked.approval.id)}"
