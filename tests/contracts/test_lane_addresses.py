"""Every address and method of the lane, also those that do not exist: a problem in JSON, never a page or a trace."""

from __future__ import annotations

import httpx
import pytest

from tests.builders import make_product
from tests.contracts import web
from tests.contracts.web import ORDERS, PRODUCTS, order, orders_written, problem, refusal

SCHEMA = "/api/v1/schema/openapi.json"


class TestUnknownAddresses:
    @pytest.mark.parametrize(
        "path",
        [
            "/api/v1",
            "/api/v1/",
            "/api/v1/nothing",
            "/api/v1/orders/a/b/c",
            "/api/v1/products/a%2Fb",
            "/api/v1/products/%00",
            "/api/v1/%ED%A0%80",
            "/api/v1/%FF",
            "/api/v1/schema/nothing",
            "/api/v1/" + "x" * 5_000,
            "/api/v1/..;/",
        ],
    )
    def test_are_told_as_problems(self, client: httpx.Client, path: str) -> None:
        status, code = refusal(client.get(path))

        assert (status, code) in {(404, "NOT_FOUND"), (404, "UNKNOWN_PRODUCT")}

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
    def test_are_told_for_every_method(self, client: httpx.Client, method: str) -> None:
        assert refusal(client.request(method, "/api/v1/nothing")) == (404, "NOT_FOUND")


class TestMethods:
    @pytest.mark.parametrize(
        ("method", "path", "allow"),
        [
            ("GET", ORDERS, {"POST", "OPTIONS"}),
            ("PUT", ORDERS, {"POST", "OPTIONS"}),
            ("DELETE", ORDERS, {"POST", "OPTIONS"}),
            ("POST", PRODUCTS, {"GET", "HEAD", "OPTIONS"}),
            ("DELETE", f"{ORDERS}/0000-0000-00000", {"GET", "HEAD", "OPTIONS"}),
            ("GET", f"{ORDERS}/0000-0000-00000/cancel", {"POST", "OPTIONS"}),
            ("TRACE", f"{PRODUCTS}/tea", {"GET", "HEAD", "OPTIONS"}),
            ("POST", SCHEMA, {"GET", "HEAD", "OPTIONS"}),
            ("POST", "/healthz", {"GET", "HEAD"}),
            ("DELETE", "/readyz", {"GET", "HEAD"}),
        ],
    )
    def test_that_do_not_go_with_an_address_are_told_which_do(
        self, client: httpx.Client, method: str, path: str, allow: set[str]
    ) -> None:
        answer = client.request(method, path)

        assert refusal(answer) == (405, "METHOD_NOT_ALLOWED")
        assert {name.strip() for name in answer.headers["allow"].split(",")} == allow
        assert "allow" not in problem(answer)

    @pytest.mark.parametrize("path", [PRODUCTS, f"{PRODUCTS}/tea", SCHEMA, "/healthz", "/readyz"])
    def test_head_answers_as_get_without_a_body(self, client: httpx.Client, path: str) -> None:
        make_product("TEA")
        got = client.get(path)

        head = client.head(path)

        assert head.status_code == got.status_code
        assert head.content == b""
        assert head.headers["content-length"] == got.headers["content-length"]

    @pytest.mark.parametrize(
        ("path", "allow"),
        [
            (ORDERS, {"POST", "OPTIONS"}),
            (PRODUCTS, {"GET", "HEAD", "OPTIONS"}),
            (f"{ORDERS}/0000-0000-00000/refunds", {"GET", "HEAD", "POST", "OPTIONS"}),
        ],
    )
    def test_options_tells_them(self, client: httpx.Client, path: str, allow: set[str]) -> None:
        answer = client.options(path)

        assert (answer.status_code, answer.content) == (204, b"")
        assert {name.strip() for name in answer.headers["allow"].split(",")} == allow


class TestSpellings:
    """Addresses that only the router knows to be the same reach the same answers."""

    SPELLINGS = (ORDERS, f"{ORDERS}/", "/api/v1//orders")

    def test_place_the_same_order(self, client: httpx.Client) -> None:
        make_product("TEA")

        first, *others = [order(client, path=path) for path in self.SPELLINGS]

        assert first.status_code == 201
        for other in others:
            assert (other.status_code, other.content) == (201, first.content)
            assert other.headers["content-type"] == first.headers["content-type"]
            assert other.headers["idempotency-replayed"] == "true"

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b"[]",
            b'{"lines":[]}',
            b'{"a":"\\ud800"}',
            b"\xff",
            b"[" * 50_000,
            b" " * ((1 << 20) + 1),
            b'{"lines":[{"sku":"NO","quantity":1}],"currency":"GBP","contact":{"email":"a@b"}}',
            b'{"lines":[{"sku":"TEA","quantity":99}],"currency":"GBP","contact":{"email":"a@b"}}',
        ],
    )
    def test_give_the_same_refusals(self, client: httpx.Client, content: bytes) -> None:
        make_product("TEA")
        key = {"Idempotency-Key": "key-1"}

        for headers in ({}, key, key | {"Content-Type": "text/plain"}):
            first, *others = [client.post(path, content=content, headers=headers) for path in self.SPELLINGS]

            assert 400 <= refusal(first)[0] < 500
            for other in others:
                assert (other.status_code, other.content) == (first.status_code, first.content)
        assert orders_written() == 0

    def test_leave_nothing_of_a_client_that_goes_in_mid_body(self, site: web.Site, client: httpx.Client) -> None:
        make_product("TEA")
        head = b"POST /api/v1/orders/ HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\nContent-Length: 999\r\n\r\n{"

        site.send(head, half_closed=True)

        assert client.get("/healthz").status_code == 200
        assert orders_written() == 0


class TestHealth:
    def test_is_alive(self, client: httpx.Client) -> None:
        answer = client.get("/healthz")

        assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
        assert answer.headers["cache-control"] == "no-store"

    def test_is_ready(self, client: httpx.Client) -> None:
        answer = client.get("/readyz")

        assert (answer.status_code, answer.json()) == (200, {"status": "ready", "waits_for": []})

    def test_tells_no_metrics_to_the_world(self, client: httpx.Client) -> None:
        answer = client.get("/metrics")

        assert answer.status_code == 404
        assert "evertill_" not in answer.text
