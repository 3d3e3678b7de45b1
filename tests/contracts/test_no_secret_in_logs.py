"""No secret, card number or token ever reaches a log, whatever happens and however much is logged."""

from __future__ import annotations

import base64
import http.client
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import psycopg
import pytest

from evertill.kernel import embedded
from evertill.kernel.embedded.place import home_of
from evertill.sandbox.delivery import sign
from tests.kernel.waiting import open_folder, until
from tests.server import SECRET
from tests.shop import READY_SECONDS, Shop, shop_in

# Valid by their check digit, and no test card's: what a real customer might type in the wrong place.
_REAL_CARD = "4539578763621486"
_TEST_CARD = "4242424242424242"
_KEYS = ("idempotency-of-an-order-6f1c", "idempotency-of-a-payment-91aa")
_EMAIL = "ada.lovelace@example.org"
# Of so many signs some are in a row now and then that could be a card's.
_HASH = re.compile(r"\b[0-9a-f]{64}\b")
_DIGITS = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)")


@dataclass(slots=True, kw_only=True)
class Scene:
    """A shop that logs all it can, a client of it, and every secret that was used so far."""

    shop: Shop
    client: httpx.Client
    secrets: dict[str, str]
    placed: dict[str, Any]

    def pay(self, **headers: str) -> httpx.Response:
        path = f"/api/v1/orders/{self.placed['number']}/payments"
        return self.client.post(path, json={"method": "sandbox.page"}, headers=headers)

    def hook(self, body: str, *, secret: str, ago_s: int = 0) -> httpx.Response:
        signature = sign(body, secret=secret, at=int(time.time()) - ago_s)
        headers = {"Sandbox-Signature": signature, "Content-Type": "application/json"}
        return self.client.post("/api/v1/webhooks/sandbox", content=body, headers=headers)


@pytest.fixture
def scene() -> Iterator[Scene]:
    settings = {"log_level": "debug", "provider_timeout_ms": "20000", "follow_every_s": "1"}
    with open_folder() as folder, shop_in(folder / "data", sandbox=True, settings=settings) as shop:
        shop.workers = 1
        shop.start()
        shop.stock_up([("TEA", 100)])
        keys_file = shop.folder / "sandbox" / "sandbox-keys.json"
        until(keys_file.exists)
        keys = json.loads(keys_file.read_text(encoding="utf-8"))
        token = shop.run("token", "issue", "till", "--scope", "orders:read", "--scope", "orders:pay").stdout
        with httpx.Client(base_url=shop.url, trust_env=False, timeout=60) as client:
            body = {"lines": [{"sku": "TEA", "quantity": 1}], "currency": "GBP", "contact": {"email": _EMAIL}}
            answer = client.post("/api/v1/orders", json=body, headers={"Idempotency-Key": _KEYS[0]})
            assert answer.status_code == 201, answer.text
            secrets = {
                "the shop's secret": SECRET,
                "the database's password": urlsplit(shop.database_url).password or "",
                "the superuser's password": urlsplit(embedded.superuser_url(shop.folder)).password or "",
                "Sandbox's key": keys["secret_key"],
                "Sandbox's webhook secret": keys["webhook_secret"],
                "an API token": token.strip(),
                "an access token": answer.json()["access_token"],
                "the key of an order": _KEYS[0],
                "the key of a payment": _KEYS[1],
                "a real card": _REAL_CARD,
                "a test card": _TEST_CARD,
                "a customer's address": _EMAIL,
            }
            assert all(secrets.values())
            yield Scene(shop=shop, client=client, secrets=secrets, placed=answer.json())


class TestLogs:
    def test_never_tell_a_secret(self, scene: Scene) -> None:
        began = trade(scene)
        misuse(scene, began)
        break_things(scene)
        scene.shop.stop()

        said = logs_of(scene.shop)

        # Each process was heard: otherwise this would show nothing.
        text = "\n".join(said.values())
        assert {"web", "jobs"} <= set(re.findall(r'"process": "([a-z]+)"', text)), text[:2000]
        assert any("postgres" in name for name in said), sorted(said)
        told = [
            f"{name}: {line[:300]}"
            for content in said.values()
            for name, secret in scene.secrets.items()
            for line in lines_with(secret, content)
        ]
        assert not told, "\n".join(told)
        assert [found for content in said.values() for found in card_numbers(content)] == []


def trade(scene: Scene) -> dict[str, Any]:
    """Pay, look, be told, and refund: what happens every day."""
    bearer = {"Authorization": f"Bearer {scene.placed['access_token']}"}
    begun = scene.pay(Idempotency_Key="x", **bearer)
    assert begun.status_code == 400, begun.text
    begun = scene.pay(**{"Idempotency-Key": _KEYS[1]}, **bearer)
    assert begun.status_code == 201, begun.text
    page = begun.json()["next"]["value"]
    with httpx.Client(trust_env=False, timeout=60) as browser:
        for number in (_REAL_CARD, _TEST_CARD):
            browser.post(page, data={"number": number, "expiry": "12/34", "cvc": "123"})
    number = begun.json()["number"]
    path = f"/api/v1/orders/{scene.placed['number']}/payments/{number}"
    until(lambda: scene.client.get(path, params={"access_token": scene.placed["access_token"]}).json()["captured"])
    notice = json.dumps({"id": "evt_1", "type": "payment.captured", "data": {"payment": {"reference": number}}})
    secret = scene.secrets["Sandbox's webhook secret"]
    assert scene.hook(notice, secret=secret).status_code == 200
    assert scene.hook(notice, secret=secret, ago_s=400).status_code == 400
    assert scene.hook(notice, secret="guessed").status_code == 400
    refunded = scene.shop.run("orders", "refund", scene.placed["number"], "--amount", "10")
    assert "SUCCEEDED" in refunded.stdout, refunded
    for secret in scene.secrets.values():
        assert secret not in refunded.stdout + refunded.stderr
    return dict(begun.json())


