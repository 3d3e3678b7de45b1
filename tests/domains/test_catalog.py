"""The catalogue: saving is safe to repeat and keeps what it does not name; lists page, search and speak languages."""

from __future__ import annotations

import datetime as dt

import pytest

from evertill.domains import catalog
from evertill.domains.catalog import ProductDraft, Saved, Status, Text, VariantDraft
from evertill.domains.catalog.models import Price, Product, ProductText, Variant
from tests import tables
from tests.builders import NOON

pytestmark = pytest.mark.django_db

LATER = NOON + dt.timedelta(hours=1)


def draft(
    slug: str = "lamp",
    *skus: str,
    en: str | None = "Lamp",
    text: str | None = None,
    zh: str | None = None,
    price: int | None = 450,
    status: Status | None = None,
) -> ProductDraft:
    texts = {}
    if en is not None:
        texts["en"] = Text(title=en, text=text)
    if zh is not None:
        texts["zh-hans"] = Text(title=zh)
    prices = {} if price is None else {"GBP": price}
    variants = [VariantDraft(sku=sku, prices=prices) for sku in skus or (slug.upper(),)]
    return ProductDraft(slug=slug, texts=texts, variants=variants, status=status)


def save(*drafts: ProductDraft, now: dt.datetime = NOON) -> Saved:
    return catalog.save_products(drafts=drafts, now=now)


def everything() -> list[list[tuple[object, ...]]]:
    return [list(model.objects.order_by("pk").values_list()) for model in (Product, ProductText, Variant, Price)]


class TestSave:
    def test_writes_products_texts_variants_and_prices(self) -> None:
        saved = save(draft("lamp", "L-1", "L-2", zh="灯", text="It shines."), draft("tea"))

        assert saved == Saved(created=2)
        assert catalog.read_product(slug="lamp", languages=["en"]) == catalog.ProductView(
            slug="lamp",
            language="en",
            title="Lamp",
            text="It shines.",
            variants=(
                catalog.VariantView(sku="L-1", title="Lamp", prices={"GBP": 450}),
                catalog.VariantView(sku="L-2", title="Lamp", prices={"GBP": 450}),
            ),
            categories=(),
        )
        assert [tables.count(f"catalog_{name}") for name in ("product", "product_text", "variant", "price")] == [
            2,
            3,
            3,
            3,
        ]

    def test_again_changes_nothing_at_all(self) -> None:
        drafts = [draft("lamp", "L-1", "L-2", zh="灯", text="It shines."), draft("tea", status=Status.DRAFT)]
        save(*drafts)
        before = everything()

        assert save(*drafts, now=LATER) == Saved(unchanged=2)

        assert everything() == before

    def test_keeps_what_the_draft_does_not_name(self) -> None:
        save(draft("lamp", "L-1", "L-2", zh="灯", text="It shines.", status=Status.ARCHIVED))

        saved = save(
            ProductDraft(
                slug="lamp",
                texts={"en": Text(title="Big lamp")},
                variants=[VariantDraft(sku="L-1", title="Big lamp", prices={"CNY": 4000})],
            ),
            now=LATER,
        )

        assert saved == Saved(changed=1)
        product = Product.objects.get()
        assert (product.status, product.created_at, product.updated_at) == ("ARCHIVED", NOON, LATER)
        assert set(ProductText.objects.values_list("language", "title", "text")) == {
            ("en", "Big lamp", "It shines."),
            ("zh-hans", "灯", ""),
        }
        assert set(Variant.objects.values_list("sku", "title")) == {("L-1", "Big lamp"), ("L-2", "Lamp")}
        assert set(Price.objects.values_list("variant__sku", "currency", "amount")) == {
            ("L-1", "GBP", 450),
            ("L-1", "CNY", 4000),
            ("L-2", "GBP", 450),
        }

    @pytest.mark.parametrize(
        "changed",
        [
            draft("lamp", price=451),
            draft("lamp", zh="灯"),
            draft("lamp", text="It shines."),
            draft("lamp", status=Status.DRAFT),
            draft("lamp", "LAMP", "LAMP-2"),
        ],
    )
    def test_any_change_counts_and_moves_updated_at(self, changed: ProductDraft) -> None:
        save(draft("lamp"), draft("tea"))

        assert save(changed, draft("tea"), now=LATER) == Saved(changed=1, unchanged=1)

        assert dict(Product.objects.values_list("slug", "updated_at")) == {"lamp": LATER, "tea": NOON}

    def test_new_variants_come_after_those_already_there(self) -> None:
        save(draft("lamp", "L-2", "L-1"))

        save(draft("lamp", "L-0", "L-1"))

        view = catalog.read_product(slug="lamp", languages=["en"])
        assert [variant.sku for variant in view.variants] == ["L-2", "L-1", "L-0"]

    def test_a_sku_of_another_product_is_refused(self) -> None:
        save(draft("lamp", "L-1"))

        with pytest.raises(catalog.SkuTaken) as refused:
            save(draft("torch", "L-1"))

        assert refused.value.facts == {"skus": ["L-1"]}
        assert Variant.objects.get().product.slug == "lamp"

    def test_a_sku_or_slug_named_twice_is_refused(self) -> None:
        with pytest.raises(catalog.SkuTaken):
            save(draft("lamp", "A"), draft("tea", "A"))
        with pytest.raises(catalog.ProductIncomplete):
            save(draft("lamp", "A"), draft("lamp", "B"))

        assert tables.count("catalog_product") == 0

    def test_skus_that_differ_by_case_are_two(self) -> None:
        save(draft("lamp", "85123A", "85123a"))

        assert sorted(catalog.find_homes(skus=["85123A", "85123a", "85123 A"])) == ["85123A", "85123a"]

    def test_a_new_variant_without_any_title_is_refused(self) -> None:
        with pytest.raises(catalog.ProductIncomplete) as refused:
            save(draft("lamp", en=None))

        assert refused.value.detail == "The new variant LAMP has no title, nor has its product."


