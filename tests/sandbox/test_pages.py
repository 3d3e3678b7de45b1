"""The pages as a browser without scripts meets them."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.kernel.waiting import until
from tests.sandbox.provider import Provider

_FORM = {"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123"}


def _page(provider: Provider, path: str, *, form: dict[str, str] | None = None, language: str = "en") -> httpx.Response:
    method = "GET" if form is None else "POST"
    url = f"{provider.url}{path}"
    return httpx.request(method, url, data=form, headers={"Accept-Language": language}, trust_env=False, timeout=60)


class TestCardPage:
    def test_pays_and_leads_back_to_the_shop(self, provider: Provider) -> None:
        begun = provider.pay()

        answer = _page(provider, f"/pay/{begun['id']}", form=_FORM)

        assert answer.status_code == 303
        assert answer.headers["location"] == f"http://127.0.0.1:8000/back?order=1&payment={begun['id']}"
        assert provider.payment(begun["id"])["status"] == "CAPTURED"

    def test_a_second_click_changes_nothing(self, provider: Provider) -> None:
        begun = provider.pay()
        _page(provider, f"/pay/{begun['id']}", form=_FORM)

        again = _page(provider, f"/pay/{begun['id']}", form=_FORM | {"number": "4000000000000002"})
        shown = _page(provider, again.headers["location"])

        assert again.headers["location"] == f"/pay/{begun['id']}"
        assert "GBP 15.30 was charged." in shown.text
        assert provider.payment(begun["id"])["captured"] == 1530

    @pytest.mark.parametrize(("answer", "status"), [("approve", "CAPTURED"), ("refuse", "FAILED")])
    def test_goes_through_the_banks_question(self, provider: Provider, answer: str, status: str) -> None:
        begun = provider.pay()

        asked = _page(provider, f"/pay/{begun['id']}", form=_FORM | {"number": "4000000000003220"})
        question = _page(provider, asked.headers["location"])
        ended = _page(provider, asked.headers["location"], form={"answer": answer})

        assert asked.headers["location"] == f"/pay/{begun['id']}/challenge"
        assert "Is it you who pays GBP 15.30?" in question.text
        assert ended.headers["location"].startswith("http://127.0.0.1:8000/back")
        assert provider.payment(begun["id"])["status"] == status

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"number": "4111111111111111"}, "not one of the test cards"),
            ({"number": "success"}, "not one of the test cards"),
            ({"number": ""}, "not one of the test cards"),
            ({"expiry": "01 / 20"}, "expiry is over"),
            ({"expiry": "13 / 40"}, "expiry is over"),
            ({"cvc": "12"}, "three or four digits"),
        ],
    )
    def test_says_what_to_correct_and_never_shows_a_foreign_number(
        self, provider: Provider, change: dict[str, str], said: str
    ) -> None:
        begun = provider.pay()

        answer = _page(provider, f"/pay/{begun['id']}", form=_FORM | change)

        assert answer.status_code == 422
        assert said in answer.text
        assert "4111111111111111" not in answer.text
        assert provider.payment(begun["id"])["status"] == "REQUIRES_ACTION"

    def test_fills_in_a_card_of_the_list(self, provider: Provider) -> None:
        begun = provider.pay()

        shown = _page(provider, f"/pay/{begun['id']}?card=4000000000000002").text

        assert 'value="4000 0000 0000 0002"' in shown


class TestQrPage:
    @pytest.mark.parametrize(
        ("answer", "status"), [("scan", "CAPTURED"), ("scan_slow", "PROCESSING"), ("scan_fail", "FAILED")]
    )
    def test_pretends_what_a_phone_would_do(self, provider: Provider, answer: str, status: str) -> None:
        begun = provider.pay(method="qr")

        shown = _page(provider, f"/qr/{begun['id']}")
        ended = _page(provider, f"/qr/{begun['id']}", form={"answer": answer})

        assert '<svg xmlns="http://www.w3.org/2000/svg"' in shown.text
        assert ended.status_code == 303
        assert provider.payment(begun["id"])["status"] == status


class TestEveryPage:
    @pytest.mark.parametrize(
        ("language", "said", "tag"),
        [
            ("zh-CN,zh;q=0.9,en;q=0.8", "应付金额", "zh-Hans"),
            ("en-GB,zh;q=0.5", "To pay", "en"),
            ("de", "To pay", "en"),
        ],
    )
    def test_speaks_the_customers_language(self, provider: Provider, language: str, said: str, tag: str) -> None:
        shown = _page(provider, f"/pay/{provider.pay()['id']}", language=language)

        assert said in shown.text
        assert (shown.headers["content-language"], f"<html lang={tag}>" in shown.text) == (tag, True)

    def test_lets_nothing_in_from_elsewhere_and_only_the_shop_back(self, provider: Provider) -> None:
        shown = _page(provider, f"/pay/{provider.pay()['id']}")

        policy = shown.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self';")
        assert policy.endswith("form-action 'self' http://127.0.0.1:8000")
        assert not re.search(r"(?:src|href)=\"?https?://|<script|style=", shown.text)

    def test_shows_foreign_text_as_text(self, provider: Provider) -> None:
        evil = "<script>alert(1)</script>\"'"
        begun = provider.pay(description=evil, reference="<b>r</b>")

        shown = _page(provider, f"/pay/{begun['id']}").text

        assert "<script>" not in shown
        assert "<b>r" not in shown

    def test_tells_each_outcome(self, provider: Provider) -> None:
        said = {
            "Paid": provider.paid(),
            "Not paid": provider.pay(card="declined"),
            "Payment approved": provider.paid(capture="manual"),
            "Your bank is working on it": provider.pay(card="processing_success", delay_ms="600000"),
        }

        for title, paid in said.items():
            assert f"<h1>{title}</h1>" in _page(provider, f"/pay/{paid['id']}").text

    @pytest.mark.parametrize("path", ["/", "/pay/pay_000000000000000000000000", "/pay/x", "/../etc/passwd", "/pay/%00"])
    def test_says_when_there_is_none(self, provider: Provider, path: str) -> None:
        shown = _page(provider, path)

        assert (shown.status_code, "This page does not exist" in shown.text) == (404, True)


def test_processing_from_the_page_ends_by_itself(provider: Provider) -> None:
    begun = provider.pay(delay_ms="50")

    _page(provider, f"/pay/{begun['id']}", form=_FORM | {"number": "4000000000101008"})

    until(lambda: provider.payment(begun["id"])["status"] == "CAPTURED")
