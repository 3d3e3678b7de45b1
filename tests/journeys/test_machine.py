"""Any sequence of placing, sending again, cancelling and expiring, against a model in plain Python."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from evertill.domains import orders
from evertill.domains.orders.models import Order
from evertill.journeys import place_orders as placing
from evertill.journeys.audit_books import audit_books
from evertill.journeys.cancel_order import AlreadyCancelled, CannotCancel, cancel_order
from evertill.journeys.expire_reservations import expire_reservations
from evertill.kernel import config
from tests import tables
from tests.builders import NOON, ask, balance, make_product, place
from tests.journeys.test_place_orders import make_more

SKUS = ("CUP", "POT", "TEA")
KEYS = tuple(f"key-{n}" for n in range(8))
CARTS = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 4), min_size=1)


@dataclass(slots=True)
class Known:
    """What the model knows of an order."""

    id: int
    cart: Mapping[str, int]
    state: orders.State
    reserved_until: dt.datetime


class Shop(RuleBasedStateMachine):
    """The model is two dictionaries and a clock; the shop is a real database with real commits."""

    def __init__(self) -> None:
        super().__init__()
        tables.empty()
        self.now = NOON
        self.on_hand = dict.fromkeys(SKUS, 0)
        self.orders: dict[str, Known] = {}

    @initialize(pieces=st.lists(st.integers(0, 12), min_size=3, max_size=3))
    def open(self, pieces: list[int]) -> None:
        for sku, count in zip(SKUS, pieces, strict=True):
            make_product(sku, pieces=count)
            self.on_hand[sku] = count

    @rule(asked=st.lists(st.tuples(st.sampled_from(KEYS), CARTS), min_size=1, max_size=5))
    def place(self, asked: list[tuple[str, dict[str, int]]]) -> None:
        outcomes = place(*[ask(key, cart) for key, cart in asked], now=self.now)

        first = dict(reversed([(key, cart) for key, cart in asked]))
        answered: dict[str, str] = {}
        for (key, cart), outcome in zip(asked, outcomes, strict=True):
            if key not in answered:
                answered[key] = self._expect(key, first[key], outcome)
            wanted = answered[key] if cart == first[key] else "KeyReused"
            assert _told(outcome) == wanted

    @rule(key=st.sampled_from(KEYS))
    def send_again(self, key: str) -> None:
        known = self.orders.get(key)
        if known is None:
            return
        (outcome,) = place(ask(key, known.cart), now=self.now)

        assert isinstance(outcome, placing.Placed)
        assert outcome.is_repeat
        assert outcome.order.id == known.id
        assert outcome.order.state is orders.State.PLACED

    @rule(key=st.sampled_from(KEYS))
    def cancel(self, key: str) -> None:
        known = self.orders.get(key)
        if known is None:
            return
        try:
            cancelled = cancel_order(order_id=known.id, actor="customer", now=self.now)
        except AlreadyCancelled:
            assert known.state is orders.State.CANCELLED
        except CannotCancel:
            assert known.state is orders.State.EXPIRED
        else:
            assert known.state is orders.State.PLACED
            assert cancelled.state is orders.State.CANCELLED
            known.state = orders.State.CANCELLED

    @rule()
    def expire(self) -> None:
        expired = expire_reservations(now=self.now)

        due = [
            known
            for known in self.orders.values()
            if known.state is orders.State.PLACED and known.reserved_until < self.now
        ]
        assert expired == len(due)
        for known in due:
            known.state = orders.State.EXPIRED

    @rule(minutes=st.sampled_from([1, 10, 29, 31]))
    def let_time_pass(self, minutes: int) -> None:
        self.now += dt.timedelta(minutes=minutes)

    @rule(sku=st.sampled_from(SKUS), pieces=st.integers(1, 5))
    def receive(self, sku: str, pieces: int) -> None:
        make_more(sku, pieces)
        self.on_hand[sku] += pieces

    @invariant()
    def shelves_are_as_in_the_model(self) -> None:
        if not self.on_hand or tables.count("stock_item") == 0:
            return
        assert {sku: balance(sku) for sku in SKUS} == {sku: (self.on_hand[sku], self._reserved(sku)) for sku in SKUS}

    @invariant()
    def orders_are_as_in_the_model(self) -> None:
        states = dict(Order.objects.values_list("id", "state"))

        assert states == {known.id: known.state.value for known in self.orders.values()}

    @invariant()
    def books_are_sound(self) -> None:
        assert audit_books() == []

    def _reserved(self, sku: str) -> int:
        return sum(known.cart.get(sku, 0) for known in self.orders.values() if known.state is orders.State.PLACED)

    def _expect(self, key: str, cart: Mapping[str, int], outcome: placing.Outcome) -> str:
        """Say how this key's first request of a batch must be answered, and note it in the model."""
        known = self.orders.get(key)
        if known is not None:
            return f"Placed {known.id}" if cart == known.cart else "KeyReused"
        if any(self.on_hand[sku] - self._reserved(sku) < quantity for sku, quantity in cart.items()):
            return "SoldOut"
        assert isinstance(outcome, placing.Placed)
        until = self.now + dt.timedelta(seconds=config.get().reservation_s)
        self.orders[key] = Known(outcome.order.id, cart, orders.State.PLACED, until)
        return f"Placed {outcome.order.id}"


def _told(outcome: placing.Outcome) -> str:
    if isinstance(outcome, placing.Placed):
        return f"Placed {outcome.order.id}"
    return type(outcome).__name__


@pytest.mark.usefixtures("committed_db")
class TestAnySequence:
    def test_leaves_the_shop_as_the_model_says(
        self, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A failing sequence is worth half a minute of making it shorter, not the five that are the default.
        monkeypatch.setattr("hypothesis.internal.conjecture.engine.MAX_SHRINKING_SECONDS", 30)
        is_drill = pytestconfig.getoption("drill")
        run_state_machine_as_test(
            Shop,
            settings=settings(
                max_examples=1000 if is_drill else 15,
                stateful_step_count=40 if is_drill else 25,
                derandomize=not is_drill,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                print_blob=True,
            ),
        )
