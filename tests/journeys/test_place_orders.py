"""Placing orders: what each customer is told, and what is in the books afterwards."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError

from evertill.domains import orders
from evertill.domains.orders.models import Order, OrderEvent
from evertill.domains.stock.models import StockMovement
from evertill.journeys import place_orders as placing
from evertill.journeys.cancel_order import cancel_order
from evertill.kernel import config, ids
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import AMOUNT_MAX
from tests import tables
from tests.builders import NOON, ask, balance, make_product, place, place_one

pytestmark = pytest.mark.django_db


def assert_refused(outcome: placing.Outcome, kind: type[EvertillError], **facts: object) -> None:
    assert type(outcome) is kind, outcome
    assert outcome.facts == facts


def assert_nothing_happened() -> None:
    assert [tables.count(name) for name in ("orders_order", "orders_line", "orders_event")] == [0, 0, 0]
    assert not StockMovement.objects.filter(kind="RESERVED").exists()


class TestPlacing:
    def test_draws_again_when_a_number_is_taken(self) -> None:
        make_product("TEA", prices={"GBP": 250}, pieces=10)
        draws = iter([7, 7, 8])

        first = place_one(ask(lines={"TEA": 1}), randbits=lambda _: next(draws))
        second = place_one(ask("key-2", lines={"TEA": 1}), randbits=lambda _: next(draws))

        assert second.order.id == first.order.id + 1
        assert balance("TEA") == (10, 2)
        assert tables.count("orders_order") == 2

    def test_answers_with_the_order_and_what_opens_it(self) -> None:
        make_product("TEA", prices={"GBP": 250}, title="Tea")

        placed = place_one(ask(lines={"TEA": 3}, email="ada@example.com"))

        order = placed.order
        assert order == orders.Order(
            id=order.id,
            state=orders.State.PLACED,
            currency="GBP",
            total=750,
            email="ada@example.com",
            placed_at=NOON,
            reserved_until=NOON + dt.timedelta(minutes=30),
            lines=(orders.Line(sku="TEA", title="Tea", quantity=3, unit_price=250),),
        )
        assert ids.from_number(placed.number) == order.id
        assert orders.opens(placed.access_token, order_id=order.id)
        assert not orders.opens(placed.access_token, order_id=order.id + 1)
        assert not placed.is_repeat

    def test_keeps_what_it_answered(self) -> None:
        make_product("TEA", pieces=10)
        make_product("CUP", pieces=10)

        placed = place_one(ask(lines={"TEA": 3, "CUP": 2}))

        assert orders.read_orders(order_ids=[placed.order.id]) == {placed.order.id: placed.order}
        assert list(OrderEvent.objects.values_list("order_id", "position", "kind", "actor", "happened_at")) == [
            (placed.order.id, 0, "order.placed", "customer", NOON)
        ]
        assert list(
            StockMovement.objects.filter(kind="RESERVED").order_by("sku").values_list("sku", "quantity", "order_id")
        ) == [("CUP", 2, placed.order.id), ("TEA", 3, placed.order.id)]
        assert balance("TEA") == (10, 3)

    def test_keeps_whose_it_is_and_how_he_is_told(self) -> None:
        make_product("TEA")
        asked = ask(email="", phone="+8613800138000", language="zh-hans", account_id=2**60 - 1)

        placed = place_one(asked)

        kept = orders.read_orders(order_ids=[placed.order.id])[placed.order.id]
        assert kept == placed.order
        assert (kept.email, kept.phone, kept.language) == ("", "+8613800138000", "zh-hans")
        assert kept.account_id == 2**60 - 1
        assert place_one(asked).order == placed.order

    def test_adds_up_a_sku_that_stands_on_several_lines(self) -> None:
        make_product("TEA", prices={"GBP": 250}, pieces=5)
        lines = [placing.AskedLine(sku="TEA", quantity=2), placing.AskedLine(sku="TEA", quantity=3)]

        (placed,) = place(_with_lines(lines))

        assert isinstance(placed, placing.Placed)
        assert [(line.sku, line.quantity) for line in placed.order.lines] == [("TEA", 2), ("TEA", 3)]
        assert placed.order.total == 1250
        assert balance("TEA") == (5, 5)

    def test_never_runs_out_of_what_is_unlimited(self) -> None:
        make_product("CODE", pieces=None)

        place_one(ask(lines={"CODE": 100_000}))

        assert balance("CODE") == (0, 100_000)

    def test_takes_a_price_that_the_caller_may_name(self) -> None:
        make_product("TEA", prices={"EUR": 999})

        placed = place_one(ask(lines={"TEA": 2}, currency="GBP", unit_price=100))

        assert placed.order.total == 200

    def test_gives_free_goods_away(self) -> None:
        make_product("TEA", prices={"GBP": 0})

        assert place_one().order.total == 0

    def test_does_nothing_for_nobody(self) -> None:
        assert place() == []

    def test_answers_in_the_sequence_of_the_requests(self) -> None:
        make_product("TEA")

        outcomes = place(ask("a"), ask("b", {"NONE": 1}), ask("c"))

        assert [type(outcome) for outcome in outcomes] == [placing.Placed, placing.UnknownSku, placing.Placed]
        assert tables.count("orders_order") == 2


def place_one_with(*, email: str) -> orders.Order:
    make_product("TEA")
    return place_one(ask(email=email)).order


def _with_lines(lines: list[placing.AskedLine]) -> placing.PlaceOrder:
    asked = ask()
    return placing.PlaceOrder(
        key_digest=asked.key_digest,
        body_digest=asked.body_digest,
        lines=lines,
        currency=asked.currency,
        email=asked.email,
    )


class TestFirstComeFirstServed:
    def test_holds_within_a_batch(self) -> None:
        make_product("TEA", pieces=4)

        first, second, third = place(ask("a", {"TEA": 3}), ask("b", {"TEA": 2}), ask("c", {"TEA": 1}))

        assert isinstance(first, placing.Placed)
        assert_refused(second, placing.SoldOut, short=[{"sku": "TEA", "asked": 2, "left": 1}])
        assert isinstance(third, placing.Placed)
        assert balance("TEA") == (4, 4)

    def test_holds_across_batches(self) -> None:
        make_product("TEA", pieces=4)
        place_one(ask("a", {"TEA": 3}))

        (late,) = place(ask("b", {"TEA": 2}))

        assert_refused(late, placing.SoldOut, short=[{"sku": "TEA", "asked": 2, "left": 1}])

    def test_takes_nothing_when_one_line_is_short(self) -> None:
        make_product("TEA", pieces=4)
        make_product("CUP", pieces=1)
        make_product("POT", pieces=0)

        (outcome,) = place(ask(lines={"TEA": 4, "POT": 1, "CUP": 2}))

        assert_refused(
            outcome,
            placing.SoldOut,
            short=[{"sku": "CUP", "asked": 2, "left": 1}, {"sku": "POT", "asked": 1, "left": 0}],
        )
        assert_nothing_happened()
        assert balance("TEA") == (4, 0)


class TestTheSameKey:
    def test_gets_the_first_answer_again(self) -> None:
        make_product("TEA", pieces=10)
        first = place_one(ask(lines={"TEA": 3}))

        again = place_one(ask(lines={"TEA": 3}), now=NOON + dt.timedelta(minutes=7))

        assert again.is_repeat
        assert (again.order, again.number, again.access_token) == (first.order, first.number, first.access_token)
        assert tables.count("orders_order") == 1
        assert balance("TEA") == (10, 3)

    def test_gets_the_first_answer_again_whatever_became_of_the_order(self) -> None:
        make_product("TEA", pieces=10)
        first = place_one(ask(lines={"TEA": 3}))
        cancel_order(order_id=first.order.id, actor="customer", now=NOON)

        again = place_one(ask(lines={"TEA": 3}))

        assert again.order == first.order
        assert balance("TEA") == (10, 0)

    def test_gets_the_first_answer_again_though_the_goods_are_gone(self) -> None:
        make_product("TEA", prices={"GBP": 250}, pieces=3)
        first = place_one(ask(lines={"TEA": 3}, expected_total=750))
        _change_price("TEA", 900)

        again = place_one(ask(lines={"TEA": 3}, expected_total=750))

        assert again.order == first.order

    def test_is_refused_with_another_body(self) -> None:
        make_product("TEA", pieces=10)
        place_one(ask(lines={"TEA": 3}))

        (other,) = place(ask(lines={"TEA": 4}))

        assert_refused(other, placing.KeyReused)
        assert tables.count("orders_order") == 1
        assert balance("TEA") == (10, 3)

    def test_counts_once_within_a_batch(self) -> None:
        make_product("TEA", pieces=10)

        first, second = place(ask(lines={"TEA": 3}), ask(lines={"TEA": 3}))

        assert isinstance(first, placing.Placed)
        assert first == second
        assert tables.count("orders_order") == 1
        assert balance("TEA") == (10, 3)

    def test_is_refused_with_another_body_within_a_batch(self) -> None:
        make_product("TEA", pieces=10)

        first, second, third = place(ask(lines={"TEA": 3}), ask(lines={"TEA": 4}), ask(lines={"TEA": 3}))

        assert isinstance(first, placing.Placed)
        assert_refused(second, placing.KeyReused)
        assert third == first
        assert balance("TEA") == (10, 3)

    def test_is_not_used_up_by_a_refusal(self) -> None:
        make_product("TEA", pieces=2)
        (refused,) = place(ask(lines={"TEA": 3}))
        assert isinstance(refused, placing.SoldOut)
        make_more("TEA", 1)

        placed = place_one(ask(lines={"TEA": 3}))

        assert not placed.is_repeat

    def test_is_another_key_from_another_caller(self) -> None:
        keys = {placing.digest_key(caller=caller, key=b"k") for caller in ("guest", "token:1", "token:11")}

        assert len(keys) == 3
        assert placing.digest_key(caller="a", key=b"bc") != placing.digest_key(caller="ab", key=b"c")


def _change_price(sku: str, amount: int) -> None:
    from evertill.domains.catalog.models import Price

    Price.objects.filter(variant__sku=sku).update(amount=amount)


def make_more(sku: str, pieces: int) -> None:
    from evertill.domains import stock

    received = stock.Movement(sku=sku, kind=stock.MovementKind.RECEIVED, quantity=pieces)
    stock.move(movements=[received], now=NOON)


class TestRefusals:
    def test_a_changed_price_takes_nothing_and_tells_the_new_total(self) -> None:
        make_product("TEA", prices={"GBP": 250})

        (outcome,) = place(ask(lines={"TEA": 3}, expected_total=700))

        assert_refused(outcome, placing.PriceChanged, total={"amount": 750, "currency": "GBP"})
        assert_nothing_happened()

    def test_names_every_sku_that_is_not_for_sale(self) -> None:
        make_product("TEA")
        make_product("OLD", is_active=False)
        make_product("SOON", status="DRAFT")

        (outcome,) = place(ask(lines={"TEA": 1, "OLD": 1, "SOON": 1, "NEVER": 1}))

        assert_refused(outcome, placing.UnknownSku, skus=["NEVER", "OLD", "SOON"])
        assert_nothing_happened()

    def test_refuses_whom_nobody_could_tell(self) -> None:
        make_product("TEA")

        (outcome,) = place(ask(email=""))

        assert_refused(outcome, placing.ContactMissing)
        assert_nothing_happened()

    def test_of_nobody_are_none_that_the_database_takes(self) -> None:
        order = place_one_with(email="ada@example.com")

        with pytest.raises(IntegrityError, match="orders_order_has_contact"):
            Order.objects.filter(id=order.id).update(email="")

    def test_refuses_a_currency_without_a_price(self) -> None:
        make_product("TEA", prices={"GBP": 250})

        (outcome,) = place(ask(currency="EUR"))

        assert_refused(outcome, placing.WrongCurrency, sku="TEA")
        assert_nothing_happened()

    @pytest.mark.parametrize("quantity", [0, -1, 100_001, -(2**63), 2**63])
    def test_refuses_an_absurd_quantity(self, quantity: int) -> None:
        make_product("TEA", pieces=None)

        (outcome,) = place(ask(lines={"TEA": quantity}))

        assert_refused(outcome, placing.QuantityOutOfRange)
        assert_nothing_happened()

    @pytest.mark.parametrize("unit_price", [-1, AMOUNT_MAX + 1, 2**63])
    def test_refuses_an_absurd_price(self, unit_price: int) -> None:
        make_product("TEA")

        (outcome,) = place(ask(unit_price=unit_price))

        assert_refused(outcome, placing.AmountOutOfRange)
        assert_nothing_happened()

    def test_refuses_a_total_that_the_ledger_cannot_hold(self) -> None:
        make_product("TEA", pieces=None)

        (outcome,) = place(ask(lines={"TEA": 2}, unit_price=AMOUNT_MAX))

        assert_refused(outcome, placing.AmountOutOfRange)
        assert_nothing_happened()

    @pytest.mark.parametrize("count", [0, 1001])
    def test_refuses_no_lines_and_too_many(self, count: int) -> None:
        make_product("TEA", pieces=None)

        (outcome,) = place(_with_lines([placing.AskedLine(sku="TEA", quantity=1)] * count))

        assert_refused(outcome, placing.TooManyLines)
        assert_nothing_happened()

    def test_takes_as_many_lines_as_it_may(self) -> None:
        make_product("TEA", pieces=None)
        count = config.get().order_lines_max

        (outcome,) = place(_with_lines([placing.AskedLine(sku="TEA", quantity=1)] * count))

        assert isinstance(outcome, placing.Placed)
        assert balance("TEA") == (0, 1000)

    @pytest.mark.parametrize("sku", ["", "x" * 10_000, "tea", "TEA ", "'; drop table orders_order; --"])
    def test_refuses_a_hostile_sku_and_serves_the_others(self, sku: str) -> None:
        make_product("TEA")

        hostile, honest = place(ask("a", {sku: 1}), ask("b"))

        assert isinstance(hostile, placing.UnknownSku)
        assert isinstance(honest, placing.Placed)
