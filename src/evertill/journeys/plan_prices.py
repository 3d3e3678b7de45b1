"""Plan prices: a price that begins at a moment. Until then the present one stands, and orders look at nothing else.

The job that begins them runs every minute, so a price begins within a minute of its moment. What was approved when it
was planned need not be approved again.
"""

from __future__ import annotations

import datetime as dt

from evertill.domains import catalog, trail
from evertill.domains.access import Permission
from evertill.domains.catalog import NewPrice, PlannedPrice
from evertill.domains.trail import Actor, ActorKind, Subject
from evertill.journeys.change_prices import approve_prices, write_prices
from evertill.journeys.permitted import Asker, permitted
from evertill.kernel import db, money
from evertill.kernel.errors import EvertillError

__all__ = ["MomentInvalid", "PlannedPrice", "begin_prices", "cancel_plan", "list_plans", "plan_price"]

_AHEAD_MAX = dt.timedelta(days=366)
_BATCH = 200
_JOB = Asker(actor=Actor(kind=ActorKind.CLOCK, id="begin_prices"))


class MomentInvalid(EvertillError):
    """A price begins later than now, and within a year."""

    code = "MOMENT_INVALID"
    remedy = "Choose a later moment, within a year from now."


def list_plans(*, asker: Asker, currency: str = "", sku: str = "", now: dt.datetime) -> list[PlannedPrice]:
    """This function will return the prices that wait for their moment, the next first; raises Forbidden."""
    with permitted(asker=asker, permission=Permission.PRICES_EDIT, subject=_subject(currency), now=now):
        return catalog.prices.list_plans(currency=currency, sku=sku, limit=_BATCH)


def plan_price(
    *, asker: Asker, sku: str, currency: str, amount: int, begins_at: dt.datetime, why: str, now: dt.datetime
) -> PlannedPrice:
    """This function will plan a price that begins at a moment.

    Raises Forbidden, MomentInvalid, ApprovalRequired as change_prices does, catalog.prices.UnknownSku, PlannedAlready,
    and InvalidMoney.
    """
    if not now < begins_at <= now + _AHEAD_MAX:
        raise MomentInvalid("A price begins later than now, and within a year.")
    if not 0 <= amount <= money.AMOUNT_MAX:
        raise money.InvalidMoney(f"{sku}: the price is out of range.")
    with permitted(asker=asker, permission=Permission.PRICES_EDIT, subject=_subject(currency), now=now):
        known = catalog.prices.hold_prices(skus=[sku], currency=currency)
        price = NewPrice(sku=sku, before=known[sku], after=amount)
        by = approve_prices(asker=asker, currency=currency, prices=[price], now=now)
        plan = catalog.prices.plan_price(
            sku=sku,
            currency=currency,
            amount=amount,
            begins_at=begins_at,
            by=asker.name,
            approved_by=by,
            why=why,
            now=now,
        )
        _record(asker, "prices.plan", plan, now=now)
        return plan


def cancel_plan(*, asker: Asker, plan_id: int, now: dt.datetime) -> PlannedPrice:
    """This function will cancel a price that has not begun; raises Forbidden and catalog.prices.PlanNotOpen."""
    subject = Subject(kind="plan", id=str(plan_id))
    with permitted(asker=asker, permission=Permission.PRICES_EDIT, subject=subject, now=now):
        plan = catalog.prices.cancel_plan(plan_id=plan_id, by=asker.name, now=now)
        _record(asker, "prices.cancel_plan", plan, now=now)
        return plan


def begin_prices(*, now: dt.datetime) -> int:
    """This function will begin a batch of prices whose moment has come, and return how many those were.

    In the order of their moments, so that the last of several stands. One whose SKU is gone is missed.
    """
    with db.write():
        plans = catalog.prices.lock_due_plans(now=now, limit=_BATCH)
        for plan in plans:
            known = catalog.prices.read_prices(skus=[plan.sku], currency=plan.currency)
            state = catalog.prices.MISSED
            if plan.sku in known:
                catalog.prices.hold_prices(skus=[plan.sku], currency=plan.currency)
                before = catalog.prices.read_prices(skus=[plan.sku], currency=plan.currency)[plan.sku]
                write_prices(
                    asker=_JOB,
                    currency=plan.currency,
                    prices=[NewPrice(sku=plan.sku, before=before, after=plan.amount)],
                    why=plan.why,
                    approved_by=plan.approved_by or plan.planned_by,
                    now=now,
                )
                state = catalog.prices.BEGUN
            catalog.prices.end_plan(plan, state=state, by=_JOB.name, now=now)
    return len(plans)


def _record(asker: Asker, operation: str, plan: PlannedPrice, *, now: dt.datetime) -> None:
    trail.write(
        actor=asker.actor,
        operation=operation,
        subject=Subject(kind="price", id=f"{plan.sku} {plan.currency}"),
        after={"amount": plan.amount, "begins_at": plan.begins_at.isoformat(), "approved_by": plan.approved_by},
        why=plan.why,
        now=now,
    )


def _subject(currency: str) -> Subject:
    return Subject(kind="price-list", id=currency[:16])