def misuse(scene: Scene, begun: dict[str, Any]) -> None:
    """Put secrets where they do not belong: into addresses, bodies and headers that are refused."""
    token = scene.secrets["an API token"]
    for secret in scene.secrets.values():
        named = quote(secret, safe="")
        for path in (f"/api/v1/orders/{named}", f"/api/v1/{named}", f"/{named}", f"/?q={named}", f"/products/{named}"):
            scene.client.get(path)
        scene.client.get(f"/api/v1/orders/{scene.placed['number']}", params={"access_token": secret})
        scene.client.post(f"/api/v1/webhooks/{named}", content=b"{}")
        scene.pay(**{"Idempotency-Key": secret, "Authorization": f"Bearer {secret}"})
        scene.client.post(
            "/api/v1/orders", content=f'{{"number": "{secret}"'.encode(), headers={"Idempotency-Key": "k"}
        )
        body = {"lines": [{"sku": secret[:64], "quantity": 1}], "currency": "GBP", "contact": {"email": _EMAIL}}
        scene.client.post("/api/v1/orders", json=body, headers={"Idempotency-Key": secret})
    scene.client.get("/", headers={"Host": _REAL_CARD, "Cookie": f"sessionid={token}"})
    connection = http.client.HTTPConnection("127.0.0.1", scene.shop.port, timeout=60)
    connection.request("GET", "/", headers={"Host": token, "Authorization": f"Bearer {token}"})
    connection.getresponse().read()
    connection.close()
    assert begun["state"] == "PENDING"


def break_things(scene: Scene) -> None:
    """Take the provider away, then the database, in the middle of paying."""
    body = {"lines": [{"sku": "TEA", "quantity": 1}], "currency": "GBP", "contact": {"email": _EMAIL}}
    placed = scene.client.post("/api/v1/orders", json=body, headers={"Idempotency-Key": "again"}).json()
    scene.secrets["another access token"] = placed["access_token"]
    bearer = {"Authorization": f"Bearer {placed['access_token']}"}
    path = f"/api/v1/orders/{placed['number']}/payments"
    for child in ("sandbox", "postgresql", "backend"):
        # Whom it chose may end by itself in that moment.
        until(partial(scene.shop.kill_child, child))
        for attempt in range(5):
            named = {"Idempotency-Key": f"{_KEYS[1]}-{child}-{attempt}"}
            scene.client.post(path, json={"method": "sandbox.page"}, headers=bearer | named)
            scene.client.get("/")
        until(scene.shop.is_ready, seconds=READY_SECONDS)
    # A bug, as it were: a table is gone, and with it goes what nobody foresaw.
    key = {"Idempotency-Key": _KEYS[1]}
    with psycopg.connect(scene.shop.database_url, autocommit=True) as database:
        # Threads whose connection broke are told so once, and take a new one.
        database.execute("alter table payments_intent rename to payments_gone")
        pay = partial(scene.client.post, path, json={"method": "sandbox.page"}, headers=bearer | key)
        until(lambda: pay().status_code == 500)
        database.execute("alter table payments_gone rename to payments_intent")
        database.execute("alter table orders_line rename to orders_gone")
        order = partial(scene.client.post, "/api/v1/orders", json=body, headers={"Idempotency-Key": _KEYS[1]})
        until(lambda: order().status_code == 500)
        database.execute("alter table orders_gone rename to orders_line")


def logs_of(shop: Shop) -> dict[str, str]:
    """Everything that any process has written for people to read."""
    files = [shop.log, *shop.folder.rglob("*.log"), *(shop.folder.rglob("log/*")), *shop.folder.rglob("*.out")]
    home = home_of(shop.folder)
    files += [*home.rglob("*.log"), *home.rglob("log/*")]
    return {str(file): file.read_text(encoding="utf-8", errors="replace") for file in set(files) if file.is_file()}


def lines_with(secret: str, content: str) -> list[str]:
    """The first lines that tell a secret in any form."""
    forms = forms_of(secret)
    if not any(form in content for form in forms):
        return []
    return [line for line in content.splitlines() if any(form in line for form in forms)][:3]


def forms_of(secret: str) -> set[str]:
    """A secret as it is, and as programs are apt to write it."""
    raw = secret.encode()
    forms = {secret, quote(secret, safe=""), raw.hex(), base64.b64encode(raw).decode().rstrip("=")}
    forms.add(base64.urlsafe_b64encode(raw).decode().rstrip("="))
    if secret == SECRET:
        decoded = base64.urlsafe_b64decode(secret)
        forms |= {decoded.hex(), base64.b64encode(decoded).decode().rstrip("=")}
    return forms


def card_numbers(text: str) -> list[str]:
    """Everything that could be a card's number: 13 to 19 digits with a right check digit, spaces and hyphens aside."""
    return [found for found in _DIGITS.findall(_HASH.sub("", text)) if _is_card(re.sub(r"\D", "", found))]


def _is_card(digits: str) -> bool:
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


class TestWhatIsLookedFor:
    @pytest.mark.parametrize("number", [_REAL_CARD, _TEST_CARD, "4242 4242 4242 4242", "4539-5787-6362-1486"])
    def test_is_found_when_it_is_there(self, number: str) -> None:
        assert card_numbers(f"told: {number}.") == [number]

    @pytest.mark.parametrize(
        "text", ["4242424242424241", "424242424242", "12345678901234567890123", f"{_TEST_CARD:a>40}{'b':c<24}"]
    )
    def test_is_not_found_where_it_is_not(self, text: str) -> None:
        assert card_numbers(text) == []
