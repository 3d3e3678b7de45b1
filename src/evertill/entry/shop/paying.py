"""Paying an order: beginning a payment by one of the shop's methods, and its page until it has ended."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.views.decorators.http import require_http_methods, require_safe

from evertill.entry.pages.errands import ask_first
from evertill.entry.pages.leading import see_other_address
from evertill.entry.pages.troubles import status_of
from evertill.entry.pages.visitor import visitor
from evertill.entry.shop import live, ordered, qr, returning
from evertill.entry.shop.opening import Opened, opened
from evertill.entry.shop.order_views import order_page
from evertill.entry.shop.own_orders import with_query
from evertill.entry.shop.pages import private_page
from evertill.entry.shop.waiting import wait_for
from evertill.journeys.guard_payment import CUSTOMER
from evertill.journeys.pay_from_balance import Paid, ask_to_pay, pay_from_balance
from evertill.journeys.start_payment import Payer, StartPayment, StepUpRequired, provider_of, start_payment
from evertill.journeys.view_order import view_order
from evertill.journeys.view_payment import Intent, list_payments, view_payment
from evertill.kernel import clock, config, ids
from evertill.kernel.errors import EvertillError

_TOKEN_CHARS_MAX = 128
_KEY_CHARS_MAX = 128
# How long a page waits for a provider that begins a payment; most take a tenth of it.
_BEGIN_S = 3.0
# A page that shows a code to scan looks again by itself, for about a quarter of an hour.
_SCAN_S, _SCAN_LOOKS_MAX = 5, 180


class MethodMissing(EvertillError):
    """No method was chosen."""

    code = "METHOD_MISSING"


@require_http_methods(["GET", "HEAD", "POST"])
@opened
def pay(request: HttpRequest, opened: Opened) -> HttpResponse:
    """This function will begin a payment and lead to its page; sending the form again begins nothing new.

    Nor does another form for the same method, as long as its payment is under way: whoever lost the answer to the first
    comes back to a page with a new key. Only who asks for it gets a new payment beside the old one.
    """
    if request.method != "POST":
        return redirect(opened.address)
    method, key = request.POST.get("method", ""), request.POST.get("key", "")[:_KEY_CHARS_MAX]
    try:
        if not method or not key:
            raise MethodMissing("No method was chosen.")
        begun = None if "anew" in request.POST else _under_way(opened, method=method)
        intent = begun or _begin(request, opened, method=method, key=key.encode())
    except StepUpRequired as error:
        return _prove_first(request, opened, error)
    except EvertillError as error:
        if error.code in ("ORDER_NOT_FOUND", "DATABASE_UNAVAILABLE", "DATABASE_BUSY"):
            raise
        return order_page(request, opened, error=error, method=method, key=key, status=status_of(error))
    if intent.has_bought:
        return see_other_address(opened.address)
    # Not straight to the provider: browsers refuse a form that leads to another site, as the pages' policy says.
    return see_other_address(with_query(_address(opened, intent), go=1))


def _prove_first(request: HttpRequest, opened: Opened, error: StepUpRequired) -> HttpResponse:
    """Lead the owner to prove himself, and on to the payment; the token of a balance is typed again, never carried."""
    session = visitor(request)
    if session is None:
        return order_page(request, opened, error=error, status=status_of(error))
    if request.POST.get("balance_token"):
        return ask_first(request, session, error, address=opened.address, is_form=False)
    carried = ("method", "key", "anew") if "anew" in request.POST else ("method", "key")
    return ask_first(request, session, error, carried=carried, address=opened.address_of("order-pay"))


def _payer(request: HttpRequest) -> Payer | None:
    session = visitor(request)
    return Payer(account_id=session.account_id, session_id=session.id) if session else None


def _under_way(opened: Opened, *, method: str) -> Intent | None:
    """Return the order's payment by a method that has begun and not ended, if the order still waits for it."""
    if view_order(order_id=opened.id).state.value != "PLACED":
        return None
    for intent in list_payments(order_id=opened.id):
        if f"{intent.provider}.{intent.way}" == method and not ordered.is_over(intent):
            return intent
    return None


