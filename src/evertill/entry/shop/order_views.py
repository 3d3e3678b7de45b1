"""One order, for whoever may open it: how it stands, cancelling it, its receipt, and the signed proof of it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.views.decorators.http import require_http_methods, require_safe

from evertill.entry.pages import troubles
from evertill.entry.pages.frame import keep_private
from evertill.entry.pages.leading import see_other_address
from evertill.entry.shop import live, ordered, own_orders, qr, receipts
from evertill.entry.shop.opening import Opened, opened
from evertill.entry.shop.pages import private_page
from evertill.entry.shop.waiting import TakesLonger
from evertill.journeys.answer_question import ANSWER_CHARS_MAX, answer_question, view_question
from evertill.journeys.cancel_order import cancel_order
from evertill.journeys.give_receipts import give_receipt
from evertill.journeys.guard_payment import CUSTOMER
from evertill.journeys.list_methods import list_methods
from evertill.journeys.see_own import own_rows
from evertill.journeys.view_codes import count_codes
from evertill.journeys.view_order import Order, OrderNotFound, view_order
from evertill.journeys.view_payment import Intent, list_payments
from evertill.journeys.view_receipt import view_receipt
from evertill.journeys.view_refunds import OrderRefund, view_refunds
from evertill.kernel import clock, db
from evertill.kernel.errors import EvertillError


@require_safe
@opened
def show_order(request: HttpRequest, opened: Opened) -> HttpResponse:
    """This function will show how an order stands."""
    answer = order_page(request, opened)
    if not opened.token:
        return answer
    return own_orders.remember(request, answer, number=opened.number, token=opened.token)


@require_http_methods(["GET", "HEAD", "POST"])
@opened
def cancel(request: HttpRequest, opened: Opened) -> HttpResponse:
    """This function will cancel an order."""
    if request.method != "POST":
        return redirect(opened.address)
    try:
        cancel_order(order_id=opened.id, actor=CUSTOMER, now=clock.now())
    except (OrderNotFound, db.DatabaseUnavailable):
        raise
    except EvertillError as error:
        return order_page(request, opened, error=error, status=troubles.status_of(error))
    return see_other_address(opened.address)


@require_http_methods(["GET", "HEAD", "POST"])
@opened
def answer(request: HttpRequest, opened: Opened) -> HttpResponse:
    """This function will keep what a customer answers to the question about his order."""
    if request.method != "POST":
        return redirect(opened.address)
    said = request.POST.get("answer", "")
    try:
        answer_question(order_id=opened.id, answer=said, actor=CUSTOMER, now=clock.now())
    except (OrderNotFound, db.DatabaseUnavailable):
        raise
    except EvertillError as error:
        return order_page(request, opened, error=error, said=said, status=troubles.status_of(error))
    return see_other_address(opened.address)


@require_safe
@opened
def show_receipt(request: HttpRequest, opened: Opened) -> HttpResponse:
    """This function will show an order's receipt, to be printed; one that is not paid says so."""
    found = view_receipt(order_id=opened.id)
    context = {"receipt": receipts.show(found, language=translation.get_language()), "order": opened.address}
    return private_page(request, "shop/receipt.html", context)


@require_safe
@opened
def show_proof(request: HttpRequest, opened: Opened) -> HttpResponse:
    """This function will show the signed receipt of an order as a code, and lead to it as a file."""
    proof = give_receipt(order_id=opened.id)
    context = {
        "number": opened.number,
        "order": opened.address,
        "file": opened.address_of("order-proof-file") if proof.text else "",
        "code": qr.as_svg(proof.short) if proof.short else "",
        "is_whole": proof.short == proof.text,
    }
    return private_page(request, "shop/proof.html", context)


@require_safe
@opened
def save_proof(request: HttpRequest, opened: Opened) -> HttpResponse:  # noqa: ARG001 — Django passes it.
    """This function will give out the signed receipt of an order, whole, as a file of text."""
    proof = give_receipt(order_id=opened.id)
    if not proof.text:
        raise Http404
    name = f"evertill-{opened.number}.txt"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return keep_private(HttpResponse(f"{proof.text}\n", content_type="text/plain; charset=utf-8", headers=headers))


def order_page(
    request: HttpRequest,
    opened: Opened,
    *,
    error: EvertillError | None = None,
    method: str = "",
    key: str = "",
    said: str = "",
    status: int = 200,
) -> HttpResponse:
    """This function will return the page of an order, with what went wrong on it."""
    language = translation.get_language()
    heard = live.hear(request, order_id=opened.id, token=opened.stream_token, page=opened.address)
    with own_rows():
        order = view_order(order_id=opened.id)
        payments, refunds = list_payments(order_id=order.id), view_refunds(order_id=order.id)
        codes, question = count_codes(order_id=order.id), view_question(order_id=order.id)
    # What is still under way goes on under the key that it began with; a new try gets a new one.
    is_same = isinstance(error, TakesLonger | db.OutcomeUnknown) or (error is not None and error.code == "OVERLOADED")
    context = {
        "order": ordered.show(order, language=language, now=clock.now()),
        "payments": [
            ordered.show_payment(intent, language=language, is_waited_for=order.state.value == "PLACED")
            for intent in payments
        ],
        "refunds": [ordered.show_refund(refund, language=language) for refund in refunds],
        "codes": codes,
        "question": question,
        "said": said[:ANSWER_CHARS_MAX],
        "answer_max": ANSWER_CHARS_MAX,
        "ways": ordered.show_methods(list_methods()),
        "chosen": method,
        "key": key if is_same else secrets.token_urlsafe(18),
        "query": opened.query,
        "trouble": troubles.tell(error, has_order=True) if error else None,
        "live": heard if _is_under_way(order, payments, refunds) else live.Live(),
    }
    return private_page(request, "shop/order.html", context, status=status)


def _is_under_way(order: Order, payments: Sequence[Intent], refunds: Sequence[OrderRefund]) -> bool:
    """Say whether anything may happen to an order without anybody's doing anything to this page."""
    return (
        order.state.value == "PLACED"
        or any(not ordered.is_over(intent) for intent in payments)
        or any(whole.refund.state.value == "REQUESTED" for whole in refunds)
    )
