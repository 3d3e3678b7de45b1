"""Categories: two levels, named in each language; a product stands where it was filed, and above that."""

from __future__ import annotations

import pytest

from evertill.domains import catalog
from evertill.domains.catalog import CategoryDraft, ProductDraft, Saved
from evertill.domains.catalog.models import Category, Filing
from evertill.kernel import config
from tests.domains.test_catalog import draft, save

pytestmark = pytest.mark.django_db


def shelve(*drafts: CategoryDraft) -> Saved:
    return catalog.categories.save_categories(drafts=drafts)


def shelf(
    slug: str, *, en: str = "", zh: str = "", parent: str | None = None, position: int | None = None
) -> CategoryDraft:
    titles = {language: title for language, title in (("en", en or slug), ("zh-hans", zh)) if title}
    return CategoryDraft(slug=slug, titles=titles, parent=parent, position=position)


def filed(slug: str, *categories: str) -> ProductDraft:
    plain = draft(slug, en=slug)
    return ProductDraft(slug=slug, texts=plain.texts, variants=plain.variants, categories=categories)


def listed(category: str, **how: object) -> list[str]:
    page = catalog.list_products(languages=["en"], category=category, **how)  # type: ignore[arg-type]
    return [product.slug for product in page.products]


def all_shelves(language: str = "en") -> list[tuple[str, str, str]]:
    found = catalog.categories.list_categories(languages=[language], with_empty=True)
    return [(view.slug, view.parent, view.title) for view in found]


class TestSaving:
    def test_keeps_order_names_and_levels(self) -> None:
        saved = shelve(
            shelf("food", zh="吃的"), shelf("drinks", en="Drinks", zh="喝的", position=0), shelf("tea", parent="drinks")
        )

        assert saved == Saved(created=3)
        assert all_shelves() == [("food", "", "food"), ("drinks", "", "Drinks"), ("tea", "drinks", "tea")]
        assert all_shelves("zh-CN")[:2] == [("food", "", "吃的"), ("drinks", "", "喝的")]
        assert all_shelves("zh-CN")[2] == ("tea", "drinks", "tea")

    def test_again_changes_nothing_and_new_words_one(self) -> None:
        drafts = [shelf("drinks"), shelf("tea", parent="drinks", position=5)]
        shelve(*drafts)

        assert shelve(*drafts) == Saved(unchanged=2)
        assert shelve(shelf("tea", zh="茶")) == Saved(changed=1)
        assert all_shelves("zh-hans")[1] == ("tea", "drinks", "茶")

    @pytest.mark.parametrize(
        ("drafts", "why"),
        [
            ([shelf("a b")], "letters a to z"),
            ([shelf("a", parent="b")], "its parent 'b' is not there"),
            ([shelf("a", parent="a")], "its own parent"),
            ([CategoryDraft(slug="a", titles={})], "a new category needs a title"),
            ([shelf("a", en="x" * 81)], "80 is the most"),
            ([shelf("a", en="x\ny")], "control character"),
            ([shelf("a"), shelf("b", parent="a"), shelf("c", parent="b")], "c: b is below another already"),
            ([shelf("a"), shelf("b", parent="a"), shelf("z"), shelf("a", parent="z")], "b: a is below another already"),
        ],
    )
    def test_refuses_what_cannot_be(self, drafts: list[CategoryDraft], why: str) -> None:
        with pytest.raises(catalog.categories.CategoryIncomplete, match=why):
            shelve(*drafts)

    def test_refuses_more_than_the_shop_may_have(self) -> None:
        most = config.get().categories_max

        with pytest.raises(catalog.categories.CategoryIncomplete, match=f"{most} is the most"):
            shelve(*(shelf(f"c-{number}") for number in range(most + 1)))


