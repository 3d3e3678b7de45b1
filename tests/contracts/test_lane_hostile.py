"""Bytes that no proper client sends: the answer is a 4xx or an order, never a 5xx, and never half an order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from tests.builders import make_product
from tests.contracts import web
from tests.contracts.web import ORDERS, body, order, order_bytes, orders_written, problem, refusal

_JSON = json.dumps(body()).encode()
_MIB = 1 << 20


def request_line(path: str = ORDERS, *, version: str = "1.1") -> bytes:
    return f"POST {path} HTTP/{version}\r\nHost: shop\r\nConnection: close\r\n".encode()


def raw_order(*headers: bytes, content: bytes = _JSON, length: bool = True, version: str = "1.1") -> bytes:
    """An order as bytes on the wire, with these headers besides those that it needs."""
    lines = [b"Content-Length: %d" % len(content)] if length else []
    return request_line(version=version) + b"\r\n".join([*lines, *headers]) + b"\r\n\r\n" + content


def told(answer: bytes) -> tuple[int, str]:
    """Status and code of a raw answer."""
    head, _, content = answer.partition(b"\r\n\r\n")
    status = int(head.split(b" ")[1])
    return status, json.loads(content)["code"] if status >= 400 else ""


KEY = b"Idempotency-Key: key-1"


class TestStrings:
    @pytest.fixture(autouse=True)
    def _leaves_nothing(self, site: web.Site) -> Iterator[None]:
        make_product("TEA")
        yield
        assert orders_written() == 0

    @pytest.mark.parametrize("sign", ["\\u0000", "\\u000a", "\\n", "\\u001b", "\\u007f"])
    @pytest.mark.parametrize(
        ("field", "pointer"),
        [
            ('{"contact":{"email":"ada%s@example.com"}}', "$.contact.email"),
            ('{"contact":{"email":"ada@example.com%s"}}', "$.contact.email"),
            ('{"lines":[{"sku":"TEA%s","quantity":1}]}', "$.lines[0].sku"),
            ('{"lines":[{"sku":"%sTEA","quantity":1}]}', "$.lines[0].sku"),
            ('{"currency":"GBP%s"}', "$.currency"),
            ('{"currency":"GB%s"}', "$.currency"),
        ],
    )
    def test_refuses_control_characters_in_any_place(
        self, client: httpx.Client, field: str, pointer: str, sign: str
    ) -> None:
        content = self.with_field(field % sign)

        answer = order_bytes(client, content)

        assert refusal(answer) == (422, "INVALID_FIELD")
        assert problem(answer)["pointer"] == pointer

    @pytest.mark.parametrize("sign", ["\\ud800", "\\udfff", "\\udc00\\ud800"])
    @pytest.mark.parametrize(
        "field",
        [
            '{"contact":{"email":"ada%s@example.com"}}',
            '{"lines":[{"sku":"TEA%s","quantity":1}]}',
            '{"currency":"GB%s"}',
            '{"%s":1}',
        ],
    )
    def test_refuses_half_a_surrogate_pair(self, client: httpx.Client, field: str, sign: str) -> None:
        assert refusal(order_bytes(client, self.with_field(field % sign))) == (400, "MALFORMED_JSON")

    @pytest.mark.parametrize("sign", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x00"])
    def test_refuses_bytes_that_are_not_utf_8(self, client: httpx.Client, sign: bytes) -> None:
        content = self.with_field('{"lines":[{"sku":"TEA%s","quantity":1}]}').replace(b"%s", sign)

        status, code = refusal(order_bytes(client, content))

        assert (status, code) in {(400, "MALFORMED_JSON"), (422, "INVALID_FIELD")}

    @staticmethod
    def with_field(field: str) -> bytes:
        """A good body with one field replaced by this text as it stands."""
        name = field[2:].partition('"')[0]
        rest = {key: value for key, value in body().items() if key != name}
        return (field[:-1] + "," + json.dumps(rest)[1:]).encode()


class TestShapes:
    @pytest.fixture(autouse=True)
    def _leaves_nothing(self, site: web.Site) -> Iterator[None]:
        make_product("TEA")
        yield
        assert orders_written() == 0

    @pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
    @pytest.mark.parametrize("depth", [100, 2_000, 100_000])
    def test_refuses_deep_nesting(self, client: httpx.Client, opening: str, closing: str, depth: int) -> None:
        content = (opening * depth + "1" + closing * depth).encode()

        status, code = refusal(order_bytes(client, content))

        assert (status, code) in {(400, "MALFORMED_JSON"), (422, "INVALID_FIELD")}

    @pytest.mark.parametrize("digits", ["9" * 5_000, "-" + "9" * 100_000, "1e400", "1E+9", "0.1e1", "1" + "0" * 400])
    @pytest.mark.parametrize("field", ['"lines":[{"sku":"TEA","quantity":%s}]', '"expected_total":%s'])
    def test_refuses_numbers_without_end(self, client: httpx.Client, field: str, digits: str) -> None:
        rest = json.dumps({key: value for key, value in body().items() if key not in field})
        content = "{" + field % digits + "," + rest[1:]

        answer = order_bytes(client, content.encode())

        assert 400 <= answer.status_code < 500
        assert len(problem(answer)["detail"]) < 500

    def test_takes_the_last_of_two_equal_fields_as_json_parsers_do(self, client: httpx.Client) -> None:
        content = _JSON.replace(b'"currency": "GBP"', b'"currency": "GBP", "currency": "XXX"')

        assert refusal(order_bytes(client, content)) == (422, "WRONG_CURRENCY")


class TestSizes:
    @pytest.fixture(autouse=True)
    def _leaves_nothing(self, site: web.Site) -> Iterator[None]:
        make_product("TEA")
        yield
        assert orders_written() == 0

    def test_refuses_a_body_of_a_byte_too_many(self, client: httpx.Client) -> None:
        assert refusal(order_bytes(client, _JSON.ljust(_MIB + 1))) == (413, "BODY_TOO_LARGE")

    def test_refuses_it_also_in_chunks_of_unknown_number(self, client: httpx.Client) -> None:
        chunks = (b" " * 65_536 for _ in range(17))

        answer = client.post(ORDERS, content=chunks, headers={"Idempotency-Key": "key-1"})

        assert "content-length" not in answer.request.headers
        assert refusal(answer) == (413, "BODY_TOO_LARGE")

    def test_refuses_a_stated_length_before_the_body_comes(self, site: web.Site) -> None:
        announced = request_line() + KEY + b"\r\nContent-Length: 99999999999999999999\r\n\r\n"

        answer = site.send(announced, half_closed=True)

        assert answer.startswith(b"HTTP/1.1 4")

    def test_lets_the_connection_go_on_after_a_large_body(self, client: httpx.Client) -> None:
        order_bytes(client, _JSON.ljust(_MIB + 1))

        assert refusal(order_bytes(client, b"{")) == (400, "MALFORMED_JSON")

    def test_leaves_nothing_of_a_client_that_goes_in_mid_body(self, site: web.Site, client: httpx.Client) -> None:
        whole = raw_order(KEY)

        answer = site.send(whole[:-10], half_closed=True)

        assert answer == b""
        assert client.get("/healthz").status_code == 200


class TestBodiesThatFit:
    def test_takes_a_body_of_the_last_byte(self, client: httpx.Client) -> None:
        make_product("TEA")

        assert order_bytes(client, _JSON.ljust(_MIB)).status_code == 201

    def test_takes_a_body_in_chunks(self, client: httpx.Client) -> None:
        make_product("TEA")
        chunks = (_JSON[start : start + 7] for start in range(0, len(_JSON), 7))

        answer = client.post(ORDERS, content=chunks, headers={"Idempotency-Key": "key-1"})

        assert answer.status_code == 201, answer.text


class TestKey:
    @pytest.fixture(autouse=True)
    def _leaves_nothing(self, site: web.Site) -> Iterator[None]:
        make_product("TEA")
        yield
        assert orders_written() == 0

    @pytest.mark.parametrize(
        "header",
        [
            b"X: y",
            b"Idempotency-Key:",
            b"Idempotency-Key:   ",
            b"Idempotency-Key: " + b"k" * 129,
            b"Idempotency-Key: schl\xc3\xbcssel",
            b"Idempotency-Key: \xff",
            b"Idempotency-Key: a\tb",
        ],
    )
    def test_is_needed_short_and_printable(self, site: web.Site, header: bytes) -> None:
        assert told(site.send(raw_order(header))) == (400, "IDEMPOTENCY_KEY_MISSING")

    def test_is_refused_when_two_are_sent(self, site: web.Site) -> None:
        assert told(site.send(raw_order(KEY, b"Idempotency-Key: key-2"))) == (400, "BAD_REQUEST")

    @pytest.mark.parametrize("name", [b"Authorization: Bearer x", b"Content-Type: application/json"])
    def test_goes_with_no_other_header_sent_twice(self, site: web.Site, name: bytes) -> None:
        assert told(site.send(raw_order(KEY, name, name))) == (400, "BAD_REQUEST")

    @pytest.mark.parametrize(
        "media", ["text/plain", "application/jsonp", "application/x-www-form-urlencoded", "multipart/form-data", ""]
    )
    def test_does_not_help_a_body_of_another_type(self, client: httpx.Client, media: str) -> None:
        answer = client.post(ORDERS, content=_JSON, headers={"Idempotency-Key": "key-1", "Content-Type": media})

        assert refusal(answer) == (415, "WRONG_MEDIA_TYPE")


class TestProtocol:
    def test_takes_http_1_0(self, site: web.Site) -> None:
        make_product("TEA")

        assert told(site.send(raw_order(KEY, version="1.0"))) == (201, "")

    def test_answers_pipelined_requests_in_their_order(self, site: web.Site) -> None:
        make_product("TEA", pieces=2)
        alive = b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n"
        first = raw_order(KEY).replace(b"Connection: close\r\n", b"")
        second = raw_order(b"Idempotency-Key: key-2")

        answer = site.send(first + alive + second)

        assert re.findall(rb"HTTP/1\.1 (\d+)", answer) == [b"201", b"200", b"409"]
        assert b"SOLD_OUT" in answer

    def test_takes_keys_of_all_lengths_allowed(self, client: httpx.Client) -> None:
        make_product("TEA", pieces=None)

        assert [order(client, key=key).status_code for key in ("k", "k" * 128, "a key: 'with' ~signs~")] == [201] * 3

    @pytest.mark.parametrize(
        "raw",
        [
            b"\x00\x01\x02\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"POST /api/v1/orders HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            b"POST /api/v1/orders HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n123456",
            b"POST /api/v1/orders HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n",
            b"POST /api/v1/orders HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nBad\x00Name: x\r\n\r\n",
            b"GET /healthz HTTP/1.1\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
        ],
    )
    def test_answers_what_is_no_http_with_a_4xx_or_not_at_all(self, site: web.Site, raw: bytes) -> None:
        answer = site.send(raw, half_closed=True)

        assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 200")), answer[:300]
        assert b"Traceback" not in answer
