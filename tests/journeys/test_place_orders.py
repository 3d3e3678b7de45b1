"""Placing orders: what each customer is told, and what is in the books afterwards."""

from __future__ import annotations

import pytest

from tests import tables
from tests.builders import ask, balance, make_product, place_one

pytestmark = pytest.mark.django_db


class TestPlacing:
    def test_draws_again_when_a_number_is_taken(self) -> None:
        make_product("TEA", prices={"GBP": 250}, pieces=10)
        draws = iter([7, 7, 8])

        first = place_one(ask(lines={"TEA": 1}), randbits=lambda _: next(draws))
        second = place_one(ask(lines={"TEA": 1}), randbits=lambda _: next(draws))

        assert second.order.id == first.order.id + 1
        assert balance("TEA") == (10, 2)
        assert tables.count("orders_order") == 2

    def test_reserves_what_it_places(self) -> None:
        make_product("TEA", prices={"GBP": 250}, pieces=10)

        placed = place_one(ask(lines={"TEA": 3}))

        assert placed.order.total == 750
        assert balance("TEA") == (10, 3)
        assert tables.count("orders_order") == 1
