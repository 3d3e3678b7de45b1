"""What customers are told, and when: with what it tells of, once, and never of what did not happen."""

from __future__ import annotations

import datetime as dt

import pytest

from evertill.domains import incidents, messages, orders, payments
from evertill.domains.payments import RefundKind, RefundState
from evertill.journeys.expire_reservations import expire_reservations
from evertill.journeys.follow_payments import poll_payments
from evertill.journeys.give_up_delivery import give_up_delivery
from evertill.journeys.place_orders import Placed
from evertill.journeys.refund_again import RefundNotFailed, refund_again
from evertill.journeys.refund_order import OrderNotPaid, RefundOrder, RefundTooMuch, refund_order
from evertill.kernel import ids
from evertill.outside.own_books import BalanceProvider
from tests import tables
from tests.askers import at_the_machine
from tests.balances import ask as ask_to_pay
from tests.balances import make_balance, pay
from tests.builders import NOON, ask, balance, make_product, place_one
from tests.paying import clearing, owed, placed_order, refund, settle, start, state_of
from tests.threads import together
from tests.twin import Twin

LATER = NOON + dt.timedelta(hours=2)
SOON = NOON + dt.timedelta(seconds=10)


pytestmark = pytest.mark.usefixtures("twin")


def bought(twin: Twin, *, wanted: int = 2, amount: int | None = None) -> tuple[Placed, payments.Intent]:
    order = placed_order(wanted=wanted)
    intent = start(order)
    twin.pay(intent, amount=amount)
    return order, settle(intent)


def told() -> list[tuple[str, str, str]]:
    """Kind, or cause of a refund, with the amount and the order of each message, as they were written."""
    found = reversed(messages.read_open(limit=100))
    return sorted((m.facts.get("cause", m.kind), m.facts["amount"], m.facts["order"]) for m in found)


def undeliverable(order: Placed, *, restock: bool = False) -> payments.Refund:
    return give_up_delivery(
        order_id=order.order.id, reason="broken", restock=restock, asker=at_the_machine("ada"), now=NOON
    )


def failed_refund() -> payments.Refund:
    (alert,) = incidents.read_open_alerts(limit=10)
    assert alert.kind == "REFUND_REFUSED"
    refund_id = ids.from_number(alert.subject)
    return payments.read_refunds(refund_ids=[refund_id])[refund_id]


