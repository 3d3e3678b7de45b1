"""The page of today: each figure leads to the room that handles it, where there is one."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from evertill.domains.access import Permission
from evertill.entry.desk.frame import desk_page
from evertill.entry.desk.gate import desk_view
from evertill.entry.pages.amounts import write_price
from evertill.journeys.enter_desk import Entered
from evertill.journeys.look_at_today import Sold, Today, look_at_today
from evertill.journeys.read_preference import time_zone
from evertill.kernel import clock

_MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure: what it counts, how many, what more is to be said, and where it is handled."""

    label: str
    value: str
    beside: str = ""
    address: str = ""
    look: str = ""


@desk_view(Permission.ORDERS_READ)
def index(request: HttpRequest, entered: Entered) -> HttpResponse:
    """This function will show what today looks like, and what waits for somebody."""
    today = look_at_today(asker=entered.asker, now=clock.now())
    day = today.day.isoformat()
    context = {
        "came": _came(today, day),
        "waits": _waits(today),
        "running_out": today.running_out,
        "oldest": today.reviews.since if today.reviews else None,
        "drill": today.drill,
        "zone": time_zone(),
    }
    return desk_page(request, entered, "today/index.html", context)


def _came(today: Today, day: str) -> list[Figure]:
    address = _to("orders")
    ago = _("a week ago: %(value)s")
    return [
        Figure(
            label=_("Orders"),
            value=str(today.sold.orders),
            beside=ago % {"value": today.week_ago.orders},
            address=f"{address}?since={day}",
        ),
        Figure(
            label=_("Paid"),
            value=str(today.sold.paid),
            beside=ago % {"value": today.week_ago.paid},
            address=f"{address}?since={day}&state=PAID",
        ),
        Figure(
            label=_("Money of paid orders"),
            value=_money(today.sold),
            beside=ago % {"value": _money(today.week_ago)},
            address=f"{address}?since={day}&state=PAID",
        ),
    ]


def _waits(today: Today) -> list[Figure]:
    figures = []
    if today.reviews is not None:
        figures.append(_waiting(_("Reviews"), today.reviews.count, room="reviews"))
    if today.shows_alerts:
        figures.append(_waiting(_("Alerts"), sum(today.alerts.values()), room="alerts", look="bad"))
    figures.append(_waiting(_("Approvals"), today.approvals, room="approvals"))
    if today.submissions is not None:
        figures.append(_waiting(_("Failed checkouts"), today.submissions, room="submissions"))
    if today.unfinished is not None:
        figures.append(_waiting(_("Payments under way"), today.unfinished[0], room="payments", look=""))
        figures.append(_waiting(_("Refunds under way"), today.unfinished[1], room="refunds", look=""))
    if today.differences is not None:
        figures.append(
            _waiting(_("Bills and books that differ"), today.differences, room="payments", at="#differences")
        )
    if today.running_out is not None:
        figures.append(_waiting(_("Goods running out"), len(today.running_out), room="stock"))
    return figures


def _waiting(label: str, count: int, *, room: str, at: str = "", look: str = "wait") -> Figure:
    value = f"{_MOST}+" if count >= _MOST else str(count)
    beside = "" if count else _("Nothing waits")
    return Figure(label=label, value=value, beside=beside, address=_to(room) + at, look=look if count else "")


def _to(room: str) -> str:
    """The address of a room; "" while the desk has none of this name."""
    try:
        return reverse(f"desk:{room}:index")
    except NoReverseMatch:
        return ""


def _money(sold: Sold) -> str:
    language = get_language() or "en"
    told = [write_price(one.amount, one.currency, language=language) for one in sold.money]
    return " · ".join(told) or "–"
