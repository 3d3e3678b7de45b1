"""What nobody should send: it is refused in plain words, changes nothing, and shows nothing of the inside."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest

from tests.sandbox.provider import Provider, wanted


class TestCallers:
    @pytest.mark.parametrize("given", ["", "Bearer", "Bearer sk_sandbox_guess", "Basic x", "Bearer \xff"])
    def test_without_the_key_get_nothing(self, provider: Provider, given: str) -> None:
        headers = {b"Authorization": given.encode("latin-1")}

        answer = httpx.get(f"{provider.url}/v1/ledger", headers=headers, trust_env=False, timeout=60)

        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
        assert provider.client.headers["authorization"][7:] not in answer.text


class TestBodies:
    @pytest.mark.parametrize(
        "change",
        [
            {"amount": 0},
            {"amount": -5},
            {"amount": 10**16},
            {"amount": 15.3},
            {"amount": "1530"},
            {"amount": True},
            {"currency": "gbp"},
            {"currency": "GBPX"},
            {"reference": ""},
            {"reference": "x" * 65},
            {"description": "x" * 201},
            {"method": "cash"},
            {"return_url": "javascript:alert(1)"},
            {"return_url": "http://shop/\r\nSet-Cookie: a=b"},
            {"return_url": "http://shop/;script-src *"},
            {"return_url": "http://" + "x" * 2000},
            {"metadata": {str(n): "x" for n in range(21)}},
            {"metadata": {"card": "x" * 201}},
            {"amuont": 5},
        ],
    )
    def test_out_of_range_are_refused(self, provider: Provider, change: dict[str, object]) -> None:
        answer = provider.post("/v1/payments", wanted() | change)

        assert answer.status_code in {400, 422}, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) == {"type", "status", "code", "detail", "kept", "remedy"}

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"amount":1e999}', b"[" * 60_000, b'"' + b"\\ud800" * 9 + b'"'],
    )
    def test_that_are_no_payment_are_refused(self, provider: Provider, body: bytes) -> None:
        answer = provider.client.post("/v1/payments", content=body)

        assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED")
        assert "Traceback" not in answer.text

    def test_too_large_are_refused_without_being_read(self, provider: Provider) -> None:
        answer = provider.client.post("/v1/payments", content=b"x" * 70_000)

        assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")

    def test_of_unknown_length_are_refused_at_the_limit(self, provider: Provider) -> None:
        answer = provider.client.post("/v1/payments", content=(b"x" * 1000 for _ in range(70)))

        assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")

    def test_with_a_key_too_long_are_refused(self, provider: Provider) -> None:
        answer = provider.post("/v1/payments", wanted(), Idempotency_Key="x" * 256)

        assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED")


class TestAddresses:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/v1/payments/' or 1=1 --"),
            ("GET", "/v1/payments/pay_x"),
            ("DELETE", "/v1/payments"),
            ("GET", "/v1/"),
            ("GET", "/v1/payments/a/b/c/d"),
            ("POST", "/v1/payments//capture"),
            ("GET", "/v1/refunds/%00"),
            ("GET", "/v1/disputes/x"),
        ],
    )
    def test_that_lead_nowhere_are_not_found(self, provider: Provider, method: str, path: str) -> None:
        answer = provider.client.request(method, path)

        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")

    @pytest.mark.parametrize("cursor", ["-1", "x", "9" * 30, "١"])
    def test_with_a_cursor_of_nobody_are_refused(self, provider: Provider, cursor: str) -> None:
        answer = provider.client.get("/v1/bill", params={"date": "2026-01-01", "cursor": cursor})

        assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED")

    def test_with_many_fields_are_refused(self, provider: Provider) -> None:
        answer = provider.client.get("/v1/payments?" + "&".join(f"a{n}=1" for n in range(30)))

        assert answer.status_code == 400


def test_no_http_at_all_is_survived(provider: Provider) -> None:
    parts = urlsplit(provider.url)
    for noise in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/9.9\r\n\r\n", b"A" * 70_000 + b"\r\n\r\n", b""):
        with (
            socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=60) as plug,
            # It may hang up before it has heard all of it.
            suppress(ConnectionError),
        ):
            plug.sendall(noise)

    assert provider.paid()["status"] == "CAPTURED"


def test_no_card_number_is_ever_kept(provider: Provider) -> None:
    number = "4000000000009995"
    begun = provider.pay()
    card = {"number": number, "expiry": "12/34", "cvc": "987"}
    httpx.post(f"{provider.url}/pay/{begun['id']}", data=card, trust_env=False, timeout=60)

    kept = b"".join(path.read_bytes() for path in (provider.folder / "sandbox").iterdir())

    assert begun["id"].encode() in kept
    assert number.encode() not in kept
    assert number not in json.dumps(provider.payment(begun["id"]))
