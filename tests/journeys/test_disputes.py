"""Disputes, with a provider in memory: what it tells is written down once, whatever comes first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

import pytest

from evertill.domains import disputes, incidents, orders, payments
from evertill.domains.payments import Capability, ProviderUnavailable
from evertill.journeys.follow_payments import handle_events, poll_disputes, poll_payments
from evertill.journeys.receive_webhooks import receive_webhooks
from evertill.journeys.refund_order import AskedReturn, RefundOrder, RefundTooMuch, refund_order
from evertill.journeys.restock_lost import NothingToRestock, restock_lost
from evertill.journeys.settle_disputes import settle_disputes
from evertill.journeys.settle_payment import PaymentNotFound
from evertill.journeys.watch_disputes import DisputeEnded, DisputeNotFound, list_disputes, note_evidence
from evertill.kernel import config
from tests import tables
from tests.askers import at_the_machine
from tests.builders import NOON, balance
from tests.disputing import (
    DUE,
    LATER,
    alerts,
    ask,
    balances,
    disputed,
    history,
    holds,
    make_twin,
    paid,
    tell,
)
from tests.paying import are_books_sound, placed_order, settle, start, state_of, webhook
from tests.threads import together
from tests.twin import Twin

NEXT_LOOK = LATER + dt.timedelta(seconds=config.get().dispute_look_s)


@pytest.fixture(autouse=True)
def twin(committed_db: None) -> Iterator[Twin]:
    provider = make_twin()
    payments.register(provider)
    yield provider
    assert are_books_sound()
    payments.register()


def refund(intent: payments.Intent, amount: int, *, key: str = "back-1") -> payments.Refund:
    asked = RefundOrder(order_id=intent.order_id, amount=amount, reason="broken", caller="ada", key=key.encode())
    return refund_order(asked=asked, actor="ada", now=LATER).refund


class TestOpened:
    def test_takes_the_money_out_of_clearing_holds_the_order_and_tells_somebody(self, twin: Twin) -> None:
        order, intent = paid(twin)
        tell(twin, intent)

        assert ask(intent) == ["OPENED"]

        assert balances() == (0, 250, 0)
        assert holds(order) == [("DISPUTE_OPEN", "twin:D1")]
        assert disputed(intent) == 250
        assert state_of(order) is orders.State.PAID
        (alert,) = incidents.read_open_alerts(limit=2)
        assert (alert.kind, alert.subject, alert.times) == ("DISPUTE_OPENED", "twin:D1", 1)
        assert alert.detail == (
            f"2.50 GBP of payment {intent.number} for order {order.number}; the provider tells no day for evidence"
        )
        assert history() == [("OPENED", "webhook", "fraudulent")]

    def test_says_until_when_evidence_is_due(self, twin: Twin) -> None:
        _, intent = paid(twin)
        tell(twin, intent, due=DUE)

        assert ask(intent) == ["EVIDENCE_DUE"]

        (alert,) = incidents.read_open_alerts(limit=2)
        assert alert.detail.endswith("; evidence due 2026-11-29 12:00 UTC")
        assert history() == [
            ("OPENED", "webhook", "fraudulent"),
            ("EVIDENCE_DUE", "webhook", "told by the provider"),
        ]

    def test_learns_of_that_day_later_and_of_another(self, twin: Twin) -> None:
        _, intent = paid(twin)
        tell(twin, intent)
        ask(intent)
        tell(twin, intent, due=DUE)
        assert ask(intent) == ["EVIDENCE_DUE"]
        tell(twin, intent, due=DUE + dt.timedelta(days=1))

        ask(intent)

        assert list_disputes(limit=1)[0].evidence_due_at == DUE + dt.timedelta(days=1)
        (alert,) = incidents.read_open_alerts(limit=2)
        assert (alert.times, alert.detail.endswith("; evidence due 2026-11-30 12:00 UTC")) == (3, True)

    def test_is_written_down_once_however_often_it_is_told(self, twin: Twin) -> None:
        order, intent = paid(twin)
        tell(twin, intent, due=DUE, fee=1500)
        ask(intent)
        names = ("disputes_dispute", "disputes_move", "ledger_transaction", "orders_hold", "incidents_alert")
        before = [tables.rows(name) for name in names]

        assert ask(intent, now=LATER + dt.timedelta(hours=1)) == ["EVIDENCE_DUE"]

        assert [tables.rows(name) for name in names] == before
        assert holds(order) == [("DISPUTE_OPEN", "twin:D1")]

    def test_costs_the_fee_that_the_provider_tells_also_when_it_tells_it_later(self, twin: Twin) -> None:
        _, intent = paid(twin)
        tell(twin, intent)
        ask(intent)
        tell(twin, intent, fee=1500)

        ask(intent)
        ask(intent)

        assert balances() == (-1500, 250, 0)

    def test_that_is_told_twice_in_one_answer_counts_once(self, twin: Twin) -> None:
        order, intent = paid(twin)
        tell(twin, intent, due=DUE, fee=1500)
        twin.disputed[intent.number] *= 2

        assert ask(intent) == ["EVIDENCE_DUE"]

        assert (balances(), disputed(intent)) == ((-1500, 250, 0), 250)
        assert (alerts(), holds(order)) == ([("DISPUTE_OPENED", "twin:D1")], [("DISPUTE_OPEN", "twin:D1")])

    def test_of_a_part_leaves_the_rest(self, twin: Twin) -> None:
        _, intent = paid(twin)
        tell(twin, intent, amount=100)
        tell(twin, intent, name="D2", amount=30)

        assert ask(intent) == ["OPENED", "OPENED"]

        assert (balances(), disputed(intent)) == ((120, 130, 0), 130)

    @pytest.mark.parametrize("change", [{"amount": 0}, {"name": "a b"}, {"name": "x" * 96}, {"fee": -1}])
    def test_that_cannot_be_is_not_believed(self, twin: Twin, change: dict[str, object]) -> None:
        _, intent = paid(twin)
        tell(twin, intent, **change)  # type: ignore[arg-type]

        with pytest.raises(ProviderUnavailable):
            ask(intent)

        assert tables.count("disputes_dispute") == 0

    def test_is_not_asked_for_where_the_provider_knows_none(self, twin: Twin) -> None:
        _, intent = paid(twin)
        twin.capabilities = Capability.PAGE
        tell(twin, intent)

        assert ask(intent) == []

        assert "disputes" not in twin.calls

    def test_needs_a_payment(self) -> None:
        with pytest.raises(PaymentNotFound):
            settle_disputes(intent_id=1, actor="operator", now=NOON)


class TestWon:
    def test_brings_the_money_back_and_lets_the_goods_go(self, twin: Twin) -> None:
        order, intent = paid(twin)
        tell(twin, intent)
        ask(intent)
        tell(twin, intent, "WON")

        assert ask(intent) == ["WON"]

        assert balances() == (250, 0, 0)
        assert (holds(order), alerts(), disputed(intent)) == ([], [], 0)
        assert orders.find_holds(order_ids=[order.order.id]) == {}
        assert history()[-1] == ("WON", "webhook", "told by the provider")

    def test_before_anybody_heard_of_it_leaves_a_trace_and_nothing_to_do(self, twin: Twin) -> None:
        order, intent = paid(twin)
        tell(twin, intent, "WON")

        assert ask(intent) == ["WON"]

        assert balances() == (250, 0, 0)
        assert (holds(order), alerts()) == ([], [])
        assert [state for state, _, _ in history()] == ["OPENED", "WON"]
        assert tables.count("orders_hold") == tables.count("incidents_alert") == 0

    def test_lets_money_be_given_back_again(self, twin: Twin) -> None:
        _, intent = paid(twin)
        tell(twin, intent)
        ask(intent)
        tell(twin, intent, "WON")
        ask(intent)

        assert refund(intent, 250).state is payments.RefundState.SUCCEEDED

    def test_leaves_what_another_dispute_holds(self, twin: Twin) -> None:
        order, intent = paid(twin)
        tell(twin, intent, amount=100)
        tell(twin, intent, name="D2", amount=30)
        ask(intent)
        tell(twin, intent, "WON", amount=100)

        ask(intent)

        assert (holds(order), disputed(intent)) == ([("DISPUTE_OPEN", "twin:D2")], 30)
        assert alerts() == [("DISPUTE_OPENED", "twin:D2")]


class TestLost:
    def test_leaves_the_order_paid_and_held_and_tells_somebody(self, twin: Twin) -> None:
        order, intent = paid(twin)
        tell(twin, intent)
        ask(intent)
        tell(twin, intent, "LOST")

        assert ask(intent) == ["LOST"]

        assert balances() == (0, 0, 250)
        assert holds(order) == [("DISPUTE_LOST", "twin:D1")]
        assert (state_of(order), disputed(intent)) == (orders.State.PAID, 250)
        assert alerts() == [("DISPUTE_LOST", "twin:D1")]

    def test_before_anybody_heard_of_it_ends_the_same(self, twin: Twin) -> None:
        order, intent = paid(twin)
        tell(twin, intent, "LOST")

        ask(intent)

        assert (balances(), holds(order)) == ((0, 0, 250), [("DISPUTE_LOST", "twin:D1")])
        assert alerts() == [("DISPUTE_LOST", "twin:D1")]

    def test_with_money_that_bought_nothing_holds_nothing(self, twin: Twin) -> None:
        order = placed_order()
        first, second = (start(order, key=key) for key in ("a", "b"))
        for intent in (first, second):
            twin.pay(intent)
            settle(intent)
        tell(twin, second)
        ask(second)
        assert holds(order) == [("DISPUTE_OPEN", "twin:D1")]
        tell(twin, second, "LOST")

        ask(second)

        assert (holds(order), alerts()) == ([], [])

    def test_is_asked_for_no_more(self, twin: Twin) -> None:
        _, intent = paid(twin)
        tell(twin, intent, "LOST")
        ask(intent)

        assert poll_disputes(now=NEXT_LOOK) == 0


class TestRefunds:
    def test_are_refused_for_what_is_disputed(self, twin: Twin) -> None:
        _, intent = paid(twin)
        tell(twin, intent, amount=200)
        ask(intent)

        with pytest.raises(RefundTooMuch) as refusal:
            refund(intent, 51)

        assert refusal.value.facts == {"left": 50}
        assert refund(intent, 50, key="the rest").state is payments.RefundState.SUCCEEDED
        assert (balances(), twin.calls.count("refund")) == ((0, 200, 0), 1)

    def test_are_refused_for_what_is_lost(self, twin: Twin) -> None:
        _, intent = paid(twin)
        tell(twin, intent, "LOST")
        ask(intent)

        with pytest.raises(RefundTooMuch) as refusal:
            refund(intent, 1)

        assert refusal.value.facts == {"left": 0}

    def test_of_the_whole_only_are_not_taken_for_the_rest(self, twin: Twin) -> None:
        _, intent = paid(twin)
        twin.capabilities = Capability.PAGE | Capability.DISPUTES
        tell(twin, intent, amount=200)
        ask(intent)

        for amount in (50, 250):
            with pytest.raises(RefundTooMuch):
                refund(intent, amount, key=str(amount))

    def test_that_came_first_are_named_when_more_is_disputed_than_is_left(self, twin: Twin) -> None:
        order, intent = paid(twin)
        refund(intent, 100)
        tell(twin, intent, amount=250)

        ask(intent)

        (alert,) = incidents.read_open_alerts(limit=2)
        assert alert.detail.endswith("; 1.00 GBP of it was given back already")
        assert (balances(), disputed(intent)) == ((-100, 250, 0), 250)
        assert holds(order) == [("DISPUTE_OPEN", "twin:D1")]
        with pytest.raises(RefundTooMuch) as refusal:
            refund(intent, 1, key="more")
        assert refusal.value.facts == {"left": 0}

    def test_and_a_dispute_at_once_give_back_no_more_than_was_captured(self, twin: Twin) -> None:
        _, intent = paid(twin)
        tell(twin, intent, amount=200)

        def give_back(place: int) -> int:
            try:
                return refund(intent, 50, key=str(place)).amount
            except RefundTooMuch:
                return 0

        ask(intent)
        given_back = together(*[partial(give_back, place) for place in range(5)])

        assert sorted(given_back) == [0, 0, 0, 0, 50]


class TestWhatCannotBe:
    def test_a_changed_verdict_changes_nothing_and_somebody_is_told(self, twin: Twin) -> None:
        order, intent = paid(twin)
        tell(twin, intent, "WON")
        ask(intent)
        tell(twin, intent, "LOST")

        assert ask(intent) == ["WON"]

        assert (balances(), holds(order)) == ((250, 0, 0), [])
        (alert,) = incidents.read_open_alerts(limit=2)
        assert (alert.kind, alert.detail) == ("DISPUTE_UNCLEAR", "it was WON, and is told to be LOST")

    def test_another_amount_changes_nothing_and_somebody_is_told(self, twin: Twin) -> None:
        _, intent = paid(twin)
        tell(twin, intent)
        ask(intent)
        tell(twin, intent, "WON", amount=200)

        assert ask(intent) == ["OPENED"]

        assert balances() == (0, 250, 0)
        assert alerts() == [("DISPUTE_OPENED", "twin:D1"), ("DISPUTE_UNCLEAR", "twin:D1")]

    def test_one_dispute_of_two_payments_counts_for_the_first(self, twin: Twin) -> None:
        _, first = paid(twin)
        _, second = paid(twin, "CUP")
        for intent in (first, second):
            tell(twin, intent)
        ask(first)

        assert ask(second) == []

        assert (balances(), disputed(second)) == ((250, 250, 0), 0)
        assert alerts() == [("DISPUTE_OPENED", "twin:D1"), ("DISPUTE_UNCLEAR", "twin:D1")]

    def test_what_was_asked_before_the_end_says_nothing(self, twin: Twin) -> None:
        _, intent = paid(twin)
        tell(twin, intent, "WON")
        ask(intent)
        tell(twin, intent, "OPEN", due=DUE)

        assert ask(intent) == ["WON"]

        assert alerts() == []


class TestWebhooks:
    def test_about_captured_money_lead_to_asking(self, twin: Twin) -> None:
        order, intent = paid(twin)
        tell(twin, intent)
        receive_webhooks([webhook(intent, event="evt_9")], now=LATER)

        handle_events(now=LATER)

        assert holds(order) == [("DISPUTE_OPEN", "twin:D1")]
        assert twin.calls.count("disputes") == 1

    def test_that_bring_the_capture_bring_the_dispute_too(self, twin: Twin) -> None:
        order = placed_order()
        intent = start(order)
        twin.pay(intent)
        tell(twin, intent)
        receive_webhooks([webhook(intent)], now=LATER)

        handle_events(now=LATER)

        assert (state_of(order), holds(order)) == (orders.State.PAID, [("DISPUTE_OPEN", "twin:D1")])

    def test_wait_while_the_provider_does_not_answer(self, twin: Twin) -> None:
        order, intent = paid(twin)
        tell(twin, intent)
        receive_webhooks([webhook(intent)], now=LATER)
        twin.silent = {"disputes"}
        handle_events(now=LATER)
        assert tables.count("disputes_dispute") == 0
        twin.silent = set()

        handle_events(now=LATER + dt.timedelta(minutes=1))

        assert holds(order) == [("DISPUTE_OPEN", "twin:D1")]

    def test_doubled_and_out_of_order_end_where_the_provider_stands(self, twin: Twin) -> None:
        order, intent = paid(twin)
        tell(twin, intent, "WON")
        for event in ("won", "opened", "won", "captured"):
            receive_webhooks([webhook(intent, event=event)], now=LATER)
            handle_events(now=LATER)

        assert (balances(), holds(order)) == ((250, 0, 0), [])
        assert [state for state, _, _ in history()] == ["OPENED", "WON"]
        assert alerts() == []


class TestPoller:
    def test_finds_the_end_of_a_dispute_whose_webhook_was_lost(self, twin: Twin) -> None:
        order, intent = paid(twin)
        tell(twin, intent)
        ask(intent)
        tell(twin, intent, "LOST")
        assert poll_disputes(now=NEXT_LOOK - dt.timedelta(seconds=1)) == 0

        assert poll_disputes(now=NEXT_LOOK) == 1

        assert holds(order) == [("DISPUTE_LOST", "twin:D1")]
        assert history()[-1] == ("LOST", "poller", "told by the provider")

    def test_looks_again_and_again_and_lets_others_pass_by(self, twin: Twin) -> None:
        _, dead = paid(twin)
        _, other = paid(twin, "CUP")
        tell(twin, dead)
        tell(twin, other, name="D2")
        ask(dead)
        ask(other)
        tell(twin, dead, amount=0)
        tell(twin, other, "WON", name="D2")

        assert poll_disputes(now=NEXT_LOOK) == 2

        assert [dispute.name for dispute in list_disputes(limit=9)] == ["twin:D1"]
        assert poll_disputes(now=NEXT_LOOK) == 0
        assert poll_disputes(now=NEXT_LOOK + dt.timedelta(seconds=config.get().dispute_look_s)) == 1

    def test_of_payments_asks_for_none(self, twin: Twin) -> None:
        paid(twin)

        poll_payments(now=NEXT_LOOK)

        assert "disputes" not in twin.calls


class TestTogether:
    def test_webhook_poller_and_operator_write_a_dispute_once(self, twin: Twin) -> None:
        order, intent = paid(twin)
        tell(twin, intent, due=DUE, fee=1500)

        together(*[partial(ask, intent)] * 6)

        assert tables.count("disputes_dispute") == 1
        assert tables.count("disputes_move") == 2
        assert (balances(), holds(order)) == ((-1500, 250, 0), [("DISPUTE_OPEN", "twin:D1")])
        tell(twin, intent, "LOST", due=DUE, fee=1500)
        together(*[partial(ask, intent)] * 6)
        assert tables.count("disputes_move") == 3
        assert (balances(), holds(order)) == ((-1500, 0, 250), [("DISPUTE_LOST", "twin:D1")])


class TestEvidence:
    def test_is_noted_with_what_was_sent(self, twin: Twin) -> None:
        _, intent = paid(twin)
        tell(twin, intent, due=DUE)
        ask(intent)

        noted = note_evidence(name="twin:D1", note="parcel 77", asker=at_the_machine("ada"), now=LATER)
        note_evidence(name="twin:D1", note="and its receipt", asker=at_the_machine("bob"), now=LATER)

        assert noted.state is disputes.State.EVIDENCE_SENT
        assert history()[2:] == [
            ("EVIDENCE_SENT", "OPERATOR:ada", "parcel 77"),
            ("EVIDENCE_SENT", "OPERATOR:bob", "and its receipt"),
        ]
        assert ask(intent) == ["EVIDENCE_SENT"]
        assert alerts() == [("DISPUTE_OPENED", "twin:D1")]

    def test_comes_too_late_when_it_has_ended(self, twin: Twin) -> None:
        _, intent = paid(twin)
        tell(twin, intent, "LOST")
        ask(intent)

        with pytest.raises(DisputeEnded):
            note_evidence(name="twin:D1", note="parcel 77", asker=at_the_machine("ada"), now=LATER)

        assert [state for state, _, _ in history()] == ["OPENED", "LOST"]

    @pytest.mark.parametrize("name", ["twin:D2", "D1", ""])
    def test_is_about_a_dispute_that_there_is(self, twin: Twin, name: str) -> None:
        with pytest.raises(DisputeNotFound):
            note_evidence(name=name, note="parcel 77", asker=at_the_machine("ada"), now=LATER)


class TestRestock:
    def test_puts_back_what_nobody_gave_back_and_keeps_the_order_held(self, twin: Twin) -> None:
        order = placed_order(wanted=4)
        intent = start(order)
        twin.pay(intent)
        settle(intent)
        one = AskedReturn(sku="TEA", quantity=1)
        asked = RefundOrder(order_id=intent.order_id, lines=[one], reason="", restock=True, caller="ada", key=b"1")
        refund_order(asked=asked, actor="ada", now=LATER)
        tell(twin, intent, "LOST", amount=750)
        ask(intent)
        assert balance() == (7, 0)

        assert restock_lost(name="twin:D1", asker=at_the_machine("ada"), now=LATER) == 3

        assert balance() == (10, 0)
        assert (state_of(order), holds(order)) == (orders.State.PAID, [("DISPUTE_LOST", "twin:D1")])
        assert alerts() == []
        assert orders.ready_to_fulfil(order_ids=[intent.order_id]) == set()
        with pytest.raises(NothingToRestock):
            restock_lost(name="twin:D1", asker=at_the_machine("ada"), now=LATER)
        assert balance() == (10, 0)

    @pytest.mark.parametrize("standing", ["OPEN", "WON"])
    def test_is_for_what_is_lost_only(self, twin: Twin, standing: str) -> None:
        _, intent = paid(twin)
        tell(twin, intent, standing)
        ask(intent)

        with pytest.raises(NothingToRestock):
            restock_lost(name="twin:D1", asker=at_the_machine("ada"), now=LATER)

        assert balance() == (9, 0)

    def test_is_about_a_dispute_that_there_is(self) -> None:
        with pytest.raises(DisputeNotFound):
            restock_lost(name="twin:D1", asker=at_the_machine("ada"), now=LATER)


class TestList:
    def test_shows_what_is_due_first_and_nothing_that_has_ended(self, twin: Twin) -> None:
        _, intent = paid(twin, amount=1000)
        tell(twin, intent, name="whenever", amount=1)
        tell(twin, intent, name="week", amount=2, due=DUE)
        tell(twin, intent, name="tomorrow", amount=3, due=NOON + dt.timedelta(days=1))
        tell(twin, intent, "WON", name="won", amount=4)
        ask(intent)

        assert [dispute.provider_id for dispute in list_disputes(limit=9)] == ["tomorrow", "week", "whenever"]
        assert [dispute.provider_id for dispute in list_disputes(limit=1)] == ["tomorrow"]