class TestFiling:
    @pytest.fixture(autouse=True)
    def shelves(self) -> None:
        shelve(shelf("drinks"), shelf("tea", parent="drinks"), shelf("coffee", parent="drinks"), shelf("gifts"))

    def test_puts_a_product_on_its_shelf_and_above(self) -> None:
        save(filed("oolong", "tea", "gifts"), filed("arabica", "coffee"), filed("flask", "drinks"), draft("lamp"))

        assert listed("drinks") == ["oolong", "arabica", "flask"]
        assert (listed("tea"), listed("gifts")) == (["oolong"], ["oolong"])
        assert catalog.read_product(slug="oolong", languages=["en"]).categories == ("tea", "gifts")
        assert catalog.read_product(slug="lamp", languages=["en"]).categories == ()

    def test_again_changes_nothing_and_elsewhere_moves_it(self) -> None:
        save(filed("oolong", "tea", "drinks"))

        assert save(filed("oolong", "tea", "drinks")) == Saved(unchanged=1)
        assert save(draft("oolong", en="oolong")) == Saved(unchanged=1)
        assert save(filed("oolong", "drinks")) == Saved(changed=1)
        assert (listed("drinks"), listed("tea")) == (["oolong"], [])
        assert save(filed("oolong", "coffee")) == Saved(changed=1)
        assert (listed("drinks"), listed("coffee")) == (["oolong"], ["oolong"])
        assert save(filed("oolong")) == Saved(changed=1)
        assert not Filing.objects.exists()

    def test_follows_when_a_shelf_moves(self) -> None:
        save(filed("oolong", "tea"), filed("card", "gifts"))

        assert shelve(shelf("tea", parent="gifts")) == Saved(changed=1)
        assert (listed("drinks"), listed("gifts")) == ([], ["oolong", "card"])
        assert shelve(shelf("tea", parent="")) == Saved(changed=1)
        assert (listed("gifts"), listed("tea")) == (["card"], ["oolong"])

    def test_takes_no_shelf_that_is_not_there_and_not_too_many(self) -> None:
        with pytest.raises(catalog.UnknownCategory, match="'nowhere'"):
            save(filed("oolong", "tea", "nowhere"))
        with pytest.raises(catalog.ProductIncomplete, match="8 is the most"):
            save(filed("oolong", *["tea"] * 9))

    def test_goes_from_page_to_page(self) -> None:
        save(*(filed(f"tea-{number}", "tea") for number in range(5)), filed("arabica", "coffee"))

        first = catalog.list_products(languages=["en"], category="drinks", limit=4)
        rest = catalog.list_products(languages=["en"], category="drinks", limit=4, cursor=first.next_cursor)

        assert [product.slug for product in first.products] == ["tea-0", "tea-1", "tea-2", "tea-3"]
        assert ([product.slug for product in rest.products], rest.next_cursor) == (["tea-4", "arabica"], None)

    def test_is_searched_within(self) -> None:
        save(filed("green-tea", "tea"), filed("tea-card", "gifts"))

        assert listed("drinks", search="tea") == ["green-tea"]
        assert listed("", search="tea") == ["green-tea", "tea-card"]

    @pytest.mark.parametrize("slug", ["nowhere", "te a", "\0", "x" * 5_000])
    def test_knows_no_other_shelf(self, slug: str) -> None:
        with pytest.raises(catalog.UnknownCategory):
            listed(slug)

    def test_shows_only_shelves_with_something_on_show(self) -> None:
        hidden = draft("hidden", status=catalog.Status.DRAFT)
        save(
            filed("oolong", "tea"),
            ProductDraft(
                slug="hidden",
                texts=hidden.texts,
                variants=hidden.variants,
                status=hidden.status,
                categories=["gifts"],
            ),
        )

        assert [view.slug for view in catalog.categories.list_categories(languages=["en"])] == ["drinks", "tea"]


class TestTables:
    def test_hold_no_third_level_and_no_circle(self) -> None:
        from django.db import IntegrityError, transaction

        for level, parent in ((1, True), (2, False), (3, True)):
            top, _ = Category.objects.get_or_create(slug="top")
            with pytest.raises(IntegrityError, match="catalog_category_two_levels"), transaction.atomic():
                Category.objects.create(slug="x", level=level, parent=top if parent else None)
