"""Paying, with a provider in memory: what is begun, what the truth does, and that it does it once."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from evertill.domains import orders, payments
from evertill.domains.payments import Ending, Intent, ProviderUnavailable, RefundState, State, UnknownMethod
from evertill.journeys.cancel_order import CannotCancel, cancel_order
from evertill.journeys.expire_reservations import expire_reservations
from evertill.journeys.follow_payments import handle_events, poll_payments, replay_events
from evertill.journeys.place_orders import Placed
from evertill.journeys.receive_webhooks import Received, WebhookForeign, WebhookForged, receive_webhooks
from evertill.journeys.refund_order import OrderNotPaid, RefundTooMuch
from evertill.journeys.settle_payment import PaymentNotFound
from evertill.journeys.start_payment import OrderNotPayable, PaymentKeyReused
from evertill.journeys.view_payment import is_worth_asking, look_again, view_payment
from evertill.kernel import ids
from evertill.kernel.rarely import Rarely
from tests import tables
from tests.builders import NOON, ask, balance, make_product, place_one
from tests.paying import (
    clearing,
    intent_of,
    owed,
    placed_order,
    refund,
    settle,
    start,
    start_whole,
    state_of,
    webhook,
)
from tests.twin import Twin

LATER = NOON + dt.timedelta(hours=2)


pytestmark = pytest.mark.usefixtures("twin")


def paid(twin: Twin, *, wanted: int = 1, amount: int | None = None, fee: int = 0) -> tuple[Placed, Intent]:
    order = placed_order(wanted=wanted)
    intent = start(order)
    twin.pay(intent, amount=amount, fee=fee)
    return order, settle(intent)


class TestStart:
    def test_tells_what_the_customer_does_next(self, twin: Twin) -> None:
        order = placed_order()

        intent = start(order)

        assert intent.state is State.PENDING
        assert intent.next is not None
        assert intent.next.value == f"https://pay.example/{intent.number}"
        assert state_of(order) is orders.State.PLACED

    def test_is_one_payment_however_often_it_is_sent(self, twin: Twin) -> None:
        order = placed_order()

        first, second = start_whole(order), start_whole(order)

        assert (first.is_repeat, second.is_repeat) == (False, True)
        assert second.intent == first.intent
        assert twin.calls == ["start"]

    def test_refuses_a_key_that_was_used_for_another_method(self, twin: Twin) -> None:
        order = placed_order()
        start(order)

        with pytest.raises(PaymentKeyReused):
            start(order, method="twin.qr")

    def test_refuses_a_method_that_there_is_not(self, twin: Twin) -> None:
        with pytest.raises(UnknownMethod) as refusal:
            start(placed_order(), method="gold.page")

        assert refusal.value.facts == {"methods": ["twin.page", "twin.qr"]}
        assert tables.count("payments_intent") == 0

    def test_refuses_an_order_that_does_not_wait_for_money(self, twin: Twin) -> None:
        order, _ = paid(twin)

        with pytest.raises(OrderNotPayable):
            start(order, key="again")

    def test_refuses_an_order_that_costs_nothing(self, twin: Twin) -> None:
        make_product("GIFT", prices={"GBP": 0})

        with pytest.raises(OrderNotPayable):
            start(place_one(ask("gift", {"GIFT": 1})))

    def test_writes_nothing_while_the_provider_is_left_alone(self, twin: Twin) -> None:
        order = placed_order()
        twin.is_available = False

        with pytest.raises(ProviderUnavailable):
            start(order)

        assert (tables.count("payments_intent"), twin.calls) == (0, [])

    def test_is_finished_by_a_repeat_when_the_provider_did_not_answer(self, twin: Twin) -> None:
        order = placed_order()
        twin.silent = {"start"}
        with pytest.raises(ProviderUnavailable):
            start(order)
        twin.silent = set()

        again = start_whole(order)

        assert (again.is_repeat, again.intent.state) == (True, State.PENDING)
        assert tables.count("payments_intent") == 1

    def test_is_found_by_the_poller_when_only_the_answer_was_lost(self, twin: Twin) -> None:
        order = placed_order()
        twin.silent, twin.does_it_anyway, twin.at_once = {"start"}, True, State.CAPTURED
        with pytest.raises(ProviderUnavailable):
            start(order)

        assert poll_payments(now=NOON + dt.timedelta(seconds=10)) == 1

        assert state_of(order) is orders.State.PAID

    def test_fails_when_the_provider_refuses(self, twin: Twin) -> None:
        twin.refuses = {"start"}

        intent = start(placed_order())

        assert (intent.state, intent.reason) == (State.FAILED, "No.")


class TestSettle:
    def test_moves_payment_order_stock_and_ledger(self, twin: Twin) -> None:
        order, intent = paid(twin, wanted=3, fee=30)

        assert (intent.state, intent.ending) == (State.CAPTURED, Ending.MATCHED)
        assert state_of(order) is orders.State.PAID
        assert balance() == (7, 0)
        assert (owed(order), clearing()) == (0, 720)

    def test_changes_nothing_when_the_same_truth_comes_again(self, twin: Twin) -> None:
        _, intent = paid(twin)
        names = ("payments_intent", "payments_move", "orders_event", "stock_movement", "ledger_transaction")
        before = {name: tables.rows(name) for name in names}

        again = settle(intent)

        assert again == intent
        assert {name: tables.rows(name) for name in names} == before

    def test_leaves_the_order_waiting_when_the_payment_fails(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.end(intent, State.FAILED, reason="card_declined")

        failed = settle(intent)

        assert (failed.state, failed.reason) == (State.FAILED, "card_declined")
        assert state_of(order) is orders.State.PLACED

    def test_captures_what_is_authorised(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.end(intent, State.AUTHORIZED)

        assert settle(intent).state is State.CAPTURED
        assert state_of(order) is orders.State.PAID

    def test_captures_once_when_the_answer_to_that_was_lost(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.end(intent, State.AUTHORIZED)
        twin.silent, twin.does_it_anyway = {"capture"}, True
        with pytest.raises(ProviderUnavailable):
            settle(intent)

        assert settle(intent).state is State.CAPTURED
        assert twin.calls.count("capture") == 1

    def test_counts_money_that_comes_after_a_failure(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.end(intent, State.FAILED)
        settle(intent)
        twin.pay(intent)

        assert settle(intent).ending is Ending.MATCHED
        assert state_of(order) is orders.State.PAID

    def test_cancels_what_nobody_paid(self, twin: Twin) -> None:
        intent = start(placed_order())

        assert settle(intent, now=LATER).state is State.CANCELLED

    def test_ends_what_the_provider_never_heard_of(self, twin: Twin) -> None:
        order = placed_order()
        twin.silent = {"start"}
        with pytest.raises(ProviderUnavailable):
            start(order)

        poll_payments(now=LATER)

        assert start(order).state is State.FAILED

    def test_knows_no_payment_that_there_is_not(self, twin: Twin) -> None:
        with pytest.raises(PaymentNotFound):
            view_payment(order_id=1, intent_id=2)

    def test_shows_what_is_known_when_the_provider_is_silent(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.silent = {"fetch"}

        assert look_again(intent=intent, actor="customer", now=NOON) == intent
        assert view_payment(order_id=order.order.id, intent_id=intent.id) == intent

    def test_is_not_asked_of_the_provider_by_every_look(self, twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
        lately = Rarely(every_s=2, clock=lambda: 0)
        monkeypatch.setattr("evertill.journeys.view_payment._lately", lambda: lately)
        _, other = paid(twin)
        intent = start(place_one(ask("another")))

        assert [is_worth_asking(one) for one in (intent, intent, other)] == [True, False, False]

    def test_begins_nothing_that_may_be_given_up(self, twin: Twin) -> None:
        order = placed_order()
        twin.silent = {"start"}
        with pytest.raises(ProviderUnavailable):
            start(order)
        twin.silent, twin.calls = set(), []

        late = start(order, now=NOON + dt.timedelta(hours=1))

        # A call that is under way when the payment is given up would leave one at the provider that nobody follows.
        assert (late.state, twin.calls) == (State.CREATED, ["fetch"])
        poll_payments(now=NOON + dt.timedelta(minutes=119))
        assert intent_of(late).state is State.CREATED
        poll_payments(now=LATER + dt.timedelta(minutes=10))
        assert intent_of(late).state is State.FAILED


class TestEndings:
    def test_an_underpaid_order_waits_and_the_money_goes_back(self, twin: Twin) -> None:
        order, intent = paid(twin, amount=249)

        assert (intent.ending, intent.refunded) == (Ending.UNDERPAID, 249)
        assert state_of(order) is orders.State.PLACED
        assert (owed(order), clearing(), sum(twin.refunds.values())) == (0, 0, 249)

    def test_of_an_overpaid_order_the_excess_goes_back(self, twin: Twin) -> None:
        order, intent = paid(twin, amount=260)

        assert (intent.ending, intent.refunded) == (Ending.OVERPAID, 10)
        assert state_of(order) is orders.State.PAID
        assert (owed(order), clearing(), sum(twin.refunds.values())) == (0, 250, 10)

    def test_money_of_another_currency_goes_back_in_it(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.pay(intent, currency="USD")

        assert settle(intent).ending is Ending.WRONG_CURRENCY
        assert state_of(order) is orders.State.PLACED
        assert (owed(order, currency="USD"), clearing(currency="USD"), clearing()) == (0, 0, 0)
        assert sum(twin.refunds.values()) == 250

    def test_of_two_payments_the_second_goes_back(self, twin: Twin) -> None:
        order = placed_order()
        first, second = start(order), start(order, key="pay-2")
        twin.pay(first)
        twin.pay(second)

        endings = [settle(first).ending, settle(second).ending]

        assert endings == [Ending.MATCHED, Ending.PAID_TWICE]
        assert (owed(order), clearing(), balance()) == (0, 250, (9, 0))

    @pytest.mark.parametrize("how", ["expired", "cancelled"])
    def test_late_money_buys_what_is_still_there(self, twin: Twin, how: str) -> None:
        order = placed_order(wanted=3)
        intent = start(order)
        end_order(order, how)
        twin.pay(intent)

        assert settle(intent).ending is Ending.LATE
        assert state_of(order) is orders.State.PAID
        assert (balance(), owed(order), clearing()) == ((7, 0), 0, 750)

    @pytest.mark.parametrize("how", ["expired", "cancelled"])
    def test_late_money_goes_back_when_the_goods_are_gone(self, twin: Twin, how: str) -> None:
        order = placed_order(pieces=3, wanted=3)
        intent = start(order)
        end_order(order, how)
        place_one(ask("faster", {"TEA": 1}))
        twin.pay(intent)

        assert settle(intent).ending is Ending.UNDELIVERABLE
        assert state_of(order).value == how.upper()
        assert (balance(), owed(order), clearing()) == ((3, 1), 0, 0)

    def test_money_is_on_its_way_back_while_the_provider_is_silent(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.pay(intent, amount=100)
        twin.silent, twin.does_it_anyway = {"refund"}, True

        settle(intent)
        assert (owed(order), clearing()) == (-100, 100)

        twin.silent = set()
        poll_payments(now=NOON + dt.timedelta(seconds=10))
        assert (owed(order), clearing(), twin.refunds) == (0, 0, dict.fromkeys(twin.refunds, 100))

    def test_a_paid_order_cannot_be_cancelled_or_expire(self, twin: Twin) -> None:
        order, _ = paid(twin)

        with pytest.raises(CannotCancel):
            cancel_order(order_id=order.order.id, actor="customer", now=NOON)
        assert expire_reservations(now=LATER) == 0


def end_order(order: Placed, how: str) -> None:
    if how == "expired":
        assert expire_reservations(now=LATER) == 1
    else:
        cancel_order(order_id=order.order.id, actor="customer", now=NOON)


class TestRefund:
    def test_of_a_part_leaves_the_order_paid(self, twin: Twin) -> None:
        order, intent = paid(twin)

        assert refund(intent, 100).state is RefundState.SUCCEEDED
        assert (state_of(order), owed(order), clearing()) == (orders.State.PAID, 0, 150)

    def test_of_everything_ends_the_order(self, twin: Twin) -> None:
        order, intent = paid(twin, amount=260)

        refund(intent, 100)
        refund(intent, 150, key="back-2")

        assert (state_of(order), owed(order), clearing()) == (orders.State.REFUNDED, 0, 0)
        assert balance() == (9, 0)

    def test_counts_once_under_one_key(self, twin: Twin) -> None:
        _, intent = paid(twin)

        assert refund(intent, 100) == refund(intent, 100)
        assert twin.refunds == dict.fromkeys(twin.refunds, 100)

    @pytest.mark.parametrize("amount", [251, 0, -5])
    def test_is_never_more_than_was_captured_nor_nothing(self, twin: Twin, amount: int) -> None:
        _, intent = paid(twin)

        with pytest.raises(RefundTooMuch):
            refund(intent, amount)
        assert tables.count("payments_refund") == 0

    def test_of_money_that_bought_nothing_is_automatic_only(self, twin: Twin) -> None:
        _, intent = paid(twin, amount=249)

        with pytest.raises(OrderNotPaid):
            refund(intent, 1)

    def test_that_the_provider_refuses_is_promised_no_more(self, twin: Twin) -> None:
        _, intent = paid(twin)
        twin.refuses = {"refund"}

        assert refund(intent, 100).state is RefundState.FAILED
        assert intent_of(intent).refunded == 0

    def test_whose_answer_is_lost_is_sent_again_and_counts_once(self, twin: Twin) -> None:
        _, intent = paid(twin)
        twin.silent, twin.does_it_anyway = {"refund"}, True
        assert refund(intent, 100).state is RefundState.REQUESTED

        twin.silent = set()
        poll_payments(now=NOON + dt.timedelta(seconds=10))

        assert (clearing(), twin.refunds) == (150, dict.fromkeys(twin.refunds, 100))


class TestWebhooks:
    def test_are_kept_and_handled_later(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.pay(intent)

        assert receive_webhooks([webhook(intent)], now=NOON) == [Received(is_repeat=False)]
        assert state_of(order) is orders.State.PLACED
        assert handle_events(now=NOON) == 1

        assert state_of(order) is orders.State.PAID
        assert handle_events(now=LATER) == 0

    def test_that_come_twice_are_kept_once(self, twin: Twin) -> None:
        intent = start(placed_order())

        answers = receive_webhooks([webhook(intent), webhook(intent)], now=NOON)
        later = receive_webhooks([webhook(intent)], now=NOON)

        assert answers + later == [Received(is_repeat=False), Received(is_repeat=True), Received(is_repeat=True)]
        assert tables.count("payments_event") == 1

    def test_that_are_forged_or_foreign_leave_nothing(self, twin: Twin) -> None:
        intent = start(placed_order())
        other = webhook(msgspec.structs.replace(intent, number=ids.to_number(7)))

        answers = receive_webhooks([webhook(intent, signed="no"), other], now=NOON)

        assert [type(answer) for answer in answers] == [WebhookForged, WebhookForeign]
        assert tables.count("payments_event") == 0

    def test_ask_for_one_job_only(self, twin: Twin) -> None:
        intent = start(placed_order())

        receive_webhooks([webhook(intent, event="a")], now=NOON)
        receive_webhooks([webhook(intent, event="b")], now=NOON)

        assert tables.count("procrastinate_jobs") == 1

    def test_are_tried_again_while_the_provider_is_silent(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.pay(intent)
        receive_webhooks([webhook(intent)], now=NOON)
        twin.silent = {"fetch"}
        handle_events(now=NOON)

        twin.silent = set()
        handle_events(now=NOON + dt.timedelta(seconds=5))

        assert state_of(order) is orders.State.PAID

    def test_can_be_replayed_without_any_effect(self, twin: Twin) -> None:
        intent = start(placed_order())
        twin.pay(intent)
        receive_webhooks([webhook(intent)], now=NOON)
        handle_events(now=NOON)
        before = tables.rows("ledger_transaction")

        assert replay_events(since=NOON, now=LATER) == 1

        assert tables.rows("ledger_transaction") == before


class TestPoller:
    def test_asks_ever_more_seldom(self, twin: Twin) -> None:
        start(placed_order())
        asked = [poll_payments(now=NOON + dt.timedelta(seconds=s)) for s in (9, 10, 14, 15, 24, 25)]

        assert asked == [0, 1, 0, 1, 0, 1]

    def test_leaves_what_is_final_alone(self, twin: Twin) -> None:
        paid(twin)

        assert poll_payments(now=LATER) == 0

    def test_goes_on_when_one_cannot_be_settled(self, twin: Twin) -> None:
        orders_ = [placed_order(sku) for sku in ("TEA", "CUP")]
        first, second = (start(order) for order in orders_)
        twin.pay(second)
        twin.payments[first.number] = payments.Truth(state=State.CAPTURED)

        poll_payments(now=NOON + dt.timedelta(seconds=10))

        assert [state_of(order) for order in orders_] == [orders.State.PLACED, orders.State.PAID]
