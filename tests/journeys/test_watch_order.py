"""Watching an order: its history has what happens to its money too, and it is settled when nothing is under way."""

from __future__ import annotations

import datetime as dt

import pytest

from evertill.domains import payments
from evertill.journeys.cancel_order import cancel_order
from evertill.journeys.place_orders import Placed
from evertill.journeys.refund_order import RefundOrder, refund_order
from evertill.journeys.view_receipt import view_receipt
from evertill.journeys.watch_order import OrderNotFound, Story, position_of, watch_order, watch_orders
from evertill.kernel.money import Money
from tests.builders import NOON
from tests.paying import placed_order, refund, settle, start
from tests.twin import Twin

LATER = NOON + dt.timedelta(hours=1)


pytestmark = pytest.mark.usefixtures("twin")


@pytest.fixture
def order() -> Placed:
    """An order of 4 TEA at 2.50."""
    return placed_order(wanted=4)


def told(order: Placed, *, after: int = -1) -> list[tuple[int, str, str]]:
    story = watch_order(order_id=order.order.id, after=after)
    return [(event.position, event.kind, event.state.value) for event in story.events]


def is_settled(order: Placed) -> bool:
    return watch_order(order_id=order.order.id, after=position_of(order_id=order.order.id)).is_settled


class TestHistory:
    def test_of_a_paid_order_has_its_payment_and_its_refunds(self, order: Placed, twin: Twin) -> None:
        intent = start(order)
        twin.pay(intent)
        settle(intent)
        refund(intent, 250)
        whole = RefundOrder(order_id=order.order.id, reason="all", caller="ada", key=b"all")
        refund_order(asked=whole, actor="ada", now=NOON)

        assert told(order) == [
            (0, "order.placed", "PLACED"),
            (1, "payment.pending", "PLACED"),
            (2, "order.paid", "PAID"),
            (3, "refund.requested", "PAID"),
            (4, "refund.succeeded", "PAID"),
            (5, "refund.requested", "PAID"),
            (6, "refund.succeeded", "PAID"),
            (7, "order.refunded", "REFUNDED"),
        ]

    def test_of_money_that_came_to_nothing_says_so(self, order: Placed, twin: Twin) -> None:
        intent = start(order)
        twin.pay(intent, amount=1)
        settle(intent)

        assert [kind for _, kind, _ in told(order, after=1)] == [
            "payment.captured",
            "refund.requested",
            "refund.succeeded",
        ]

    def test_of_a_payment_that_failed_says_so(self, order: Placed, twin: Twin) -> None:
        intent = start(order)
        twin.end(intent, payments.State.FAILED)
        settle(intent)

        assert told(order, after=0) == [(1, "payment.pending", "PLACED"), (2, "payment.failed", "PLACED")]


class TestWatching:
    def test_tells_what_came_after_a_position(self, order: Placed) -> None:
        start(order)
        cancel_order(order_id=order.order.id, actor="ada", now=LATER)

        assert told(order, after=1) == [(2, "order.cancelled", "CANCELLED")]
        assert told(order, after=2) == []
        assert position_of(order_id=order.order.id) == 2

    def test_tells_all_after_a_position_that_never_was(self, order: Placed) -> None:
        assert told(order, after=7) == [(0, "order.placed", "PLACED")]

    def test_of_an_order_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(OrderNotFound):
            watch_order(order_id=1, after=-1)

        assert watch_orders(after={1: -1}) == {}

    def test_of_several_orders_tells_each_its_own(self, order: Placed) -> None:
        other = placed_order("CUP")
        cancel_order(order_id=other.order.id, actor="ada", now=LATER)

        stories = watch_orders(after={order.order.id: 0, other.order.id: 0})

        assert stories[order.order.id] == Story(events=(), is_settled=False)
        assert [event.kind for event in stories[other.order.id].events] == ["order.cancelled"]


class TestSettled:
    def test_is_not_an_order_that_waits_for_its_money(self, order: Placed) -> None:
        assert not is_settled(order)

    def test_is_not_one_whose_payment_or_refund_is_under_way(self, order: Placed, twin: Twin) -> None:
        intent = start(order)
        cancel_order(order_id=order.order.id, actor="ada", now=NOON)
        assert not is_settled(order)

        twin.silent.add("refund")
        twin.pay(intent, amount=1)
        settle(intent)
        assert not is_settled(order)

    def test_is_one_that_has_nothing_more_to_come(self, order: Placed, twin: Twin) -> None:
        intent = start(order)
        twin.pay(intent)
        settle(intent)

        assert is_settled(order)


class TestReceipt:
    def test_has_what_came_and_what_went_back(self, order: Placed, twin: Twin) -> None:
        intent = start(order)
        twin.pay(intent)
        settle(intent, now=NOON)
        given = refund(intent, 250, now=LATER)

        receipt = view_receipt(order_id=order.order.id)

        assert receipt.is_paid
        assert [(one.number, one.amount, one.at) for one in receipt.came] == [
            (intent.number, Money(amount=1000, currency="GBP"), NOON)
        ]
        assert [(one.number, one.amount, one.at) for one in receipt.went_back] == [
            (given.number, Money(amount=250, currency="GBP"), LATER)
        ]

    def test_of_what_is_not_paid_is_none(self, order: Placed) -> None:
        start(order)

        receipt = view_receipt(order_id=order.order.id)

        assert (receipt.is_paid, receipt.came, receipt.went_back) == (False, [], [])