class TestList:
    def slugs(self, **wanted: object) -> list[str]:
        page = catalog.list_products(**({"languages": ["en"]} | wanted))  # type: ignore[arg-type]
        return [product.slug for product in page.products]

    def test_pages_through_everything_once_in_the_order_of_creation(self) -> None:
        save(*[draft(f"p{n}") for n in (3, 1, 2, 5, 4)])
        seen, cursor = [], None

        for _ in range(3):
            page = catalog.list_products(languages=["en"], cursor=cursor, limit=2)
            seen += [product.slug for product in page.products]
            cursor = page.next_cursor

        assert seen == ["p3", "p1", "p2", "p5", "p4"]
        assert cursor is None

    def test_a_full_last_page_has_no_next_one(self) -> None:
        save(draft("a"), draft("b"))

        assert catalog.list_products(languages=["en"], limit=2).next_cursor is None

    def test_a_product_added_behind_the_cursor_is_still_found(self) -> None:
        save(draft("a"), draft("b"))
        cursor = catalog.list_products(languages=["en"], limit=1).next_cursor
        save(draft("c"))

        assert self.slugs(cursor=cursor) == ["b", "c"]

    @pytest.mark.parametrize("cursor", ["", "x", "é", "\x00", "YzE", "YzEAAAAAAAAAAQ==", "YzH__________w", "a" * 5000])
    def test_a_cursor_that_is_none_is_a_clear_error(self, cursor: str) -> None:
        with pytest.raises(catalog.InvalidCursor) as refused:
            catalog.list_products(languages=["en"], cursor=cursor)

        assert refused.value.code == "INVALID_CURSOR"

    def test_limits_are_kept_whatever_is_asked(self) -> None:
        save(*[draft(f"p{n}") for n in range(101)])

        assert len(self.slugs(limit=10**9)) == 100
        assert len(self.slugs(limit=-5)) == 1

    def test_shows_neither_drafts_nor_archived_nor_what_has_no_variant_on_sale(self) -> None:
        save(draft("a"), draft("b", status=Status.DRAFT), draft("c", status=Status.ARCHIVED), draft("d"))
        Variant.objects.filter(sku="D").update(is_active=False)

        assert self.slugs() == ["a"]
        for slug in ("b", "c", "d", "none", "a\x00"):
            with pytest.raises(catalog.UnknownProduct):
                catalog.read_product(slug=slug, languages=["en"])

    def test_searches_titles_texts_and_skus_in_every_language(self) -> None:
        save(
            draft("oolong", "TEA-001", en="Night Shift Oolong", zh="夜班乌龙"),
            draft("lamp", "LMP_1", en="Amber Lamp", text="100% warm light", zh="琥珀阅读灯"),
        )

        assert self.slugs(search="乌龙") == ["oolong"]
        assert self.slugs(search="灯", languages=["en"]) == ["lamp"]
        assert self.slugs(search="nIGHT oolong") == ["oolong"]
        assert self.slugs(search="tea-0") == ["oolong"]
        assert self.slugs(search="warm amber") == ["lamp"]
        assert self.slugs(search="night lamp") == []
        assert self.slugs(search="  ") == ["oolong", "lamp"]

    def test_takes_search_words_literally(self) -> None:
        save(draft("a", "A_1", en="100% wool"), draft("b", "AB1", en="100 wool"))

        assert self.slugs(search="%") == ["a"]
        assert self.slugs(search="a_1") == ["a"]
        assert self.slugs(search="\\") == []
        assert self.slugs(search="\x00wool") == ["a", "b"]

    def test_a_variant_without_a_name_of_its_own_is_called_as_its_product(self) -> None:
        texts = {"en": Text(title="Lamp"), "zh-hans": Text(title="灯")}
        variants = [VariantDraft(sku="A"), VariantDraft(sku="B", title="Lamp, blue")]
        save(ProductDraft(slug="lamp", texts=texts, variants=variants))

        view = catalog.read_product(slug="lamp", languages=["zh-hans"])

        assert [variant.title for variant in view.variants] == ["灯", "Lamp, blue"]

    def test_speaks_the_first_wanted_language_it_has_and_else_the_shops(self) -> None:
        save(draft("lamp", zh="灯"), draft("tea", "T", en=None, zh="茶"))

        def titles(*languages: str) -> list[tuple[str, str]]:
            page = catalog.list_products(languages=languages)
            return [(product.language, product.title) for product in page.products]

        assert titles("zh-CN", "en") == [("zh-hans", "灯"), ("zh-hans", "茶")]
        assert titles("fr") == [("en", "Lamp"), ("zh-hans", "茶")]
        assert titles() == [("en", "Lamp"), ("zh-hans", "茶")]
