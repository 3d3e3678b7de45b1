"""Planned prices: the present one stands until their moment; far ones are approved when they are planned."""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack

import pytest

from evertill.domains import catalog
from evertill.domains.approvals import ApprovalRequired
from evertill.domains.catalog.models import Variant
from evertill.domains.catalog.prices import PlannedAlready, PlanNotOpen
from evertill.journeys import plan_prices as planning
from evertill.journeys.change_prices import list_changes
from evertill.journeys.permitted import Asker, Forbidden
from evertill.kernel import db
from tests.askers import customer, staff
from tests.builders import NOON, ask, make_product, place_one
from tests.journeys.test_bulk import holds_somebody_up
from tests.kernel.waiting import until
from tests.threads import meanwhile, together

pytestmark = pytest.mark.usefixtures("committed_db")

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def ada() -> Asker:
    make_product("TEA", prices={"GBP": 1000})
    return staff(1, "administrator")


def plan(asker: Asker, amount: int, begins_at: dt.datetime = NOON + HOUR) -> planning.PlannedPrice:
    return planning.plan_price(
        asker=asker, sku="TEA", currency="GBP", amount=amount, begins_at=begins_at, why="Spring", now=NOON
    )


def price() -> int | None:
    return catalog.prices.read_prices(skus=["TEA"], currency="GBP")["TEA"]


def test_begins_at_its_moment_and_not_before(ada: Asker) -> None:
    plan(ada, 1100)

    assert planning.begin_prices(now=NOON + HOUR - dt.timedelta(seconds=1)) == 0
    assert place_one(ask(lines={"TEA": 1})).order.total == 1000
    assert planning.begin_prices(now=NOON + HOUR) == 1
    assert planning.begin_prices(now=NOON + HOUR) == 0

    assert price() == 1100
    (change,) = list_changes(asker=ada, sku="TEA", now=NOON)
    assert (change.before, change.after, change.why, change.changed_by) == (1000, 1100, "Spring", "CLOCK:begin_prices")


def test_of_several_the_last_one_stands(ada: Asker) -> None:
    plan(ada, 1200, NOON + 2 * HOUR)
    plan(ada, 1100, NOON + HOUR)

    together(*[lambda: planning.begin_prices(now=NOON + 3 * HOUR)] * 2)

    assert price() == 1200


def test_of_several_the_last_one_stands_though_somebody_holds_the_first(ada: Asker) -> None:
    first = plan(ada, 1100, NOON + HOUR)
    plan(ada, 1200, NOON + 2 * HOUR)

    with ExitStack() as stack:
        with db.write():
            db.fetch("select id from catalog_planned_price where id = %s for update", (first.id,))
            begun = stack.enter_context(meanwhile(lambda: planning.begin_prices(now=NOON + 3 * HOUR)))
            until(lambda: begun.done() or holds_somebody_up())
        assert begun.result(timeout=60) == 2

    assert planning.begin_prices(now=NOON + 3 * HOUR) == 0
    assert price() == 1200


def test_is_cancelled_until_it_begins(ada: Asker) -> None:
    made = plan(ada, 1100)

    planning.cancel_plan(asker=ada, plan_id=made.id, now=NOON)

    assert planning.begin_prices(now=NOON + HOUR) == 0
    with pytest.raises(PlanNotOpen):
        planning.cancel_plan(asker=ada, plan_id=made.id, now=NOON)


def test_is_refused_where_it_cannot_be(ada: Asker) -> None:
    plan(ada, 1100)

    with pytest.raises(PlannedAlready):
        plan(ada, 1050)
    with pytest.raises(planning.MomentInvalid):
        plan(ada, 1100, NOON)
    with pytest.raises(ApprovalRequired):
        plan(ada, 2000, NOON + 2 * HOUR)
    with pytest.raises(Forbidden):
        plan(customer(9), 1100, NOON + 2 * HOUR)
    assert [one.amount for one in planning.list_plans(asker=ada, now=NOON)] == [1100]


def test_of_what_is_gone_is_missed(ada: Asker) -> None:
    plan(ada, 1100)
    Variant.objects.all().delete()

    assert planning.begin_prices(now=NOON + HOUR) == 1
    assert planning.list_plans(asker=ada, now=NOON) == []