def _begin(request: HttpRequest, opened: Opened, *, method: str, key: bytes) -> Intent:
    token = request.POST.get("balance_token", "").strip()[:_TOKEN_CHARS_MAX]
    payer = _payer(request)
    asked = ask_to_pay(
        order_id=opened.id, method=method, balance_token=token or None, actor=CUSTOMER, key=key, payer=payer
    )
    now = clock.now()
    if asked is not None:
        (outcome,) = pay_from_balance([asked], now=now)
        if not isinstance(outcome, Paid):
            raise outcome
        return outcome.intent
    start = StartPayment(
        order_id=opened.id,
        method=method,
        caller=CUSTOMER,
        key=key,
        client_ip=request.META.get("REMOTE_ADDR", ""),
        payer=payer,
    )
    return wait_for(
        provider_of(method), lambda: start_payment(asked=start, actor=CUSTOMER, now=now).intent, seconds=_BEGIN_S
    )


@require_safe
@opened
def show_payment(request: HttpRequest, opened: Opened, payment: str) -> HttpResponse:
    """This function will show what to do to pay, and then how the payment stands."""
    heard = live.hear(request, order_id=opened.id, token=opened.stream_token)
    try:
        # What has just begun is not asked about: its customer has not even left.
        just_begun = "go" in request.GET
        intent = view_payment(intent_id=ids.from_number(payment)) if just_begun else returning.look(payment)
    except ids.InvalidNumber:
        raise Http404 from None
    if intent.order_id != opened.id:
        raise Http404
    looks = returning.count(request.GET.get("looks", ""))
    here = _address(opened, intent)
    heard = live.at(heard, here)
    context = {
        "order": opened.address,
        "order_number": opened.number,
        "number": intent.number,
        "payment": ordered.show_payment(intent, language=translation.get_language()),
        # Where a payment that leads nowhere is left for a new one.
        "anew": f"{intent.provider}.{intent.way}" if not ordered.is_over(intent) else "",
        "key": secrets.token_urlsafe(18),
        "query": opened.query,
    }
    if intent.next is None or intent.state.value not in ("CREATED", "PENDING"):
        shown = returning.show(intent, looks=looks, here=here)
        return private_page(request, "shop/payment.html", {**context, **returning.as_context(shown, heard)})
    context |= _step(intent, heard, here=here, looks=looks, just_begun=just_begun)
    return private_page(request, "shop/pay.html", context)


def _step(intent: Intent, heard: live.Live, *, here: str, looks: int, just_begun: bool) -> dict[str, Any]:
    """Return what a page needs to show what the customer does next."""
    assert intent.next is not None  # noqa: S101 — the caller has looked.
    kind, value = intent.next.kind, intent.next.value
    # Only what a browser may be sent to.
    target = value if urlsplit(value).scheme in ("http", "https") else ""
    step: dict[str, Any] = {"kind": kind, "value": value, "target": target, "live": heard}
    if kind == "redirect" and target and not _is_listed(target):
        return {**step, "stranger": urlsplit(target).hostname or ""}
    if kind == "redirect" and target and just_begun:
        return {**step, "retry_s": 1, "retry_at": target}
    if kind == "qr":
        step["code"] = qr.as_svg(value)
        if looks < _SCAN_LOOKS_MAX:
            look = with_query(here, looks=looks + 1)
            step["live"] = live.looking(heard, at=look, after_s=_SCAN_S)
    return step


def _is_listed(address: str) -> bool:
    """Say whether customers are led to an address by themselves: whose it is, the shop's own settings say."""
    settings = config.get()
    known = {urlsplit(url).hostname for url in (settings.alipay_url, settings.sandbox_url)} | {*settings.payment_hosts}
    return urlsplit(address).hostname in known - {None}


def _address(opened: Opened, intent: Intent) -> str:
    return opened.address_of("order-payment", payment=intent.number)
