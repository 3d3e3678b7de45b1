"""The cart: filled from pages that everybody may keep, by nobody but their visitor."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie

import httpx
import pytest

from evertill.kernel import config
from tests.contracts import web
from tests.pages.test_buying import make_tea
from tests.pages.test_shop import words

OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(autouse=True)
def tea(client: httpx.Client) -> None:
    make_tea()


def add(client: httpx.Client, headers: dict[str, str], *, path: str = "/en-gbp/cart/add") -> httpx.Response:
    return client.post(path, data={"sku": "TEA", "quantity": "2"}, headers=headers)


def cookies(answer: httpx.Response) -> dict[str, str]:
    """What an answer has the browser keep, and how."""
    return {
        name: re.sub(r" expires=[^;]+;", "", morsel.OutputString())
        for line in answer.headers.get_list("set-cookie")
        for name, morsel in SimpleCookie(line).items()
    }


class TestAdding:
    @pytest.mark.parametrize("says", ["Sec-Fetch-Site", "Origin", "Referer"])
    def test_from_a_page_of_the_shop_leads_to_the_cart(self, client: httpx.Client, says: str) -> None:
        said = {"Sec-Fetch-Site": "same-origin", "Origin": str(client.base_url), "Referer": f"{client.base_url}/en/x"}

        answer = add(client, {says: said[says]})

        assert (answer.status_code, answer.headers["location"]) == (303, "/en-gbp/cart")
        assert answer.headers["cache-control"] == "no-store"
        assert "Tea £2.50 Quantity of Tea Remove £5.00" in words(client.get("/en-gbp/cart"))

    @pytest.mark.parametrize(
        "said",
        [
            {},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "none"},
            {"Sec-Fetch-Site": ""},
            # What is said of the form outweighs what is said of the page.
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
            {"Origin": "null"},
            {"Origin": "https://evil.example"},
            {"Origin": "http://[::1"},
            {"Origin": "", "Referer": "https://evil.example/?http://localhost/"},
            {"Referer": "localhost"},
        ],
    )
    def test_from_elsewhere_is_refused_and_changes_nothing(self, client: httpx.Client, said: dict[str, str]) -> None:
        here = httpx.URL(str(client.base_url))
        answer = add(client, {name: value.replace("localhost", here.netloc.decode()) for name, value in said.items()})

        assert answer.status_code == 403
        assert "This could not be done" in words(answer)
        assert answer.headers.get_list("set-cookie") == []

    def test_with_an_origin_of_the_same_host_on_another_port_is_refused(self, client: httpx.Client) -> None:
        assert add(client, {"Origin": "http://127.0.0.1:1"}).status_code == 403

    def test_asks_for_no_token_and_everything_else_does(self, client: httpx.Client) -> None:
        add(client, OWN)

        assert client.post("/en/cart/change", data={"remove": "TEA"}, headers=OWN).status_code == 403
        assert client.post("/en/checkout", data={}, headers=OWN).status_code == 403

    def test_by_a_script_stays_and_is_told_what_the_cart_holds(self, client: httpx.Client) -> None:
        add(client, OWN)
        answer = add(client, OWN | {"Accept": "application/json"}, path="/zh-hans/cart/add")

        assert answer.status_code == 200
        assert answer.json() == {"text": "已放入购物车：Tea × 2。", "pieces": 4}
        assert answer.headers["cache-control"] == "no-store"

    def test_of_what_is_not_for_sale_leads_to_the_cart_as_it_was(self, client: httpx.Client) -> None:
        answer = client.post("/en/cart/add", data={"sku": "NOPE"}, headers=OWN | {"Accept": "application/json"})

        assert (answer.status_code, answer.headers["location"]) == (303, "/en/cart")
        assert answer.headers.get_list("set-cookie") == []

    def test_more_than_a_cart_holds_tells_so_and_keeps_it(self, client: httpx.Client) -> None:
        skus = [f"TEA-{number}" for number in range(config.get().cart_lines_max)]
        for sku in skus:
            make_tea_of(sku)
            assert client.post("/en/cart/add", data={"sku": sku}, headers=OWN).status_code == 303

        answer = add(client, OWN)

        assert answer.status_code == 409
        assert "Your cart is full. Everything that was in it is still there." in words(answer)


def make_tea_of(sku: str) -> None:
    from evertill.domains.catalog.models import Product, ProductText
    from tests.builders import make_product

    make_product(sku)
    ProductText.objects.create(product=Product.objects.get(slug=sku.lower()), language="en", title=sku)


class TestCookies:
    def test_hold_the_cart_for_the_shop_and_its_number_for_scripts(self, client: httpx.Client) -> None:
        kept = cookies(add(client, OWN))

        assert sorted(kept) == ["cart", "pieces", "place"]
        assert kept["pieces"] == "pieces=2; Max-Age=2592000; Path=/; SameSite=Lax"
        assert kept["place"] == "place=en-gbp; HttpOnly; Max-Age=31536000; Path=/; SameSite=Lax"
        assert kept["cart"].endswith("; HttpOnly; Max-Age=2592000; Path=/; SameSite=Lax")

    def test_go_with_the_last_of_the_goods(self, client: httpx.Client) -> None:
        add(client, OWN)
        token = client.get("/en/cart").text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]

        answer = client.post("/en/cart/change", data={"csrfmiddlewaretoken": token, "remove": "TEA"})

        assert (cookies(answer)["cart"].split(";")[0], cookies(answer)["pieces"].split(";")[0]) == (
            'cart=""',
            'pieces=""',
        )

    def test_are_of_this_host_alone_where_there_is_tls(self, committed_db: None) -> None:
        with (
            web.running(config.get().database_url, public_url="https://shop.example", proxies="127.0.0.1") as site,
            site.client(headers={"X-Forwarded-Proto": "https"}) as client,
        ):
            kept = cookies(add(client, OWN))
            page = client.get("/en/cart", headers={"Cookie": "; ".join(one.split(";")[0] for one in kept.values())})

        assert sorted(kept) == ["__Host-cart", "__Host-pieces", "__Host-place"]
        assert all("; Path=/; SameSite=Lax; Secure" in one and "Domain" not in one for one in kept.values())
        assert "Tea" in words(page)
        assert "__Host-csrftoken" in cookies(page)
