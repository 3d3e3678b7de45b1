"""Paying and giving back, many at the same time, with real commits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

import pytest

from evertill.domains import orders
from evertill.domains.payments import Ending, State
from evertill.journeys.expire_reservations import expire_reservations
from evertill.journeys.follow_payments import handle_events, poll_payments
from evertill.journeys.receive_webhooks import receive_webhooks
from evertill.journeys.refund_order import RefundTooMuch
from evertill.journeys.view_payment import look_again
from tests import tables
from tests.builders import NOON, balance
from tests.paying import (
    clearing,
    intent_of,
    owed,
    placed_order,
    refund,
    settle,
    start,
    state_of,
    webhook,
)
from tests.threads import together
from tests.twin import Twin

LATER = NOON + dt.timedelta(hours=2)


pytestmark = pytest.mark.usefixtures("twin")


class TestTogether:
    def test_return_webhook_and_poller_apply_a_truth_once(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.pay(intent)
        receive_webhooks([webhook(intent)], now=NOON)
        later = NOON + dt.timedelta(minutes=1)

        calls: list[Callable[[], object]] = [
            partial(look_again, intent=intent, actor="customer", now=later),
            partial(handle_events, now=later),
            partial(poll_payments, now=later),
            *[partial(settle, intent)] * 5,
        ]
        together(*calls)

        assert intent_of(intent).ending is Ending.MATCHED
        assert tables.count("payments_move") == 3
        assert tables.count("ledger_transaction") == 2
        assert (owed(order), clearing(), balance()) == (0, 250, (9, 0))

    def test_equal_starts_are_one_payment(self, twin: Twin) -> None:
        order = placed_order()

        started = together(*[partial(start, order)] * 10)

        assert len({intent.id for intent in started}) == 1
        assert len(twin.payments) == tables.count("payments_intent") == 1

    def test_fifty_refunds_never_give_back_more_than_was_captured(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.pay(intent)
        settle(intent)

        def give_back(place: int) -> int:
            try:
                return refund(intent, 20, key=str(place)).amount
            except RefundTooMuch:
                return 0

        given_back = together(*[partial(give_back, place) for place in range(50)])

        assert sorted(given_back) == [0] * 38 + [20] * 12
        assert sum(twin.refunds.values()) == 240
        assert (intent_of(intent).refunded, clearing(), owed(order)) == (240, 10, 0)

    def test_expiry_and_money_end_in_a_paid_order_either_way(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.pay(intent)

        together(lambda: settle(intent, now=LATER), lambda: expire_reservations(now=LATER))

        assert state_of(order) is orders.State.PAID
        assert intent_of(intent).state is State.CAPTURED
        assert balance() == (9, 0)

    def test_of_two_payments_at_once_one_buys_and_one_goes_back(self, twin: Twin) -> None:
        order = placed_order()
        both = [start(order, key=key) for key in ("a", "b")]
        for intent in both:
            twin.pay(intent)

        together(*[partial(settle, intent) for intent in both])

        assert {intent_of(intent).ending for intent in both} == {Ending.MATCHED, Ending.PAID_TWICE}
        assert (owed(order), clearing(), balance()) == (0, 250, (9, 0))
