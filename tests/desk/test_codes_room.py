"""Codes at the desk and on the order's page: looked at, confirmed, and shown to whoever bought them alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from evertill.domains import payments, trail
from evertill.domains.fulfilment.models import Code
from evertill.domains.trail import Search
from evertill.journeys.deliver_codes import deliver_codes
from evertill.journeys.place_orders import Placed
from evertill.kernel import clock
from tests.builders import ask, make_product, place_one
from tests.desk.clerks import OWN, Clerk, clerk, signed_in
from tests.paying import settle, start
from tests.twin import Twin

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def ada() -> Clerk:
    make_product("KEY", pieces=0)
    return clerk("administrator")


def sealed_in(page: str) -> str:
    found = re.search(r'name="sealed" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def bought(*, account_id: int | None = None) -> Placed:
    placed = place_one(ask("k1", {"KEY": 1}, account_id=account_id))
    twin = Twin()
    payments.register(twin)
    intent = start(placed)
    twin.pay(intent)
    settle(intent)
    payments.register()
    deliver_codes(now=clock.now())
    return placed


class TestRoom:
    def test_shows_what_an_upload_would_come_to_and_then_does_it(self, ada: Clerk) -> None:
        looked = ada.post("codes/upload", sku="KEY", codes="KEY-AAAA-0001\r\nKEY-BBBB-0002\r\nKEY-AAAA-0001\r\n")
        page = looked.content.decode()

        assert "Line 3:" in page
        assert "KEY-AAAA" not in page
        assert Code.objects.count() == 0
        answer = ada.post("codes/upload", sku="KEY", sealed=sealed_in(page))
        assert answer.headers["Location"] == "/en/desk/codes/?done=uploaded"
        assert Code.objects.count() == 2
        assert "KEY" in ada.get("codes/").content.decode()

    def test_takes_a_preview_from_who_made_it_alone(self, ada: Clerk) -> None:
        make_product("OTHER", pieces=0)
        sealed = sealed_in(ada.post("codes/upload", sku="KEY", codes="KEY-AAAA-0001").content.decode())

        assert clerk("owner").post("codes/upload", sku="KEY", sealed=sealed).status_code == 409
        assert ada.post("codes/upload", sku="OTHER", sealed=sealed).status_code == 409
        assert ada.post("codes/upload", sku="KEY", sealed=sealed[:-2]).status_code == 409
        assert Code.objects.count() == 0

    def test_says_why_codes_cannot_be_taken(self, ada: Clerk) -> None:
        assert ada.post("codes/upload", sku="GONE", codes="A-1").status_code == 422
        assert ada.post("codes/upload", sku="KEY", codes="  \n").status_code == 422

    def test_says_in_every_language_what_is_wrong_with_a_line(self, ada: Clerk) -> None:
        page = ada.post("codes/upload", sku="KEY", codes="KEY-AAAA-0001\n").content.decode()
        ada.post("codes/upload", sku="KEY", sealed=sealed_in(page))
        wrong = "KEY-AAAA-0001\nKEY-BBBB-0001\nKEY-BBBB-0001\n" + "x" * 401 + "\na\x07b\n"

        english = ada.post("codes/upload", sku="KEY", codes=wrong).content.decode()
        answer: Any = ada.browser.post("/zh-hans/desk/codes/upload", {"sku": "KEY", "codes": wrong}, headers=OWN)

        assert re.findall(r"<li>(Line \d: .*?)</li>", english) == [
            "Line 1: This code (…01) was uploaded before.",
            "Line 3: It is the same code as in line 2.",
            "Line 4: It has 401 characters; 400 is the most.",
            "Line 5: It has a character that cannot be printed.",
        ]
        assert re.findall(r"<li>(第 \d 行：.*?)</li>", answer.content.decode()) == [
            "第 1 行： 这个兑换码（…01）以前上传过。",
            "第 3 行： 与第 2 行的兑换码相同。",
            "第 4 行： 有 401 个字符，最多 400 个。",
            "第 5 行： 其中有无法显示的字符。",
        ]

    def test_is_shut_for_others(self, ada: Clerk) -> None:
        assert clerk("fulfilment").get("codes/").status_code == 403


class TestOrderPage:
    def upload(self, ada: Clerk) -> None:
        page = ada.post("codes/upload", sku="KEY", codes="KEY-AAAA-0001").content.decode()
        ada.post("codes/upload", sku="KEY", sealed=sealed_in(page))

    def test_shows_a_guest_his_codes_when_he_asks(self, ada: Clerk) -> None:
        self.upload(ada)
        placed = bought()
        browser: Any = Client()
        query = f"access_token={placed.access_token}"

        order = browser.get(f"/en/orders/{placed.number}?{query}").content.decode()
        before = browser.get(f"/en/orders/{placed.number}/codes?{query}").content.decode()
        after = browser.post(f"/en/orders/{placed.number}/codes?{query}", headers=OWN)

        assert "Codes that are ready for you: 1" in order
        assert "KEY-AAAA" not in order + before
        assert "KEY-AAAA-0001" in after.content.decode()
        assert "no-store" in after.headers["Cache-Control"]
        assert len(trail.read_records(search=Search(operation="codes.view"), limit=5)) == 1

    def test_asks_an_account_to_prove_itself_anew(self, ada: Clerk) -> None:
        self.upload(ada)
        bob = signed_in()
        placed = bought(account_id=bob.account_id)

        asked: Any = bob.browser.post(f"/en/orders/{placed.number}/codes", headers=OWN)

        assert asked.status_code == 303
        assert "/account/prove" in asked.headers["Location"]
        assert trail.read_records(search=Search(operation="codes.view"), limit=5) == []

    def test_is_nobody_elses(self, ada: Clerk) -> None:
        self.upload(ada)
        placed = bought()

        for browser in (Client(), signed_in().browser, ada.browser):
            answer: Any = browser.post(f"/en/orders/{placed.number}/codes", headers=OWN)
            assert answer.status_code == 404
