"""The ways through the shop: front page, categories, search; each page says where it stands and where to go on."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import httpx
import pytest

from evertill.domains import catalog
from evertill.journeys.load_demo import load_demo
from evertill.kernel import db
from tests.builders import NOON
from tests.pages.test_shop import words


class Outline(HTMLParser):
    """What a page is made of: its headings, its landmarks with their names, and its links by where they lead."""

    def __init__(self, page: httpx.Response) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.landmarks: list[tuple[str, str]] = []
        self.links: dict[str, str] = {}
        self.current: list[str] = []
        self._open: str | None = None
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag in ("header", "nav", "main", "footer", "search") or known.get("role") == "search":
            self.landmarks.append((tag, known.get("aria-label", known.get("aria-labelledby", ""))))
        if tag == "a" and "href" in known:
            self._open = known["href"]
            self.links.setdefault(self._open, "")
            if "aria-current" in known:
                self.current.append(self._open)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self.links[self._open] += data.strip()


@pytest.fixture(autouse=True)
def demo(client: httpx.Client) -> None:
    load_demo(now=NOON)


def goods(page: httpx.Response) -> list[str]:
    return re.findall(r'<h[23]><a href="[^"]*/products/([^"]+)"', page.text)


class TestFrontPage:
    def test_leads_to_every_category_and_shows_what_is_new(self, client: httpx.Client) -> None:
        page = client.get("/en/")

        links = Outline(page).links
        assert {path: text for path, text in links.items() if "/categories/" in path} == {
            f"/en/categories/{slug}": 2 * title
            for slug, title in (
                ("to-drink", "To drink"),
                ("to-eat", "To eat"),
                ("to-read-by", "To read and write by"),
                ("to-sleep", "To sleep well"),
                ("gifts", "Gifts"),
            )
        }
        assert goods(page)[:2] == ["gift-card", "thermos-flask"]
        assert len(goods(page)) == 8

    def test_tells_its_name(self, client: httpx.Client) -> None:
        assert "<title>Evertill</title>" in client.get("/en/").text
        assert "<title>Star Chart · Evertill</title>" in client.get("/en/products/star-chart").text


class TestCategory:
    def test_shows_what_stands_in_it_and_below(self, client: httpx.Client) -> None:
        page = client.get("/zh-hans/categories/to-drink")

        assert '<h1 lang="zh-hans">喝的</h1>' in page.text
        assert goods(page) == ["night-shift-oolong", "chamomile-at-three", "small-hours-coffee", "thermos-flask"]
        outline = Outline(page)
        # In the row of all categories, and among those within it.
        assert outline.current == ["/zh-hans/categories/to-drink"] * 2
        assert {"/zh-hans/categories/tea", "/zh-hans/categories/coffee"} <= set(outline.links)

    def test_below_another_says_so(self, client: httpx.Client) -> None:
        page = client.get("/en/categories/tea")

        assert goods(page) == ["night-shift-oolong", "chamomile-at-three"]
        assert "Evertill To drink Tea Tea All Tea Coffee" in words(page)

    def test_goes_on_over_pages(self, client: httpx.Client) -> None:
        drafts = [
            catalog.ProductDraft(
                slug=f"more-{number}",
                texts={"en": catalog.Text(title=f"More {number}")},
                variants=[catalog.VariantDraft(sku=f"MORE-{number}", prices={"GBP": 100})],
                categories=["to-eat"],
            )
            for number in range(30)
        ]
        with db.write():
            catalog.save_products(drafts=drafts, now=NOON)

        first = client.get("/en/categories/to-eat")
        ahead = re.search(r'href="\?(after=[^"]+)" rel="next"', first.text)
        assert ahead
        second = client.get(f"/en/categories/to-eat?{ahead.group(1)}")

        assert (len(goods(first)), len(goods(second))) == (24, 7)
        assert 'rel="next"' not in second.text
        assert Outline(second).links["/en/categories/to-eat"].endswith("From the beginning")

    @pytest.mark.parametrize("slug", ["nothing", "%FF", "x" * 3_000, "tea/", "To-Drink"])
    def test_that_is_not_there_is_a_friendly_404(self, client: httpx.Client, slug: str) -> None:
        page = client.get(f"/en/categories/{slug}")

        assert page.status_code == 404
        assert "There is nothing here" in words(page)

    def test_reads_only_cursors_of_the_shop(self, client: httpx.Client) -> None:
        answer = client.get("/en/categories/tea?after=zzz")

        assert (answer.status_code, answer.headers["location"]) == (302, "/en/categories/tea")


class TestProduct:
    def test_tells_the_way_to_it(self, client: httpx.Client) -> None:
        page = client.get("/en/products/night-shift-oolong")

        assert "Evertill To drink Tea Night Shift Oolong" in words(page)
        assert Outline(page).current == ["/en/categories/to-drink"]
        assert '<meta name="description" content="A roasted oolong that' in page.text


class TestSearch:
    @pytest.mark.parametrize(
        ("q", "found"),
        [
            ("noodles", ["midnight-noodles"]),
            ("乌龙", ["night-shift-oolong"]),
            ("茶", ["thermos-flask"]),
            ("tea", ["night-shift-oolong", "chamomile-at-three", "thermos-flask"]),
            ("MAP-0", ["star-chart"]),
            ("blank pages", ["unlined-notebook"]),
        ],
    )
    def test_finds_in_any_language(self, client: httpx.Client, q: str, found: list[str]) -> None:
        page = client.get("/en/products", params={"q": q})

        assert goods(page) == found
        assert f'value="{q}"' in page.text
        assert '<meta name="robots" content="noindex">' in page.text

    def test_shows_what_was_asked_as_text(self, client: httpx.Client) -> None:
        page = client.get("/en/products", params={"q": '"><script>alert(1)</script>'})

        assert "<script>alert" not in page.text
        assert "Nothing here goes by these words." in words(page)


class TestEveryPage:
    @pytest.mark.parametrize(
        "path",
        [
            "",
            "products",
            "products?q=tea",
            "products?q=zzz",
            "categories/tea",
            "products/star-chart",
            "cart",
            "nothing",
        ],
    )
    def test_has_its_headings_in_order_and_its_landmarks_named(self, client: httpx.Client, path: str) -> None:
        outline = Outline(client.get(f"/en/{path}"))

        assert outline.levels[0] == 1
        assert outline.levels.count(1) == 1
        assert all(after - before <= 1 for before, after in zip(outline.levels, outline.levels[1:], strict=False))
        kinds = [kind for kind, _ in outline.landmarks]
        assert (kinds.count("header"), kinds.count("main"), kinds.count("footer")) == (1, 1, 1)
        names = [name for kind, name in outline.landmarks if kind == "nav"]
        assert all(names)
        assert len(set(names)) == len(names)

    @pytest.mark.parametrize("path", ["", "products", "categories/tea", "products/star-chart"])
    def test_says_what_is_in_another_language(self, client: httpx.Client, path: str) -> None:
        page = client.get(f"/zh-hans/{path}")

        assert '<html lang="zh-hans">' in page.text
        assert 'hreflang="en" rel="nofollow">English' in page.text
