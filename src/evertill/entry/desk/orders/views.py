"""The pages of orders: the list, and one of them as a story."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from evertill.domains.access import Permission
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import desk_view
from evertill.entry.desk.numbers import order_of
from evertill.entry.desk.orders.words import HOLDS, reason, told
from evertill.entry.desk.who import known_as
from evertill.entry.desk.words import ORDER_STATES, REVIEW_REASONS
from evertill.journeys.enter_desk import Entered
from evertill.journeys.search_orders import FIELDS, State, read_search, search_orders
from evertill.journeys.tell_story import Story, tell_story
from evertill.kernel import clock

_CHARS_MAX = 200


@desk_view(Permission.ORDERS_READ)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will list the orders that fit what was said and the filters, which stand in the address."""
    search = read_search(request.GET.dict())
    behind = _identifier(request.GET.get("older", ""))
    page = search_orders(asker=entered.asker, search=search, behind=behind, now=clock.now())
    context = {
        "rows": [row_of(one) for one in page.orders],
        "asked": {name: request.GET.get(name, "")[:_CHARS_MAX] for name in FIELDS},
        "states": [(state.value, label) for state, (label, _look) in ORDER_STATES.items()],
        "older": page.older,
        "newest": behind is not None,
        "is_filtered": any(request.GET.get(name) for name in FIELDS),
        "day": page.day,
        "looked_back_to": page.looked_back_to,
        "crowded": page.crowded,
    }
    return desk_page(request, entered, "orders/index.html", context)


@desk_view(Permission.ORDERS_READ)
def show(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will tell an order's story, and offer what may be done about it."""
    return story_page(request, entered, order_of(number))


def story_page(request: HttpRequest, entered: Entered, order_id: int) -> HttpResponse:
    """This function will render an order's page."""
    story = tell_story(asker=entered.asker, order_id=order_id, now=clock.now())
    context = {
        "story": story,
        "order": story.order,
        "state": ORDER_STATES[story.order.state],
        "lines": _lines(story),
        "held": [HOLDS.get(one.reason, one.reason) for one in story.held_by],
        "is_kept": any(one.reason == "STAFF" for one in story.held_by),
        "is_open_review": story.review is not None and story.review.ended_at is None,
        "reasons": [REVIEW_REASONS.get(one, one) for one in story.review.reasons] if story.review else [],
        "can_cancel": story.order.state is State.PLACED,
        "can_refund": story.order.state is State.PAID,
        "failed": [one for one in story.letters if one.state.value == "UNDELIVERABLE"],
        "others": [row_of(one) for one in story.others],
        "note": request.GET.get("note", ""),
    }
    return desk_page(request, entered, "orders/show.html", context)


def _lines(story: Story) -> list[dict[str, Any]]:
    who = known_as({line.who for line in story.lines})
    return [
        {"line": line, "told": what, "text": reason(line), "look": look, "who": who[line.who]}
        for line in reversed(story.lines)
        for what, look in [told(line)]
    ]


def row_of(one: Any) -> dict[str, Any]:  # noqa: ANN401 — a row of any list of orders.
    """This function will say what a list shows of an order."""
    label, look = ORDER_STATES[one.order.state]
    return {
        "order": one.order,
        "name": one.name,
        "total": one.total,
        "state": label,
        "look": look,
        "methods": sorted({f"{intent.provider}.{intent.way}" for intent in one.payments}),
        "is_held": one.is_held,
    }


def _identifier(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= 19 else None  # noqa: PLR2004 — digits of a bigint.
