"""What a customer sees who comes back from a payment page, whatever became of his payment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests import tables
from tests.builders import make_product
from tests.contracts import web
from tests.contracts.test_lane_payments import pay
from tests.contracts.web import order
from tests.pages.conftest import paid_by
from tests.pages.test_buying import come_back
from tests.pages.test_shop import CHINESE, ENGLISH, words
from tests.sandbox.provider import Provider


@pytest.fixture
def client(paying_site: web.Site, committed_db: None) -> Iterator[httpx.Client]:
    with paying_site.client(headers=ENGLISH) as client:
        yield client
    assert "Traceback" not in paying_site.log()


@pytest.fixture
def payment(client: httpx.Client) -> dict[str, Any]:
    make_product("TEA")
    return dict(pay(client, order(client).json()).json())


def take(client: httpx.Client, payment: dict[str, Any], *, card: str) -> str:
    """Fill in the page; the address that it sends the customer back to, on this shop."""
    form = {"number": card, "expiry": "12/34", "cvc": "123"}
    back = client.post(payment["next"]["value"], data=form).headers["location"]
    return str(httpx.URL(back).raw_path.decode())


class TestReturning:
    def test_tells_that_the_order_is_paid(self, client: httpx.Client, payment: dict[str, Any]) -> None:
        back = take(client, payment, card="4242424242424242")
        assert back.startswith(f"/pay/return?payment={payment['number']}&payment=pay_")

        page = come_back(client, back)

        assert page.status_code == 200
        assert "Paid. Thank you! Your payment has arrived and your order is paid." in words(page)
        assert "refresh" not in page.text
        assert (page.headers["cache-control"], page.headers["x-robots-tag"]) == ("no-store", "noindex")

    def test_tells_it_in_chinese(self, client: httpx.Client, payment: dict[str, Any]) -> None:
        page = come_back(client, take(client, payment, card="4242424242424242"), headers=CHINESE)

        assert "付款成功，谢谢！ 款项已收到，您的订单已付清。" in words(page)

    def test_tells_what_to_do_when_it_failed(self, client: httpx.Client, payment: dict[str, Any]) -> None:
        page = come_back(client, take(client, payment, card="4000000000000002"))

        assert "This payment was not made Nothing was taken. Begin a new payment" in words(page)

    def test_tells_that_money_goes_back(self, client: httpx.Client, payment: dict[str, Any]) -> None:
        page = come_back(client, take(client, payment, card="4000000000103004"))

        assert "Your money is on its way back" in words(page)

    def test_waits_and_looks_again_by_itself(self, client: httpx.Client, payment: dict[str, Any]) -> None:
        page = client.get(f"/pay/return?payment={payment['number']}")

        assert "Waiting for your payment" in words(page)
        address = f"/pay/return?payment={payment['number']}&amp;looks=1"
        assert f'<meta http-equiv="refresh" content="3;url={address}">' in page.text

    @pytest.mark.parametrize(("looks", "told"), [("24", "Waiting for your payment"), ("25", "longer than usual")])
    def test_looks_no_more_after_a_while(
        self, client: httpx.Client, payment: dict[str, Any], looks: str, told: str
    ) -> None:
        page = client.get(f"/pay/return?payment={payment['number']}&looks={looks}")

        assert told in words(page)
        assert ("refresh" in page.text) is (looks == "24")

    def test_shows_nothing_of_the_order(self, client: httpx.Client, payment: dict[str, Any]) -> None:
        for card in ("", "4242424242424242"):
            path = f"/pay/return?payment={payment['number']}"
            page = client.get(take(client, payment, card=card) if card else path)

            assert payment["number"] in page.text
            # Names of files have digests in them, a nonce is anything, and so is the payment's own number.
            said = re.sub(r"\?payment=[^\"]*|/static/[^\"]*|nonce=\"[^\"]*", "", page.text)
            said = said.replace(payment["number"], "")
            for secret in (payment["order"], "5.00", "500", "TEA", "ada@", "sandbox"):
                assert secret not in said, secret

    @pytest.mark.parametrize("number", ["", "nonsense", "0E9W-9MHZ-4G9XQ", "1" * 500])
    def test_knows_no_other_payments(self, client: httpx.Client, payment: dict[str, Any], number: str) -> None:
        assert client.get(f"/pay/return?payment={number}").status_code == 404

    def test_asks_the_provider_now_and_then_only(
        self, client: httpx.Client, sandbox: Provider, payment: dict[str, Any]
    ) -> None:
        path = f"/pay/return?payment={payment['number']}"
        with paid_by(sandbox, look_s=600) as site, site.client(headers=ENGLISH) as patient:
            assert "Waiting" in words(patient.get(path))
            take(client, payment, card="4242424242424242")

            pages = [words(patient.get(path)) for _ in range(3)]

        assert all("Waiting" in page for page in pages)
        assert tables.count("ledger_transaction") == 0
