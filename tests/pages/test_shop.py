"""The shop's front pages: what is for sale, in words that are true, for every visitor and in every trouble."""

from __future__ import annotations

import json
import re
import shlex
from html import unescape

import httpx
import pytest

from evertill.domains.catalog.models import Product, ProductText
from evertill.journeys.load_demo import load_demo
from evertill.kernel import config
from tests.builders import NOON, make_product
from tests.contracts import web
from tests.contracts.wire import Wire

ENGLISH = {"Accept-Language": "en-GB,en;q=0.9"}
CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}


def words(answer: httpx.Response) -> str:
    """What a person reads of a page, on one line."""
    body = re.split(r"<body[^>]*>", answer.text)[-1]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.fixture
def demo(client: httpx.Client) -> None:
    load_demo(now=NOON)


@pytest.mark.usefixtures("demo")
class TestProducts:
    def test_are_listed_with_price_and_availability(self, client: httpx.Client) -> None:
        page = client.get("/en-gbp/products")

        assert page.status_code == 200
        told = words(page)
        assert "Night Shift Oolong A roasted oolong" in told
        assert "from £8.50 In stock" in told
        assert "Star Chart The northern sky" in told
        assert "£24.00 8 left" in told
        assert page.text.count('<li class="good') == 12

    def test_are_told_in_the_visitors_language_and_currency(self, client: httpx.Client) -> None:
        page = client.get("/zh-hans/products")

        told = words(page)
        assert '<html lang="zh-hans">' in page.text
        assert page.headers["content-language"] == "zh-hans"
        assert "北天星图 四季北天星空" in told
        assert "¥188.00 仅剩 8 件" in told
        assert "¥68.00 起 有货" in told

    def test_that_are_gone_are_told_as_sold_out(self, client: httpx.Client) -> None:
        assert web.order(client, lines=[{"sku": "MAP-001", "quantity": 8}]).status_code == 201

        assert "£24.00 Sold out" in words(client.get("/en-gbp/products"))
        assert "¥188.00 已售罄" in words(client.get("/zh-hans/products"))

    def test_are_found_by_a_search(self, client: httpx.Client) -> None:
        page = client.get("/en-gbp/products", params={"q": "noodles"})

        assert "Found for “noodles”" in words(page)
        assert page.text.count('<li class="good') == 1

    def test_that_nobody_has_lead_back(self, client: httpx.Client) -> None:
        page = client.get("/en-gbp/products", params={"q": "zzz"})

        assert page.status_code == 200
        assert "Nothing here goes by these words." in words(page)

    def test_go_on_over_pages(self, client: httpx.Client) -> None:
        for number in range(20):
            make_product(f"MORE-{number}")
        ProductText.objects.bulk_create(
            ProductText(product=product, language="en", title=product.slug)
            for product in Product.objects.filter(slug__startswith="more-")
        )

        first = client.get("/en-gbp/products")
        found = re.search(r'href="(\?[^"]+)" rel="next"', first.text)
        assert found
        second = client.get(f"/en-gbp/products{unescape(found.group(1))}")

        assert [page.text.count('<li class="good') for page in (first, second)] == [24, 8]
        assert "more-19" in words(second)
        assert 'rel="next"' not in second.text


@pytest.mark.usefixtures("demo")
class TestProduct:
    def test_tells_each_variant_and_its_other_prices(self, client: httpx.Client) -> None:
        told = words(client.get("/en-gbp/products/night-shift-oolong"))

        assert "Night Shift Oolong, 50 g TEA-001 £8.50 CN¥68.00 · $10.50 In stock" in told
        assert "Night Shift Oolong, 150 g TEA-002 £21.50 CN¥168.00 · $26.50 In stock" in told

    def test_does_not_name_a_single_variant_twice(self, client: httpx.Client) -> None:
        told = words(client.get("/zh-hans/products/star-chart"))

        assert "Star Chart" not in told
        assert "MAP-001 ¥188.00 £24.00 · US$29.50 仅剩 8 件" in told

    @pytest.mark.parametrize("slug", ["nothing", "%FF", "a%2Fb", "<script>", "x" * 5_000])
    def test_that_is_not_there_is_a_friendly_404(self, client: httpx.Client, slug: str) -> None:
        page = client.get(f"/en-gbp/products/{slug}")

        assert page.status_code == 404
        assert "404 There is nothing here" in words(page)
        assert "<script>" not in page.text

    def test_shows_an_order_to_copy_that_works(self, client: httpx.Client) -> None:
        page = client.get("/en-gbp/products/star-chart")
        found = re.search(r"<code>(.*?)</code>", page.text, re.DOTALL)
        assert found
        command = shlex.split(unescape(found.group(1)))

        assert command[:2] == ["curl", f"{client.base_url}/api/v1/orders"]
        answer = web.order(client, **json.loads(command[command.index("-d") + 1]))

        assert answer.status_code == 201, answer.text
        assert answer.json()["total"] == {"amount": 2400, "currency": "GBP"}


