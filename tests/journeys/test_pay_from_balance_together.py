"""Paying from balances, many at the same time, with real commits."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from evertill.domains import orders, payments
from evertill.domains.payments import Ending
from evertill.journeys import pay_from_balance as paying
from evertill.journeys.cancel_order import CannotCancel, cancel_order
from evertill.journeys.expire_reservations import expire_reservations
from evertill.journeys.place_orders import Placed
from evertill.outside.own_books import BalanceProvider
from tests import tables
from tests.balances import ask, codes, left_on, make_balance, pay
from tests.builders import NOON, balance, make_product, place
from tests.builders import ask as order_ask
from tests.paying import are_books_sound, placed_order, refund, settle, start, state_of
from tests.threads import together
from tests.twin import Twin


@pytest.fixture(autouse=True)
def twin(committed_db: None) -> Iterator[Twin]:
    provider = Twin()
    payments.register(provider, BalanceProvider())
    yield provider
    assert are_books_sound()
    payments.register()


class TestTogether:
    def test_fifty_keys_for_one_order_are_one_payment(self) -> None:
        order, purse = placed_order(), make_balance(100_000)

        told = together(*[partial(pay, ask(order.order.id, purse, key=str(n))) for n in range(50)])

        assert sorted(code for outcomes in told for code in codes(outcomes)) == ["OK"] + ["ORDER_NOT_PAYABLE"] * 49
        assert (tables.count("payments_intent"), left_on(purse), balance()) == (1, 99_750, (9, 0))

    def test_the_same_call_at_once_is_one_payment_with_one_answer(self) -> None:
        order, purse = placed_order(), make_balance(100_000)

        told = together(*[partial(pay, ask(order.order.id, purse))] * 20)

        paid = [outcome for outcomes in told for outcome in outcomes if isinstance(outcome, paying.Paid)]
        assert len(paid) == 20
        assert len({one.intent.id for one in paid}) == 1
        assert [one.is_repeat for one in paid].count(False) == 1
        assert (tables.count("payments_intent"), left_on(purse)) == (1, 99_750)

    def test_a_balance_is_drained_to_the_penny_and_never_below(self) -> None:
        make_product("TEA", pieces=100)
        placed = [one for one in place(*[order_ask(str(n)) for n in range(60)]) if isinstance(one, Placed)]
        purses = [make_balance(10 * 250 + 249), make_balance(5 * 250)]
        # Batches that name orders and balances in opposite sequences must not wait for each other in a circle.
        batches = []
        for n in range(0, 60, 6):
            batch = [ask(one.order.id, purses[place_ % 2]) for place_, one in enumerate(placed[n : n + 6])]
            batches.append(partial(pay, *(reversed(batch) if n % 12 else batch)))

        told = together(*batches)

        outcomes = [code for outcomes in told for code in codes(outcomes)]
        assert (outcomes.count("OK"), outcomes.count("BALANCE_TOO_LOW")) == (15, 45)
        assert [left_on(purse) for purse in purses] == [249, 0]
        assert balance() == (85, 45)

    def test_expiry_cancelling_and_paying_end_in_one_state(self) -> None:
        make_product("TEA", pieces=100)
        placed = [one for one in place(*[order_ask(str(n)) for n in range(12)]) if isinstance(one, Placed)]
        purse = make_balance(100_000)
        later = NOON + dt.timedelta(hours=2)

        def cancel(order: Placed) -> None:
            with contextlib.suppress(CannotCancel):
                cancel_order(order_id=order.order.id, actor="customer", now=NOON)

        calls: list[Callable[[], object]] = [partial(cancel, one) for one in placed[::3]]
        calls += [partial(expire_reservations, now=later)]
        calls += [partial(pay, *[ask(one.order.id, purse) for one in placed[n : n + 4]]) for n in (0, 4, 8)]
        together(*calls)

        states = [state_of(one) for one in placed]
        paid = states.count(orders.State.PAID)
        assert orders.State.PLACED not in states
        assert (left_on(purse), tables.count("payments_intent")) == (100_000 - 250 * paid, paid)
        assert balance() == (100 - paid, 0)

    def test_of_a_balance_and_a_provider_at_once_one_buys(self, twin: Twin) -> None:
        order, purse = placed_order(), make_balance(1000)
        intent = start(order)
        twin.pay(intent)

        calls: list[Callable[[], object]] = [partial(settle, intent), partial(pay, ask(order.order.id, purse))]
        together(*calls)

        bought = {one.ending for one in _intents()}
        if left_on(purse) == 1000:
            assert bought == {Ending.MATCHED}
            assert twin.refunds == {}
        else:
            assert bought == {Ending.MATCHED, Ending.PAID_TWICE}
            assert sum(twin.refunds.values()) == 250
        assert balance() == (9, 0)

    def test_the_same_key_for_two_methods_at_once_is_one_payment(self) -> None:
        order, purse = placed_order(), make_balance(1000)

        def begin() -> str:
            try:
                start(order)
            except Exception as refusal:  # noqa: BLE001 — which of the two refusals depends on who was first.
                return getattr(refusal, "code", repr(refusal))
            return "OK"

        began, paid = together(begin, lambda: codes(pay(ask(order.order.id, purse)))[0])

        assert (began, paid) in {
            ("OK", "IDEMPOTENCY_KEY_REUSED"),
            ("IDEMPOTENCY_KEY_REUSED", "OK"),
            ("ORDER_NOT_PAYABLE", "OK"),
        }
        assert tables.count("payments_intent") == 1

    def test_fifty_refunds_and_payments_leave_exact_sums(self) -> None:
        make_product("TEA", pieces=100)
        first, *rest = [one for one in place(*[order_ask(str(n)) for n in range(21)]) if isinstance(one, Placed)]
        purse = make_balance(250 + 10 * 250)
        (paid,) = pay(ask(first.order.id, purse))
        assert isinstance(paid, paying.Paid)

        calls: list[Callable[[], object]] = [partial(refund, paid.intent, 25, key=str(n)) for n in range(10)]
        calls += [partial(pay, ask(one.order.id, purse)) for one in rest]
        together(*calls)

        bought = sum(state_of(one) is orders.State.PAID for one in rest)
        assert bought in (10, 11)
        assert left_on(purse) == 250 + 10 * 250 - 250 * bought


def _intents() -> list[payments.Intent]:
    found = [int(str(row[0])) for row in tables.rows("payments_intent")]
    return list(payments.read_intents(intent_ids=found).values())
