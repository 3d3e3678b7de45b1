"""The pages of reviews."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.desk.numbers import id_of, order_of
from evertill.entry.desk.telling import tell_all
from evertill.entry.desk.who import known_as
from evertill.entry.desk.words import DISPUTE_STATES, ENDINGS, REFUND_STATES, REVIEW_REASONS
from evertill.entry.pages.forms import text_of
from evertill.entry.pages.leading import see_other
from evertill.journeys.decide_approvals import ApprovalNotOpen, look_at
from evertill.journeys.enter_desk import Entered
from evertill.journeys.look_at_reviews import list_reviews, view_review
from evertill.journeys.review_order import (
    QUESTION_CHARS_MAX,
    Decision,
    Review,
    ask_customer,
    ask_to_refuse,
    decide_review,
    take_review,
)
from evertill.journeys.search_orders import Listed
from evertill.kernel import clock, ids

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
    looked = view_review(asker=entered.asker, order_id=order_of(number), now=now)
    review = looked.review
    (row,) = _rows([(review, looked.listed)])
    holder = review.holder(now)
    context = row | {
        "is_open": review.ended_at is None,
        "is_mine": holder == entered.asker.name,
        "is_taken": holder not in ("", entered.asker.name),
        "may_refuse": review.holds or looked.refusing or looked.listed.order.state.value == "PLACED",
        "question_max": QUESTION_CHARS_MAX,
        "seen": looked,
        "paid": [(one, ENDINGS.get(one.ending.value if one.ending else "", "")) for one in looked.intents],
        "refunds": [(one, REFUND_STATES[one.refund.state]) for one in looked.refunds],
        "disputes": [(one, DISPUTE_STATES[one.state]) for one in looked.disputes],
        "ready": _ready(request, entered, number),
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
    decision, why, restock = Decision(said), text_of(request, "why"), text_of(request, "restock") == "1"
    if decision is Decision.REFUSE and (why_ask := asks(request)):
        approval = ask_to_refuse(
            asker=entered.asker,
            order_id=order_of(number),
            why=why,
            restock=restock,
            why_ask=why_ask,
            now=clock.now(),
        )
        return see_other("desk:approvals:show", ids.to_number(approval.id), done="asked")
    done = decide_review(
        asker=entered.asker,
        order_id=order_of(number),
        decision=decision,
        why=why,
        restock=restock,
        now=clock.now(),
    )
    told = f"refused-{done.refund.state.value.lower()}" if done.refund else _DONE[decision]
    return see_other("desk:reviews:show", number, done=told)


@desk_view(Permission.ORDERS_REVIEW, methods=("POST",))
def ask(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will ask the order's customer, who answers on the order's page."""
    ask_customer(asker=entered.asker, order_id=order_of(number), question=text_of(request, "question"), now=clock.now())
    return see_other("desk:reviews:show", number, done="asked")


def _ready(request: HttpRequest, entered: Entered, number: str) -> dict[str, Any] | None:
    """Return what the form said whose refund was approved, so that it can be sent as it was; None without one."""
    approval = request.GET.get("approval", "")
    if not approval:
        return None
    try:
        asked = look_at(asker=entered.asker, approval_id=id_of(approval), now=clock.now())
    except ApprovalNotOpen:
        return None
    if not (asked.is_mine and asked.is_usable) or asked.approval.subject != f"review:{number}":
        return None
    return {"why": asked.content["why"], "restock": asked.content["restock"]}


def _rows(found: Sequence[tuple[Review, Listed]]) -> list[dict[str, Any]]:
    now = clock.now()
    who = known_as({review.taken_by for review, _one in found} | {review.holder(now) for review, _one in found})
    return [
        {
            "review": review,
            "order": one.order,
            "name": one.name,
            "total": one.total,
            "detail": tell_all(review.detail, review.told),
            "reasons": [REVIEW_REASONS.get(reason, reason) for reason in review.reasons],
            "state": STATES[review.state.value],
            "has_it": who.get(review.holder(now), ""),
            "by": who.get(review.taken_by, ""),
        }
        for review, one in found
    ]
