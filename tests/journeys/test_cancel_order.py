"""Cancelling: once, completely, and only where the table of moves allows it."""

from __future__ import annotations

import datetime as dt

import pytest

from evertill.domains import orders
from evertill.domains.orders.models import OrderEvent
from evertill.journeys.cancel_order import AlreadyCancelled, CannotCancel, cancel_order
from evertill.journeys.expire_reservations import expire_reservations
from evertill.journeys.view_order import OrderNotFound, view_order
from tests.builders import NOON, ask, balance, make_product, place_one

pytestmark = pytest.mark.django_db

LATER = NOON + dt.timedelta(minutes=5)


class TestCancelOrder:
    def test_returns_the_goods_to_sale(self) -> None:
        make_product("TEA", pieces=10)
        make_product("CUP", pieces=4)
        order_id = place_one(ask(lines={"TEA": 3, "CUP": 4})).order.id

        cancelled = cancel_order(order_id=order_id, actor="customer", now=LATER)

        assert cancelled.state is orders.State.CANCELLED
        assert cancelled == view_order(order_id=order_id)
        assert balance("TEA") == (10, 0)
        assert balance("CUP") == (4, 0)

    def test_keeps_who_did_it_and_when(self) -> None:
        make_product("TEA")
        order_id = place_one().order.id

        cancel_order(order_id=order_id, actor="customer", now=LATER)

        events = OrderEvent.objects.filter(order_id=order_id).order_by("position")
        assert list(events.values_list("position", "kind", "actor", "happened_at")) == [
            (0, "order.placed", "customer", NOON),
            (1, "order.cancelled", "customer", LATER),
        ]

    def test_leaves_other_orders_alone(self) -> None:
        make_product("TEA", pieces=10)
        first = place_one(ask("key-1", {"TEA": 3})).order.id
        second = place_one(ask("key-2", {"TEA": 2})).order.id

        cancel_order(order_id=first, actor="customer", now=LATER)

        assert view_order(order_id=second).state is orders.State.PLACED
        assert balance("TEA") == (10, 2)

    def test_happens_once(self) -> None:
        make_product("TEA", pieces=10)
        order_id = place_one(ask(lines={"TEA": 3})).order.id
        cancel_order(order_id=order_id, actor="customer", now=LATER)

        with pytest.raises(AlreadyCancelled):
            cancel_order(order_id=order_id, actor="customer", now=LATER)

        assert balance("TEA") == (10, 0)
        assert OrderEvent.objects.count() == 2

    def test_refuses_an_expired_order(self) -> None:
        make_product("TEA", pieces=10)
        order_id = place_one(ask(lines={"TEA": 3})).order.id
        much_later = NOON + dt.timedelta(days=1)
        expire_reservations(now=much_later)

        with pytest.raises(CannotCancel) as refused:
            cancel_order(order_id=order_id, actor="customer", now=much_later)

        assert refused.value.facts == {"state": "EXPIRED"}
        assert balance("TEA") == (10, 0)

    def test_refuses_what_does_not_exist(self) -> None:
        with pytest.raises(OrderNotFound):
            cancel_order(order_id=1, actor="customer", now=LATER)


class TestViewOrder:
    def test_shows_the_order_with_its_lines_in_their_places(self) -> None:
        make_product("TEA", prices={"GBP": 250}, title="Tea")
        make_product("CUP", prices={"GBP": 900}, title="Cup")
        placed = place_one(ask(lines={"TEA": 2, "CUP": 1}))

        shown = view_order(order_id=placed.order.id)

        assert shown == placed.order
        assert shown.lines == (
            orders.Line(sku="TEA", title="Tea", quantity=2, unit_price=250),
            orders.Line(sku="CUP", title="Cup", quantity=1, unit_price=900),
        )

    def test_refuses_what_does_not_exist(self) -> None:
        with pytest.raises(OrderNotFound):
            view_order(order_id=1)
