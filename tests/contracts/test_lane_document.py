"""The API's document: what it promises can be used as it stands, by people, by generated clients and by machines."""

from __future__ import annotations

import re
from typing import Any

import httpx
import jsonschema_rs
import pytest

from evertill.journeys.load_demo import load_demo
from tests.builders import NOON
from tests.contracts.truth import Document
from tests.contracts.web import ORDERS, order

_SPECIFICATION = "3.1"


def operations(document: Document) -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation for path in document.told["paths"].values() for operation in path.values()
    }


class TestDocument:
    def test_is_valid(self, document: Document) -> None:
        assert document.told["openapi"].startswith(_SPECIFICATION)
        for schema in document.told["components"]["schemas"].values():
            jsonschema_rs.meta.validate(schema)

    def test_names_each_operation_once(self, document: Document) -> None:
        assert sorted(operations(document)) == [
            "cancelOrder",
            "fileClaim",
            "listPaymentMethods",
            "listProducts",
            "listRefunds",
            "placeOrder",
            "readClaim",
            "readOrder",
            "readPayment",
            "readProduct",
            "readReceiptKeys",
            "receiveWebhook",
            "refundOrder",
            "startPayment",
            "watchOrder",
        ]

    def test_says_for_each_answer_what_it_means(self, document: Document) -> None:
        for operation in operations(document).values():
            assert operation["summary"]
            for status, answer in operation["responses"].items():
                assert answer["description"], status
                assert "generated" not in answer["description"].lower()

    def test_promises_waiting_times_where_there_are_any(self, document: Document) -> None:
        for operation in operations(document).values():
            assert "Retry-After" in operation["responses"]["503"]["headers"]

    def test_refuses_unknown_fields_as_the_lane_does(self, document: Document) -> None:
        schemas = document.told["components"]["schemas"]

        assert [schemas[name]["additionalProperties"] for name in ("OrderIn", "LineIn", "ContactIn")] == [False] * 3

    def test_gives_an_example_of_each_problem_that_fits_its_own_schema(self, document: Document) -> None:
        validator = document.validator({"$ref": "#/components/schemas/Problem"})
        seen = set()
        for operation in operations(document).values():
            for status, answer in operation["responses"].items():
                for content in answer.get("content", {}).values():
                    for code, example in content.get("examples", {}).items():
                        validator.validate(example["value"])
                        assert (example["value"]["code"], str(example["value"]["status"])) == (code, status)
                        seen.add(code)

        assert seen >= {"SOLD_OUT", "PRICE_CHANGED", "UNKNOWN_SKU", "IDEMPOTENCY_KEY_REUSED", "OVERLOADED"}

    def test_has_an_example_order_that_works(self, client: httpx.Client, document: Document) -> None:
        load_demo(now=NOON)
        content = operations(document)["placeOrder"]["requestBody"]["content"]["application/json"]

        for name, example in content["examples"].items():
            answer = order(client, key=name, **example["value"])
            assert answer.status_code == 201, answer.text

    @pytest.mark.parametrize(
        "body",
        [
            {"lines": [], "currency": "GBP", "contact": {"email": "a@b"}},
            {"lines": [{"sku": "TEA", "quantity": 0}], "currency": "GBP", "contact": {"email": "a@b"}},
            {"lines": [{"sku": "TEA", "quantity": 1}], "currency": "gbp", "contact": {"email": "a@b"}},
            {"lines": [{"sku": "TEA", "quantity": 1}], "currency": "GBP\n", "contact": {"email": "a@b"}},
            {"lines": [{"sku": "TEA", "quantity": 1}], "currency": "GBP", "contact": {"email": "a@b\n"}},
            {"lines": [{"sku": "TEA", "quantity": 1, "x": 1}], "currency": "GBP", "contact": {"email": "a@b"}},
            {"lines": [{"sku": "TEA", "quantity": 1}], "currency": "GBP", "contact": {}},
            {"lines": [{"sku": "TEA", "quantity": 1}], "currency": "GBP", "contact": {"language": "en"}},
            {"lines": [{"sku": "TEA", "quantity": 1}], "currency": "GBP", "contact": {"phone": "call me"}},
        ],
    )
    def test_refuses_what_the_lane_refuses(
        self, client: httpx.Client, document: Document, body: dict[str, Any]
    ) -> None:
        validator = document.validator({"$ref": "#/components/schemas/OrderIn"})

        assert not validator.is_valid(body)
        assert client.post(ORDERS, json=body, headers={"Idempotency-Key": "k"}).is_client_error


class TestPage:
    def test_loads_everything_from_this_shop(self, client: httpx.Client) -> None:
        page = client.get("/api/v1/schema")
        addresses = re.findall(r'(?:src|href|data-document)="([^"]+)"', page.text)

        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        assert len(addresses) == 6
        for address in addresses:
            assert address.startswith("/")
            assert client.get(address).status_code == 200, address

    def test_has_a_strict_policy(self, client: httpx.Client) -> None:
        policy = client.get("/api/v1/schema").headers["content-security-policy"]

        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "http:" not in policy