class TestTold:
    def test_of_a_paid_order_once(self, twin: Twin) -> None:
        order, intent = bought(twin)
        settle(intent)

        assert told() == [("ORDER_PAID", "500", order.number)]
        message = messages.find(key=f"paid:{order.number}")
        assert message is not None
        assert (message.to, message.language, message.order_id) == ("ada@example.com", "en", order.order.id)
        # Nothing by which anybody could open the order.
        assert orders.access_token(order.order.id) not in str(tables.rows("messages_message"))

    def test_of_every_order_that_a_batch_pays_from_balances(self, twin: Twin) -> None:
        payments.register(twin, BalanceProvider())
        purse, one = make_balance(600), placed_order(wanted=1)
        two, three = (place_one(ask(key, {"TEA": 1})) for key in ("two", "three"))

        pay(*[ask_to_pay(order.order.id, purse, key=order.number) for order in (one, two, three)])

        assert told() == sorted(("ORDER_PAID", "250", order.number) for order in (one, two))

    def test_each_in_his_own_language(self, twin: Twin) -> None:
        payments.register(twin, BalanceProvider())
        make_product("TEA")
        purse = make_balance(250)
        mine, others = (place_one(ask(key, language="zh-hans")) for key in ("one", "two"))
        intent = start(mine)
        twin.pay(intent)

        settle(intent)
        refund(intent, 100)
        pay(ask_to_pay(others.order.id, purse, key="from-balance"))

        assert [message.language for message in messages.read_open(limit=10)] == ["zh-hans"] * 3
        assert len(told()) == 3

    def test_by_sms_who_left_a_number_alone(self, twin: Twin) -> None:
        payments.register(twin, BalanceProvider())
        make_product("TEA")
        purse = make_balance(250)
        number = {"email": "", "phone": "+8613800138000"}
        mine, others = place_one(ask("one", **number)), place_one(ask("two", **number))  # type: ignore[arg-type]
        both = place_one(ask("three", phone="+8613800138000"))
        for order in (mine, both):
            intent = start(order, key=order.number)
            twin.pay(intent)
            settle(intent)
            refund(intent, 100, key=order.number)
        pay(ask_to_pay(others.order.id, purse, key="from-balance"))

        sent = {(message.channel.value, message.to) for message in messages.read_open(limit=10)}
        assert sent == {("SMS", "+8613800138000"), ("EMAIL", "ada@example.com")}
        by_number = [message for message in messages.read_open(limit=10) if message.channel.value == "SMS"]
        assert sorted(message.key.partition(":")[0] for message in by_number) == ["paid", "paid", "refunded"]

    def test_of_a_part_and_of_the_rest(self, twin: Twin) -> None:
        order, intent = bought(twin)

        refund(intent, 100)
        refund(intent, 400, key="back-2")

        assert told() == [
            ("ORDER_PAID", "500", order.number),
            ("PART", "100", order.number),
            ("WHOLE", "400", order.number),
        ]

    def test_of_money_that_bought_nothing(self, twin: Twin) -> None:
        over, _ = bought(twin, amount=510)
        under = place_one(ask("under", {"TEA": 1}))
        twice = place_one(ask("twice", {"TEA": 1}))
        foreign = place_one(ask("foreign", {"TEA": 1}))
        first, second = start(twice, key="b"), start(twice, key="c")
        for intent, amount, currency in (
            (start(under, key="a"), 249, "GBP"),
            (first, 250, "GBP"),
            (second, 250, "GBP"),
            (start(foreign, key="d"), 250, "USD"),
        ):
            twin.pay(intent, amount=amount, currency=currency)
            settle(intent)

        assert told() == [
            ("ORDER_PAID", "250", twice.number),
            ("ORDER_PAID", "500", over.number),
            ("OVERPAID", "10", over.number),
            ("PAID_TWICE", "250", twice.number),
            ("UNDERPAID", "249", under.number),
            ("WRONG_CURRENCY", "250", foreign.number),
        ]

    def test_of_late_money_whose_goods_are_gone(self, twin: Twin) -> None:
        order = placed_order(pieces=2, wanted=2)
        intent = start(order)
        expire_reservations(now=LATER)
        place_one(ask("faster", {"TEA": 1}))
        twin.pay(intent)

        settle(intent)

        assert told() == [("LATE", "500", order.number)]

    def test_when_the_money_went_back_and_not_before(self, twin: Twin) -> None:
        order, intent = bought(twin)
        twin.silent, twin.does_it_anyway = {"refund"}, True
        assert refund(intent, 100).state is RefundState.REQUESTED
        assert told() == [("ORDER_PAID", "500", order.number)]

        twin.silent = set()
        poll_payments(now=SOON)

        assert told() == [("ORDER_PAID", "500", order.number), ("PART", "100", order.number)]

    def test_nobody_where_the_address_leads_nowhere(self, twin: Twin) -> None:
        make_product("TEA")
        order = place_one(ask("old", {"TEA": 1}, email="17850@customers.invalid"))
        intent = start(order)
        twin.pay(intent)

        settle(intent)
        refund(intent, 250)

        assert (state_of(order), told()) == (orders.State.REFUNDED, [])

    def test_never_of_a_refund_that_was_refused(self, twin: Twin) -> None:
        order, intent = bought(twin)
        twin.refuses = {"refund"}

        refused = refund(intent, 100)

        assert told() == [("ORDER_PAID", "500", order.number)]
        (alert,) = incidents.read_open_alerts(limit=10)
        assert (alert.kind, alert.subject) == ("REFUND_REFUSED", refused.number)
        assert order.number in alert.detail


