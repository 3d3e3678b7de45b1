"""Search: titles before texts, from page to page, whatever is saved is found, and nothing else."""

from __future__ import annotations

import pytest

from evertill.domains import catalog
from evertill.domains.catalog.models import Search
from evertill.journeys.index_products import index_products
from tests.builders import make_product
from tests.domains.test_catalog import draft, save

pytestmark = pytest.mark.django_db


def found(search: str, *, limit: int = 20) -> list[str]:
    """Everything that a search finds, asked for page by page."""
    slugs: list[str] = []
    cursor = None
    while True:
        page = catalog.list_products(languages=["en"], search=search, cursor=cursor, limit=limit)
        slugs += [product.slug for product in page.products]
        cursor = page.next_cursor
        if cursor is None:
            return slugs


class TestSearch:
    def test_tells_titles_and_skus_before_texts(self) -> None:
        save(
            draft("a", en="Shade", text="For every lamp."),
            draft("b", en="Lamp"),
            draft("c", "LAMP-9", en="Clip"),
            draft("d", en="Bulb", text="It fits the lamp."),
        )

        assert found("lamp") == ["b", "c", "a", "d"]
        assert [found("lamp", limit=size) for size in (1, 2, 3)] == [["b", "c", "a", "d"]] * 3

    def test_finds_words_apart_in_title_text_and_variants(self) -> None:
        save(draft("lamp", en="Amber Lamp", text="Warm light.", zh="琥珀阅读灯"))

        assert found("light amber") == ["lamp"]
        assert found("阅读 warm") == ["lamp"]
        assert found("amber cold") == []

    def test_finds_case_accents_and_width_alike(self) -> None:
        save(draft("creme", "ＴＥＡ－1", en="Crème Brûlée"))

        assert found("creme BRULEE") == found("CRÈME") == found("tea-1") == ["creme"]

    def test_finds_what_a_text_says_now(self) -> None:
        save(draft("lamp", en="Lamp", text="Warm."))
        save(draft("lamp", en="Lantern", text="Cold."))

        assert (found("lantern cold"), found("warm")) == (["lamp"], [])

    def test_finds_nothing_that_is_not_on_show(self) -> None:
        save(draft("lamp", status=catalog.Status.DRAFT), draft("lamp-2", en="Lamp", status=catalog.Status.ARCHIVED))

        assert found("lamp") == []

    def test_reads_its_own_cursor_only_where_it_was_given(self) -> None:
        save(draft("a", en="Shade", text="lamp"), draft("b", en="Clip", text="lamp"))
        cursor = catalog.list_products(languages=["en"], search="lamp", limit=1).next_cursor
        assert cursor is not None

        with pytest.raises(catalog.InvalidCursor):
            catalog.list_products(languages=["en"], search="lamp", cursor=cursor[:-1])

    def test_looks_at_the_beginning_of_a_long_text(self) -> None:
        save(draft("lamp", text="warm " + "x" * 3_000 + " cold"))

        assert (found("warm"), found("cold")) == (["lamp"], [])


class TestIndexing:
    def test_makes_findable_what_an_older_release_saved(self) -> None:
        from evertill.domains.catalog.models import Product, ProductText

        make_product("TEA")
        ProductText.objects.create(product=Product.objects.get(), language="en", title="Oolong")
        assert found("oolong") == []

        assert (index_products(), index_products()) == (1, 0)
        assert found("oolong") == found("tea") == ["tea"]
        assert Search.objects.count() == 1
