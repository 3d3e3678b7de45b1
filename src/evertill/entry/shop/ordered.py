"""An order in words, as whoever holds its access token sees it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from evertill.entry.pages.amounts import write_price
from evertill.entry.pages.moments import moment
from evertill.journeys.list_methods import Method
from evertill.journeys.view_order import Line as OrderLine
from evertill.journeys.view_order import Order
from evertill.journeys.view_payment import Intent
from evertill.journeys.view_refunds import OrderRefund
from evertill.kernel import ids

# Whoever has hours left is told until when, and no seconds are counted.
_COUNTED_S = 2 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an order."""

    title: str
    sku: str
    quantity: int
    returned: int
    price: str
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """One payment or refund: what it is called, how it stands, and a mood that colours it."""

    number: str
    title: str
    state: str
    mood: str
    amount: str
    can_go_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to pay."""

    method: str
    title: str
    text: str
    is_available: bool
    needs_token: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An order in words; `until` is when it is paid or goes, and `left_s` how long that is, 0 where nobody counts."""

    number: str
    state: str
    text: str
    mood: str
    contact: str
    placed_at: SafeString
    until: SafeString | str
    left: str
    left_s: int
    total: str
    lines: list[Line]
    can_pay: bool
    can_cancel: bool
    has_receipt: bool


def show(order: Order, *, language: str, now: dt.datetime) -> Shown:
    """This function will put an order into words."""
    state, text, mood = _state(order, now=now)
    is_open = order.state.value == "PLACED"
    left_s = int((order.reserved_until - now).total_seconds())
    can_pay = is_open and order.total > 0 and left_s > 0
    return Shown(
        number=ids.to_number(order.id),
        state=state,
        text=text,
        mood=mood,
        contact=order.email or order.phone,
        placed_at=moment(order.placed_at),
        until=moment(order.reserved_until) if can_pay else "",
        left=_left(left_s) if can_pay and left_s <= _COUNTED_S else "",
        left_s=left_s if can_pay and left_s <= _COUNTED_S else 0,
        total=write_price(order.total, order.currency, language=language),
        lines=[show_line(line, order.currency, language=language) for line in order.lines],
        can_pay=can_pay,
        can_cancel=is_open,
        has_receipt=order.state.value in ("PAID", "REFUNDED"),
    )


def show_line(line: OrderLine, currency: str, *, language: str) -> Line:
    """This function will put one line of an order into words."""
    return Line(
        title=line.title,
        sku=line.sku,
        quantity=line.quantity,
        returned=line.returned,
        price=write_price(line.unit_price, currency, language=language),
        total=write_price(line.total, currency, language=language),
    )


def _state(order: Order, *, now: dt.datetime) -> tuple[str, str, str]:
    if order.state.value == "PLACED" and now >= order.reserved_until:
        return (
            _("The time to pay is over"),
            _("The goods go back on sale. Money still on its way pays for them if they are left, or comes back."),
            "quiet",
        )
    return {
        "PLACED": (_("Waiting to be paid"), _("The goods are yours for now. Pay to keep them."), "wait"),
        "PAID": (
            _("Paid. Thank you!"),
            _("Everything is settled. Keep this page's address: it opens your order."),
            "good",
        ),
        "REFUNDED": (_("Refunded"), _("All of your money went back the way it came."), "quiet"),
        "CANCELLED": (_("Cancelled"), _("Nothing is owed, and the goods are back on sale."), "quiet"),
        "EXPIRED": (
            _("Expired"),
            _("It was not paid in time. Nothing is owed, and the goods are back on sale."),
            "quiet",
        ),
    }[order.state.value]


def _left(left_s: int) -> str:
    minutes = left_s // 60
    if minutes == 0:
        return _("less than a minute")
    return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}


def show_payment(intent: Intent, *, language: str, is_waited_for: bool = True) -> Money:
    """This function will put a payment into words; it is waited for as long as its order has to be paid."""
    state, mood = _payment_state(intent)
    if mood == "wait" and not is_waited_for:
        mood = "quiet"
    money = intent.captured or intent.expected
    return Money(
        number=intent.number,
        title=name_of(intent.provider),
        state=state,
        mood=mood,
        amount=write_price(money.amount, money.currency, language=language),
        can_go_on=not is_over(intent),
    )


def is_over(intent: Intent) -> bool:
    """This function will say whether nothing becomes of a payment any more."""
    return intent.state.value in ("CAPTURED", "FAILED", "CANCELLED")


def _payment_state(intent: Intent) -> tuple[str, str]:
    if intent.has_bought:
        return _("Paid"), "good"
    if intent.captured is not None:
        return _("On its way back to you"), "quiet"
    if intent.state.value in ("FAILED", "CANCELLED"):
        return _("Not made; nothing was taken"), "quiet"
    return _("Waiting"), "wait"


def show_refund(whole: OrderRefund, *, language: str) -> Money:
    """This function will put a refund into words."""
    state, mood = {
        "REQUESTED": (_("On its way"), "wait"),
        "SUCCEEDED": (_("Done"), "good"),
        "FAILED": (_("Not possible this way; the shop is looking into it"), "quiet"),
    }[whole.refund.state.value]
    amount = write_price(whole.amount.amount, whole.amount.currency, language=language)
    return Money(number=whole.refund.number, title=_("Refund"), state=state, mood=mood, amount=amount)


def show_methods(methods: Sequence[Method]) -> list[Way]:
    """This function will put the ways to pay into words, those that can be used now before the others."""
    ways = [
        Way(
            method=method.name,
            title=name_of(method.provider),
            text=_way(method.way),
            is_available=method.is_available,
            needs_token=method.way == "instant",
        )
        for method in methods
    ]
    # What needs a token that most people do not have comes last.
    return sorted(ways, key=lambda way: (not way.is_available, way.needs_token))


def name_of(provider: str) -> str:
    """This function will return what customers call a provider of payments."""
    return {
        "sandbox": _("Test payment"),
        "stripe": _("Card"),
        "alipay": _("Alipay"),
        "wechat": _("WeChat Pay"),
        "transfer": _("Bank transfer"),
        "cash": _("Cash on collection"),
        "balance": _("Prepaid balance"),
    }.get(provider, provider)


def _way(way: str) -> str:
    return {
        "page": _("On the provider's own page"),
        "qr": _("By scanning a code with your phone"),
        "offline": _("We tell you how"),
        "instant": _("At once, with your balance's token"),
    }.get(way, way)
