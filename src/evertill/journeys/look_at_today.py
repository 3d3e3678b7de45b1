"""Look at today: what came in, and what waits for somebody; each figure for whoever may open its room."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from evertill.domains import (
    incidents,
    orders,
    payments,
    preferences,
    reconciliation,
    recovery,
    reviews,
    stock,
    submissions,
)
from evertill.domains.access import Permission
from evertill.domains.reviews import Waiting
from evertill.domains.trail import Subject
from evertill.journeys import decide_approvals
from evertill.journeys.permitted import Asker, permitted
from evertill.kernel import days
from evertill.kernel.money import Money

__all__ = ["Sold", "Today", "look_at_today"]

_COUNTED_MAX = 1_000
_STOCK_MAX = 20
_APPROVALS_MAX = 200
_EARNED = (orders.State.PAID, orders.State.REFUNDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """What was ordered in a span: how many orders, how many of them paid, and what these cost, by currency."""

    orders: int = 0
    paid: int = 0
    money: tuple[Money, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """What a day looks like so far, and at the same hour a week ago. None is what somebody may not see."""

    day: dt.date
    sold: Sold
    week_ago: Sold
    reviews: Waiting | None = None
    unfinished: tuple[int, int] | None = None
    differences: int | None = None
    running_out: tuple[stock.Item, ...] | None = None
    alerts: Mapping[str, int] = field(default_factory=dict)
    shows_alerts: bool = False
    submissions: int | None = None
    approvals: int = 0
    drill: recovery.Drill | None = None


def look_at_today(*, asker: Asker, now: dt.datetime) -> Today:
    """This function will return what today looks like for somebody; raises Forbidden. Days are the shop's own."""
    zone = preferences.recall_zone()
    here = now.astimezone(zone)
    week_ago = here - dt.timedelta(days=7)
    since = days.begin_of(here.date(), zone)
    with permitted(
        asker=asker, permission=Permission.ORDERS_READ, subject=Subject(kind="orders", id="today"), now=now
    ) as holder:
        may = holder.permissions
        return Today(
            day=here.date(),
            sold=_sold(since, now),
            week_ago=_sold(days.begin_of(week_ago.date(), zone), week_ago),
            reviews=reviews.count_waiting() if Permission.ORDERS_REVIEW in may else None,
            unfinished=payments.count_unfinished(limit=_COUNTED_MAX) if Permission.PAYMENTS_READ in may else None,
            differences=reconciliation.count_all_open(limit=_COUNTED_MAX) if Permission.PAYMENTS_READ in may else None,
            running_out=_running_out() if may & {Permission.STOCK_EDIT, Permission.CATALOG_EDIT} else None,
            alerts=incidents.count_open_alerts() if Permission.ALERTS_READ in may else {},
            shows_alerts=Permission.ALERTS_READ in may,
            submissions=submissions.count_open() if Permission.ORDERS_MAKE in may else None,
            approvals=len(decide_approvals.list_waiting(asker=asker, now=now, limit=_APPROVALS_MAX)),
            drill=_last_drill() if Permission.BACKUPS_RESTORE in may else None,
        )


def _sold(since: dt.datetime, until: dt.datetime) -> Sold:
    rows = orders.sum_span(since=since, until=until)
    money: dict[str, int] = {}
    for state, currency, _count, total in rows:
        if state in _EARNED:
            money[currency] = money.get(currency, 0) + total
    return Sold(
        orders=sum(count for _state, _currency, count, _total in rows),
        paid=sum(count for state, _currency, count, _total in rows if state in _EARNED),
        money=tuple(Money(amount=amount, currency=currency) for currency, amount in sorted(money.items())),
    )


def _last_drill() -> recovery.Drill | None:
    return next(iter(recovery.queries.read_drills(limit=1)), None)


def _running_out() -> tuple[stock.Item, ...]:
    least = preferences.number(preferences.Name.STOCK_LOW)
    return tuple(stock.find_running_out(at_most=least, limit=_STOCK_MAX))
