"""Placing orders over HTTP: what is answered, and that a refusal leaves nothing behind."""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx
import pytest

from evertill.domains import orders
from evertill.journeys.verify_receipt import Standing, verify_receipt
from evertill.kernel import clock, ids
from tests.builders import balance, make_product
from tests.contracts.web import body, order, order_bytes, orders_written, problem, refusal, written

EMAIL_64 = "a" * 64


class TestPlacing:
    def test_answers_with_the_whole_order(self, client: httpx.Client) -> None:
        make_product("TEA", prices={"GBP": 250}, title="Tea, 50 g")
        make_product("MUG", prices={"GBP": 900}, title="Mug")
        before = clock.now()

        answer = order(client, lines=[{"sku": "TEA", "quantity": 3}, {"sku": "MUG", "quantity": 1}])

        assert answer.status_code == 201, answer.text
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        assert "idempotency-replayed" not in answer.headers
        told = answer.json()
        fields = ["number", "state", "total", "lines", "placed_at", "reserved_until", "receipt", "access_token"]
        assert list(told) == fields
        assert verify_receipt(text=told["receipt"]).standing is Standing.KEPT
        assert told["state"] == "PLACED"
        assert told["total"] == {"amount": 1650, "currency": "GBP"}
        assert told["lines"] == [
            {"sku": "TEA", "title": "Tea, 50 g", "quantity": 3, "unit_price": 250, "total": 750},
            {"sku": "MUG", "title": "Mug", "quantity": 1, "unit_price": 900, "total": 900},
        ]
        placed_at, until = (dt.datetime.fromisoformat(told[name]) for name in ("placed_at", "reserved_until"))
        assert before <= placed_at <= clock.now()
        assert until - placed_at == dt.timedelta(minutes=30)
        assert len(told["number"]) == len("0000-0000-00000")
        assert len(told["access_token"]) == 22

    def test_writes_the_order_and_reserves_its_goods(self, client: httpx.Client) -> None:
        make_product("TEA", pieces=10)

        order(client, lines=[{"sku": "TEA", "quantity": 3}])

        # Two movements: the pieces received, and those reserved.
        assert written() == {"orders_order": 1, "orders_line": 1, "orders_event": 1, "stock_movement": 2}
        assert balance("TEA") == (10, 3)

    def test_takes_a_sku_on_two_lines_as_one_wish(self, client: httpx.Client) -> None:
        make_product("TEA", pieces=5)

        answer = order(client, lines=[{"sku": "TEA", "quantity": 3}, {"sku": "TEA", "quantity": 3}])

        assert problem(answer)["short"] == [{"sku": "TEA", "asked": 6, "left": 5}]

    def test_takes_a_thousand_lines(self, client: httpx.Client) -> None:
        make_product("TEA", prices={"GBP": 1}, pieces=None)

        answer = order(client, lines=[{"sku": "TEA", "quantity": 1}] * 1000)

        assert answer.status_code == 201, answer.text
        assert answer.json()["total"] == {"amount": 1000, "currency": "GBP"}
        assert len(answer.json()["lines"]) == 1000

    def test_takes_the_total_that_the_customer_agreed_to(self, client: httpx.Client) -> None:
        make_product("TEA", prices={"GBP": 250})

        assert order(client, expected_total=500).status_code == 201

    @pytest.mark.parametrize(
        "media", ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"]
    )
    def test_takes_json_by_any_spelling_of_its_type(self, client: httpx.Client, media: str) -> None:
        make_product()

        answer = client.post("/api/v1/orders", json=body(), headers={"Idempotency-Key": "key-1", "Content-Type": media})

        assert answer.status_code == 201, answer.text

    @pytest.mark.parametrize(
        "email",
        ["ada@example.com", "o'hara+shop@sub.example.co.uk", "张三@例子.中国", f"{EMAIL_64}@{'b' * 185}.com"],
    )
    def test_takes_addresses_that_people_have(self, client: httpx.Client, email: str) -> None:
        make_product()

        assert order(client, contact={"email": email}).status_code == 201

    @pytest.mark.parametrize("phone", ["13800138000", "+86 138 0013 8000", "0086-138-0013-8000"])
    def test_takes_a_telephone_number_in_any_spelling(self, client: httpx.Client, phone: str) -> None:
        make_product()

        answer = order(client, contact={"phone": phone})

        assert answer.status_code == 201
        assert contacts(answer) == ("", "+8613800138000", "")

    @pytest.mark.parametrize(
        ("said", "kept"), [("zh-CN", "zh-hans"), ("zh-hans", "zh-hans"), ("en-GB", "en"), ("fr", "en")]
    )
    def test_keeps_the_nearest_language_of_the_shop(self, client: httpx.Client, said: str, kept: str) -> None:
        make_product()
        contact = {"email": "Ada@Example.com", "phone": "+44 20 7946 0958", "language": said}

        answer = order(client, contact=contact)

        assert contacts(answer) == ("Ada@Example.com", "+442079460958", kept)


