"""One order, for whoever holds its access token: how it stands, paying it, cancelling it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode, urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.views.decorators.http import require_http_methods, require_safe

from evertill.entry.shop import ordered, own_orders, qr, returning, troubles
from evertill.entry.shop.audience import Audience, open_to
from evertill.entry.shop.pages import keep_private, private_page, reads
from evertill.entry.shop.waiting import TakesLonger, wait_for
from evertill.journeys.cancel_order import cancel_order
from evertill.journeys.list_methods import list_methods
from evertill.journeys.pay_from_balance import Paid, ask_to_pay, pay_from_balance
from evertill.journeys.start_payment import StartPayment, provider_of, start_payment
from evertill.journeys.view_order import OrderNotFound, opens, view_order
from evertill.journeys.view_payment import Intent, PaymentNotFound, list_payments, view_payment
from evertill.journeys.view_refunds import view_refunds
from evertill.kernel import clock, config, db, ids
from evertill.kernel.errors import EvertillError

P = ParamSpec("P")

_CUSTOMER = "customer"
_TOKEN_CHARS_MAX = 128
# How long a page waits for a provider that begins a payment; most take a tenth of it.
_BEGIN_S = 3.0
# A page that shows a code to scan looks again by itself, for about a quarter of an hour.
_SCAN_S, _SCAN_LOOKS_MAX = 5, 180


class MethodMissing(EvertillError):
    """No method was chosen."""

    code = "METHOD_MISSING"


class _Opened:
    """An order's id with the number and token that opened it."""

    __slots__ = ("id", "number", "token")

    def __init__(self, *, order_id: int, token: str) -> None:
        self.id = order_id
        self.number = ids.to_number(order_id)
        self.token = token

    @property
    def address(self) -> str:
        return own_orders.address(self.number, self.token)


