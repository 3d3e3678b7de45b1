"""Refunds: the list, one that was refused asked for again, and one that was sent by hand."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse

from evertill.domains.access import Permission
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.desk.numbers import id_of
from evertill.entry.desk.who import known_as
from evertill.entry.desk.words import REFUND_STATES
from evertill.entry.pages.leading import see_other
from evertill.journeys.confirm_refund import confirm_refund
from evertill.journeys.enter_desk import Entered
from evertill.journeys.look_at_refunds import RefundState, look_at_refunds
from evertill.journeys.refund_again import ask_to_refund_again, refund_again
from evertill.kernel import clock, ids

_PAGE = 50


@desk_view(Permission.PAYMENTS_READ)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will list refunds, the latest first: all, or those in one state."""
    asked = request.GET.get("state", "")
    states: Sequence[RefundState] = [RefundState(asked)] if asked in list(RefundState) else list(RefundState)
    older = request.GET.get("older", "")
    found = look_at_refunds(
        asker=entered.asker,
        states=states,
        behind=id_of(older) if older else None,
        limit=_PAGE + 1,
        now=clock.now(),
    )
    names = known_as({one.refund.refund.actor for one in found})
    rows = [
        {"one": one, "state": REFUND_STATES[one.refund.refund.state], "by": names[one.refund.refund.actor]}
        for one in found[:_PAGE]
    ]
    context = {
        "rows": rows,
        "states": [(state.value, words, state.value == asked) for state, (words, _look) in REFUND_STATES.items()],
        "shown": asked,
        "older": found[_PAGE - 1].refund.refund.number if len(found) > _PAGE else "",
        "newest": bool(older),
    }
    return desk_page(request, entered, "refunds/index.html", context)


@desk_view(Permission.ORDERS_REFUND, methods=("POST",))
def again(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will ask the provider anew for a refund that it had refused, or for the approval that it needs."""
    if why := asks(request):
        approval = ask_to_refund_again(asker=entered.asker, refund_id=id_of(number), why=why, now=clock.now())
        return see_other("desk:approvals:show", ids.to_number(approval.id), done="asked")
    refund = refund_again(refund_id=id_of(number), asker=entered.asker, now=clock.now())
    return see_other("desk:refunds:index", done=refund.state.value.lower())


@desk_view(Permission.PAYMENTS_CONFIRM, methods=("POST",))
def sent(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will note that somebody has sent a refund by hand."""
    reference = request.POST.get("reference", "")[:200]
    confirm_refund(refund_id=id_of(number), reference=reference, asker=entered.asker, now=clock.now())
    return see_other("desk:refunds:index", done="sent")
