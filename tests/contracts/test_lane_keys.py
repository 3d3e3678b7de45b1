"""The Idempotency-Key: however often and from wherever it comes, one key is one order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.builders import balance, make_product
from tests.contracts import web
from tests.contracts.tokens import issue
from tests.contracts.web import order, order_bytes, problem, refusal, written

CONNECTIONS = 24


class TestRepeating:
    def test_gives_the_first_answer_again(self, client: httpx.Client) -> None:
        make_product("TEA", pieces=2)

        first, again = order(client), order(client)

        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        assert again.headers["idempotency-replayed"] == "true"
        assert balance("TEA") == (2, 2)
        assert written()["orders_order"] == 1

    def test_gives_it_also_when_the_price_has_moved_and_the_order_is_cancelled(self, client: httpx.Client) -> None:
        from evertill.domains.catalog.models import Price

        make_product("TEA", prices={"GBP": 250})
        first = order(client)
        Price.objects.update(amount=300)
        token = first.json()["access_token"]
        client.post(f"{web.ORDERS}/{first.json()['number']}/cancel", params={"access_token": token})

        assert order(client).content == first.content

    def test_takes_another_order_of_the_fields_for_the_same_body(self, client: httpx.Client) -> None:
        make_product("TEA")
        first = order(client, expected_total=500)
        turned = (
            b'{"expected_total":500, "contact":{"email":"ada@example.com"}, "currency":"GBP",'
            b' "lines":[{"quantity":2,"sku":"TEA"}]}'
        )

        assert order_bytes(client, turned).content == first.content

    def test_after_a_refusal_tries_anew(self, client: httpx.Client) -> None:
        from tests.builders import make_stock

        make_product("TEA", pieces=0)
        assert refusal(order(client)) == (409, "SOLD_OUT")

        make_stock("TEA", pieces=5)

        assert order(client).status_code == 201

    @pytest.mark.parametrize(
        "change",
        [
            {"lines": [{"sku": "TEA", "quantity": 3}]},
            {"contact": {"email": "eve@example.com"}},
            {"currency": "EUR"},
            {"expected_total": 500},
        ],
    )
    def test_refuses_another_body_under_the_same_key(self, client: httpx.Client, change: dict[str, Any]) -> None:
        make_product("TEA", prices={"GBP": 250, "EUR": 250})
        order(client)

        answer = order(client, **change)

        assert refusal(answer) == (422, "IDEMPOTENCY_KEY_REUSED")
        assert problem(answer)["kept"] == "The order that was placed under this key stands; nothing else was changed."
        assert balance("TEA") == (10, 2)
        assert written()["orders_order"] == 1

    def test_keeps_the_keys_of_callers_apart(self, client: httpx.Client) -> None:
        make_product("TEA")
        tokens = ["", issue("till"), issue("market")]

        numbers = {order(client, token=token).json()["number"] for token in tokens}

        assert len(numbers) == 3


class TestAtOnce:
    @staticmethod
    def together(site: web.Site, ask: Callable[[httpx.Client, int], httpx.Response]) -> list[httpx.Response]:
        """What as many connections get at once, spread over both web workers."""

        def one(turn: int) -> httpx.Response:
            with site.client() as client:
                return ask(client, turn)

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            return list(pool.map(one, range(CONNECTIONS)))

    def test_makes_one_order_of_one_key(self, site: web.Site) -> None:
        make_product("TEA", pieces=100)

        answers = self.together(site, lambda client, _: order(client))

        placed = [answer for answer in answers if answer.status_code == 201]
        busy = [answer for answer in answers if answer.status_code != 201]
        assert len({answer.content for answer in placed}) == 1
        for answer in busy:
            assert refusal(answer) == (409, "IDEMPOTENCY_KEY_IN_FLIGHT")
            assert answer.headers["retry-after"] == "1"
        assert sum("idempotency-replayed" not in answer.headers for answer in placed) >= 1
        assert balance("TEA") == (100, 2)
        assert written()["orders_order"] == 1

    def test_makes_one_order_of_one_key_with_two_bodies(self, site: web.Site) -> None:
        make_product("TEA", pieces=100)

        answers = self.together(
            site, lambda client, turn: order(client, lines=[{"sku": "TEA", "quantity": 1 + turn % 2}])
        )

        seen = Counter(answer.status_code for answer in answers)
        assert set(seen) <= {201, 409, 422}
        assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
        assert written()["orders_order"] == 1

    def test_sells_each_piece_once(self, site: web.Site) -> None:
        make_product("TEA", pieces=7)

        answers = self.together(
            site, lambda client, turn: order(client, key=f"key-{turn}", lines=[{"sku": "TEA", "quantity": 1}])
        )

        assert Counter(answer.status_code for answer in answers) == {201: 7, 409: CONNECTIONS - 7}
        assert balance("TEA") == (7, 7)
        assert written()["orders_order"] == 7
