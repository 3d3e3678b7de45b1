"""The pages of reviews."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.frame import desk_page, see_other
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.numbers import order_of
from evertill.entry.desk.who import known_as
from evertill.entry.shop.account.signing_in import text_of
from evertill.journeys.enter_desk import Entered
from evertill.journeys.review_order import (
    QUESTION_CHARS_MAX,
    Decision,
    Review,
    ask_customer,
    decide_review,
    list_reviews,
    take_review,
    view_review,
)
from evertill.journeys.search_orders import Listed
from evertill.kernel import clock

REASONS = {"AMOUNT": _("Its amount"), "STAFF": _("Staff asked for it"), "RISK": _("Its risk")}
STATES = {
    "WAITING": (_("Waits"), "wait"),
    "TAKEN": (_("Taken"), ""),
    "ASKED": (_("The customer was asked"), "wait"),
    "APPROVED": (_("Approved"), "good"),
    "REFUSED": (_("Refused"), "bad"),
    "GONE": (_("Ended by itself"), ""),
}
_DONE = {Decision.APPROVE: "approved", Decision.REFUSE: "refused", Decision.GIVE_BACK: "given-back"}


@desk_view(Permission.ORDERS_REVIEW)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will list what waits for review, the oldest first, and what was decided last."""
    now = clock.now()
    queue = list_reviews(asker=entered.asker, now=now)
    context = {
        "waiting": _rows(queue.waiting),
        "decided": _rows(queue.decided),
        "count": queue.count.count,
    }
    return desk_page(request, entered, "reviews/index.html", context)


@desk_view(Permission.ORDERS_REVIEW)
def show(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will show one review with its order, and let somebody take or decide it."""
    now = clock.now()
    review, one = view_review(asker=entered.asker, order_id=order_of(number), now=now)
    (row,) = _rows([(review, one)])
    holder = review.holder(now)
    context = row | {
        "is_open": review.ended_at is None,
        "is_mine": holder == entered.asker.name,
        "is_taken": holder not in ("", entered.asker.name),
        "question_max": QUESTION_CHARS_MAX,
    }
    return desk_page(request, entered, "reviews/show.html", context)


@desk_view(Permission.ORDERS_REVIEW, methods=("POST",))
def take(_request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will give somebody a review for a while."""
    take_review(asker=entered.asker, order_id=order_of(number), now=clock.now())
    return see_other("desk:reviews:show", number, done="taken")


@desk_view(Permission.ORDERS_REVIEW, methods=("POST",))
def decide(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will approve or refuse an order, or give its review back."""
    said = text_of(request, "decision")
    if said not in set(Decision):
        raise Http404
    decision = Decision(said)
    decide_review(
        asker=entered.asker,
        order_id=order_of(number),
        decision=decision,
        why=text_of(request, "why"),
        now=clock.now(),
    )
    return see_other("desk:reviews:show", number, done=_DONE[decision])


@desk_view(Permission.ORDERS_REVIEW, methods=("POST",))
def ask(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will ask the order's customer, who answers on the order's page."""
    ask_customer(asker=entered.asker, order_id=order_of(number), question=text_of(request, "question"), now=clock.now())
    return see_other("desk:reviews:show", number, done="asked")


def _rows(found: Sequence[tuple[Review, Listed]]) -> list[dict[str, Any]]:
    now = clock.now()
    who = known_as({review.taken_by for review, _one in found} | {review.holder(now) for review, _one in found})
    return [
        {
            "review": review,
            "order": one.order,
            "name": one.name,
            "total": one.total,
            "reasons": [REASONS.get(reason, reason) for reason in review.reasons],
            "state": STATES[review.state.value],
            "has_it": who.get(review.holder(now), ""),
            "by": who.get(review.taken_by, ""),
        }
        for review, one in found
    ]