class TestGiveUpDelivery:
    def test_gives_back_all_that_is_left_and_tells_why(self, twin: Twin) -> None:
        order, intent = bought(twin)
        refund(intent, 100)

        made = undeliverable(order)

        assert (made.state, made.amount, made.reason) == (RefundState.SUCCEEDED, 400, "UNDELIVERABLE: broken")
        assert (state_of(order), owed(order), clearing(), balance()) == (orders.State.REFUNDED, 0, 0, (8, 0))
        assert ("UNDELIVERABLE", "400", order.number) in told()

    def test_keeps_of_a_long_reason_what_there_is_room_for(self, twin: Twin) -> None:
        order, _ = bought(twin)

        made = give_up_delivery(order_id=order.order.id, reason="x" * 500, asker=at_the_machine("ada"), now=NOON)

        assert made.reason == "UNDELIVERABLE: " + "x" * 185

    def test_puts_goods_back_on_sale_when_told(self, twin: Twin) -> None:
        order, _ = bought(twin)

        undeliverable(order, restock=True)

        assert balance() == (10, 0)

    def test_does_it_once_however_many_give_up(self, twin: Twin) -> None:
        order, _ = bought(twin)

        made = together(*[lambda: undeliverable(order)] * 10)

        assert len({refund.id for refund in made}) == 1
        assert list(twin.refunds.values()) == [500]

    def test_tries_anew_when_the_provider_refused(self, twin: Twin) -> None:
        order, _ = bought(twin)
        twin.refuses = {"refund"}
        assert undeliverable(order).state is RefundState.FAILED
        twin.refuses = set()

        assert undeliverable(order).state is RefundState.SUCCEEDED

    def test_leaves_to_itself_what_was_paid_twice(self, twin: Twin) -> None:
        order = placed_order()
        first, second = start(order), start(order, key="pay-2")
        twin.pay(first)
        settle(first)
        undeliverable(order)
        twin.pay(second)

        settle(second)

        assert (state_of(order), owed(order), clearing()) == (orders.State.REFUNDED, 0, 0)
        assert sorted(cause for cause, _, _ in told()) == ["ORDER_PAID", "PAID_TWICE", "UNDELIVERABLE"]

    def test_needs_an_order_that_was_paid_and_not_given_back(self, twin: Twin) -> None:
        order, intent = bought(twin)
        refund(intent, 500)
        unpaid = place_one(ask("unpaid", {"TEA": 1}))

        with pytest.raises(RefundTooMuch):
            undeliverable(order)
        with pytest.raises(OrderNotPaid):
            undeliverable(unpaid)


class TestRefundAgain:
    def test_ends_well_what_was_refused_lines_and_all(self, twin: Twin) -> None:
        order, _ = bought(twin)
        twin.refuses = {"refund"}
        asked = RefundOrder(order_id=order.order.id, reason="broken", restock=True, caller="ada", key=b"1")
        refund_order(asked=asked, actor="ada", now=NOON)
        failed = failed_refund()
        twin.refuses = set()

        first, second = (refund_again(refund_id=failed.id, asker=at_the_machine("ada"), now=NOON) for _ in range(2))

        assert (first.state, first.amount, second) == (RefundState.SUCCEEDED, 500, first)
        assert (state_of(order), clearing(), balance()) == (orders.State.REFUNDED, 0, (10, 0))
        assert incidents.read_open_alerts(limit=1) == []

    def test_gives_back_what_bought_nothing(self, twin: Twin) -> None:
        twin.refuses = {"refund"}
        order, _ = bought(twin, amount=510)
        assert (owed(order), clearing()) == (-10, 510)
        twin.refuses = set()

        made = refund_again(refund_id=failed_refund().id, asker=at_the_machine("ada"), now=NOON)

        assert (made.kind, made.amount, owed(order), clearing()) == (RefundKind.EXCESS, 10, 0, 500)
        assert ("OVERPAID", "10", order.number) in told()

    def test_is_never_more_than_is_left(self, twin: Twin) -> None:
        _, intent = bought(twin)
        twin.refuses = {"refund"}
        refund(intent, 400)
        twin.refuses = set()
        refund(intent, 200, key="by another")

        with pytest.raises(RefundTooMuch):
            refund_again(refund_id=failed_refund().id, asker=at_the_machine("ada"), now=NOON)
        assert len(incidents.read_open_alerts(limit=10)) == 1

    def test_is_for_refunds_that_failed_only(self, twin: Twin) -> None:
        _, intent = bought(twin)
        done = refund(intent, 100)

        for refund_id in (done.id, 7):
            with pytest.raises(RefundNotFailed):
                refund_again(refund_id=refund_id, asker=at_the_machine("ada"), now=NOON)
