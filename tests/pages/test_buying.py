"""A guest buys in the browser, and nothing that goes wrong on the way takes more than it should."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any

import httpx
import pytest

from evertill.domains.catalog.models import Price, Product, ProductText
from tests import tables
from tests.builders import make_product
from tests.contracts import web
from tests.contracts.web import written
from tests.kernel.waiting import until
from tests.pages.test_shop import CHINESE, ENGLISH, words

NOTHING = {"orders_order": 0, "orders_line": 0, "orders_event": 0, "stock_movement": 1}
ONE = {"orders_order": 1, "orders_line": 1, "orders_event": 1, "stock_movement": 2}


@pytest.fixture
def client(paying_site: web.Site, committed_db: None) -> Iterator[httpx.Client]:
    """A guest before a shop with ten pieces of tea at £2.50."""
    make_tea()
    before = len(paying_site.log())
    with paying_site.client(headers=ENGLISH) as client:
        yield client
    said = paying_site.log()[before:]
    assert '"level": "error"' not in said, said


def make_tea(pieces: int = 10) -> None:
    make_product("TEA", pieces=pieces)
    ProductText.objects.create(product=Product.objects.get(slug="tea"), language="en", title="Tea")


def field(page: httpx.Response, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert found, page.text
    return unescape(found.group(1))


def action(page: httpx.Response, ending: str) -> str:
    """The address of a form that ends so, before its query."""
    found = re.search(rf'action="([^"]*/{ending}(?:\?[^"]*)?)"', page.text)
    assert found, page.text
    return unescape(found.group(1))


def send(client: httpx.Client, page: httpx.Response, address: str, /, **fields: str) -> httpx.Response:
    """Send a form of a page, as its browser would."""
    return client.post(address, data={"csrfmiddlewaretoken": field(page, "csrfmiddlewaretoken"), **fields})


def fill(client: httpx.Client, *, sku: str = "TEA", quantity: int = 2) -> httpx.Response:
    # The form of a page that everybody may keep has no token in it: the browser says whose page it stood on.
    return client.post(
        "/cart/add", data={"sku": sku, "quantity": str(quantity)}, headers={"Sec-Fetch-Site": "same-origin"}
    )


def review(client: httpx.Client, *, quantity: int = 2) -> httpx.Response:
    assert fill(client, quantity=quantity).status_code == 303
    page = client.get("/checkout")
    assert page.status_code == 200
    return page


def place(client: httpx.Client, page: httpx.Response, *, email: str = "ada@example.com") -> httpx.Response:
    return send(client, page, "/checkout", draft=field(page, "draft"), email=email)


@pytest.fixture
def order(client: httpx.Client) -> httpx.Response:
    """The page of an order that waits for £5.00."""
    return client.get(place(client, review(client)).headers["location"])


def begin(client: httpx.Client, page: httpx.Response, *, method: str = "sandbox.page", **fields: str) -> httpx.Response:
    """Begin a payment. Where the shop says that its provider takes longer, the same form is sent again."""

    def press() -> httpx.Response | None:
        answer = send(client, page, action(page, "pay"), **{"key": field(page, "key"), "method": method, **fields})
        return None if answer.status_code == 503 else answer

    return until(press)


def come_back(client: httpx.Client, address: str, **options: Any) -> httpx.Response:
    """The page that a payment leads back to, once its provider has told how it ended: till then it looks again."""

    def look() -> httpx.Response | None:
        page = client.get(address, **options)
        return None if 'http-equiv="refresh"' in page.text else page

    return until(look)


class TestBuying:
    def test_goes_from_the_shelf_to_paid(self, client: httpx.Client) -> None:
        checkout = review(client)
        placed = place(client, checkout)
        order = client.get(placed.headers["location"])
        begun = begin(client, order)
        leaving = client.get(begun.headers["location"])
        away = re.search(r'class="button main" href="([^"]+)"', leaving.text)
        assert away
        card = {"number": "4242424242424242", "expiry": "12/34", "cvc": "123"}
        back = httpx.URL(client.post(unescape(away.group(1)), data=card).headers["location"])
        returned = come_back(client, back.raw_path.decode())
        paid = client.get(placed.headers["location"])

        assert "What you order Tea × 2 £5.00 Total £5.00 By placing the order" in words(checkout)
        assert (placed.status_code, begun.status_code) == (303, 303)
        assert "Waiting to be paid" in words(order)
        kept = r"Kept for you until .* UTC . Signed proof to keep Time left to pay: (29|30) minutes Pay £5.00"
        assert re.search(kept, words(order))
        assert f'content="1;url={away.group(1)}"' in leaving.text
        assert "Paid. Thank you!" in words(returned)
        assert f'href="{placed.headers["location"]}">Back to your order' in returned.text
        assert "Paid. Thank you! Everything is settled." in words(paid)
        assert "Test payment Paid" in words(paid)
        assert "Go on to pay" not in words(paid)
        assert tables.count("orders_order") == tables.count("payments_intent") == 1

    def test_is_told_in_chinese(self, client: httpx.Client) -> None:
        client.headers.update(CHINESE)
        order = client.get(place(client, review(client)).headers["location"])

        assert "等待付款 商品已暂时为您保留，付款后即归您。" in words(order)
        assert "付款 £5.00" in words(order)
        assert not re.search(r"[A-Za-z]{3,} [a-z]{2,} ", words(order).replace("Title of TEA", ""))

    def test_leaves_the_cart_empty(self, client: httpx.Client) -> None:
        place(client, review(client))

        assert "Your cart is empty." in words(client.get("/cart"))

    def test_shows_a_code_to_scan(self, client: httpx.Client, order: httpx.Response) -> None:
        page = client.get(begin(client, order, method="sandbox.qr").headers["location"])

        assert page.text.count('<svg xmlns="http://www.w3.org/2000/svg"') == 1
        assert '<meta http-equiv="refresh" content="5;url=/orders/' in page.text
        assert " style=" not in page.text
        assert "script-src 'nonce-" in page.headers["content-security-policy"]


class TestCart:
    def test_keeps_changes_and_takes_out(self, client: httpx.Client) -> None:
        fill(client, quantity=2)
        fill(client, quantity=1)
        cart = client.get("/cart")

        send(client, cart, "/cart/change", **{"quantity-TEA": "4"})
        changed = words(client.get("/cart"))
        send(client, cart, "/cart/change", **{"quantity-TEA": "4", "remove": "TEA"})

        assert 'name="quantity-TEA" value="3"' in cart.text
        assert "Total £10.00" in changed
        assert "Your cart is empty." in words(client.get("/cart"))

    def test_takes_nothing_that_is_not_for_sale(self, client: httpx.Client) -> None:
        for sku in ("NOTHING", "", "%00", "x" * 10_000):
            assert fill(client, sku=sku).headers["location"] == "/cart"
        assert fill(client, sku="\0").status_code == 400

        assert "Your cart is empty." in words(client.get("/cart"))

    @pytest.mark.parametrize("cookie", ["", "nonsense", "a:b:c", "%00", "x" * 4_000])
    def test_reads_only_what_the_shop_wrote(self, client: httpx.Client, cookie: str) -> None:
        assert "Your cart is empty." in words(client.get("/cart", headers={"Cookie": f"cart={cookie}"}))

    def test_does_not_let_out_what_cannot_be_had(self, client: httpx.Client) -> None:
        fill(client, quantity=11)

        assert "Only 10 left: please take fewer." in words(client.get("/cart"))
        assert client.get("/checkout").headers["location"] == "/cart"


class TestPlacing:
    def test_twice_is_one_order(self, client: httpx.Client) -> None:
        page = review(client)
        with ThreadPoolExecutor(2) as both:
            answers = list(both.map(lambda _: place(client, page), range(2)))
        late = place(client, page)

        assert [answer.status_code for answer in [*answers, late]] == [303] * 3
        assert len({answer.headers["location"] for answer in [*answers, late]}) == 1
        assert written() == ONE

    def test_with_another_address_leaves_the_first_as_it_was(self, client: httpx.Client) -> None:
        page = review(client)
        first = place(client, page).headers["location"]
        answer = place(client, page, email="eve@example.com")

        assert answer.status_code == 409
        assert f'href="{first}">Open your order' in answer.text
        assert written() == ONE

    def test_of_what_is_sold_out_meanwhile_mends_the_cart(self, client: httpx.Client) -> None:
        page = review(client, quantity=4)
        assert web.order(client, lines=[{"sku": "TEA", "quantity": 7}]).status_code == 201

        answer = place(client, page)
        cart = client.get("/cart")

        assert answer.status_code == 409
        told = words(answer)
        assert "Somebody was faster" in told
        assert "Tea: you wanted 4, there are 3 left; your cart now has these. Nothing was ordered" in told
        assert 'name="quantity-TEA" value="3"' in cart.text
        assert tables.count("orders_order") == 1
        assert place(client, client.get("/checkout")).status_code == 303

    def test_at_a_price_that_has_changed_shows_the_new_one(self, client: httpx.Client) -> None:
        page = review(client)
        Price.objects.update(amount=300)

        answer = place(client, page)

        assert answer.status_code == 409
        assert "A price has changed since you looked. Nothing was ordered and nothing was paid." in words(answer)
        assert "Total £6.00" in words(answer)
        assert written() == NOTHING

    @pytest.mark.parametrize("email", ["", "nope", "a@b\n", "@", "a" * 300 + "@example.com"])
    def test_to_no_address_keeps_the_review(self, client: httpx.Client, email: str) -> None:
        page = review(client)

        answer = place(client, page, email=email)

        if email.strip() == "a@b":
            assert answer.status_code == 303
            return
        assert answer.status_code == 422
        assert field(answer, "draft").split(":")[0] == field(page, "draft").split(":")[0]
        assert written() == NOTHING

    @pytest.mark.parametrize(("draft", "status"), [("", 409), ("nonsense", 409), ("a:b:c", 409), ("\0", 400)])
    def test_a_draft_that_the_shop_never_made_places_nothing(
        self, client: httpx.Client, draft: str, status: int
    ) -> None:
        answer = send(client, review(client), "/checkout", draft=draft, email="ada@example.com")

        assert answer.status_code == status
        assert written() == NOTHING


class TestOrder:
    def test_opens_by_its_token_alone(self, client: httpx.Client, order: httpx.Response) -> None:
        path, token = order.url.path, order.url.params["access_token"]
        other = token[:-1] + ("A" if token[-1] != "A" else "B")
        inside = re.findall(r"/orders/(?!find)[^\"]+", unescape(order.text))
        paths = {path, *(address.partition("?")[0] for address in inside)}

        for address in paths:
            for query in ("", f"?access_token={other}", "?access_token=%ED%A0%80"):
                assert client.get(f"{address}{query}").status_code == 404, (address, query)
            assert client.get(f"{address}?access_token=%00").status_code == 400
        assert client.get(f"/orders/0E9W-9MHZ-4G9XQ?access_token={token}").status_code == 404
        assert order.headers["cache-control"] == "no-store"
        assert order.headers["x-robots-tag"] == "noindex"
        assert order.headers["referrer-policy"] == "same-origin"

    def test_can_be_cancelled_once(self, client: httpx.Client, order: httpx.Response) -> None:
        first = send(client, order, action(order, "cancel"))
        again = send(client, order, action(order, "cancel"))

        assert first.status_code == 303
        assert "Cancelled Nothing is owed" in words(client.get(first.headers["location"]))
        assert again.status_code == 409
        assert "This order is cancelled already." in words(again)
        assert "Go on to pay" not in words(again)


class TestPaying:
    def test_pressed_twice_begins_one_payment(self, client: httpx.Client, order: httpx.Response) -> None:
        addresses = {begin(client, order).headers["location"] for _ in range(2)}

        assert len(addresses) == 1
        assert tables.count("payments_intent") == 1

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            ({"method": ""}, "No way to pay was chosen. Your order stands"),
            ({"method": "gold.page"}, "This way to pay is not open at the moment. Your order stands"),
            ({"method": "balance.instant"}, "This is not the token of a balance of this shop."),
        ],
    )
    def test_in_no_way_that_there_is_keeps_the_order(
        self, client: httpx.Client, order: httpx.Response, fields: dict[str, Any], told: str
    ) -> None:
        answer = begin(client, order, **fields)

        assert answer.status_code == 422
        assert told in words(answer)
        assert tables.count("payments_intent") == 0


class TestForms:
    def test_without_their_token_are_refused(self, client: httpx.Client, order: httpx.Response) -> None:
        token = {"access_token": order.url.params["access_token"]}
        forms: list[tuple[str, dict[str, str]]] = [
            ("/cart/add", {"sku": "TEA"}),
            ("/cart/change", {"quantity-TEA": "1"}),
            ("/checkout", {"email": "ada@example.com", "draft": "x"}),
            (f"{order.url.path}/pay", {"method": "sandbox.page", "key": "k"}),
            (f"{order.url.path}/cancel", {}),
        ]
        before = written()

        for path, fields in forms:
            for wrong in ({}, {"csrfmiddlewaretoken": "x" * 64}):
                answer = client.post(path, data=fields | wrong, params=token)
                assert answer.status_code == 403, path
            good = field(order, "csrfmiddlewaretoken")
            elsewhere = {"Origin": "https://evil.example"}
            answer = client.post(
                path, data=fields | {"csrfmiddlewaretoken": good}, params=token, headers=ENGLISH | elsewhere
            )
            assert answer.status_code == 403, path

        assert written() == before
        assert tables.count("payments_intent") == 0
