"""Orders that wait for a person: asked for, taken by one at a time, decided once, and their goods held until then."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest

from evertill.domains import orders, payments, preferences, reviews, stock, trail
from evertill.domains.preferences import Name
from evertill.domains.reviews import Reason, ReviewEnded, ReviewHeld, ReviewNotTaken, State
from evertill.journeys.ask_review import ask_review, ask_review_as_staff
from evertill.journeys.audit_books import audit_books
from evertill.journeys.permitted import Forbidden
from evertill.journeys.review_order import Decision, ReviewNotFound, decide_review, list_reviews, take_review
from evertill.kernel import db
from tests.askers import staff
from tests.builders import NOON, ask, make_product, place_one
from tests.paying import placed_order, settle, start
from tests.threads import together
from tests.twin import Twin

pytestmark = pytest.mark.usefixtures("committed_db")

SOON = NOON + dt.timedelta(minutes=5)


def reviewed(sku: str = "TEA") -> int:
    """An order that waits for review."""
    order_id = placed_order(sku).order.id
    with db.write():
        ask_review(order_id=order_id, reason=Reason.RISK, detail="score 91", actor="CLOCK:risk", now=NOON)
    return order_id


def held(order_id: int) -> list[str]:
    return [hold.reason for hold in orders.find_holds(order_ids=[order_id]).get(order_id, ())]


class TestAsk:
    def test_holds_the_goods_and_opens_one_review_for_several_reasons(self) -> None:
        order_id = reviewed()
        with db.write():
            again = ask_review(order_id=order_id, reason=Reason.AMOUNT, detail="", actor="CLOCK:review", now=SOON)

        assert again.reasons == ("RISK", "AMOUNT")
        assert held(order_id) == ["REVIEW"]
        assert reviews.count_waiting().count == 1
        assert audit_books() == []

    def test_is_what_staff_may_do_too_and_is_on_record(self) -> None:
        order_id = placed_order().order.id

        ask_review_as_staff(asker=staff(7, "support"), order_id=order_id, why="odd", now=NOON)

        assert held(order_id) == ["REVIEW"]
        (record,) = trail.read_records(search=trail.Search(operation="orders.ask_review"), limit=9)
        assert (record.actor_id, record.why) == ("7", "odd")
        with pytest.raises(Forbidden):
            ask_review_as_staff(asker=staff(8), order_id=order_id, why="odd", now=NOON)

    @pytest.mark.parametrize(("least", "expected"), [(251, []), (250, ["REVIEW"]), (0, [])])
    def test_is_done_by_the_shop_above_an_amount_when_the_order_is_paid(self, least: int, expected: list[str]) -> None:
        with db.write():
            preferences.set_value(name=Name.REVIEW_FROM, value=least, by="OPERATOR:root", why="", now=NOON)
        twin = Twin()
        payments.register(twin)
        order = placed_order()
        intent = start(order)
        twin.pay(intent)

        settle(intent)

        assert held(order.order.id) == expected
        assert (order.order.id in orders.ready_to_fulfil(order_ids=[order.order.id])) is not bool(expected)
        payments.register()


class TestDecide:
    def test_lets_the_goods_go_when_it_is_approved(self) -> None:
        order_id, ada = reviewed(), staff(7, "risk-reviewer")
        take_review(asker=ada, order_id=order_id, now=NOON)

        done = decide_review(asker=ada, order_id=order_id, decision=Decision.APPROVE, why="known", now=SOON)

        assert (done.review.state, done.review.taken_by, held(order_id)) == (State.APPROVED, "STAFF:7", [])
        assert [move.state for move in reviews.read_moves(review_id=done.review.id, limit=9)] == [
            State.WAITING,
            State.TAKEN,
            State.APPROVED,
        ]
        assert audit_books() == []

    def test_cancels_what_nobody_has_paid_when_it_is_refused(self) -> None:
        order_id, ada = reviewed(), staff(7, "risk-reviewer")
        take_review(asker=ada, order_id=order_id, now=NOON)

        done = decide_review(asker=ada, order_id=order_id, decision=Decision.REFUSE, why="stolen card", now=SOON)

        assert (done.order.state, done.needs_refund, held(order_id)) == (orders.State.CANCELLED, False, ["REVIEW"])
        assert stock.read_items(skus=["TEA"])["TEA"].reserved == 0
        assert audit_books() == []

    def test_leaves_a_refused_order_that_is_paid_held_until_its_money_went_back(self) -> None:
        twin = Twin()
        payments.register(twin)
        order_id, ada = reviewed(), staff(7, "risk-reviewer")
        intent = start(type("Order", (), {"order": orders.read_orders(order_ids=[order_id])[order_id]})())
        twin.pay(intent)
        settle(intent)
        take_review(asker=ada, order_id=order_id, now=NOON)

        done = decide_review(asker=ada, order_id=order_id, decision=Decision.REFUSE, why="stolen card", now=SOON)

        assert (done.order.state, done.needs_refund, held(order_id)) == (orders.State.PAID, True, ["REVIEW"])
        assert orders.ready_to_fulfil(order_ids=[order_id]) == set()
        payments.register()

    def test_is_for_who_has_it_and_only_as_long(self) -> None:
        order_id, ada, bob = reviewed(), staff(7, "risk-reviewer"), staff(8, "risk-reviewer")
        with pytest.raises(ReviewNotTaken):
            decide_review(asker=ada, order_id=order_id, decision=Decision.APPROVE, why="", now=NOON)
        take_review(asker=ada, order_id=order_id, now=NOON)
        with pytest.raises(ReviewHeld) as told:
            take_review(asker=bob, order_id=order_id, now=SOON)
        assert told.value.facts["by"] == "STAFF:7"
        with pytest.raises(ReviewHeld):
            decide_review(asker=bob, order_id=order_id, decision=Decision.APPROVE, why="", now=SOON)

        later = NOON + dt.timedelta(minutes=16)
        with pytest.raises(ReviewNotTaken):
            decide_review(asker=ada, order_id=order_id, decision=Decision.APPROVE, why="", now=later)
        assert take_review(asker=bob, order_id=order_id, now=later).review.taken_by == "STAFF:8"

    def test_happens_once(self) -> None:
        order_id, ada = reviewed(), staff(7, "risk-reviewer")
        take_review(asker=ada, order_id=order_id, now=NOON)
        decide_review(asker=ada, order_id=order_id, decision=Decision.APPROVE, why="", now=NOON)

        with pytest.raises(ReviewEnded):
            take_review(asker=ada, order_id=order_id, now=SOON)

    def test_can_be_given_back(self) -> None:
        order_id, ada, bob = reviewed(), staff(7, "risk-reviewer"), staff(8, "risk-reviewer")
        take_review(asker=ada, order_id=order_id, now=NOON)
        decide_review(asker=ada, order_id=order_id, decision=Decision.GIVE_BACK, why="busy", now=NOON)

        assert take_review(asker=bob, order_id=order_id, now=SOON).review.taken_by == "STAFF:8"

    def test_is_refused_to_who_may_not_and_for_ones_own_order(self) -> None:
        order_id = reviewed()
        with pytest.raises(Forbidden):
            take_review(asker=staff(7, "support"), order_id=order_id, now=NOON)
        own = staff(8, "risk-reviewer")
        db.execute("update orders_order set account_id = 8 where id = %s", (order_id,))
        with pytest.raises(Forbidden):
            take_review(asker=own, order_id=order_id, now=NOON)
        with pytest.raises(ReviewNotFound):
            take_review(asker=staff(9, "risk-reviewer"), order_id=placed_order("MUG").order.id, now=NOON)


class TestQueue:
    def test_has_the_oldest_first(self) -> None:
        first, second = reviewed("TEA"), reviewed("MUG")

        queue = list_reviews(asker=staff(7, "risk-reviewer"), now=NOON)

        assert {one.order_id for one, _listed in queue.waiting} == {first, second}
        assert queue.count.count == 2


class TestTogether:
    def test_of_many_who_take_a_review_one_has_it(self) -> None:
        order_id = reviewed()
        many = [staff(number, "risk-reviewer") for number in range(10, 16)]

        def take(number: int) -> str:
            try:
                return take_review(asker=many[number], order_id=order_id, now=NOON).review.taken_by
            except ReviewHeld as held_by:
                return str(held_by.facts["by"])

        told = together(*(partial(take, number) for number in range(len(many))))

        assert len(set(told)) == 1
        assert audit_books() == []

    def test_many_who_ask_open_one_review(self) -> None:
        make_product("TEA", pieces=10)
        order_id = place_one(ask("key", {"TEA": 1})).order.id

        def wish() -> int:
            with db.write():
                return ask_review(order_id=order_id, reason=Reason.RISK, detail="", actor="CLOCK:risk", now=NOON).id

        assert len(set(together(*[wish] * 6))) == 1
        assert audit_books() == []
