"""Money that staff see come and go: transfers and cash, confirmed by hand, with the endings of any other payment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

import pytest

from evertill.domains import orders, payments
from evertill.domains.payments import Ending, Intent, RefundState, State
from evertill.domains.payments.models import Move
from evertill.journeys.cancel_order import cancel_order
from evertill.journeys.confirm_payment import (
    ConfirmPayment,
    InvalidReference,
    NotByHand,
    ReferenceUsed,
    confirm_payment,
)
from evertill.journeys.confirm_refund import RefundEnded, RefundNotFound, confirm_refund
from evertill.journeys.expire_reservations import expire_reservations
from evertill.journeys.follow_payments import poll_payments
from evertill.journeys.list_waiting import list_waiting
from evertill.journeys.place_orders import Placed
from evertill.journeys.settle_payment import PaymentNotFound
from evertill.kernel import db
from evertill.kernel.errors import ConfigError
from evertill.kernel.money import InvalidMoney, Money
from evertill.outside.offline_provider import OfflineProvider
from tests import tables
from tests.askers import at_the_machine
from tests.builders import NOON, ask, balance, place_one
from tests.paying import are_books_sound, clearing, intent_of, owed, placed_order, refund, start_whole, state_of
from tests.threads import together
from tests.twin import Twin

HOUR = dt.timedelta(hours=1)
PATIENCE = 120 * HOUR
TEXT = "Pay {amount} to Tea Ltd, account 12345678. Reference: {number}"


@pytest.fixture(autouse=True)
def registered(committed_db: None) -> Iterator[None]:
    payments.register(
        OfflineProvider(name="transfer", instructions=TEXT, patience_s=120 * 3600),
        OfflineProvider(name="cash", instructions="At the counter.", patience_s=72 * 3600),
        Twin(),
    )
    yield
    assert are_books_sound()
    payments.register()


def start(order: Placed, *, method: str = "transfer.offline", key: str = "pay-1", now: dt.datetime = NOON) -> Intent:
    return start_whole(order, method=method, key=key, now=now).intent


def confirm(
    intent: Intent, amount: int = 250, *, currency: str = "GBP", reference: str = "BANK-1", now: dt.datetime = NOON
) -> Intent:
    asked = ConfirmPayment(intent_id=intent.id, money=Money(amount=amount, currency=currency), reference=reference)
    return confirm_payment(asked=asked, asker=at_the_machine("ada"), now=now)


def sent(refund: payments.Refund, *, reference: str = "OUT-1") -> payments.Refund:
    return confirm_refund(refund_id=refund.id, reference=reference, asker=at_the_machine("ben"), now=NOON)


def to_send() -> list[payments.Refund]:
    return [item.refund for item in list_waiting(limit=10)[1]]


def moves(intent: Intent) -> list[tuple[object, ...]]:
    return list(Move.objects.filter(intent_id=intent.id).order_by("position").values_list("state", "actor", "why"))


class TestWaiting:
    def test_tells_the_customer_where_to_pay_and_what_to_name(self) -> None:
        intent = start(placed_order())

        assert intent.state is State.PENDING
        assert intent.next == payments.Next(
            kind="instructions", value=f"Pay 2.50 GBP to Tea Ltd, account 12345678. Reference: {intent.number}"
        )

    def test_names_the_payment_also_where_the_text_does_not(self) -> None:
        intent = start(placed_order(), method="cash.offline")

        assert intent.next == payments.Next(kind="instructions", value=f"At the counter.\n{intent.number}")

    def test_keeps_the_goods_for_as_long_as_the_method_waits(self) -> None:
        order = placed_order()
        start(order)

        assert expire_reservations(now=NOON + PATIENCE) == 0
        assert balance() == (10, 1)
        assert expire_reservations(now=NOON + PATIENCE + dt.timedelta(seconds=1)) == 1
        assert (state_of(order), balance()) == (orders.State.EXPIRED, (10, 0))

    def test_keeps_them_no_longer_when_it_is_asked_for_again(self) -> None:
        order = placed_order()
        start(order)
        start(order, key="pay-2", now=NOON + 100 * HOUR)
        start(order, key="pay-3", method="cash.offline", now=NOON + 110 * HOUR)

        assert expire_reservations(now=NOON + PATIENCE + HOUR) == 1

    def test_is_not_asked_about_until_patience_ends(self) -> None:
        order = placed_order()
        intent = start(order)

        asked = [poll_payments(now=NOON + age) for age in (HOUR, PATIENCE - HOUR, PATIENCE, PATIENCE + HOUR)]

        assert asked == [0, 0, 1, 0]
        cancelled = intent_of(intent)
        assert (cancelled.state, cancelled.reason) == (State.CANCELLED, "nobody confirmed the money in time")
        assert state_of(order) is orders.State.PLACED

    def test_begins_also_when_the_first_try_was_cut_short(self) -> None:
        order = placed_order()
        new = payments.NewIntent(
            id=7,
            order_id=order.order.id,
            provider="transfer",
            way="offline",
            expected=Money(amount=250, currency="GBP"),
            key_digest=bytes(16),
            body_digest=bytes(16),
        )
        with db.write():
            payments.create_intent(new=new, actor="customer", now=NOON)

        assert [poll_payments(now=NOON + hours * HOUR) for hours in (1, 2)] == [1, 0]

        assert payments.read_intents(intent_ids=[7])[7].state is State.PENDING
        assert expire_reservations(now=NOON + PATIENCE) == 0

    def test_is_listed_for_staff_with_its_order(self) -> None:
        first, second = placed_order("TEA"), placed_order("CUP")
        intents = [start(first), start(second, method="cash.offline", now=NOON + HOUR)]
        start_whole(placed_order("POT"), method="twin.page")
        cancel_order(order_id=second.order.id, actor="customer", now=NOON)

        awaited, refunds = list_waiting(limit=10)

        assert [item.intent for item in awaited] == intents
        assert [item.order.state for item in awaited] == [orders.State.PLACED, orders.State.CANCELLED]
        assert refunds == []
        assert [item.intent for item in list_waiting(limit=1)[0]] == intents[:1]

    def test_takes_no_text_that_does_not_fit(self) -> None:
        with pytest.raises(ConfigError, match="EVERTILL_CASH_INSTRUCTIONS has 1901 signs"):
            OfflineProvider(name="cash", instructions="x" * 1901, patience_s=1)


class TestConfirming:
    def test_buys_the_order_and_tells_who_said_so(self) -> None:
        order = placed_order()
        intent = start(order)

        paid = confirm(intent)

        assert (paid.state, paid.ending, paid.provider_id) == (State.CAPTURED, Ending.MATCHED, "BANK-1")
        assert (state_of(order), balance()) == (orders.State.PAID, (9, 0))
        assert (owed(order), clearing(provider="transfer")) == (0, 250)
        assert moves(intent)[-1] == ("CAPTURED", "OPERATOR:ada", "MATCHED")
        assert list_waiting(limit=10) == ([], [])

    def test_counts_once_under_one_reference(self) -> None:
        intent = start(placed_order())

        assert confirm(intent) == confirm(intent, reference=" BANK-1 ")
        assert tables.count("payments_intent") == 1
        assert clearing(provider="transfer") == 250

    def test_counts_once_when_two_say_so_at_once(self) -> None:
        intent = start(placed_order())

        together(*[partial(confirm, intent)] * 5)

        assert tables.count("payments_intent") == 1
        assert clearing(provider="transfer") == 250

    def test_refuses_a_reference_that_stands_for_something_else(self) -> None:
        first, second = start(placed_order("TEA")), start(placed_order("CUP"))
        confirm(first)

        with pytest.raises(ReferenceUsed):
            confirm(second)
        with pytest.raises(ReferenceUsed):
            confirm(first, 260)
        assert intent_of(second).state is State.PENDING
        assert clearing(provider="transfer") == 250

    def test_takes_the_same_reference_from_bank_and_till(self) -> None:
        confirm(start(placed_order("TEA")))

        assert confirm(start(placed_order("CUP"), method="cash.offline")).ending is Ending.MATCHED
        assert (clearing(provider="transfer"), clearing(provider="cash")) == (250, 250)

    @pytest.mark.parametrize(
        ("amount", "currency", "ending", "state", "returned"),
        [
            (249, "GBP", Ending.UNDERPAID, orders.State.PLACED, 249),
            (260, "GBP", Ending.OVERPAID, orders.State.PAID, 10),
            (250, "EUR", Ending.WRONG_CURRENCY, orders.State.PLACED, 250),
        ],
    )
    def test_of_other_money_leaves_to_staff_what_goes_back(
        self, amount: int, currency: str, ending: Ending, state: orders.State, returned: int
    ) -> None:
        order = placed_order()

        settled = confirm(start(order), amount, currency=currency)

        assert (settled.ending, state_of(order)) == (ending, state)
        (refund,) = to_send()
        assert (refund.amount, refund.state, refund.reason) == (returned, RefundState.REQUESTED, ending.value)
        assert clearing(provider="transfer", currency=currency) == amount

        sent(refund)
        assert clearing(provider="transfer", currency=currency) == amount - returned
        assert owed(order, currency=currency) == 0

    def test_of_more_money_is_a_further_payment(self) -> None:
        order = placed_order()
        intent = start(order)
        confirm(intent, 249)

        further = confirm(intent, 250, reference="BANK-2")

        assert (further.ending, further.number != intent.number) == (Ending.MATCHED, True)
        assert state_of(order) is orders.State.PAID
        assert confirm(intent, 250, reference="BANK-2") == further
        assert confirm(intent, 250, reference="BANK-3").ending is Ending.PAID_TWICE
        assert sorted(refund.amount for refund in to_send()) == [249, 250]

    def test_counts_after_patience_has_ended(self) -> None:
        order = placed_order()
        intent = start(order)
        poll_payments(now=NOON + PATIENCE)
        expire_reservations(now=NOON + PATIENCE + HOUR)

        late = confirm(intent, now=NOON + PATIENCE + 2 * HOUR)

        assert (late.ending, state_of(order), balance()) == (Ending.LATE, orders.State.PAID, (9, 0))

    def test_goes_back_when_the_goods_are_gone(self) -> None:
        order = placed_order(pieces=1)
        intent = start(order)
        cancel_order(order_id=order.order.id, actor="customer", now=NOON)
        place_one(ask("faster", {"TEA": 1}))

        assert confirm(intent).ending is Ending.UNDELIVERABLE
        assert [refund.amount for refund in to_send()] == [250]

    def test_is_not_for_payments_whose_provider_can_be_asked(self) -> None:
        intent = start_whole(placed_order(), method="twin.page").intent

        with pytest.raises(NotByHand):
            confirm(intent)

    @pytest.mark.parametrize("reference", ["", "  ", "x" * 129, "a\nb"])
    def test_needs_a_reference(self, reference: str) -> None:
        with pytest.raises(InvalidReference):
            confirm(start(placed_order()), reference=reference)

    @pytest.mark.parametrize(("amount", "currency"), [(0, "GBP"), (-1, "GBP"), (10**15 + 1, "GBP"), (1, "gbp")])
    def test_needs_money(self, amount: int, currency: str) -> None:
        with pytest.raises(InvalidMoney):
            confirm(start(placed_order()), amount, currency=currency)

    def test_knows_no_payment_that_there_is_not(self) -> None:
        asked = ConfirmPayment(intent_id=7, money=Money(amount=1, currency="GBP"), reference="BANK-1")

        with pytest.raises(PaymentNotFound):
            confirm_payment(asked=asked, asker=at_the_machine("ada"), now=NOON)


class TestGivingBack:
    @pytest.fixture
    def order(self) -> Placed:
        return placed_order()

    @pytest.fixture
    def paid(self, order: Placed) -> Intent:
        return confirm(start(order))

    def refund(self, paid: Intent, amount: int = 100) -> payments.Refund:
        return refund(paid, amount, key="back-1")

    def test_waits_until_staff_have_sent_it(self, paid: Intent, order: Placed) -> None:
        refund = self.refund(paid)
        assert (refund.state, to_send()) == (RefundState.REQUESTED, [refund])
        assert [poll_payments(now=NOON + hours * HOUR) for hours in (1, 23)] == [0, 0]
        assert (clearing(provider="transfer"), intent_of(paid).refunded) == (250, 100)

        ended = sent(refund)

        assert (ended.state, to_send()) == (RefundState.SUCCEEDED, [])
        assert (clearing(provider="transfer"), owed(order), state_of(order)) == (150, 0, orders.State.PAID)
        assert moves(paid)[-1] == ("CAPTURED", "OPERATOR:ben", f"refund {refund.number} sent: OUT-1")

    def test_of_everything_ends_the_order(self, paid: Intent, order: Placed) -> None:
        sent(self.refund(paid, 250))

        assert (state_of(order), clearing(provider="transfer")) == (orders.State.REFUNDED, 0)

    def test_is_booked_once(self, paid: Intent) -> None:
        refund = self.refund(paid)

        together(*[partial(sent, refund)] * 3)

        assert clearing(provider="transfer") == 150
        assert len(moves(paid)) == 4

    def test_refuses_another_reference_for_what_was_sent(self, paid: Intent) -> None:
        refund = self.refund(paid)
        sent(refund)

        with pytest.raises(RefundEnded):
            sent(refund, reference="OUT-2")
        assert clearing(provider="transfer") == 150

    def test_refuses_a_reference_that_is_another_refunds(self, paid: Intent) -> None:
        sent(self.refund(paid))
        second = refund(paid, 50, key="back-2")

        with pytest.raises(ReferenceUsed):
            sent(second)
        assert to_send() == [second]

    def test_stays_on_the_list_however_long_it_waits(self, paid: Intent) -> None:
        refund = self.refund(paid)

        looks = [poll_payments(now=NOON + days * 24 * HOUR) for days in (1, 1, 2)]

        assert (looks, to_send()) == ([1, 0, 1], [refund])

    def test_knows_no_refund_that_there_is_not(self) -> None:
        with pytest.raises(RefundNotFound):
            confirm_refund(refund_id=7, reference="OUT-1", asker=at_the_machine("ben"), now=NOON)
