"""Prices by staff: alone up to a percentage, beyond it what another person approved; history and undo."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest

from evertill.domains import catalog, trail
from evertill.domains.approvals import ApprovalRequired
from evertill.domains.catalog.history import UndoneAlready
from evertill.domains.catalog.prices import UnknownSku
from evertill.domains.trail import Search
from evertill.journeys import change_prices as pricing
from evertill.journeys import decide_approvals as deciding
from evertill.journeys.change_prices import NewPrice, PriceUnchanged, TooManyPrices
from evertill.journeys.permitted import Asker, Forbidden
from evertill.kernel.money import InvalidMoney
from evertill.kernel.versions import ChangedMeanwhile
from tests.askers import MACHINE, customer, staff
from tests.builders import NOON, ask, make_product, place_one
from tests.threads import together

pytestmark = pytest.mark.usefixtures("committed_db")

ADA, BOB, EVE = 1, 2, 3
DAY = dt.timedelta(days=1)


@pytest.fixture
def ada() -> Asker:
    make_product("TEA", prices={"GBP": 1000})
    return staff(ADA, "administrator")


def change(asker: Asker, *prices: tuple[str, int | None, int | None], now: dt.datetime = NOON, why: str = "") -> None:
    asked = [NewPrice(sku=sku, before=before, after=after) for sku, before, after in prices]
    pricing.change_prices(asker=asker, currency="GBP", prices=asked, why=why, now=now)


def price(sku: str = "TEA", currency: str = "GBP") -> int | None:
    return catalog.prices.read_prices(skus=[sku], currency=currency)[sku]


class TestChange:
    def test_writes_the_price_and_its_history(self, ada: Asker) -> None:
        change(ada, ("TEA", 1000, 1100), why="Dearer leaves")

        assert price() == 1100
        (found,) = pricing.list_changes(asker=ada, sku="TEA", now=NOON)
        assert (found.before, found.after, found.changed_by, found.why) == (1000, 1100, f"STAFF:{ADA}", "Dearer leaves")
        (record,) = trail.read_records(search=Search(operation="prices.edit"), limit=2)
        assert (record.subject_id, json.loads(record.before), json.loads(record.after)) == (
            "TEA GBP",
            {"amount": 1000},
            {"amount": 1100},
        )

    def test_is_what_the_next_order_pays(self, ada: Asker) -> None:
        change(ada, ("TEA", 1000, 1100))

        assert place_one(ask(lines={"TEA": 2})).order.total == 2200

    def test_gives_a_first_price_and_takes_one_away_alone(self, ada: Asker) -> None:
        make_product("PEN", prices={})

        change(ada, ("PEN", None, 300), ("TEA", 1000, None))

        assert (price("PEN"), price()) == (300, None)

    def test_is_whole_or_not_at_all(self, ada: Asker) -> None:
        with pytest.raises(UnknownSku):
            change(ada, ("TEA", 1000, 1100), ("GONE", None, 300))
        with pytest.raises(PriceUnchanged):
            change(ada, ("TEA", 1000, 1000))
        with pytest.raises(InvalidMoney):
            change(ada, ("TEA", 1000, -1))
        with pytest.raises(TooManyPrices):
            change(ada, *[("TEA", 1000, 1001)] * 201)

        assert price() == 1000

    def test_needs_the_permission(self, ada: Asker) -> None:
        for asker in (customer(9), staff(BOB, "finance"), staff(EVE, "fulfilment")):
            with pytest.raises(Forbidden):
                change(asker, ("TEA", 1000, 1001))

        assert price() == 1000


class TestApproval:
    @pytest.mark.parametrize("after", [800, 1200])
    def test_is_not_needed_up_to_the_percentage(self, ada: Asker, after: int) -> None:
        change(ada, ("TEA", 1000, after))

        assert price() == after

    @pytest.mark.parametrize("after", [799, 1201, 0])
    def test_is_needed_beyond_it(self, ada: Asker, after: int) -> None:
        with pytest.raises(ApprovalRequired):
            change(ada, ("TEA", 1000, after))

        assert price() == 1000

    def test_of_exactly_this_by_another_person_lets_it_happen_once(self, ada: Asker) -> None:
        asked = [NewPrice(sku="TEA", before=1000, after=500)]
        approval = pricing.ask_to_change_prices(asker=ada, currency="GBP", prices=asked, why="Sale", now=NOON)
        deciding.decide(asker=staff(BOB, "finance"), approval_id=approval.id, is_approved=True, why="", now=NOON)

        with pytest.raises(ApprovalRequired):
            change(ada, ("TEA", 1000, 499))
        change(ada, ("TEA", 1000, 500))

        assert price() == 500
        (found,) = pricing.list_changes(asker=ada, sku="TEA", now=NOON)
        assert found.approved_by == f"STAFF:{BOB}"

    def test_is_measured_from_a_day_ago_however_small_the_steps(self, ada: Asker) -> None:
        change(ada, ("TEA", 1000, 1100))
        change(ada, ("TEA", 1100, 1200), now=NOON + DAY / 2)

        with pytest.raises(ApprovalRequired):
            change(ada, ("TEA", 1200, 1201), now=NOON + DAY * 0.9)

        change(ada, ("TEA", 1200, 1300), now=NOON + DAY * 1.1)
        assert price() == 1300

    def test_is_not_escaped_by_taking_the_price_away_first(self, ada: Asker) -> None:
        change(ada, ("TEA", 1000, None))

        with pytest.raises(ApprovalRequired):
            change(ada, ("TEA", None, 1201), now=NOON + 2 * DAY)
        change(ada, ("TEA", None, 1200), now=NOON + 2 * DAY)

    def test_is_not_needed_at_the_machine(self, ada: Asker) -> None:
        change(MACHINE, ("TEA", 1000, 1))

        assert price() == 1


class TestTwoAtOnce:
    def test_tell_the_second_what_the_price_is_now(self, ada: Asker) -> None:
        change(ada, ("TEA", 1000, 1100))

        with pytest.raises(ChangedMeanwhile) as told:
            change(staff(BOB, "owner"), ("TEA", 1000, 1050))

        assert told.value.facts["changes"] == {"TEA": (1000, 1100)}
        assert price() == 1100

    def test_let_one_of_them_through_when_they_meet(self, ada: Asker) -> None:
        bob = staff(BOB, "owner")
        told: list[str] = []

        def work(asker: Asker, after: int) -> None:
            try:
                change(asker, ("TEA", 1000, after))
            except ChangedMeanwhile:
                told.append(asker.name)

        together(lambda: work(ada, 1100), lambda: work(bob, 900))

        (found,) = pricing.list_changes(asker=ada, sku="TEA", now=NOON)
        assert (found.before, found.after) == (1000, price())
        assert sorted([found.changed_by, *told]) == [f"STAFF:{ADA}", f"STAFF:{BOB}"]


class TestUndo:
    def test_brings_the_price_back_as_a_new_change(self, ada: Asker) -> None:
        change(ada, ("TEA", 1000, 1100))
        (first,) = pricing.list_changes(asker=ada, sku="TEA", now=NOON)

        pricing.undo_price(asker=ada, change_id=first.id, why="A slip", now=NOON + DAY)

        assert price() == 1000
        undone, first = pricing.list_changes(asker=ada, sku="TEA", now=NOON)
        assert (undone.undoes, undone.why, first.is_undone) == (first.id, "A slip", True)
        with pytest.raises(UndoneAlready):
            pricing.undo_price(asker=ada, change_id=first.id, why="", now=NOON + DAY)

    def test_is_refused_once_the_price_was_changed_again(self, ada: Asker) -> None:
        change(ada, ("TEA", 1000, 1100))
        (first,) = pricing.list_changes(asker=ada, sku="TEA", now=NOON)
        change(ada, ("TEA", 1100, 1150))

        with pytest.raises(ChangedMeanwhile) as told:
            pricing.undo_price(asker=ada, change_id=first.id, why="", now=NOON)

        assert told.value.facts["changes"] == {"TEA": (1100, 1150)}
        assert price() == 1150

    def test_beyond_the_percentage_needs_another_person_too(self, ada: Asker) -> None:
        change(MACHINE, ("TEA", 1000, 2000), now=NOON - 3 * DAY)
        (first,) = pricing.list_changes(asker=ada, sku="TEA", now=NOON)

        with pytest.raises(ApprovalRequired):
            pricing.undo_price(asker=ada, change_id=first.id, why="", now=NOON)
        approval = pricing.ask_to_undo_price(asker=ada, change_id=first.id, why="", now=NOON)
        deciding.decide(asker=staff(BOB, "finance"), approval_id=approval.id, is_approved=True, why="", now=NOON)
        pricing.undo_price(asker=ada, change_id=first.id, why="", now=NOON)

        assert price() == 1000


class TestLists:
    def test_page_in_the_order_of_skus(self, ada: Asker) -> None:
        for sku in ("PEN-2", "PEN-1", "ZOO"):
            make_product(sku, prices={"EUR": 100})

        found = pricing.list_prices(asker=ada, currency="GBP", limit=2, now=NOON)
        assert [(one.sku, one.amount) for one in found] == [("PEN-1", None), ("PEN-2", None)]
        found = pricing.list_prices(asker=ada, currency="GBP", after="PEN-2", limit=9, now=NOON)
        assert [(one.sku, one.amount) for one in found] == [("TEA", 1000), ("ZOO", None)]
        found = pricing.list_prices(asker=ada, currency="EUR", search="PEN", limit=9, now=NOON)
        assert [(one.sku, one.amount) for one in found] == [("PEN-1", 100), ("PEN-2", 100)]
        assert pricing.list_currencies() == ["EUR", "GBP"]


class TestRaise:
    @pytest.mark.parametrize(
        ("amount", "percent", "step", "after"),
        [
            (1000, "5", 1, 1050),
            (999, "5", 1, 1049),
            (990, "5", 1, 1040),
            (1049, "0", 10, 1050),
            (1045, "0", 10, 1050),
            (1044, "0", 10, 1040),
            (3, "-50", 1, 2),
            (1, "-90", 1, 1),
            (1000, "-100", 1, 0),
            (0, "5", 1, 0),
            (1000, "33.333", 5, 1335),
        ],
    )
    def test_rounds_half_up_to_a_step(self, amount: int, percent: str, step: int, after: int) -> None:
        assert catalog.rules.scale(amount, percent=Decimal(percent), step=step) == after
