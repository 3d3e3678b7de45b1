"""Paying over HTTP, as customers, programs and providers meet it; the site runs, and so does Sandbox."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from evertill.kernel import config
from evertill.sandbox.delivery import sign
from tests import tables
from tests.balances import make_balance, token_of
from tests.builders import balance, make_product
from tests.contracts import web
from tests.contracts.tokens import issue
from tests.contracts.truth import Document
from tests.contracts.web import order, refusal
from tests.sandbox.provider import Provider

HOOK = "/api/v1/webhooks/sandbox"


@pytest.fixture(scope="module")
def paying_site(sandbox: Provider) -> Iterator[web.Site]:
    keys = sandbox.folder / "sandbox" / "sandbox-keys.json"
    with web.running(
        config.get().database_url,
        workers=2,
        sandbox_url=sandbox.url,
        sandbox_keys=str(keys),
        body_bytes_max="4096",
        provider_timeout_ms="60000",
    ) as site:
        yield site


@pytest.fixture
def client(paying_site: web.Site, committed_db: None) -> Iterator[httpx.Client]:
    with paying_site.client() as client:
        document = Document(client.get("/api/v1/schema/openapi.json").json())
    with paying_site.client(event_hooks={"response": [document.check]}) as client:
        yield client
    assert "Traceback" not in paying_site.log()


@pytest.fixture
def placed(client: httpx.Client) -> dict[str, Any]:
    make_product("TEA")
    return dict(order(client).json())


def pay(
    client: httpx.Client,
    placed: dict[str, Any],
    *,
    method: str = "sandbox.page",
    key: str = "pay-1",
    token: str = "",
    **body: Any,
) -> httpx.Response:
    headers = {"Idempotency-Key": key, "Authorization": f"Bearer {token or placed['access_token']}"}
    return client.post(f"/api/v1/orders/{placed['number']}/payments", json={"method": method, **body}, headers=headers)


def look(client: httpx.Client, placed: dict[str, Any], number: str) -> httpx.Response:
    return client.get(
        f"/api/v1/orders/{placed['number']}/payments/{number}", params={"access_token": placed["access_token"]}
    )


def taken(sandbox: Provider, number: str, *, card: str = "success") -> None:
    (told,) = sandbox.get("/v1/payments", reference=number)["payments"]
    assert sandbox.post(f"/v1/payments/{told['id']}/simulate", {"card": card}).status_code == 200


def hook(
    client: httpx.Client, sandbox: Provider, number: str, *, event: str = "evt_1", ago_s: int = 0, secret: str = ""
) -> httpx.Response:
    body = json.dumps({"id": event, "type": "payment.captured", "data": {"payment": {"reference": number}}})
    signature = sign(body, secret=secret or sandbox.webhook_secret, at=int(time.time()) - ago_s)
    headers = {"Sandbox-Signature": signature, "Content-Type": "application/json"}
    return client.post(HOOK, content=body, headers=headers)


class TestPaying:
    def test_leads_from_an_order_to_a_paid_one(
        self, client: httpx.Client, sandbox: Provider, placed: dict[str, Any]
    ) -> None:
        begun = pay(client, placed)
        assert begun.status_code == 201
        payment = begun.json()
        assert (payment["state"], payment["expected"]) == ("PENDING", {"amount": 500, "currency": "GBP"})
        assert payment["next"]["kind"] == "redirect"

        taken(sandbox, payment["number"])
        seen = look(client, placed, payment["number"]).json()

        assert (seen["state"], seen["ending"], seen["next"]) == ("CAPTURED", "MATCHED", None)
        shown = client.get(f"/api/v1/orders/{placed['number']}", params={"access_token": placed["access_token"]})
        assert shown.json()["state"] == "PAID"

    def test_is_one_payment_when_it_is_sent_again(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        first, again = pay(client, placed), pay(client, placed)

        assert again.json() == first.json()
        assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
        assert tables.count("payments_intent") == 1

    def test_refuses_other_methods_and_names_those_there_are(
        self, client: httpx.Client, placed: dict[str, Any]
    ) -> None:
        answer = pay(client, placed, method="gold")

        assert refusal(answer) == (422, "UNKNOWN_METHOD")
        assert answer.json()["methods"] == ["balance.instant", "sandbox.page", "sandbox.qr"]

    def test_refuses_the_same_key_for_another_method(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        pay(client, placed)

        assert refusal(pay(client, placed, method="sandbox.qr")) == (422, "IDEMPOTENCY_KEY_REUSED")

    def test_refuses_a_cancelled_order(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        client.post(f"/api/v1/orders/{placed['number']}/cancel", params={"access_token": placed["access_token"]})

        assert refusal(pay(client, placed)) == (409, "ORDER_NOT_PAYABLE")

    def test_opens_for_a_token_with_the_scope_only(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        tokens = [issue("reader", "orders:read"), issue("payer", "orders:pay")]

        answers = [pay(client, placed, token=secret) for secret in tokens]

        assert refusal(answers[0]) == (403, "SCOPE_MISSING")
        assert answers[1].status_code == 201

    def test_does_not_open_for_anybody_else(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        assert refusal(pay(client, placed, token="nobody")) == (404, "ORDER_NOT_FOUND")
        assert refusal(client.post(f"/api/v1/orders/{placed['number']}/payments")) == (400, "IDEMPOTENCY_KEY_MISSING")

    def test_knows_only_payments_of_the_order(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        other = order(client, key="key-2").json()
        number = pay(client, other).json()["number"]

        assert refusal(look(client, placed, number)) == (404, "PAYMENT_NOT_FOUND")
        assert refusal(look(client, placed, "nonsense")) == (404, "PAYMENT_NOT_FOUND")


class TestPayingFromABalance:
    def test_pays_at_once(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        token = token_of(make_balance(800))

        answer = pay(client, placed, method="balance.instant", balance_token=token)
        again = pay(client, placed, method="balance.instant", balance_token=token)

        assert (answer.status_code, again.status_code, again.json()) == (201, 201, answer.json())
        assert ("idempotency-replayed" in answer.headers, again.headers["idempotency-replayed"]) == (False, "true")
        told = answer.json()
        money = {"amount": 500, "currency": "GBP"}
        assert (told["state"], told["ending"], told["expected"], told["captured"], told["next"]) == (
            "CAPTURED", "MATCHED", money, money, None,
        )  # fmt: skip
        assert look(client, placed, told["number"]).json() == told
        shown = client.get(f"/api/v1/orders/{placed['number']}", params={"access_token": placed["access_token"]})
        assert shown.json()["state"] == "PAID"

    def test_refuses_what_cannot_pay(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        token = token_of(make_balance(499))

        def refused(**body: Any) -> tuple[int, str]:
            return refusal(pay(client, placed, method="balance.instant", **body))

        assert refused(balance_token=token) == (409, "BALANCE_TOO_LOW")
        assert refused() == (422, "BALANCE_UNKNOWN")
        assert refused(balance_token="evb_guessed") == (422, "BALANCE_UNKNOWN")
        assert refused(balance_token=7) == (422, "INVALID_FIELD")
        assert refused(balance_token=token, token="nobody") == (404, "ORDER_NOT_FOUND")
        assert tables.count("payments_intent") == 0

    def test_is_the_same_by_another_spelling_of_the_address(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        headers = {"Idempotency-Key": "k", "Authorization": f"Bearer {placed['access_token']}"}
        body = {"method": "balance.instant", "balance_token": token_of(make_balance(500))}

        answer = client.post(f"/api/v1/orders/{placed['number']}/payments/", json=body, headers=headers)

        assert (answer.status_code, answer.json()["state"]) == (201, "CAPTURED")

    def test_is_done_by_programs_too(self, client: httpx.Client, placed: dict[str, Any]) -> None:
        answer = pay(
            client, placed, method="balance.instant", balance_token=token_of(make_balance(500)),
            token=issue("payer", "orders:pay"),
        )  # fmt: skip

        assert (answer.status_code, answer.json()["state"]) == (201, "CAPTURED")


class TestWebhooks:
    def test_are_kept_and_handled(self, client: httpx.Client, sandbox: Provider, placed: dict[str, Any]) -> None:
        number = pay(client, placed).json()["number"]
        taken(sandbox, number)

        answers = [hook(client, sandbox, number) for _ in range(2)]

        assert [(answer.status_code, answer.json()) for answer in answers] == [
            (200, {"repeated": False}),
            (200, {"repeated": True}),
        ]

    def test_are_refused_when_forged_stale_foreign_or_too_large(
        self, client: httpx.Client, sandbox: Provider, placed: dict[str, Any]
    ) -> None:
        number = pay(client, placed).json()["number"]

        assert refusal(hook(client, sandbox, number, secret="guessed")) == (400, "WEBHOOK_FORGED")
        assert refusal(client.post(HOOK, content=b"{}")) == (400, "WEBHOOK_FORGED")
        assert refusal(hook(client, sandbox, number, ago_s=400)) == (400, "WEBHOOK_STALE")
        assert refusal(hook(client, sandbox, placed["number"])) == (400, "WEBHOOK_FOREIGN")
        assert refusal(hook(client, sandbox, number, event="e" * 5_000)) == (413, "BODY_TOO_LARGE")
        assert refusal(client.post("/api/v1/webhooks/nobody", content=b"{}")) == (404, "UNKNOWN_PROVIDER")
        assert tables.count("payments_event") == 0

    def test_are_no_proof_by_themselves(self, client: httpx.Client, sandbox: Provider, placed: dict[str, Any]) -> None:
        number = pay(client, placed).json()["number"]
        assert hook(client, sandbox, number).status_code == 200

        assert look(client, placed, number).json()["state"] == "PENDING"


def give_back(
    client: httpx.Client, placed: dict[str, Any], *, token: str, key: str = "back-1", **told: Any
) -> httpx.Response:
    headers = {"Idempotency-Key": key, "Authorization": f"Bearer {token}"}
    body = {"reason": "broken", **told}
    return client.post(f"/api/v1/orders/{placed['number']}/refunds", json=body, headers=headers)


def refunds_of(client: httpx.Client, placed: dict[str, Any], token: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/orders/{placed['number']}/refunds", headers={"Authorization": f"Bearer {token}"})
    return list(answer.json()["refunds"])


@pytest.fixture
def bought(client: httpx.Client, sandbox: Provider, placed: dict[str, Any]) -> dict[str, Any]:
    """A paid order of two TEA at 2.50."""
    payment = pay(client, placed).json()
    taken(sandbox, payment["number"])
    assert look(client, placed, payment["number"]).json()["state"] == "CAPTURED"
    return {**placed, "payment": payment["number"]}


class TestRefunds:
    def test_give_back_a_line_and_show_it(self, client: httpx.Client, bought: dict[str, Any]) -> None:
        token = issue("returns", "orders:refund", "orders:read")
        lines = [{"sku": "TEA", "quantity": 1}]

        answer = give_back(client, bought, token=token, lines=lines, restock=True)

        made = answer.json()
        assert answer.status_code == 201
        assert made == {
            "number": made["number"],
            "order": bought["number"],
            "payment": bought["payment"],
            "kind": "SALE",
            "state": "SUCCEEDED",
            "amount": {"amount": 250, "currency": "GBP"},
            "lines": [{"sku": "TEA", "quantity": 1, "unit_price": 250}],
            "restock": True,
            "reason": "broken",
        }
        assert refunds_of(client, bought, token) == [made]
        # What the shop wrote for its books is not for its customer.
        assert refunds_of(client, bought, bought["access_token"]) == [{**made, "reason": ""}]
        assert balance("TEA") == (9, 0)

    def test_are_one_when_they_are_sent_again(self, client: httpx.Client, bought: dict[str, Any]) -> None:
        token = issue("returns", "orders:refund")

        first, again = (give_back(client, bought, token=token, amount=100) for _ in range(2))

        assert again.json() == first.json()
        assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
        assert refusal(give_back(client, bought, token=token, amount=99)) == (422, "IDEMPOTENCY_KEY_REUSED")

    def test_of_the_whole_end_the_order(self, client: httpx.Client, bought: dict[str, Any]) -> None:
        token = issue("returns", "orders:refund")

        assert give_back(client, bought, token=token).json()["amount"]["amount"] == 500
        shown = client.get(f"/api/v1/orders/{bought['number']}", params={"access_token": bought["access_token"]})
        assert shown.json()["state"] == "REFUNDED"

    def test_are_not_for_customers_nor_for_other_programs(self, client: httpx.Client, bought: dict[str, Any]) -> None:
        path = f"/api/v1/orders/{bought['number']}/refunds"
        bare = client.post(path, json={"reason": "mine"}, headers={"Idempotency-Key": "k"})

        assert refusal(bare) == (401, "UNAUTHENTICATED")
        for token in (bought["access_token"], "nobody", issue("payer", "orders:pay", "orders:read")):
            assert refusal(give_back(client, bought, token=token)) == (403, "SCOPE_MISSING")
        assert tables.count("payments_refund") == 0

    def test_are_refused_for_reasons_that_are_told(self, client: httpx.Client, bought: dict[str, Any]) -> None:
        token = issue("returns", "orders:refund")
        tea = {"sku": "TEA", "quantity": 1}
        refused: list[tuple[dict[str, Any], tuple[int, str]]] = [
            ({"amount": 501}, (409, "REFUND_TOO_MUCH")),
            ({"lines": [{**tea, "quantity": 3}]}, (409, "TOO_MANY_PIECES")),
            ({"lines": [{**tea, "sku": "JAM"}]}, (422, "UNKNOWN_LINE")),
            ({"lines": [tea], "amount": 1}, (422, "REFUND_UNCLEAR")),
            ({"lines": []}, (422, "INVALID_FIELD")),
            ({"lines": [{**tea, "quantity": 0}]}, (422, "INVALID_FIELD")),
            ({"amount": 0}, (422, "INVALID_FIELD")),
            ({"reason": ""}, (422, "INVALID_FIELD")),
            ({"reason": "no\0thing"}, (422, "INVALID_FIELD")),
            ({"lines": [{**tea, "sku": "J\0M"}]}, (422, "INVALID_FIELD")),
            ({"whole": True}, (422, "INVALID_FIELD")),
        ]

        answers = [refusal(give_back(client, bought, token=token, **told)) for told, _ in refused]

        assert answers == [why for _, why in refused]
        unpaid = order(client, key="key-2").json()
        assert refusal(give_back(client, unpaid, token=token)) == (409, "ORDER_NOT_PAID")
        assert tables.count("payments_refund") == 0