class TestEmptyShop:
    def test_says_that_nothing_is_for_sale_yet(self, client: httpx.Client) -> None:
        page = client.get("/en-gbp/")

        assert page.status_code == 200
        assert "The shelves are empty" in words(page)
        assert "curl" not in page.text


@pytest.mark.usefixtures("demo")
class TestPlace:
    """The language and the currency of a page, which its address names."""

    @pytest.mark.parametrize(
        ("accept", "place"),
        [
            ("en-GB,en;q=0.9", "/en-gbp/"),
            ("en-US,en;q=0.5", "/en/"),
            ("en", "/en/"),
            ("zh-CN,zh;q=0.9,en;q=0.8", "/zh-hans/"),
            ("zh-HK", "/zh-hans-hkd/"),
            ("fr-FR, en-AU;q=0.3", "/en-aud/"),
            ("xx, *;q=0.1", "/en/"),
            ("", "/en/"),
            ("\xff;q=zzz,,," * 2_000, "/en/"),
        ],
    )
    def test_is_where_the_browser_says(self, client: httpx.Client, accept: str, place: str) -> None:
        answer = client.get("/", headers={b"Accept-Language": accept.encode("latin-1")})

        assert (answer.status_code, answer.headers["location"]) == (302, place)
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["vary"] == "Accept-Language, Cookie"

    def test_is_kept_with_path_and_query(self, client: httpx.Client) -> None:
        answer = client.get("/products/star-chart?a=%E8%8C%B6&b", headers=CHINESE)

        assert answer.headers["location"] == "/zh-hans/products/star-chart?a=%E8%8C%B6&b"

    def test_decides_alone_what_a_page_says(self, client: httpx.Client) -> None:
        client.cookies.set("place", "en")
        page = client.get("/zh-hans/products/star-chart", headers=ENGLISH)

        assert '<html lang="zh-hans">' in page.text
        assert page.headers["content-language"] == "zh-hans"
        assert "北天星图" in words(page)

    def test_stays_as_chosen_and_leads_back(self, client: httpx.Client) -> None:
        page = client.get("/en-gbp/products/star-chart")
        choice = re.search(r'href="(/en-gbp/place/zh-hans[^"]+)"', page.text)
        assert choice

        chosen = client.get(unescape(choice.group(1)))
        back = client.get("/products/star-chart", headers=ENGLISH)

        assert (chosen.status_code, chosen.headers["location"]) == (302, "/zh-hans-gbp/products/star-chart")
        assert "httponly" in chosen.headers["set-cookie"].lower()
        assert back.headers["location"] == "/zh-hans-gbp/products/star-chart"

    def test_has_the_prices_of_its_currency(self, client: httpx.Client) -> None:
        told = [words(client.get(f"/{place}/products/star-chart")) for place in ("en", "en-gbp", "en-cny", "en-jpy")]

        assert ["$29.50 CN¥188.00 · £24.00" in told[0], "£24.00 CN¥188.00 · $29.50" in told[1]] == [True, True]
        # In yen there is no price: the shop's first currency is shown.
        assert ["CN¥188.00 £24.00 · $29.50" in told[2], "$29.50 CN¥188.00 · £24.00" in told[3]] == [True, True]

    def test_can_be_chosen_for_each_currency_that_has_prices(self, client: httpx.Client) -> None:
        page = client.get("/en-gbp/products/star-chart")

        found = re.findall(r'<a href="/en-gbp/place/([a-z-]+)[^>]*>([A-Z]{3})</a>', page.text)
        assert found == [("en", "USD"), ("en-cny", "CNY")]
        assert '<strong aria-current="true">GBP</strong>' in page.text

    def test_is_told_to_search_engines(self, client: httpx.Client) -> None:
        page = client.get("/en-gbp/products/star-chart")

        assert re.findall(r'<link rel="(?:canonical|alternate)"[^>]+>', page.text) == [
            '<link rel="canonical" href="http://localhost:8000/en/products/star-chart">',
            '<link rel="alternate" hreflang="en" href="http://localhost:8000/en/products/star-chart">',
            '<link rel="alternate" hreflang="zh-hans" href="http://localhost:8000/zh-hans/products/star-chart">',
            '<link rel="alternate" hreflang="x-default" href="http://localhost:8000/products/star-chart">',
        ]

    @pytest.mark.parametrize(
        "address",
        ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "%0d%0aX: y", "x"],
    )
    def test_leads_nobody_elsewhere(self, client: httpx.Client, address: str) -> None:
        chosen = client.get(f"/place/en?next={address}")

        assert (chosen.status_code, chosen.headers["location"]) == (302, "/en/")

    @pytest.mark.parametrize("path", ["/place/xx", "/xx/", "/en-xxx/", "/en-usd/", "/EN/", "/en/zh-hans/", "/fr/"])
    def test_that_the_shop_does_not_know_is_not_there(self, client: httpx.Client, path: str) -> None:
        assert client.get(path).status_code == 404

    def test_without_its_slash_leads_on(self, client: httpx.Client) -> None:
        answer = client.get("/zh-hans?q=%E8%8C%B6")

        assert (answer.status_code, answer.headers["location"]) == (301, "/zh-hans/?q=%E8%8C%B6")


