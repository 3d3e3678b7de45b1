"""A refund of one order: the whole, an amount, or pieces; alone up to a limit, beyond it with another person."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from evertill.domains.access import Permission
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import asks, desk_view
from evertill.entry.desk.numbers import id_of
from evertill.entry.desk.words import REFUND_STATES
from evertill.entry.pages.leading import see_other
from evertill.journeys.decide_approvals import ApprovalNotOpen, look_at
from evertill.journeys.enter_desk import Entered
from evertill.journeys.look_at_refunds import Refundable, look_at_refundable
from evertill.journeys.refund_as_staff import RefundOrder, ask_to_refund, refund_as_staff
from evertill.journeys.refund_order import AskedReturn, RefundUnclear
from evertill.kernel import clock, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import Money, as_decimal, parse

# The gate and the page of approvals tell these better.
_NOT_HERE = ("FORBIDDEN", "APPROVAL_REQUIRED", "STEP_UP_REQUIRED", "ORDER_NOT_FOUND")


@desk_view(Permission.PAYMENTS_READ, methods=("GET", "POST"))
def order(request: HttpRequest, entered: Entered, number: str) -> HttpResponse:
    """This function will show what of an order can be given back, and give it back, or ask for the approval."""
    order_id = id_of(number)
    if request.method != "POST":
        return _page(request, entered, order_id)
    try:
        asked = _read(request, entered, order_id)
        if why := asks(request):
            approval = ask_to_refund(asker=entered.asker, asked=asked, why=why, now=clock.now())
            return see_other("desk:approvals:show", ids.to_number(approval.id), done="asked")
        refunded = refund_as_staff(asker=entered.asker, asked=asked, now=clock.now())
    except EvertillError as error:
        if error.code in _NOT_HERE:
            raise
        return _page(request, entered, order_id, error=error)
    return see_other("desk:refunds:order", number, done=refunded.refund.state.value.lower())


def _read(request: HttpRequest, entered: Entered, order_id: int) -> RefundOrder:
    seen = look_at_refundable(asker=entered.asker, order_id=order_id, now=clock.now())
    what = request.POST.get("what", "")
    amount: int | None = None
    lines: list[AskedReturn] = []
    if what == "amount":
        typed = request.POST.get("amount", "").strip()[:40]
        amount = parse(typed, currency=seen.order.currency).amount
    elif what == "pieces":
        lines = _pieces(request, seen)
        if not lines:
            raise RefundUnclear("No pieces were chosen.")
    elif what != "whole":
        raise RefundUnclear("Nothing was chosen.")
    return RefundOrder(
        order_id=order_id,
        lines=lines,
        amount=amount,
        reason=request.POST.get("reason", "").strip()[:200],
        restock=request.POST.get("restock") == "1",
        caller=entered.asker.name,
        key=request.POST.get("key", "").encode()[:128],
    )


def _pieces(request: HttpRequest, seen: Refundable) -> list[AskedReturn]:
    chosen = []
    for place, line in enumerate(seen.order.lines):
        typed = request.POST.get(f"pieces_{place}", "").strip()
        if typed.isdecimal() and len(typed) < len("1000000000") and int(typed):
            chosen.append(AskedReturn(sku=line.sku, quantity=int(typed), unit_price=line.unit_price))
    return chosen


def _page(request: HttpRequest, entered: Entered, order_id: int, *, error: EvertillError | None = None) -> HttpResponse:
    seen = look_at_refundable(asker=entered.asker, order_id=order_id, now=clock.now())
    context = {
        "order": seen.order,
        "seen": seen,
        "lines": [
            {"line": line, "left": line.quantity - line.returned, "typed": request.POST.get(f"pieces_{place}", "")}
            for place, line in enumerate(seen.order.lines)
        ],
        "refunds": [{"one": one, "state": REFUND_STATES[one.refund.state]} for one in seen.refunds],
        "typed": request.POST,
        # One refund comes of this page, however often its button is pressed.
        "key": request.POST.get("key", "")[:100] or secrets.token_urlsafe(24),
        "ready": _ready(request, entered, seen),
    }
    return desk_page(request, entered, "refunds/order.html", context, error=error)


def _ready(request: HttpRequest, entered: Entered, seen: Refundable) -> Mapping[str, Any] | None:
    """Return what the form said that was approved, so that it can be sent as it was; None without an approval."""
    number = request.GET.get("approval", "")
    if not number:
        return None
    try:
        asked = look_at(asker=entered.asker, approval_id=id_of(number), now=clock.now())
    except ApprovalNotOpen:
        return None
    if not (asked.is_mine and asked.is_usable) or asked.approval.subject != f"order:{ids.to_number(seen.order.id)}":
        return None
    content = asked.content
    wanted = {(sku, price): quantity for sku, quantity, price in content["lines"]}
    return {
        "amount": content["amount"],
        "typed": str(as_decimal(Money(amount=content["amount"], currency=seen.order.currency))),
        "what": "pieces" if wanted else "whole" if content["whole"] else "amount",
        "pieces": [
            (f"pieces_{place}", wanted[line.sku, line.unit_price])
            for place, line in enumerate(seen.order.lines)
            if (line.sku, line.unit_price) in wanted
        ],
        "reason": content["reason"],
        "restock": content["restock"],
    }
