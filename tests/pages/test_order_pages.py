"""An order's own pages: what their script is told, the payment that is gone on with, and the receipt."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest
from django.db import connection

from evertill.domains import reviews, trail
from evertill.domains.reviews import Reason
from evertill.journeys import refuse_visitor
from evertill.journeys.ask_review import ask_review
from evertill.journeys.review_order import ask_customer, take_review
from evertill.journeys.verify_receipt import Standing, verify_receipt
from evertill.kernel import clock, db, ids
from evertill.kernel.rarely import Rarely
from tests import tables
from tests.askers import staff
from tests.contracts import web
from tests.pages.test_buying import (
    action,
    begin,
    client,
    come_back,
    field,
    order,
    send,
)
from tests.pages.test_shop import words

__all__ = ["client", "order"]

CARD = {"number": "4242424242424242", "expiry": "12/34", "cvc": "123"}


def told(page: httpx.Response) -> dict[str, str]:
    """What a page tells its script."""
    found = re.search(r'<div id="live" ([^>]*)>', page.text)
    assert found
    return {name: unescape(value) for name, value in re.findall(r'data-([a-z-]+)="([^"]*)"', found.group(1))}


def follow(client: httpx.Client, answer: httpx.Response) -> httpx.Response:
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["location"])


def pay(client: httpx.Client, page: httpx.Response) -> httpx.Response:
    """Pay an order at Sandbox, and see where that leads."""
    leaving = follow(client, begin(client, page))
    away = re.search(r'class="button main" href="([^"]+)"', leaving.text)
    assert away
    back = httpx.URL(client.post(unescape(away.group(1)), data=CARD).headers["location"])
    return come_back(client, back.raw_path.decode())


def receipt_of(client: httpx.Client, page: httpx.Response, *, place: str = "en-gbp") -> httpx.Response:
    path = page.request.url.path.partition("/orders/")[2]
    return client.get(page.request.url.copy_with(path=f"/{place}/orders/{path}/receipt"))


class TestWhatAScriptIsTold:
    def test_is_a_stream_that_opens_and_a_position_in_it(self, client: httpx.Client, order: httpx.Response) -> None:
        live = told(order)

        opened = client.head(live["events"])

        assert (opened.status_code, opened.headers["content-type"]) == (200, "text/event-stream")
        assert live["position"] == "0"
        assert live["look-s"] == "0"

    def test_is_no_stream_once_nothing_is_under_way(self, client: httpx.Client, order: httpx.Response) -> None:
        send(client, order, action(order, "cancel"))

        live = told(client.get(str(order.request.url)))

        assert (live["events"], live["look-s"]) == ("", "0")

    def test_of_a_code_to_scan_is_to_look_too(self, client: httpx.Client, order: httpx.Response) -> None:
        page = follow(client, begin(client, order, method="sandbox.qr"))

        live = told(page)

        assert live["look-s"] == "5"
        assert live["look"].endswith("looks=1")
        assert "go=1" not in live["page"]
        # Whoever has no scripts is led there by the browser itself.
        assert (
            f'<noscript><meta http-equiv="refresh" content="5;url={live["look"].replace("&", "&amp;")}">' in page.text
        )

    def test_of_an_order_is_nothing_to_whoever_has_a_payments_number_alone(
        self, client: httpx.Client, order: httpx.Response, paying_site: web.Site
    ) -> None:
        page = follow(client, begin(client, order, method="sandbox.qr"))
        number = str(page.request.url.path).rpartition("/")[2]
        with paying_site.client() as stranger:
            seen = stranger.get("/pay/return", params={"payment": number})

        assert told(seen)["events"] == ""
        assert "access_token" not in seen.text


class TestGoingOn:
    def test_with_another_key_begins_no_second_payment(self, client: httpx.Client, order: httpx.Response) -> None:
        first = begin(client, order)
        again = begin(client, client.get(str(order.request.url)))

        assert first.headers["location"] == again.headers["location"]
        assert tables.count("payments_intent") == 1

    def test_in_another_way_begins_another(self, client: httpx.Client, order: httpx.Response) -> None:
        begin(client, order)
        begin(client, client.get(str(order.request.url)), method="sandbox.qr")

        assert tables.count("payments_intent") == 2

    def test_anew_begins_another_when_its_customer_says_so(self, client: httpx.Client, order: httpx.Response) -> None:
        page = follow(client, begin(client, order, method="sandbox.qr"))
        anew = {"key": field(page, "key"), "method": field(page, "method"), "anew": field(page, "anew")}

        first = send(client, page, action(page, "pay"), **anew)
        again = send(client, page, action(page, "pay"), **anew)

        assert first.headers["location"] == again.headers["location"]
        assert tables.count("payments_intent") == 2

    def test_after_it_was_not_made_begins_another(self, client: httpx.Client, order: httpx.Response) -> None:
        leaving = follow(client, begin(client, order))
        away = re.search(r'class="button main" href="([^"]+)"', leaving.text)
        assert away
        declined = {**CARD, "number": "4000000000000002"}
        client.post(unescape(away.group(1)), data=declined)
        number = str(leaving.request.url.path).rpartition("/")[2]
        come_back(client, "/pay/return", params={"payment": number})

        begin(client, client.get(str(order.request.url)))

        assert tables.count("payments_intent") == 2


class TestReceipt:
    def test_says_what_was_bought_and_paid(self, client: httpx.Client, order: httpx.Response) -> None:
        pay(client, order)

        page = receipt_of(client, order)

        assert page.status_code == 200
        assert "Evertill Receipt Order" in words(page)
        assert "Title of TEA TEA 2 £2.50 £5.00 Total £5.00" in words(page)
        assert re.search(r"Payments Paid: Test payment .* UTC \S+ £5.00 Paid £5.00", words(page))
        assert "not paid" not in words(page)
        assert "Receipt to print" in words(client.get(str(order.request.url)))

    def test_is_told_in_chinese(self, client: httpx.Client, order: httpx.Response) -> None:
        pay(client, order)

        page = receipt_of(client, order, place="zh-hans-gbp")

        assert "收据" in words(page)
        assert "已付：测试付款" in words(page)

    @pytest.mark.parametrize("is_cancelled", [False, True])
    def test_of_what_is_not_paid_is_none(self, client: httpx.Client, order: httpx.Response, is_cancelled: bool) -> None:
        if is_cancelled:
            send(client, order, action(order, "cancel"))

        page = receipt_of(client, order)

        assert "This is not a receipt The order is not paid." in words(page)
        assert "Order, not paid" in words(page)
        assert "Receipt to print" not in words(client.get(str(order.request.url)))

    def test_is_for_whoever_may_open_the_order_and_the_others_are_on_record(
        self, client: httpx.Client, order: httpx.Response, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = f"{order.request.url.path}/receipt"
        monkeypatch.setattr(refuse_visitor, "_VISITORS", Rarely(every_s=60))

        assert client.get(path).status_code == 404
        assert client.get(path, params={"access_token": "wrong"}).status_code == 404

        (refused,) = trail.read_records(search=trail.Search(outcome="REFUSED"), limit=9)
        assert (refused.actor_kind, refused.subject_kind, refused.subject_id) == ("GUEST", "order", path.split("/")[-2])

    def test_is_nobodys_to_keep(self, client: httpx.Client, order: httpx.Response) -> None:
        told = receipt_of(client, order).headers

        assert (told["cache-control"], told["x-robots-tag"]) == ("no-store", "noindex")


def proof_of(client: httpx.Client, page: httpx.Response, *, place: str = "en-gbp") -> httpx.Response:
    path = page.request.url.path.partition("/orders/")[2]
    return client.get(page.request.url.copy_with(path=f"/{place}/orders/{path}/proof"))


class TestProof:
    def test_is_a_code_and_a_file_that_the_shop_knows_again(self, client: httpx.Client, order: httpx.Response) -> None:
        page = proof_of(client, order)
        link = re.search(r'class="button main" href="([^"]+)" download', page.text)
        assert link
        file = client.get(unescape(link.group(1)))

        number = order.request.url.path.rpartition("/")[2]
        assert "Signed proof to keep" in words(order)
        assert '<svg xmlns="http://www.w3.org/2000/svg"' in page.text
        assert "The file names each line" not in page.text
        assert file.headers["content-type"] == "text/plain; charset=utf-8"
        assert file.headers["content-disposition"] == f'attachment; filename="evertill-{number}.txt"'
        assert verify_receipt(text=file.content).standing is Standing.KEPT
        assert ids.to_number(verify_receipt(text=file.content).receipt.order_id) == number

    def test_says_so_in_chinese(self, client: httpx.Client, order: httpx.Response) -> None:
        page = proof_of(client, order, place="zh-hans-gbp")

        assert "订单的签名凭证" in words(page)
        assert "保存为文件" in words(page)

    def test_of_an_order_from_before_is_none(self, client: httpx.Client, order: httpx.Response) -> None:
        with connection.cursor() as cursor:
            cursor.execute("update orders_order set receipt_batch = null")

        page = proof_of(client, order)

        assert "This order was placed before this shop signed its orders." in words(page)
        assert "<svg xmlns" not in page.text
        assert client.get(page.request.url.copy_with(path=f"{page.request.url.path}/file")).status_code == 404

    @pytest.mark.parametrize("path", ["proof", "proof/file"])
    def test_is_for_whoever_may_open_the_order(self, client: httpx.Client, order: httpx.Response, path: str) -> None:
        assert client.get(f"{order.request.url.path}/{path}").status_code == 404
        told = client.get(order.request.url.copy_with(path=f"{order.request.url.path}/{path}"))
        assert (told.status_code, told.headers["cache-control"]) == (200, "no-store")


def ask(order: httpx.Response, question: str) -> int:
    """A reviewer asks the customer of an order about it."""
    order_id, now = ids.from_number(order.url.path.rpartition("/")[2]), clock.now()
    someone = staff(7, "risk-reviewer")
    with db.write():
        ask_review(order_id=order_id, reason=Reason.RISK, details=["score 91"], actor="CLOCK:risk", now=now)
    take_review(asker=someone, order_id=order_id, now=now)
    ask_customer(asker=someone, order_id=order_id, question=question, now=now)
    return order_id


class TestAQuestion:
    def test_stands_on_the_orders_page_and_is_answered_there_once(
        self, client: httpx.Client, order: httpx.Response
    ) -> None:
        assert "We have a question" not in words(order)
        order_id = ask(order, "<b>Which</b> flat?")
        page = client.get(str(order.request.url))
        assert "We have a question about your order" in words(page)
        assert "&lt;b&gt;Which&lt;/b&gt; flat?" in page.text
        assert "score 91" not in page.text

        first = send(client, page, action(page, "answer"), answer="The <i>third</i>.\r\nBell: Ada")
        again = send(client, page, action(page, "answer"), answer="The second.")

        assert first.status_code == 303
        seen = client.get(first.headers["location"])
        assert "What you told us" in words(seen)
        assert "The &lt;i&gt;third&lt;/i&gt;.<br>Bell: Ada" in seen.text
        assert "Send the answer" not in words(seen)
        assert (again.status_code, "This question was answered before." in words(again)) == (409, True)
        assert reviews.read_of_order(order_id=order_id)[0].answer == "The <i>third</i>.\nBell: Ada"

    def test_keeps_what_was_typed_when_it_is_too_long(self, client: httpx.Client, order: httpx.Response) -> None:
        ask(order, "Which flat?")
        page = client.get(str(order.request.url))

        answer = send(client, page, action(page, "answer"), answer="third " * 200)

        assert answer.status_code == 422
        assert "The answer is empty, or too long. Nothing was sent." in words(answer)
        assert "third third" in words(answer)

    def test_is_nobody_elses(self, client: httpx.Client, order: httpx.Response, paying_site: web.Site) -> None:
        order_id = ask(order, "Which flat?")
        page = client.get(str(order.request.url))
        path = action(page, "answer").partition("?")[0]
        with paying_site.client() as stranger:
            assert stranger.get(path).status_code == 404
        assert send(client, page, path, answer="The third.").status_code == 404

        assert reviews.read_of_order(order_id=order_id)[0].answer == ""

    def test_speaks_chinese(self, client: httpx.Client, order: httpx.Response) -> None:
        ask(order, "Which flat?")
        here = order.request.url

        page = client.get(str(here.copy_with(path=f"/zh-hans-gbp/orders/{here.path.rpartition('/')[2]}")))

        assert "关于您的订单，我们有一个问题" in words(page)