class TestEveryPage:
    @pytest.mark.usefixtures("demo")
    @pytest.mark.parametrize("path", ["/en/", "/en/products/star-chart", "/en/products?q=zzz", "/nothing"])
    def test_loads_nothing_from_elsewhere(self, client: httpx.Client, path: str) -> None:
        page = client.get(path)

        assert " style=" not in page.text
        sources = re.findall(r'<(?:link rel="(?:stylesheet|icon)"|img|script)[^>]+(?:href|src)="([^"]+)"', page.text)
        assert len(sources) >= 3
        for source in sources:
            assert source.startswith(("/static/pages/", "/static/shop/"))
            assert client.get(source).status_code == 200

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/nothing", 404),
            ("GET", "/metrics", 404),
            ("GET", "/admin/", 404),
            ("GET", "/static/nothing.css", 404),
            ("GET", "/static/../../settings.py", 404),
            ("GET", "/%00", 400),
            ("GET", "/static/%00", 400),
            ("GET", "/en/products/%00", 400),
            ("GET", "/pay/return?payment=%00", 400),
            ("GET", "/%ED%A0%80", 404),
            ("POST", "/", 403),
            ("POST", "/en/", 403),
            ("DELETE", "/en/products/x", 403),
            ("OPTIONS", "/", 405),
            ("HEAD", "/", 302),
            ("HEAD", "/en/", 200),
            ("GET", "/en/products?after=zzz", 302),
            ("GET", "/en/products?q=%00&after=%00", 400),
            ("GET", "/en/products?q=" + "茶" * 3_000, 200),
            ("GET", "/en/%00", 400),
            ("GET", "/en//evil.example", 404),
        ],
    )
    def test_answers_odd_requests_calmly(self, client: httpx.Client, method: str, path: str, status: int) -> None:
        assert client.request(method, path).status_code == status

    def test_takes_bytes_in_a_query_that_nobody_quoted(self, site: web.Site) -> None:
        for query in (b"q=\xff\xfe", b"q=\xe8\x8c\xb6", b"\xed\xa0\x80"):
            answer = site.send(b"GET /en/products?%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % query)

            assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400")), answer[:200]

    @pytest.mark.parametrize("host", ["evil.example", "", "a b", "[::1"])
    def test_refuses_a_host_that_is_not_the_shops(self, client: httpx.Client, host: str) -> None:
        page = client.get("/en/", headers={"Host": host})

        assert page.status_code == 400
        assert "evil" not in page.text


class TestTrouble:
    def test_tells_that_the_database_is_away_and_tries_again_by_itself(self, committed_db: None) -> None:
        load_demo(now=NOON)
        wire = Wire(config.get().database_url)
        with web.running(wire.url) as site, site.client() as client:
            assert client.get("/en-gbp/").status_code == 200
            wire.cut()

            pages = [client.get(path) for path in ("/en/", "/en/products/star-chart")]
            missing = client.get("/nothing", headers=CHINESE)
            wire.mend()
            back = client.get("/en-gbp/")

            assert '"exception"' not in site.log()

        for page in pages:
            assert page.status_code == 503
            assert page.headers["retry-after"] == "5"
            assert page.headers["cache-control"] == "no-store"
            assert "One moment, please" in words(page)
            assert '<meta http-equiv="refresh" content="5">' in page.text
        assert (missing.status_code, "404 这里什么也没有" in words(missing)) == (404, True)
        assert back.status_code == 200
