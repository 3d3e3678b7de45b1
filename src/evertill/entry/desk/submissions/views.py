"""Failed checkouts: which there are, one of them, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.numbers import id_of
from evertill.entry.desk.submissions.agreeing import HOWS, KEEP_H, read_agreed, read_keep_h, text_of
from evertill.entry.desk.who import known_as
from evertill.entry.pages.leading import see_other
from evertill.journeys import make_order as making
from evertill.journeys.enter_desk import Entered
from evertill.journeys.make_order import State, Submission
from evertill.kernel import clock
from evertill.kernel.errors import EvertillError

_LISTED_MAX = 200
STATES: Mapping[State, tuple[Promise | str, str]] = {
    State.OPEN: (_("Open"), "wait"),
    State.PLACED: (_("Has an order"), "good"),
    State.CLOSED: (_("Closed"), ""),
}


@desk_view(Permission.ORDERS_READ)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will list failed checkouts: those that are open, or all."""
    is_all = request.GET.get("all") == "1"
    found = making.look_at_submissions(asker=entered.asker, with_ended=is_all, limit=_LISTED_MAX + 1, now=clock.now())
    names = known_as({one.taken_by for one in found})
    rows = [
        {"one": one, "state": STATES[one.state], "taken": names[one.taken_by], "pieces": _pieces(one)}
        for one in found[:_LISTED_MAX]
    ]
    context = {"rows": rows, "is_all": is_all, "has_more": len(found) > _LISTED_MAX}
    return desk_page(request, entered, "submissions/index.html", context)


@desk_view(Permission.ORDERS_READ)
def show(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will show a failed checkout: what was wanted, at which prices then and now, and who is at it."""
    return _page(request, entered, id_of(number))


@desk_view(Permission.ORDERS_MAKE, methods=("POST",))
def take(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will say to others that somebody is at it, or take it over from somebody."""
    is_forced = request.POST.get("over") == "1"
    making.take_submission(asker=entered.asker, submission_id=id_of(number), is_forced=is_forced, now=clock.now())
    return see_other("desk:submissions:show", number, done="taken")


@desk_view(Permission.ORDERS_MAKE, methods=("POST",))
def drop(_request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will leave it to others again."""
    making.drop_submission(asker=entered.asker, submission_id=id_of(number), now=clock.now())
    return see_other("desk:submissions:show", number, done="dropped")


@desk_view(Permission.ORDERS_MAKE, methods=("POST",))
def make(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will make the order that a failed checkout wanted."""
    submission_id, now = id_of(number), clock.now()
    is_shown = request.POST.get("prices") == "shown"
    total = text_of(request, "total_shown" if is_shown else "total_now")
    try:
        placed = making.make_from_submission(
            asker=entered.asker,
            submission_id=submission_id,
            at_shown_prices=is_shown,
            total=int(total) if total.isdecimal() else -1,
            keep_h=read_keep_h(request),
            agreed=read_agreed(request, now=now),
            now=now,
        )
    except EvertillError as error:
        if error.code in ("FORBIDDEN", "SUBMISSION_NOT_FOUND"):
            raise
        return _page(request, entered, submission_id, error=error)
    return see_other("desk:submissions:show", number, done="found" if placed.is_repeat else "made")


@desk_view(Permission.ORDERS_MAKE, methods=("POST",))
def discard(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will close a failed checkout that nobody will place."""
    why = text_of(request, "why") or "-"
    making.discard_submission(asker=entered.asker, submission_id=id_of(number), why=why, now=clock.now())
    return see_other("desk:submissions:show", number, done="discarded")


def _page(
    request: HttpRequest, entered: Entered, submission_id: int, *, error: EvertillError | None = None
) -> HttpResponse:
    view = making.look_at_submission(asker=entered.asker, submission_id=submission_id, now=clock.now())
    one = view.submission
    names = known_as({one.taken_by, one.ended_by})
    context: dict[str, Any] = {
        "one": one,
        "failed": one.failed,
        "state": STATES[one.state],
        "is_open": one.state is State.OPEN,
        "is_mine": one.taken_by == entered.asker.name,
        "taken": names[one.taken_by],
        "ended": names[one.ended_by],
        "lines": [
            {"line": line, "now": view.prices.get(line.sku), "total": line.quantity * line.unit_price}
            for line in one.failed.lines
        ],
        "total_now": view.total_now,
        "is_dearer": view.total_now is not None and view.total_now != one.failed.total,
        "hows": HOWS,
        "keep_h": KEEP_H,
        "typed": request.POST,
    }
    return desk_page(request, entered, "submissions/show.html", context, error=error)


def _pieces(one: Submission) -> int:
    return sum(line.quantity for line in one.failed.lines)
