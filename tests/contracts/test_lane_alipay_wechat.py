"""Alipay and WeChat Pay over HTTP, from order to refund: the site runs, and so do their signing twins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from evertill.kernel import config
from evertill.outside.connect import connect
from tests import tables
from tests.builders import make_product
from tests.contracts import web
from tests.contracts.tokens import issue
from tests.contracts.web import order, refusal
from tests.outside.intents import plain
from tests.paying import are_books_sound
from tests.twins import alipay, serving, wechat
from tests.twins.serving import Twin

FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("keys")
    for name in ("app", "alipay", "merchant", "wechat"):
        serving.make_key(made / name)
    (made / "apiv3-key.txt").write_text(wechat.API_KEY, encoding="ascii")
    return made


@pytest.fixture(scope="module")
def twins(folder: Path) -> Iterator[dict[str, Twin]]:
    with (
        serving.running("tests.twins.alipay", folder) as at_alipay,
        serving.running("tests.twins.wechat", folder) as at_wechat,
    ):
        yield {"alipay": at_alipay, "wechat": at_wechat}


@pytest.fixture(scope="module")
def settings(folder: Path, twins: dict[str, Twin]) -> dict[str, str]:
    return {
        "data": str(folder),
        "proxies": "127.0.0.1",
        "alipay_app_id": alipay.APP,
        "alipay_seller_id": alipay.SELLER,
        "alipay_private_key": "app-private.pem",
        "alipay_public_key": "alipay-public.pem",
        "alipay_url": f"{twins['alipay'].url}/gateway.do",
        "wechat_merchant_id": wechat.MERCHANT,
        "wechat_app_id": wechat.APP,
        "wechat_merchant_serial": wechat.SERIAL,
        "wechat_private_key": "merchant-private.pem",
        "wechat_api_key": "apiv3-key.txt",
        "wechat_platform_keys": "wechat-public.pem",
        "wechat_public_key_id": wechat.PUBLIC_KEY_ID,
        "wechat_url": twins["wechat"].url,
    }


@pytest.fixture(scope="module")
def china_site(settings: dict[str, str]) -> Iterator[web.Site]:
    with web.running(config.get().database_url, workers=1, **settings) as site:
        yield site


@pytest.fixture
def client(china_site: web.Site, committed_db: None) -> Iterator[httpx.Client]:
    make_product("TEA", prices={"CNY": 250})
    with china_site.client() as client:
        yield client
    assert "Traceback" not in china_site.log()
    assert are_books_sound()


def pay(client: httpx.Client, placed: dict[str, Any], method: str) -> httpx.Response:
    headers = {"Idempotency-Key": method, "Authorization": f"Bearer {placed['access_token']}"}
    return client.post(f"/api/v1/orders/{placed['number']}/payments", json={"method": method}, headers=headers)


def look(client: httpx.Client, placed: dict[str, Any], number: str) -> dict[str, Any]:
    where = f"/api/v1/orders/{placed['number']}/payments/{number}"
    return dict(client.get(where, params={"access_token": placed["access_token"]}).json())


def state(client: httpx.Client, placed: dict[str, Any]) -> str:
    shown = client.get(f"/api/v1/orders/{placed['number']}", params={"access_token": placed["access_token"]})
    return str(shown.json()["state"])


def taken(twin: Twin, method: str, begun: dict[str, Any]) -> None:
    """The customer does what he is told, and pays."""
    if method == "alipay.page":
        assert twin.client.get(begun["next"]["value"]).status_code == 200
    if method == "alipay.qr":
        twin.post("scan", number=plain(begun["number"]))
    twin.pay(begun["number"])


def tell(client: httpx.Client, twin: Twin, provider: str, number: str, *, spoil: bool = False) -> httpx.Response:
    """The provider tells the shop."""
    told = twin.post("notify", number=plain(number))
    headers, body = ({"Content-Type": FORM}, told) if provider == "alipay" else (told["headers"], told["body"])
    content = body.replace(plain(number), plain(number)[::-1]) if spoil else body
    return client.post(f"/api/v1/webhooks/{provider}", content=content.encode(), headers=headers)


class TestPaying:
    @pytest.mark.parametrize("method", ["alipay.page", "alipay.qr", "wechat.page", "wechat.qr"])
    def test_leads_from_an_order_to_a_paid_one(self, client: httpx.Client, twins: dict[str, Twin], method: str) -> None:
        placed = order(client, currency="CNY").json()
        begun = pay(client, placed, method)
        assert (begun.status_code, begun.json()["state"]) == (201, "PENDING")
        provider, _, way = method.partition(".")
        assert begun.json()["next"]["kind"] == {"page": "redirect", "qr": "qr"}[way]

        taken(twins[provider], method, begun.json())
        seen = look(client, placed, begun.json()["number"])

        assert (seen["state"], seen["ending"]) == ("CAPTURED", "MATCHED")
        assert seen["captured"] == {"amount": 500, "currency": "CNY"}
        assert state(client, placed) == "PAID"

    @pytest.mark.parametrize("method", ["alipay.qr", "wechat.qr"])
    def test_whose_beginning_was_not_heard_of_begins_again_under_its_key(
        self, client: httpx.Client, twins: dict[str, Twin], method: str
    ) -> None:
        placed = order(client, currency="CNY").json()
        twin = twins[method.partition(".")[0]]
        twin.faults("silent_after")
        assert refusal(pay(client, placed, method)) == (503, "PROVIDER_UNAVAILABLE")
        twin.faults()

        begun = pay(client, placed, method).json()

        assert (begun["state"], begun["next"]["kind"]) == ("PENDING", "qr")
        assert tables.count("payments_intent") == 1
        taken(twin, method, begun)
        assert look(client, placed, begun["number"])["ending"] == "MATCHED"

    def test_in_another_currency_fails_before_anybody_is_asked(
        self, client: httpx.Client, twins: dict[str, Twin]
    ) -> None:
        make_product("MUG", prices={"GBP": 250})
        lines = [{"sku": "MUG", "quantity": 1}]
        placed = order(client, lines=lines).json()
        twins["wechat"].calls()

        begun = pay(client, placed, "wechat.qr").json()

        assert (begun["state"], begun["reason"]) == ("FAILED", "WeChat Pay takes CNY only.")
        assert twins["wechat"].calls() == []
        assert state(client, placed) == "PLACED"


class TestAddress:
    @pytest.mark.parametrize(
        ("headers", "told"), [({}, "127.0.0.1"), ({"X-Forwarded-For": "203.0.113.9"}, "203.0.113.9")]
    )
    def test_of_the_customer_is_told_as_the_shops_proxy_says(
        self, client: httpx.Client, twins: dict[str, Twin], headers: dict[str, str], told: str
    ) -> None:
        placed = order(client, currency="CNY").json()

        client.headers.update(headers)
        begun = pay(client, placed, "wechat.page").json()

        assert twins["wechat"].post("address", number=plain(begun["number"])) == told


class TestRefunds:
    @pytest.mark.parametrize("method", ["alipay.qr", "wechat.qr"])
    def test_go_back_in_parts_and_no_further(self, client: httpx.Client, twins: dict[str, Twin], method: str) -> None:
        provider = method.partition(".")[0]
        placed = order(client, currency="CNY").json()
        number = pay(client, placed, method).json()["number"]
        taken(twins[provider], method, {"number": number})
        look(client, placed, number)
        token = issue("till", "orders:refund")

        answers = [give_back(client, placed, amount, token=token) for amount in (200, 300, 1)]

        assert [answer.status_code for answer in answers] == [201, 201, 409]
        assert [answer.json()["state"] for answer in answers[:2]] == ["SUCCEEDED", "SUCCEEDED"]
        assert given_back(twins[provider], provider, number) == [200, 300]
        assert state(client, placed) == "REFUNDED"


def give_back(client: httpx.Client, placed: dict[str, Any], amount: int, *, token: str) -> httpx.Response:
    headers = {"Idempotency-Key": f"back-{amount}", "Authorization": f"Bearer {token}"}
    body = {"amount": amount, "reason": "broken"}
    return client.post(f"/api/v1/orders/{placed['number']}/refunds", json=body, headers=headers)


def given_back(twin: Twin, provider: str, number: str) -> list[int]:
    if provider == "wechat":
        return [made["amount"]["refund"] for made in twin.post("refunds", number=plain(number))]
    trade = twin.trade(number)
    assert trade is not None
    return [int(amount.replace(".", "")) for amount in trade["refunds"].values()]


class TestWebhooks:
    @pytest.mark.parametrize(
        ("method", "answer"),
        [("alipay.qr", ("text/plain", b"success")), ("wechat.qr", ("application/json", b'{"repeated":false}'))],
    )
    def test_are_answered_as_their_provider_wants(
        self, client: httpx.Client, twins: dict[str, Twin], method: str, answer: tuple[str, bytes]
    ) -> None:
        provider = method.partition(".")[0]
        placed = order(client, currency="CNY").json()
        number = pay(client, placed, method).json()["number"]
        taken(twins[provider], method, {"number": number})

        kept = tell(client, twins[provider], provider, number)

        assert kept.status_code == 200
        assert (kept.headers["content-type"].partition(";")[0], kept.content) == answer
        assert tables.count("payments_event") == 1

    @pytest.mark.parametrize("method", ["alipay.qr", "wechat.qr"])
    def test_that_are_forged_are_not_answered_with_success(
        self, client: httpx.Client, twins: dict[str, Twin], method: str
    ) -> None:
        provider = method.partition(".")[0]
        placed = order(client, currency="CNY").json()
        number = pay(client, placed, method).json()["number"]
        taken(twins[provider], method, {"number": number})

        # WeChat Pay's number is in the cipher: there the whole body is another one than was signed.
        answer = tell(client, twins[provider], provider, number, spoil=provider == "alipay")
        if provider == "wechat":
            told = twins[provider].post("notify", number=plain(number))
            answer = client.post(
                "/api/v1/webhooks/wechat", content=told["body"].replace("EV-1", "EV-9"), headers=told["headers"]
            )

        assert refusal(answer) == (400, "WEBHOOK_FORGED")
        assert answer.content.strip() != b"success"

    def test_of_other_types_are_refused(self, client: httpx.Client) -> None:
        headers = {"Content-Type": "text/xml"}

        assert refusal(client.post("/api/v1/webhooks/alipay", content=b"<a/>", headers=headers)) == (
            415,
            "WRONG_MEDIA_TYPE",
        )
        # Elsewhere a form is as foreign as it was.
        answer = client.post("/api/v1/orders", content=b"a=1", headers={"Content-Type": FORM, "Idempotency-Key": "k"})
        assert refusal(answer) == (415, "WRONG_MEDIA_TYPE")


class TestSecrets:
    def test_never_reach_the_log(
        self, client: httpx.Client, china_site: web.Site, twins: dict[str, Twin], folder: Path
    ) -> None:
        placed = order(client, currency="CNY").json()
        for provider in ("alipay", "wechat"):
            twins[provider].faults("bad_signature")
            assert refusal(pay(client, placed, f"{provider}.qr")) == (503, "PROVIDER_UNAVAILABLE")
            twins[provider].faults()

        said = china_site.log()

        assert "is not signed by it" in said
        assert wechat.API_KEY not in said
        for name in ("app", "merchant"):
            key = (folder / f"{name}-private.pem").read_text(encoding="ascii").splitlines()
            assert not any(line in said for line in key[1:-1])
        assert "WECHATPAY2" not in said
        assert "sign=" not in said


class TestStart:
    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"alipay_private_key": "no-such.pem"}, "no-such.pem cannot be read: No such file or directory."),
            ({"alipay_public_key": "apiv3-key.txt"}, "apiv3-key.txt is no public key."),
            ({"alipay_seller_id": ""}, "EVERTILL_ALIPAY_SELLER_ID is not set."),
            ({"wechat_api_key": "app-public.pem"}, "app-public.pem holds no APIv3 key"),
            ({"wechat_public_key_id": ""}, "EVERTILL_WECHAT_PUBLIC_KEY_ID is not set"),
            ({"wechat_merchant_serial": ""}, "EVERTILL_WECHAT_MERCHANT_SERIAL is not set."),
        ],
    )
    def test_goes_on_without_what_is_not_set_up(
        self,
        settings: dict[str, str],
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        change: dict[str, str],
        why: str,
    ) -> None:
        broken = next(iter(change)).partition("_")[0]

        methods = connected(settings | change, monkeypatch)

        assert [name for name in methods if name.startswith(broken)] == []
        assert len(methods) == 2
        said = capsys.readouterr()
        assert why in said.out + said.err

    def test_has_every_method_when_all_is_set_up(
        self, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert connected(settings, monkeypatch) == ["alipay.page", "alipay.qr", "wechat.page", "wechat.qr"]


def connected(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods through Alipay and WeChat Pay of a process that starts with these settings."""
    from evertill.domains import messages, payments, recovery

    url = config.get().database_url
    loaded = config.load(
        {
            "EVERTILL_DATABASE_URL": url,
            "EVERTILL_SECRET": "x" * 64,
            **{f"EVERTILL_{name.upper()}": value for name, value in settings.items()},
        }
    )
    monkeypatch.setattr(config, "get", lambda: loaded)
    try:
        connect()
        return [name for name in payments.methods() if name.startswith(("alipay.", "wechat."))]
    finally:
        payments.register()
        messages.register({})
        recovery.register(None)