def _opened(
    view: Callable[Concatenate[HttpRequest, _Opened, P], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Show an order to whoever holds its access token; to anybody else there is no such order."""

    @wraps(view)
    def answer(request: HttpRequest, number: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        token = request.GET.get("access_token", "")
        try:
            order_id = ids.from_number(number)
        except ids.InvalidNumber:
            raise Http404 from None
        if not opens(token, order_id=order_id):
            raise Http404
        try:
            return reads(view)(request, _Opened(order_id=order_id, token=token), *args, **kwargs)
        except (OrderNotFound, PaymentNotFound):
            raise Http404 from None

    return open_to(Audience.ORDER)(answer)


@require_safe
@_opened
def show_order(request: HttpRequest, opened: _Opened) -> HttpResponse:
    """This function will show how an order stands."""
    answer = _order_page(request, opened)
    return own_orders.remember(request, answer, number=opened.number, token=opened.token)


@require_http_methods(["GET", "HEAD", "POST"])
@_opened
def pay(request: HttpRequest, opened: _Opened) -> HttpResponse:
    """This function will begin a payment and lead to its page; sending the form again begins nothing new."""
    if request.method != "POST":
        return redirect(opened.address)
    method, key = request.POST.get("method", ""), request.POST.get("key", "")[:128]
    try:
        if not method or not key:
            raise MethodMissing("No method was chosen.")
        intent = _begin(request, opened, method=method, key=key.encode())
    except EvertillError as error:
        if error.code in ("ORDER_NOT_FOUND", "DATABASE_UNAVAILABLE", "DATABASE_BUSY"):
            raise
        return _order_page(request, opened, error=error, method=method, key=key, status=_status(error))
    if intent.has_bought:
        return _see_other(opened.address)
    # Not straight to the provider: browsers refuse a form that leads to another site, as the pages' policy says.
    return _see_other(f"{_payment_address(opened, intent)}&go=1")


def _begin(request: HttpRequest, opened: _Opened, *, method: str, key: bytes) -> Intent:
    token = request.POST.get("balance_token", "").strip()[:_TOKEN_CHARS_MAX]
    asked = ask_to_pay(order_id=opened.id, method=method, balance_token=token or None, actor=_CUSTOMER, key=key)
    now = clock.now()
    if asked is not None:
        (outcome,) = pay_from_balance([asked], now=now)
        if not isinstance(outcome, Paid):
            raise outcome
        return outcome.intent
    start = StartPayment(
        order_id=opened.id, method=method, caller=_CUSTOMER, key=key, client_ip=request.META.get("REMOTE_ADDR", "")
    )
    return wait_for(
        provider_of(method), lambda: start_payment(asked=start, actor=_CUSTOMER, now=now).intent, seconds=_BEGIN_S
    )


@require_safe
@_opened
def show_payment(request: HttpRequest, opened: _Opened, payment: str) -> HttpResponse:
    """This function will show what to do to pay, and then how the payment stands."""
    try:
        # What has just begun is not asked about: its customer has not even left.
        just_begun = "go" in request.GET
        intent = view_payment(intent_id=ids.from_number(payment)) if just_begun else returning.look(payment)
    except ids.InvalidNumber:
        raise Http404 from None
    if intent.order_id != opened.id:
        raise Http404
    looks = returning.count(request.GET.get("looks", ""))
    here = _payment_address(opened, intent)
    step = intent.next if intent.state.value in ("CREATED", "PENDING") else None
    context = {
        "order": opened.address,
        "order_number": opened.number,
        "payment": ordered.show_payment(intent, language=translation.get_language()),
    }
    if step is None:
        shown = returning.show(intent, looks=looks, here=here)
        return private_page(request, "shop/payment.html", {**context, **returning.as_context(shown, intent)})
    # Only what a browser may be sent to.
    target = step.value if urlsplit(step.value).scheme in ("http", "https") else ""
    context |= {"kind": step.kind, "value": step.value, "target": target}
    if step.kind == "redirect" and target and just_begun:
        context |= {"retry_s": 1, "retry_at": target}
    elif step.kind == "qr":
        context["code"] = qr.as_svg(step.value)
        if looks < _SCAN_LOOKS_MAX:
            context |= {"retry_s": _SCAN_S, "retry_at": f"{here}&{urlencode({'looks': looks + 1})}"}
    return private_page(request, "shop/pay.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@_opened
def cancel(request: HttpRequest, opened: _Opened) -> HttpResponse:
    """This function will cancel an order."""
    if request.method != "POST":
        return redirect(opened.address)
    try:
        cancel_order(order_id=opened.id, actor=_CUSTOMER, now=clock.now())
    except (OrderNotFound, db.DatabaseUnavailable):
        raise
    except EvertillError as error:
        return _order_page(request, opened, error=error, status=_status(error))
    return _see_other(opened.address)


def _order_page(
    request: HttpRequest,
    opened: _Opened,
    *,
    error: EvertillError | None = None,
    method: str = "",
    key: str = "",
    status: int = 200,
) -> HttpResponse:
    language = translation.get_language()
    order = view_order(order_id=opened.id)
    # What is still under way goes on under the key that it began with; a new try gets a new one.
    is_same = isinstance(error, TakesLonger | db.OutcomeUnknown) or (error is not None and error.code == "OVERLOADED")
    context = {
        "order": ordered.show(order, language=language, now=clock.now()),
        "payments": [ordered.show_payment(intent, language=language) for intent in list_payments(order_id=order.id)],
        "refunds": [ordered.show_refund(refund, language=language) for refund in view_refunds(order_id=order.id)],
        "ways": ordered.show_methods(list_methods()),
        "chosen": method,
        "key": key if is_same else secrets.token_urlsafe(18),
        "query": urlencode({"access_token": opened.token}),
        "trouble": troubles.tell(error, has_order=True) if error else None,
        "kept_min": config.get().reservation_s // 60,
    }
    return private_page(request, "shop/order.html", context, status=status)


def _payment_address(opened: _Opened, intent: Intent) -> str:
    return own_orders.address(opened.number, opened.token, view="order-payment", payment=intent.number)


def _status(error: EvertillError) -> int:
    return {"conflict": 409, "unavailable": 503, "busy": 409}.get(error.status, 422)


def _see_other(address: str) -> HttpResponse:
    answer = redirect(address)
    answer.status_code = 303
    return keep_private(answer)
