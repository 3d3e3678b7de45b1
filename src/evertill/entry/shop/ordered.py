"""An order in words, as whoever holds its access token sees it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from evertill.entry.shop.offers import write_price
from evertill.journeys.list_methods import Method
from evertill.journeys.view_order import Order
from evertill.journeys.view_payment import Intent
from evertill.journeys.view_refunds import OrderRefund
from evertill.kernel import ids


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
    """An order in words."""

    number: str
    state: str
    text: str
    mood: str
    email: str
    placed_at: str
    kept: str
    total: str
    lines: list[Line]
    can_pay: bool
    can_cancel: bool


def show(order: Order, *, language: str, now: dt.datetime) -> Shown:
    """This function will put an order into words."""
    state, text, mood = _state(order, now=now)
    is_open = order.state.value == "PLACED"
    return Shown(
        number=ids.to_number(order.id),
        state=state,
        text=text,
        mood=mood,
        email=order.email,
        placed_at=_moment(order.placed_at),
        kept=_kept(order, now=now) if is_open else "",
        total=write_price(order.total, order.currency, language=language),
        lines=[
            Line(
                title=line.title,
                sku=line.sku,
                quantity=line.quantity,
                returned=line.returned,
                price=write_price(line.unit_price, order.currency, language=language),
                total=write_price(line.total, order.currency, language=language),
            )
            for line in order.lines
        ],
        can_pay=is_open and order.total > 0 and now < order.reserved_until,
        can_cancel=is_open,
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


def _kept(order: Order, *, now: dt.datetime) -> str:
    left = int((order.reserved_until - now).total_seconds() // 60)
    if left < 0:
        return ""
    until = _moment(order.reserved_until)
    if left > 120:  # noqa: PLR2004 - hours of minutes say nothing
        return _("Kept for you until %(until)s.") % {"until": until}
    return ngettext(
        "Kept for you for %(count)s more minute, until %(until)s.",
        "Kept for you for %(count)s more minutes, until %(until)s.",
        left,
    ) % {"count": left, "until": until}


def _moment(at: dt.datetime) -> str:
    # Without a script nobody knows the visitor's clock, so the hour says whose it is.
    return f"{formats.date_format(at.astimezone(dt.UTC), 'DATETIME_FORMAT', use_l10n=True)} UTC"


def show_payment(intent: Intent, *, language: str) -> Money:
    """This function will put a payment into words."""
    state, mood = _payment_state(intent)
    money = intent.captured or intent.expected
    return Money(
        number=intent.number,
        title=name_of(intent.provider),
        state=state,
        mood=mood,
        amount=write_price(money.amount, money.currency, language=language),
        can_go_on=intent.state.value in ("CREATED", "PENDING"),
    )


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