def contacts(answer: httpx.Response) -> tuple[str, str, str]:
    """How the customer of an order is reached: address, number and language."""
    order_id = ids.from_number(answer.json()["number"])
    kept = orders.read_orders(order_ids=[order_id])[order_id]
    assert kept.account_id is None
    return kept.email, kept.phone, kept.language


class TestRefusing:
    """Every refusal has its code and facts, and takes nothing."""

    @pytest.fixture(autouse=True)
    def _takes_nothing(self, site: object) -> Any:
        yield
        assert orders_written() == 0

    def test_names_each_short_sku_and_what_is_left(self, client: httpx.Client) -> None:
        make_product("TEA", pieces=10)
        make_product("MUG", pieces=1)
        make_product("CUP", pieces=0)

        answer = order(client, lines=[{"sku": sku, "quantity": 2} for sku in ("TEA", "MUG", "CUP")])

        assert refusal(answer) == (409, "SOLD_OUT")
        assert problem(answer) == {
            "type": "urn:evertill:problem:SOLD_OUT",
            "title": "Conflict",
            "status": 409,
            "code": "SOLD_OUT",
            "detail": "Not enough left of: CUP, MUG.",
            "kept": "Nothing was changed.",
            "remedy": "Ask for no more than what is left of each, and send the order again.",
            "short": [{"sku": "CUP", "asked": 2, "left": 0}, {"sku": "MUG", "asked": 2, "left": 1}],
        }
        assert [balance(sku) for sku in ("TEA", "MUG", "CUP")] == [(10, 0), (1, 0), (0, 0)]

    def test_tells_the_new_total_when_the_price_moved(self, client: httpx.Client) -> None:
        make_product("TEA", prices={"GBP": 250})

        answer = order(client, expected_total=499)

        assert refusal(answer) == (409, "PRICE_CHANGED")
        assert problem(answer)["total"] == {"amount": 500, "currency": "GBP"}
        assert problem(answer)["detail"] == "The total is 500 now, not 499."
        assert balance("TEA") == (10, 0)

    def test_names_each_sku_that_is_not_for_sale(self, client: httpx.Client) -> None:
        make_product("TEA")
        make_product("OLD", is_active=False)
        make_product("DRAFT", status="DRAFT")

        answer = order(client, lines=[{"sku": sku, "quantity": 1} for sku in ("TEA", "OLD", "DRAFT", "NO")])

        assert refusal(answer) == (422, "UNKNOWN_SKU")
        assert problem(answer)["skus"] == ["DRAFT", "NO", "OLD"]

    def test_names_the_sku_without_a_price_in_that_currency(self, client: httpx.Client) -> None:
        make_product("TEA", prices={"GBP": 250})

        answer = order(client, currency="EUR")

        assert refusal(answer) == (422, "WRONG_CURRENCY")
        assert problem(answer)["sku"] == "TEA"

    @pytest.mark.parametrize("quantity", [0, -1, 100_001, 2**31, 2**63, 2**64, -(2**63) - 1, 10**30])
    def test_refuses_an_absurd_quantity(self, client: httpx.Client, quantity: int) -> None:
        make_product("TEA", pieces=None)

        answer = order(client, lines=[{"sku": "TEA", "quantity": quantity}])

        assert refusal(answer) == (422, "QUANTITY_OUT_OF_RANGE")
        assert problem(answer)["detail"] == "The quantity of TEA must be from 1 to 100000."

    @pytest.mark.parametrize("total", [-1, 2**63, 2**64, 10**30])
    def test_tells_the_total_also_to_whom_expects_an_absurd_one(self, client: httpx.Client, total: int) -> None:
        make_product("TEA", prices={"GBP": 250})

        answer = order(client, expected_total=total)

        assert refusal(answer) == (409, "PRICE_CHANGED")
        assert problem(answer)["total"] == {"amount": 500, "currency": "GBP"}

    def test_refuses_more_than_a_thousand_lines(self, client: httpx.Client) -> None:
        make_product("TEA")

        answer = order(client, lines=[{"sku": "TEA", "quantity": 1}] * 1001)

        assert refusal(answer) == (422, "TOO_MANY_LINES")

    def test_refuses_a_total_beyond_the_ledger(self, client: httpx.Client) -> None:
        make_product("TEA", prices={"GBP": 10**15}, pieces=None)

        assert refusal(order(client)) == (422, "AMOUNT_OUT_OF_RANGE")

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"lines": []}, "$.lines"),
            ({"lines": None}, "$"),
            ({"lines": {}}, "$.lines"),
            ({"lines": [1]}, "$.lines[0]"),
            ({"lines": [{"sku": "TEA"}]}, "$.lines[0]"),
            ({"lines": [{"sku": "TEA", "quantity": 1, "colour": "red"}]}, "$.lines[0]"),
            ({"lines": [{"sku": "TEA", "quantity": "1"}]}, "$.lines[0].quantity"),
            ({"lines": [{"sku": "TEA", "quantity": 1.5}]}, "$.lines[0].quantity"),
            ({"lines": [{"sku": "TEA", "quantity": True}]}, "$.lines[0].quantity"),
            ({"lines": [{"sku": "TEA", "quantity": None}]}, "$.lines[0].quantity"),
            ({"lines": [{"sku": 1, "quantity": 1}]}, "$.lines[0].sku"),
            ({"lines": [{"sku": "", "quantity": 1}]}, "$.lines[0].sku"),
            ({"lines": [{"sku": "S" * 65, "quantity": 1}]}, "$.lines[0].sku"),
            ({"lines": [{"sku": "TEA", "quantity": 1, "unit_price": "1"}]}, "$.lines[0].unit_price"),
            ({"currency": None}, "$"),
            ({"currency": "gbp"}, "$.currency"),
            ({"currency": "GBPP"}, "$.currency"),
            ({"currency": "£"}, "$.currency"),
            ({"currency": 826}, "$.currency"),
            ({"contact": None}, "$"),
            ({"contact": {}}, "$.contact"),
            ({"contact": {"email": None}}, "$.contact.email"),
            ({"contact": {"email": ""}}, "$.contact.email"),
            ({"contact": {"email": "ada"}}, "$.contact.email"),
            ({"contact": {"email": "a@b@c"}}, "$.contact.email"),
            ({"contact": {"email": "ada@example.com", "fax": "1"}}, "$.contact"),
            ({"contact": {"email": "ada@example.com", "phone": "1"}}, "$.contact.phone"),
            ({"contact": {"email": "ada@example.com", "phone": None}}, "$.contact.phone"),
            ({"contact": {"phone": "1380013800"}}, "$.contact.phone"),
            ({"contact": {"phone": "13800138000 ext 5"}}, "$.contact.phone"),
            ({"contact": {"language": "en"}}, "$.contact"),
            ({"contact": {"email": "ada@example.com", "language": "English, please"}}, "$.contact.language"),
            ({"contact": {"email": f"{EMAIL_64}@{'b' * 190}"}}, "$.contact.email"),
            ({"expected_total": "500"}, "$.expected_total"),
            ({"expected_total": 5.5}, "$.expected_total"),
            ({"colour": "red"}, "$"),
        ],
    )
    def test_points_at_the_field_that_does_not_fit(
        self, client: httpx.Client, changes: dict[str, Any], pointer: str
    ) -> None:
        make_product("TEA")

        answer = order(client, **changes)

        assert refusal(answer) == (422, "INVALID_FIELD")
        assert problem(answer)["pointer"] == pointer

    @pytest.mark.parametrize(
        "content",
        [b"", b"{", b"{'lines': []}", b'{"lines": [}', b"\xff\xfe{}", b'{"currency": "\xff"}', b"NaN"],
    )
    def test_refuses_what_is_not_json(self, client: httpx.Client, content: bytes) -> None:
        assert refusal(order_bytes(client, content)) == (400, "MALFORMED_JSON")

    @pytest.mark.parametrize("content", [b"null", b"[]", b"1", b'"order"', b"true"])
    def test_refuses_json_that_is_no_object(self, client: httpx.Client, content: bytes) -> None:
        answer = order_bytes(client, content)

        assert refusal(answer) == (422, "INVALID_FIELD")
        assert problem(answer)["pointer"] == "$"
