"""Paying from prepaid balances: what one batch does, and that it does nothing else."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator

import msgspec
import pytest
from django.db import connection

from evertill.domains import balances, ledger, orders, payments
from evertill.domains.payments import Capability, Ending, State
from evertill.entry.lane.gather import Gather
from evertill.journeys import pay_from_balance as paying
from evertill.journeys.audit_books import Check, Finding, audit_books
from evertill.journeys.cancel_order import cancel_order
from evertill.journeys.expire_reservations import expire_reservations
from evertill.journeys.keep_balance import (
    BalanceNotFound,
    TopUpDiffers,
    block_balance,
    open_balance,
    top_up_balance,
    unblock_balance,
    view_balance,
)
from evertill.journeys.place_orders import Placed
from evertill.journeys.refund_order import RefundTooMuch
from evertill.journeys.start_payment import UnknownMethod
from evertill.kernel import ids
from evertill.kernel.money import InvalidMoney, Money
from evertill.outside.own_books import BalanceProvider
from tests import tables
from tests.askers import MACHINE
from tests.balances import ask, codes, left_on, make_balance, pay
from tests.builders import NOON, balance, make_product, place, place_one
from tests.builders import ask as order_ask
from tests.paying import are_books_sound, intent_of, owed, placed_order, refund, settle, start, state_of
from tests.twin import Twin

WRITTEN = ("payments_intent", "payments_move", "orders_event", "stock_movement", "ledger_transaction", "ledger_balance")


@pytest.fixture(autouse=True)
def twin(committed_db: None) -> Iterator[Twin]:
    provider = Twin()
    payments.register(provider, BalanceProvider())
    yield provider
    assert are_books_sound()
    payments.register()


def three_orders() -> list[Placed]:
    """Three orders of one piece at 2.50."""
    make_product("TEA", pieces=10)
    placed = place(*[order_ask(f"order-{n}") for n in range(3)])
    return [outcome for outcome in placed if isinstance(outcome, Placed)]


def snapshot() -> dict[str, list[tuple[object, ...]]]:
    return {name: tables.rows(name) for name in WRITTEN}


class TestPaying:
    def test_moves_payment_order_stock_and_ledger_at_once(self) -> None:
        order, purse = placed_order(wanted=3), make_balance(1000)

        (outcome,) = pay(ask(order.order.id, purse))

        assert isinstance(outcome, paying.Paid)
        assert not outcome.is_repeat
        intent = outcome.intent
        assert (intent.state, intent.ending, intent.provider, intent.way) == (
            State.CAPTURED, Ending.MATCHED, "balance", "instant",
        )  # fmt: skip
        assert intent.expected == intent.captured == Money(amount=750, currency="GBP")
        # What is answered without reading is what a reader finds.
        assert intent_of(intent) == intent
        assert state_of(order) is orders.State.PAID
        assert (balance(), left_on(purse), owed(order)) == ((7, 0), 250, 0)
        revenue = ledger.Account(kind=ledger.AccountKind.REVENUE, currency="GBP")
        assert ledger.read_balances(accounts=[revenue]) == {revenue: -750}
        assert {name: tables.count(name) for name in WRITTEN[:-1]} == {
            "payments_intent": 1, "payments_move": 1, "orders_event": 2, "stock_movement": 3, "ledger_transaction": 2,
        }  # fmt: skip

    def test_answers_a_batch_in_its_sequence_first_come_first_served(self) -> None:
        placed, purse = three_orders(), make_balance(500)

        outcomes = pay(*[ask(one.order.id, purse) for one in placed])

        assert codes(outcomes) == ["OK", "OK", "BALANCE_TOO_LOW"]
        assert [state_of(one).value for one in placed] == ["PAID", "PAID", "PLACED"]
        assert (left_on(purse), balance()) == (0, (8, 1))

    def test_lets_a_smaller_one_pass_one_that_is_not_covered(self) -> None:
        make_product("TEA", pieces=10)
        large, small = (place_one(order_ask(f"o{n}", {"TEA": n})) for n in (4, 1))
        purse = make_balance(300)

        assert codes(pay(ask(large.order.id, purse), ask(small.order.id, purse))) == ["BALANCE_TOO_LOW", "OK"]

    def test_adds_up_the_lines_of_an_order_that_names_a_sku_twice(self) -> None:
        make_product("TEA", pieces=10)
        request = order_ask("o")
        order = place_one(msgspec.structs.replace(request, lines=[*request.lines, *request.lines]))
        purse = make_balance(1000)

        assert codes(pay(ask(order.order.id, purse))) == ["OK"]
        assert (balance(), left_on(purse)) == ((8, 0), 500)

    def test_writes_nothing_when_it_refuses(self) -> None:
        order, purse = placed_order(), make_balance(249)
        before = snapshot()

        assert codes(pay(ask(order.order.id, purse))) == ["BALANCE_TOO_LOW"]
        assert snapshot() == before
        # A refusal does not bind the key.
        top_up_balance(
            balance_id=purse.id,
            amount=Money(amount=1, currency="GBP"),
            by="cash",
            reference="more",
            asker=MACHINE,
            now=NOON,
        )
        assert codes(pay(ask(order.order.id, purse))) == ["OK"]

    def test_refuses_orders_that_do_not_wait_for_money(self) -> None:
        paid, cancelled, expired = three_orders()
        purse = make_balance(1000)
        pay(ask(paid.order.id, purse))
        cancel_order(order_id=cancelled.order.id, actor="customer", now=NOON)
        expire_reservations(now=NOON + dt.timedelta(days=1))

        outcomes = pay(*[ask(one.order.id, purse, key="other") for one in (paid, cancelled, expired)])
        outcomes += pay(ask(ids.new_ids(1, now=NOON)[0], purse))

        assert codes(outcomes) == ["ORDER_NOT_PAYABLE"] * 3 + ["ORDER_NOT_FOUND"]
        assert left_on(purse) == 750

    def test_refuses_balances_that_cannot_pay(self) -> None:
        order = placed_order()
        blocked, euros = make_balance(1000), make_balance(1000, currency="EUR")
        block_balance(balance_id=blocked.id, asker=MACHINE, now=NOON)
        nobody = balances.Balance(id=7, number="", currency="GBP", opened_at=NOON, blocked_at=None)

        outcomes = pay(*[ask(order.order.id, one, key=one.number or "x") for one in (blocked, euros, nobody)])

        assert codes(outcomes) == ["BALANCE_BLOCKED", "BALANCE_WRONG_CURRENCY", "BALANCE_UNKNOWN"]
        assert state_of(order) is orders.State.PLACED
        unblock_balance(balance_id=blocked.id, asker=MACHINE, now=NOON)
        assert codes(pay(ask(order.order.id, blocked))) == ["OK"]

    def test_gives_back_what_another_provider_takes_afterwards(self, twin: Twin) -> None:
        order, purse = placed_order(), make_balance(1000)
        slow = start(order)
        assert codes(pay(ask(order.order.id, purse, key="b"))) == ["OK"]

        twin.pay(slow)

        assert settle(slow).ending is Ending.PAID_TWICE
        assert sum(twin.refunds.values()) == 250
        assert (left_on(purse), owed(order)) == (750, 0)


class TestKeys:
    def test_a_repeat_gets_the_first_answer_and_changes_nothing(self) -> None:
        order, purse = placed_order(), make_balance(1000)
        (first,) = pay(ask(order.order.id, purse))
        assert isinstance(first, paying.Paid)
        before = snapshot()

        (again,) = pay(ask(order.order.id, purse), now=NOON + dt.timedelta(hours=3))

        assert again == paying.Paid(intent=first.intent, is_repeat=True)
        assert snapshot() == before

    def test_another_body_is_refused(self) -> None:
        order, purse, other = placed_order(), make_balance(1000), make_balance(1000)
        pay(ask(order.order.id, purse))

        assert codes(pay(ask(order.order.id, other))) == ["IDEMPOTENCY_KEY_REUSED"]
        assert left_on(other) == 1000

    def test_two_equal_keys_in_one_batch_count_once(self) -> None:
        order, purse, other = placed_order(), make_balance(1000), make_balance(1000)

        outcomes = pay(ask(order.order.id, purse), ask(order.order.id, purse), ask(order.order.id, other))

        assert codes(outcomes) == ["OK", "OK", "IDEMPOTENCY_KEY_REUSED"]
        assert outcomes[0] == outcomes[1]
        assert (tables.count("payments_intent"), left_on(purse)) == (1, 750)

    def test_of_two_keys_for_one_order_one_pays(self) -> None:
        order, purse = placed_order(), make_balance(1000)

        outcomes = pay(ask(order.order.id, purse, key="a"), ask(order.order.id, purse, key="b"))

        assert codes(outcomes) == ["OK", "ORDER_NOT_PAYABLE"]
        assert left_on(purse) == 750

    def test_the_second_balance_pays_where_the_first_is_too_low(self) -> None:
        order, poor, rich = placed_order(), make_balance(1), make_balance(1000)

        outcomes = pay(ask(order.order.id, poor, key="a"), ask(order.order.id, rich, key="b"))

        assert codes(outcomes) == ["BALANCE_TOO_LOW", "OK"]

    def test_a_key_of_another_method_is_refused(self, twin: Twin) -> None:
        order, purse = placed_order(), make_balance(1000)
        start(order, key="pay-1")

        assert codes(pay(ask(order.order.id, purse, key="pay-1"))) == ["IDEMPOTENCY_KEY_REUSED"]
        assert state_of(order) is orders.State.PLACED

    def test_numbers_that_are_taken_are_drawn_again(self) -> None:
        first, second, _ = three_orders()
        purse = make_balance(1000)
        draws = iter([7, 7, 8])

        def randbits(_: int) -> int:
            return next(draws)

        for one in (first, second):
            (outcome,) = paying.pay_from_balance([ask(one.order.id, purse)], now=NOON, randbits=randbits)
            assert isinstance(outcome, paying.Paid)

        assert (tables.count("payments_intent"), left_on(purse)) == (2, 500)

    def test_only_its_own_token_opens_a_balance(self) -> None:
        purse = make_balance(0)
        token = balances.balance_token(purse.id)

        assert (balances.opened_by(token), len(token)) == (purse.id, 41)
        wrong = ["", "evb_", token[:-1], f"{token}x", token.upper(), token.replace("evb_", "evb-"), "evb_" + "0" * 37]
        wrong += [f"evb_{purse.id + 1:015x}{token[19:]}", f"evb_-{token[5:]}", "evb_\ud800"]
        assert [balances.opened_by(one) for one in wrong] == [None] * len(wrong)

    def test_nothing_begins_a_payment_that_is_made_at_once(self) -> None:
        with pytest.raises(UnknownMethod):
            start(placed_order(), method="balance.instant")
        assert "balance.instant" in payments.methods()
        assert payments.provider("balance").capabilities == Capability.INSTANT | Capability.PARTIAL_REFUND


class TestPoison:
    def test_an_order_that_nobody_foresaw_harms_only_itself(self) -> None:
        placed, purse = three_orders(), make_balance(1000)
        poisoned = placed[1].order.id
        _execute("update orders_line set order_id = 7 where order_id = %s", poisoned)

        async def send() -> list[object]:
            gather: Gather[paying.PayFromBalance, paying.Outcome] = Gather(
                lambda asked: pay(*asked),
                name="pay-test",
                weigh=lambda _: 1,
                count_max=9,
                weight_max=9,
                queue_max=9,
                patience_s=0,
            )
            futures = [gather.submit(ask(one.order.id, purse)) for one in placed]
            answers = await asyncio.gather(*futures, return_exceptions=True)
            await gather.close()
            return list(answers)

        answers = asyncio.run(send())

        _execute("update orders_line set order_id = %s where order_id = 7", poisoned)
        assert [getattr(answer, "code", "OK") for answer in answers] == ["OK", "INTERNAL", "OK"]
        assert [state_of(one).value for one in placed] == ["PAID", "PLACED", "PAID"]
        assert (left_on(purse), balance()) == (500, (8, 1))


def _execute(statement: str, *params: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


class TestRefunds:
    def test_go_back_to_the_balance_in_the_same_call(self, twin: Twin) -> None:
        order, purse = placed_order(wanted=2), make_balance(500)
        (paid,) = pay(ask(order.order.id, purse))
        assert isinstance(paid, paying.Paid)

        part = refund(paid.intent, 200, key="part")
        assert (part.state, left_on(purse), state_of(order)) == (
            payments.RefundState.SUCCEEDED, 200, orders.State.PAID,
        )  # fmt: skip
        refund(paid.intent, 200, key="part")
        with pytest.raises(RefundTooMuch):
            refund(paid.intent, 301, key="rest")
        refund(paid.intent, 300, key="rest")

        assert (left_on(purse), owed(order), state_of(order)) == (500, 0, orders.State.REFUNDED)
        assert twin.calls == []
        assert intent_of(paid.intent).refunded == 500

    def test_reach_a_blocked_balance(self) -> None:
        order, purse = placed_order(), make_balance(250)
        (paid,) = pay(ask(order.order.id, purse))
        assert isinstance(paid, paying.Paid)
        block_balance(balance_id=purse.id, asker=MACHINE, now=NOON)

        refund(paid.intent, 250, key="r")

        assert left_on(purse) == 250


class TestKeepingABalance:
    def test_counts_a_reference_once(self) -> None:
        purse, other = open_balance(currency="GBP", asker=MACHINE, now=NOON).balance, make_balance(0)

        def top_up(to: balances.Balance, amount: int) -> bool:
            money = Money(amount=amount, currency="GBP")
            return top_up_balance(
                balance_id=to.id, amount=money, by="transfer", reference="bank-1", asker=MACHINE, now=NOON
            )

        assert (top_up(purse, 2000), top_up(purse, 2000)) == (True, False)
        for to, amount in ((purse, 2001), (other, 2000)):
            with pytest.raises(TopUpDiffers):
                top_up(to, amount)
        assert (left_on(purse), left_on(other)) == (2000, 0)
        (entry,) = view_balance(balance_id=purse.id, limit=5).entries
        assert entry == (NOON, "TOP_UP", "bank-1", Money(amount=2000, currency="GBP"))

    def test_refuses_other_currencies_and_unknown_numbers(self) -> None:
        purse = make_balance(0)
        with pytest.raises(InvalidMoney):
            open_balance(currency="pounds", asker=MACHINE, now=NOON)
        with pytest.raises(InvalidMoney):
            top_up_balance(
                balance_id=purse.id,
                amount=Money(amount=1, currency="EUR"),
                by="cash",
                reference="x",
                asker=MACHINE,
                now=NOON,
            )
        with pytest.raises(BalanceNotFound):
            view_balance(balance_id=7, limit=1)
        with pytest.raises(BalanceNotFound):
            unblock_balance(balance_id=7, asker=MACHINE, now=NOON)


class TestOrdersThatCostNothing:
    def test_are_paid_in_the_moment_they_are_placed(self) -> None:
        make_product("GIFT", prices={"GBP": 0}, pieces=3)
        make_product("TEA", pieces=3)

        free, priced = place(order_ask("free", {"GIFT": 2}), order_ask("priced", {"TEA": 1, "GIFT": 1}))

        assert isinstance(free, Placed)
        assert isinstance(priced, Placed)
        assert (free.order.state, priced.order.state) == (orders.State.PAID, orders.State.PLACED)
        assert (state_of(free), state_of(priced)) == (orders.State.PAID, orders.State.PLACED)
        assert (balance("GIFT"), balance("TEA")) == ((1, 1), (3, 1))
        assert tables.count("ledger_transaction") == tables.count("payments_intent") == 0

    def test_answer_a_repeat_alike_and_never_expire(self) -> None:
        make_product("GIFT", prices={"GBP": 0}, pieces=3)
        first = place_one(order_ask("free", {"GIFT": 1}))

        assert expire_reservations(now=NOON + dt.timedelta(days=1)) == 0
        again = place_one(order_ask("free", {"GIFT": 1}))

        assert (again.order, again.is_repeat) == (first.order, True)
        assert balance("GIFT") == (2, 0)

    def test_are_not_payable(self) -> None:
        make_product("GIFT", prices={"GBP": 0}, pieces=3)
        free = place_one(order_ask("free", {"GIFT": 1}))

        assert codes(pay(ask(free.order.id, make_balance(100)))) == ["ORDER_NOT_PAYABLE"]


class TestAudit:
    def test_finds_a_balance_payment_without_its_entry_and_an_entry_without_its_payment(self) -> None:
        order, purse = placed_order(), make_balance(1000)
        (paid,) = pay(ask(order.order.id, purse))
        assert isinstance(paid, paying.Paid)
        tamper = "update payments_intent set captured = 249, amount = 249 where id = %s"
        _execute(tamper, paid.intent.id)

        findings = audit_books()

        assert findings == [
            Finding(
                check=Check.CAPTURES,
                subject=paid.intent.number,
                detail="captured 2.49 GBP, in the ledger 2.50 GBP",
            ),
            Finding(check=Check.BOUGHT, subject=order.number, detail="paid 2.50 GBP, by its payment 2.49 GBP"),
        ]
        _execute(tamper.replace("249", "250"), paid.intent.id)
