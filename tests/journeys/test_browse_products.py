"""Browsing joins the catalogue with stock; the demo shop is what a newcomer browses first."""

from __future__ import annotations

import datetime as dt

import pytest

from evertill.domains import catalog, stock
from evertill.journeys.browse_products import VariantOnSale, list_products, read_product
from evertill.journeys.load_demo import load_demo
from tests import tables
from tests.builders import NOON, ask, balance, make_stock, place_one

pytestmark = pytest.mark.django_db


def show(slug: str, *skus: str) -> None:
    variants = [catalog.VariantDraft(sku=sku, prices={"GBP": 100}) for sku in skus]
    catalog.save_products(
        drafts=[catalog.ProductDraft(slug=slug, texts={"en": catalog.Text(title=slug)}, variants=variants)], now=NOON
    )


class TestStock:
    def test_of_each_variant_is_told_and_a_number_only_when_few_are_left(self) -> None:
        show("tea", "MANY", "FEW", "NONE", "EVER", "UNCOUNTED")
        make_stock("MANY", pieces=11)
        make_stock("FEW", pieces=10)
        make_stock("NONE", pieces=0)
        make_stock("EVER", pieces=None)

        (product,) = list_products(languages=["en"]).products

        assert {variant.sku: (variant.in_stock, variant.left) for variant in product.variants} == {
            "MANY": (True, None),
            "FEW": (True, 10),
            "NONE": (False, 0),
            "EVER": (True, None),
            "UNCOUNTED": (False, None),
        }

    def test_that_is_promised_is_not_left(self) -> None:
        show("tea", "TEA")
        make_stock("TEA", pieces=3)
        place_one(ask(lines={"TEA": 3}))

        assert read_product(slug="tea", languages=[]).variants == (
            VariantOnSale(sku="TEA", title="tea", prices={"GBP": 100}, in_stock=False, left=0),
        )


class TestDemo:
    def test_is_bilingual_priced_in_three_currencies_and_in_stock(self) -> None:
        load_demo(now=NOON)

        english = list_products(languages=["en"], limit=100).products
        chinese = list_products(languages=["zh-CN"], limit=100).products
        assert len(english) == len(chinese) == 12
        assert {product.language for product in english} == {"en"}
        assert {product.language for product in chinese} == {"zh-hans"}
        assert all(product.text for product in (*english, *chinese))
        variants = [variant for product in english for variant in product.variants]
        assert {frozenset(variant.prices) for variant in variants} == {frozenset({"GBP", "CNY", "USD"})}
        assert all(variant.in_stock for variant in variants)
        assert balance("TEA-001") == (500, 0)
        assert stock.find_differences() == []

    def test_again_changes_nothing_and_refills_nothing(self) -> None:
        load_demo(now=NOON)
        place_one(ask(lines={"TEA-001": 5, "GIFT-10": 5}))
        names = ("catalog_product", "catalog_product_text", "catalog_variant", "catalog_price", "stock_movement")
        before = [tables.rows(name) for name in names]

        load_demo(now=NOON + dt.timedelta(days=1))

        assert [tables.rows(name) for name in names] == before
        assert balance("TEA-001") == (500, 5)
