"""An order out of a backup whose money was final there: back once, to the penny, and the rest is said in amounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from evertill.domains import balances, orders, payments, receipts, reviews
from evertill.domains.payments import Capability, Intent, RefundState
from evertill.journeys.ask_to_search import LostOrder
from evertill.journeys.audit_books import audit_books
from evertill.journeys.cancel_order import cancel_order
from evertill.journeys.follow_payments import poll_payments
from evertill.journeys.keep_balance import top_up_balance
from evertill.journeys.pay_from_balance import Paid
from evertill.journeys.place_orders import Placed
from evertill.journeys.rebuild_order import Rebuilt
from evertill.journeys.recover_order import OrderOver, recover_order
from evertill.journeys.refund_order import AskedReturn, RefundOrder, refund_order
from evertill.kernel.money import Money
from evertill.outside.own_books import BalanceProvider
from tests.askers import MACHINE
from tests.balances import ask as ask_prepaid
from tests.balances import left_on, make_balance
from tests.balances import pay as pay_asked
from tests.builders import NOON, ask, balance, make_product, place_one
from tests.journeys.test_recover_order import LATER, asked, every_row, found
from tests.losing import copy_of, lose
from tests.paying import clearing, owed, refund, settle, start, state_of
from tests.twin import Twin

_OF_MONEY = (
    "order.placed",
    "order.paid",
    "order.cancelled",
    "order.refunded",
    "refund.requested",
    "refund.succeeded",
)


@pytest.fixture(autouse=True)
def twin(committed_db: None) -> Iterator[Twin]:
    receipts.forget_signer()
    provider = Twin(capabilities=Capability.PAGE | Capability.PARTIAL_REFUND)
    payments.register(provider, BalanceProvider())
    make_product("TEA", pieces=10)
    yield provider
    payments.register()
    receipts.forget_signer()


def paid(twin: Twin, *, wanted: int = 2) -> tuple[Placed, Intent]:
    """An order of pieces at 2.50 each that was paid, and cost the shop 24 in fees."""
    placed = place_one(ask("one", {"TEA": wanted}))
    intent = start(placed)
    twin.pay(intent, fee=24)
    return placed, settle(intent)


def give_back(placed: Placed, *, pieces: int, restock: bool = False, key: str = "back") -> payments.Refund:
    lines = [AskedReturn(sku="TEA", quantity=pieces)]
    given = RefundOrder(
        order_id=placed.order.id, lines=lines, reason="broken", restock=restock, caller="ada", key=key.encode()
    )
    return refund_order(asked=given, actor="ada", now=NOON).refund


def pay_prepaid(placed: Placed, purse: balances.Balance) -> Intent:
    (outcome,) = pay_asked(ask_prepaid(placed.order.id, purse))
    assert isinstance(outcome, Paid)
    return outcome.intent


def recover(lost: LostOrder) -> Rebuilt:
    found(lost)
    return recover_order(asker=MACHINE, asked=asked(lost), now=LATER)


def story(placed: Placed) -> list[str]:
    """What its history says, but for that it was put back, and what a look at it adds."""
    told = orders.read_events(after={placed.order.id: -1}, limit=50)[placed.order.id]
    return [event.kind for event in told.events if event.kind in _OF_MONEY]


class TestRefunded:
    def test_in_part_is_paid_and_given_back_in_part_once(self, twin: Twin) -> None:
        placed, intent = paid(twin)
        given = give_back(placed, pieces=1, restock=True)
        before = (clearing(), owed(placed), balance("TEA"), story(placed))
        lost = copy_of(placed)
        lose(placed, intent)

        rebuilt = recover(lost)
        poll_payments(now=LATER + dt.timedelta(minutes=5))

        assert (rebuilt.order.state, rebuilt.by_hand) == (orders.State.PAID, ())
        assert (clearing(), owed(placed), balance("TEA"), story(placed)) == before
        (again,) = payments.find_order_refunds(order_id=placed.order.id, limit=9)
        assert (again.id, again.state, again.amount) == (given.id, RefundState.SUCCEEDED, 250)
        # Asked for again under its key, it is that refund.
        assert give_back(placed, pieces=1, restock=True).id == given.id
        assert twin.calls.count("refund") == 1
        assert audit_books() == []

    def test_as_a_whole_has_ended_as_it_had(self, twin: Twin) -> None:
        placed, intent = paid(twin)
        give_back(placed, pieces=2)
        before = (clearing(), owed(placed), story(placed))
        lost = copy_of(placed)
        lose(placed, intent)

        rebuilt = recover(lost)

        assert rebuilt.order.state is orders.State.REFUNDED
        assert (clearing(), owed(placed), story(placed)) == before
        assert audit_books() == []

    def test_touches_no_row_of_anybody_else(self, twin: Twin) -> None:
        placed, intent = paid(twin)
        give_back(placed, pieces=1)
        lost = copy_of(placed)
        lose(placed, intent)
        place_one(ask("other", {"TEA": 1}, email="bob@example.com"))
        found(lost)
        before = every_row()

        recover_order(asker=MACHINE, asked=asked(lost), now=LATER)

        after = every_row()
        changed = {name for name, rows in before.items() if rows - after[name]}
        assert changed <= {"stock_item", "ledger_balance"}

    def test_that_was_under_way_is_told_with_its_amount(self, twin: Twin) -> None:
        placed, intent = paid(twin)
        twin.silent.add("refund")
        waiting = refund(intent, 100)
        lost = copy_of(placed)
        lose(placed, intent)
        twin.silent.clear()

        rebuilt = recover(lost)
        poll_payments(now=LATER + dt.timedelta(minutes=5))

        (told,) = rebuilt.by_hand
        assert str(told) == (
            f"A refund of 1.00 GBP ({waiting.number}: broken) was under way, and the backup does not know whether twin"
            " sent it. Look it up there; if it was not sent, refund 1.00 GBP of this order."
        )
        assert state_of(placed) is orders.State.PAID
        review = reviews.lock_review(order_id=placed.order.id)
        assert review is not None
        assert (review.reasons, review.detail) == (("MONEY",), str(told))
        assert audit_books() == []


class TestPrepaid:
    def test_is_paid_once_more_from_the_balance_that_had_lost_it(self) -> None:
        placed, purse = place_one(ask("one", {"TEA": 1})), make_balance(1000)
        intent = pay_prepaid(placed, purse)
        before = (left_on(purse), owed(placed), story(placed))
        lost = copy_of(placed)
        lose(placed, intent)
        put_on(purse.id, 1000)

        rebuilt = recover(lost)

        assert (rebuilt.order.state, rebuilt.by_hand) == (orders.State.PAID, ())
        assert (left_on(purse), owed(placed), story(placed)) == before
        assert audit_books() == []

    def test_goes_back_to_it_as_it_had(self) -> None:
        placed, purse = place_one(ask("one", {"TEA": 2})), make_balance(1000)
        intent = pay_prepaid(placed, purse)
        give_back(placed, pieces=1)
        lost = copy_of(placed)
        lose(placed, intent)
        put_on(purse.id, 1000)

        recover(lost)

        assert left_on(purse) == 750
        assert audit_books() == []

    def test_is_not_paid_twice_where_the_books_still_have_it(self) -> None:
        placed, purse = place_one(ask("one", {"TEA": 1})), make_balance(1000)
        pay_prepaid(placed, purse)
        lost = copy_of(placed)
        lose(placed)

        rebuilt = recover(lost)

        assert rebuilt.order.state is orders.State.PAID
        assert (left_on(purse), owed(placed)) == (750, 0)
        assert audit_books() == []

    def test_waits_to_be_paid_where_the_balance_has_not_so_much(self) -> None:
        placed, purse = place_one(ask("one", {"TEA": 1})), make_balance(1000)
        intent = pay_prepaid(placed, purse)
        lost = copy_of(placed)
        lose(placed, intent)
        put_on(purse.id, 100)

        rebuilt = recover(lost)

        assert rebuilt.order.state is orders.State.PLACED
        (told,) = rebuilt.by_hand
        assert str(told) == (
            f"2.50 GBP had been paid from the prepaid balance {purse.number} (payment {intent.number}), which has"
            " 1.00 GBP now, so 1.50 GBP is missing. The order waits to be paid: put 1.50 GBP on a balance if that was"
            " lost too, and have it paid, or cancel it."
        )
        assert left_on(purse) == 100
        assert audit_books() == []


class TestEnded:
    def test_without_money_has_ended_again_and_keeps_no_goods(self) -> None:
        placed = place_one(ask("one", {"TEA": 2}))
        cancel_order(order_id=placed.order.id, actor="ada", now=NOON)
        lost = copy_of(placed)
        lose(placed)

        rebuilt = recover(lost)

        assert rebuilt.order.state is orders.State.CANCELLED
        assert balance("TEA") == (10, 0)
        assert story(placed) == ["order.placed", "order.cancelled"]
        assert audit_books() == []

    def test_with_money_that_came_and_went_is_left_to_people_with_the_amounts(self, twin: Twin) -> None:
        placed = place_one(ask("one", {"TEA": 1}))
        intent = start(placed)
        twin.pay(intent, amount=100)
        settle(intent)
        lost = copy_of(placed)
        lose(placed, intent)

        with pytest.raises(OrderOver) as refused:
            recover(lost)

        assert refused.value.detail == (
            f"The order was PLACED; of its payment {intent.number} by twin, 1.00 GBP had come and 1.00 GBP had gone"
            " back. Look this payment up at twin: 0.00 GBP is the customer's, or the goods are."
        )
        assert orders.read_orders(order_ids=[placed.order.id]) == {}


def put_on(balance_id: int, amount: int) -> None:
    """Put money on a balance, as it was there at the moment to which the shop was restored."""
    money = Money(amount=amount, currency="GBP")
    top_up_balance(balance_id=balance_id, amount=money, by="cash", reference="then", asker=MACHINE, now=NOON)
