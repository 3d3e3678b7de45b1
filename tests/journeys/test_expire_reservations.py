"""Expiring: what nobody paid for in time returns to sale, whatever else happens at that moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from evertill.domains import orders
from evertill.domains.orders.models import OrderEvent
from evertill.journeys.cancel_order import cancel_order
from evertill.journeys.expire_reservations import expire_reservations
from evertill.journeys.view_order import view_order
from evertill.kernel import config
from tests.builders import NOON, ask, balance, make_product, place, place_one

pytestmark = pytest.mark.django_db

HALF_PAST = NOON + dt.timedelta(minutes=30)
TICK = dt.timedelta(microseconds=1)


class TestExpireReservations:
    def test_returns_goods_once_their_time_is_over(self) -> None:
        make_product("TEA", pieces=10)
        order_id = place_one(ask(lines={"TEA": 3})).order.id

        expired = expire_reservations(now=HALF_PAST + TICK)

        assert expired == 1
        assert view_order(order_id=order_id).state is orders.State.EXPIRED
        assert balance("TEA") == (10, 0)
        assert OrderEvent.objects.filter(order_id=order_id, position=1).values_list("kind", "actor").get() == (
            "order.expired",
            "clock",
        )

    def test_keeps_goods_until_the_last_moment(self) -> None:
        make_product("TEA", pieces=10)
        order_id = place_one(ask(lines={"TEA": 3})).order.id

        expired = expire_reservations(now=HALF_PAST)

        assert expired == 0
        assert view_order(order_id=order_id).state is orders.State.PLACED
        assert balance("TEA") == (10, 3)

    def test_passes_over_cancelled_orders(self) -> None:
        make_product("TEA", pieces=10)
        order_id = place_one(ask(lines={"TEA": 3})).order.id
        cancel_order(order_id=order_id, actor="customer", now=NOON)

        expired = expire_reservations(now=HALF_PAST + TICK)

        assert expired == 0
        assert balance("TEA") == (10, 0)

    def test_handles_the_oldest_first_and_no_more_than_a_batch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        make_product("TEA", pieces=10)
        small = replace(config.get(), expire_batch_max=2)
        monkeypatch.setattr(config, "get", lambda: small)
        late = place_one(ask("late"), now=NOON + TICK).order.id
        for key in ("a", "b"):
            place_one(ask(key), now=NOON)

        expired = [expire_reservations(now=NOON + dt.timedelta(hours=1))]

        assert expired == [2]
        assert view_order(order_id=late).state is orders.State.PLACED
        assert expire_reservations(now=NOON + dt.timedelta(hours=1)) == 1

    def test_adds_up_what_several_orders_held_of_several_goods(self) -> None:
        make_product("TEA", pieces=100)
        make_product("CUP", pieces=100)
        place(*[ask(f"key-{n}", {"TEA": n, "CUP": 1}) for n in range(1, 11)])

        expired = expire_reservations(now=HALF_PAST + TICK)

        assert expired == 10
        assert balance("TEA") == (100, 0)
        assert balance("CUP") == (100, 0)

    def test_expired_goods_can_be_ordered_again(self) -> None:
        make_product("TEA", pieces=3)
        place_one(ask("first", {"TEA": 3}))
        expire_reservations(now=HALF_PAST + TICK)

        place_one(ask("second", {"TEA": 3}), now=HALF_PAST + TICK)

        assert balance("TEA") == (3, 3)
