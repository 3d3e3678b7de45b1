"""Products over HTTP: pages, searches and languages, also from clients that make them up."""

from __future__ import annotations

import json

import httpx
import pytest

from evertill.journeys.load_demo import load_demo
from tests.builders import NOON, make_stock
from tests.contracts import web
from tests.contracts.web import PRODUCTS, order, problem, refusal


@pytest.fixture(autouse=True)
def _demo(client: httpx.Client) -> None:
    load_demo(now=NOON)


class TestListing:
    def test_goes_from_page_to_page_without_gap_or_double(self, client: httpx.Client) -> None:
        slugs: list[str] = []
        cursor = None
        for _ in range(3):
            page = client.get(PRODUCTS, params={"limit": 5} | ({"cursor": cursor} if cursor else {})).json()
            slugs += [product["slug"] for product in page["products"]]
            cursor = page["next_cursor"]

        assert cursor is None
        assert len(slugs) == len(set(slugs)) == 12
        assert slugs[0] == "night-shift-oolong"

    def test_tells_what_can_be_ordered(self, client: httpx.Client) -> None:
        make_stock("NEW", pieces=1)

        product = client.get(PRODUCTS, params={"search": "star chart"}).json()["products"][0]

        assert product == {
            "slug": "star-chart",
            "language": "en",
            "title": "Star Chart",
            "text": "The northern sky through the year, letterpress, 50 by 70 cm. Faintly glows.",
            "variants": [
                {
                    "sku": "MAP-001",
                    "title": "Star Chart",
                    "prices": [
                        {"amount": 18800, "currency": "CNY"},
                        {"amount": 2400, "currency": "GBP"},
                        {"amount": 2950, "currency": "USD"},
                    ],
                    "in_stock": True,
                    "left": 8,
                }
            ],
            "categories": ["to-read-by", "gifts"],
        }

    def test_goes_through_a_category_and_what_is_below_it(self, client: httpx.Client) -> None:
        page = client.get(PRODUCTS, params={"category": "to-drink", "search": "tea"}).json()

        assert [product["slug"] for product in page["products"]] == [
            "night-shift-oolong",
            "chamomile-at-three",
            "thermos-flask",
        ]

    @pytest.mark.parametrize("category", ["nothing", "%00", "A" * 5_000, "é"])
    def test_refuses_a_category_that_is_not_there(self, client: httpx.Client, category: str) -> None:
        assert refusal(client.get(f"{PRODUCTS}?category={category}")) == (404, "UNKNOWN_CATEGORY")

    def test_tells_what_is_left_after_an_order(self, client: httpx.Client) -> None:
        order(client, lines=[{"sku": "MAP-001", "quantity": 8}])

        variant = client.get(f"{PRODUCTS}/star-chart").json()["variants"][0]

        assert (variant["in_stock"], variant["left"]) == (False, 0)

    @pytest.mark.parametrize(
        "search", ["\x00", "%", "_", "\\", "'", "' or 1=1 --", "x" * 5_000, "茶" * 2_000, "\u202e"]
    )
    def test_takes_any_search(self, client: httpx.Client, search: str) -> None:
        answer = client.get(PRODUCTS, params={"search": search})

        assert answer.status_code == 200, answer.text
        assert len(answer.json()["products"]) in {0, 12}

    @pytest.mark.parametrize("query", ["search=%FF", "search=%ED%A0%80", "search=%", "search=%zz", "&&&===", "a[b]=c"])
    def test_takes_any_query(self, client: httpx.Client, query: str) -> None:
        assert client.get(f"{PRODUCTS}?{query}").status_code == 200

    @pytest.mark.parametrize("limit", ["abc", "", "0", "-1", "1001", "1.5", "9" * 30, "%00", "1&limit=2x", "nan"])
    def test_refuses_a_limit_that_is_none(self, client: httpx.Client, limit: str) -> None:
        answer = client.get(f"{PRODUCTS}?limit={limit}")

        assert refusal(answer) == (422, "INVALID_FIELD")
        assert problem(answer)["pointer"] == "limit"

    @pytest.mark.parametrize("cursor", ["", "abc", "%00", "%FF", "A" * 5_000, "é", "AAAAAAAAAAA", "=", "%F0%9F%98%80"])
    def test_refuses_a_cursor_that_it_did_not_give(self, client: httpx.Client, cursor: str) -> None:
        assert refusal(client.get(f"{PRODUCTS}?cursor={cursor}")) == (422, "INVALID_CURSOR")


class TestLanguages:
    @pytest.mark.parametrize(
        ("header", "language"),
        [
            ("", "en"),
            ("zh-CN,zh;q=0.9,en;q=0.8", "zh-hans"),
            ("zh", "zh-hans"),
            ("en;q=0.1, zh-Hans;q=0.5", "zh-hans"),
            ("fr", "en"),
            ("zh;q=0", "en"),
            ("*", "en"),
            ("zh;q=nan", "en"),
            ("zh;q=inf", "en"),
            ("zh;q=9", "en"),
            ("zh;q=", "en"),
            (";;;,,,=q;zh", "en"),
            ("x" * 8_000, "en"),
            ("zh," * 2_000, "zh-hans"),
            ("-" * 1_000, "en"),
        ],
    )
    def test_are_chosen_by_the_header_however_odd(self, client: httpx.Client, header: str, language: str) -> None:
        answer = client.get(f"{PRODUCTS}/gift-card", headers={"Accept-Language": header})

        assert answer.status_code == 200, answer.text
        assert answer.json()["language"] == language
        assert answer.headers["content-language"] == language
        assert answer.headers["vary"] == "Accept-Language"

    @pytest.mark.parametrize("header", [b"\xff", b"zh\xff;q=1", b"\xe4\xb8\xad"])
    def test_are_no_reason_to_fail(self, client: httpx.Client, header: bytes) -> None:
        assert client.get(PRODUCTS, headers={b"Accept-Language": header}).status_code == 200


class TestReading:
    def test_tells_prices_in_every_currency(self, client: httpx.Client) -> None:
        product = client.get(f"{PRODUCTS}/gift-card", headers={"Accept-Language": "zh"}).json()

        assert (product["title"], product["text"]) == ("电子礼品卡", "随时以电子邮件送达。永不过期，也永不售罄。")
        assert [variant["left"] for variant in product["variants"]] == [None, None]

    @pytest.mark.parametrize("slug", ["nothing", "%00", "%FF", "%ED%A0%80", "A" * 5_000, "..", "%2e%2e", "gift%20card"])
    def test_knows_no_product_by_an_odd_name(self, client: httpx.Client, slug: str) -> None:
        status, code = refusal(client.get(f"{PRODUCTS}/{slug}"))

        assert (status, code) in {(404, "UNKNOWN_PRODUCT"), (404, "NOT_FOUND")}

    def test_answers_any_accept_header_with_json(self, client: httpx.Client) -> None:
        for accept in ("text/html", "application/xml", "x", "*/*;q=0", json.dumps({})):
            answer = client.get(f"{PRODUCTS}/gift-card", headers={"Accept": accept})
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")

    def test_takes_bytes_in_a_query_that_nobody_quoted(self, site: web.Site) -> None:
        for query in (b"search=\xff\xfe", b"search=\xe8\x8c\xb6", b"cursor=\xed\xa0\x80", b"\xff"):
            request = b"GET /api/v1/products?%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % query
            answer = site.send(request)

            assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 4")), answer[:200]
