"""Giving an order back: money and pieces together, goods only when told, and once whatever breaks in between."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial

import pytest

from evertill.domains import orders, payments
from evertill.domains.payments import Capability, Ending, Intent, RefundState
from evertill.journeys.follow_payments import poll_payments
from evertill.journeys.place_orders import Placed
from evertill.journeys.refund_order import (
    AskedReturn,
    OrderNotFound,
    OrderNotPaid,
    RefundKeyReused,
    RefundOrder,
    RefundTooMuch,
    RefundUnclear,
    TooManyPieces,
    UnknownLine,
    refund_order,
)
from evertill.journeys.view_refunds import view_refunds
from tests import tables
from tests.builders import NOON, ask, balance, make_product, place_one
from tests.paying import clearing, intent_of, owed, placed_order, settle, start, state_of
from tests.threads import together
from tests.twin import Twin

SOON = NOON + dt.timedelta(seconds=10)


pytestmark = pytest.mark.usefixtures("twin")


@pytest.fixture
def bought(twin: Twin) -> Placed:
    """A paid order of 4 TEA at 2.50 and 2 CUP at 9.00; 6 and 3 are left on the shelf."""
    make_product("TEA", pieces=10)
    make_product("CUP", prices={"GBP": 900}, pieces=5)
    order = place_one(ask("bought", {"TEA": 4, "CUP": 2}))
    intent = start(order)
    twin.pay(intent)
    assert settle(intent).ending is Ending.MATCHED
    return order


def asked(
    order: Placed,
    lines: Mapping[str, int] | None = None,
    *,
    amount: int | None = None,
    restock: bool = False,
    key: str = "back-1",
) -> RefundOrder:
    wanted = [AskedReturn(sku=sku, quantity=quantity) for sku, quantity in (lines or {}).items()]
    return RefundOrder(
        order_id=order.order.id,
        lines=wanted,
        amount=amount,
        reason="broken",
        restock=restock,
        caller="token:1",
        key=key.encode(),
    )


def refund(order: Placed, lines: Mapping[str, int] | None = None, **more: object) -> payments.Refund:
    return refund_order(asked=asked(order, lines, **more), actor="token:1", now=NOON).refund  # type: ignore[arg-type]


def returned(order: Placed) -> dict[str, int]:
    lines = orders.read_lines(order_ids=[order.order.id])[order.order.id]
    return {line.sku: line.returned for line in lines}


def shelf() -> tuple[int, int]:
    return balance("TEA")[0], balance("CUP")[0]


class TestLines:
    def test_are_given_back_for_what_was_paid_for_them(self, bought: Placed) -> None:
        made = refund(bought, {"TEA": 3, "CUP": 1})

        assert (made.state, made.amount) == (RefundState.SUCCEEDED, 3 * 250 + 900)
        assert returned(bought) == {"TEA": 3, "CUP": 1}
        assert (state_of(bought), owed(bought), clearing()) == (orders.State.PAID, 0, 2800 - 1650)

    @pytest.mark.parametrize(("restock", "left"), [(False, (6, 3)), (True, (8, 3))])
    def test_put_goods_back_on_sale_only_when_told(self, bought: Placed, restock: bool, left: tuple[int, int]) -> None:
        refund(bought, {"TEA": 2}, restock=restock)

        assert shelf() == left

    def test_one_after_the_other_end_the_order(self, bought: Placed) -> None:
        refund(bought, {"TEA": 4}, key="a")
        refund(bought, {"CUP": 2}, key="b", restock=True)

        assert (state_of(bought), clearing(), shelf()) == (orders.State.REFUNDED, 0, (6, 5))

    def test_are_refused_beyond_what_was_bought(self, bought: Placed) -> None:
        refund(bought, {"TEA": 3}, key="a")

        with pytest.raises(TooManyPieces):
            refund(bought, {"TEA": 2}, key="b")
        with pytest.raises(UnknownLine):
            refund(bought, {"JAM": 1}, key="c")
        assert (tables.count("payments_refund"), returned(bought)) == (1, {"TEA": 3, "CUP": 0})

    def test_are_refused_beyond_what_amounts_have_left(self, bought: Placed) -> None:
        refund(bought, amount=2700, key="a")

        with pytest.raises(RefundTooMuch) as refusal:
            refund(bought, {"TEA": 1}, key="b")
        assert refusal.value.facts == {"left": 100}
        assert returned(bought) == {"TEA": 0, "CUP": 0}

    def test_that_cost_nothing_are_refused(self, twin: Twin) -> None:
        make_product("TEA")
        make_product("GIFT", prices={"GBP": 0})
        order = place_one(ask("with a gift", {"TEA": 1, "GIFT": 1}))
        intent = start(order)
        twin.pay(intent)
        settle(intent)

        with pytest.raises(RefundTooMuch):
            refund(order, {"GIFT": 1})

    def test_never_more_pieces_than_were_bought_of_fifty_at_once(self, bought: Placed) -> None:
        def give_back(place: int) -> int:
            try:
                return refund(bought, {"TEA": 1}, key=str(place), restock=True).amount
            except TooManyPieces:
                return 0

        given = together(*[partial(give_back, place) for place in range(50)])

        assert sorted(given) == [0] * 46 + [250] * 4
        assert (returned(bought), shelf()) == ({"TEA": 4, "CUP": 0}, (10, 3))


class TestTheWhole:
    def test_is_all_that_is_left(self, bought: Placed) -> None:
        refund(bought, {"TEA": 1}, key="a")

        made = refund(bought, key="b", restock=True)

        assert made.amount == 2800 - 250
        assert (state_of(bought), clearing()) == (orders.State.REFUNDED, 0)
        assert (returned(bought), shelf()) == ({"TEA": 4, "CUP": 2}, (9, 5))

    def test_leaves_to_itself_what_was_paid_too_much(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.pay(intent, amount=260)
        twin.refuses = {"refund"}
        settle(intent)
        twin.refuses = set()

        made = refund(order)

        assert made.amount == 250
        assert (state_of(order), owed(order), clearing()) == (orders.State.REFUNDED, -10, 10)

    def test_cannot_be_given_back_twice(self, bought: Placed) -> None:
        refund(bought, key="a")

        with pytest.raises(RefundTooMuch):
            refund(bought, key="b")

    def test_is_the_only_choice_where_the_provider_knows_no_other(self, bought: Placed, twin: Twin) -> None:
        twin.capabilities = Capability.PAGE

        with pytest.raises(RefundTooMuch):
            refund(bought, {"TEA": 1}, key="a")
        assert refund(bought, key="b").state is RefundState.SUCCEEDED


class TestRequest:
    def test_counts_once_under_one_key(self, bought: Placed, twin: Twin) -> None:
        first = refund_order(asked=asked(bought, {"TEA": 1}, restock=True), actor="ada", now=NOON)
        again = refund_order(asked=asked(bought, {"TEA": 1}, restock=True), actor="ada", now=NOON)

        assert (first.is_repeat, again.is_repeat, again.refund) == (False, True, first.refund)
        assert (shelf(), len(twin.refunds)) == ((7, 3), 1)

    def test_is_one_refund_when_it_is_sent_many_times_at_once(self, bought: Placed, twin: Twin) -> None:
        made = together(*[partial(refund, bought, {"TEA": 1}, restock=True)] * 10)

        assert len({each.id for each in made}) == 1
        assert (shelf(), list(twin.refunds.values())) == ((7, 3), [250])

    def test_is_refused_under_the_key_of_another(self, bought: Placed) -> None:
        refund(bought, {"TEA": 1})

        for other in (asked(bought, {"TEA": 2}), asked(bought, {"TEA": 1}, restock=True), asked(bought)):
            with pytest.raises(RefundKeyReused):
                refund_order(asked=other, actor="ada", now=NOON)
        assert tables.count("payments_refund") == 1

    @pytest.mark.parametrize("unclear", [{"lines": {"TEA": 1}, "amount": 1}, {"amount": 1, "restock": True}])
    def test_is_refused_when_it_is_unclear(self, bought: Placed, unclear: dict[str, object]) -> None:
        with pytest.raises(RefundUnclear):
            refund(bought, **unclear)  # type: ignore[arg-type]

    def test_is_refused_for_an_order_that_nobody_paid_or_placed(self, twin: Twin, bought: Placed) -> None:
        unpaid = place_one(ask("unpaid", {"TEA": 1}))

        with pytest.raises(OrderNotPaid):
            refund(unpaid)
        with pytest.raises(OrderNotFound):
            refund_order(
                asked=RefundOrder(order_id=7, reason="broken", caller="token:1", key=b"1"), actor="ada", now=NOON
            )


class TestTrouble:
    def test_a_silent_provider_only_delays_money_and_goods(self, bought: Placed, twin: Twin) -> None:
        twin.silent, twin.does_it_anyway = {"refund"}, True
        assert refund(bought, {"TEA": 2}, restock=True).state is RefundState.REQUESTED
        assert (returned(bought), shelf()) == ({"TEA": 2, "CUP": 0}, (6, 3))
        twin.silent = set()

        poll_payments(now=SOON)
        poll_payments(now=SOON + dt.timedelta(hours=1))

        assert (shelf(), list(twin.refunds.values())) == ((8, 3), [500])

    def test_a_death_between_promise_and_call_is_made_good_by_the_jobs(
        self, bought: Placed, twin: Twin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Died(BaseException):
            pass

        def die(*_: object, **__: object) -> str:
            raise Died

        with monkeypatch.context() as dying:
            dying.setattr(Twin, "refund", die)
            with pytest.raises(Died):
                refund(bought, {"TEA": 2}, restock=True)

        assert refund(bought, {"TEA": 2}, restock=True).state is RefundState.SUCCEEDED
        poll_payments(now=SOON)
        assert (shelf(), list(twin.refunds.values())) == ((8, 3), [500])

    def test_a_refusal_takes_back_money_and_pieces(self, bought: Placed, twin: Twin) -> None:
        twin.refuses = {"refund"}

        made = refund(bought, {"TEA": 4}, restock=True)

        assert made.state is RefundState.FAILED
        assert (returned(bought), shelf(), intent_of(_intent(bought)).refunded) == ({"TEA": 0, "CUP": 0}, (6, 3), 0)

        twin.refuses = set()
        assert refund(bought, {"TEA": 4}, restock=True).state is RefundState.FAILED
        assert refund(bought, {"TEA": 4}, restock=True, key="anew").state is RefundState.SUCCEEDED
        assert (returned(bought), shelf()) == ({"TEA": 4, "CUP": 0}, (10, 3))


def _intent(order: Placed) -> Intent:
    intent_id = payments.find_buyer(order_id=order.order.id)
    assert intent_id is not None
    return payments.read_intents(intent_ids=[intent_id])[intent_id]


class TestView:
    def test_lists_the_latest_first_with_what_each_gave_back(self, bought: Placed) -> None:
        lines = refund(bought, {"CUP": 1}, restock=True, key="a")
        later = refund_order(asked=asked(bought, amount=5, key="b"), actor="ada", now=SOON).refund

        seen = view_refunds(order_id=bought.order.id)

        assert [whole.refund.id for whole in seen] == [later.id, lines.id]
        assert [(whole.amount.amount, whole.restock) for whole in seen] == [(5, False), (900, True)]
        assert [[(part.sku, part.quantity) for part in whole.pieces] for whole in seen] == [[], [("CUP", 1)]]
