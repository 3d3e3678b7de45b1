"""Where a customer is led by himself, and where he is told first where he goes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from evertill.domains import payments
from evertill.entry.shop.paying import _is_listed
from evertill.kernel import config
from tests.paying import placed_order, start
from tests.twin import Twin


@pytest.fixture(autouse=True)
def twin(committed_db: None) -> Iterator[None]:
    payments.register(Twin())
    yield
    payments.register()


def page(language: str = "en") -> str:
    """The page of a payment that has just begun at pay.example."""
    order = placed_order()
    intent = start(order)
    address = f"/{language}/orders/{order.number}/payments/{intent.number}"
    answer: Any = Client().get(address, {"access_token": order.access_token, "go": "1"})
    return str(answer.content.decode())


class TestPaymentPages:
    def test_lead_by_themselves_to_listed_hosts_alone(self) -> None:
        unknown = page()

        assert "The payment page is at pay.example." in unknown
        assert 'href="https://pay.example/' in unknown
        assert "url=https://pay.example" not in unknown
        assert "data-again-at" not in unknown

    def test_lead_on_once_the_shop_lists_the_host(self, monkeypatch: pytest.MonkeyPatch) -> None:
        known = dataclasses.replace(config.get(), payment_hosts=("pay.example",))
        monkeypatch.setattr(config, "get", lambda: known)

        listed = page("zh-hans")

        assert 'content="1;url=https://pay.example/' in listed
        assert "付款页面位于" not in listed

    @pytest.mark.parametrize(
        ("address", "leads"),
        [
            ("https://checkout.stripe.com/c/pay/cs_1", True),
            ("https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=1", True),
            ("https://openapi.alipay.com/gateway.do?biz=1", True),
            ("https://checkout.stripe.com.evil.example/", False),
            ("https://checkout.stripe.com@evil.example/", False),
            ("https://evil.example/checkout.stripe.com", False),
            ("https:///x", False),
        ],
    )
    def test_are_known_by_their_whole_host(self, address: str, *, leads: bool) -> None:
        assert _is_listed(address) is leads
