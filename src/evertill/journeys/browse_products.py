"""Browse products: what the catalogue shows and on which shelves, joined with whether there is any left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from evertill.domains import catalog, stock
from evertill.domains.catalog import CategoryView, InvalidCursor, UnknownCategory, UnknownProduct

__all__ = [
    "FEW_LEFT",
    "CategoryView",
    "InvalidCursor",
    "ProductOnSale",
    "ProductsOnSale",
    "UnknownCategory",
    "UnknownProduct",
    "VariantOnSale",
    "find_variants",
    "list_categories",
    "list_newest",
    "list_products",
    "read_product",
]

# At so few pieces customers are told the number: it helps them to decide, and hides how much the shop holds.
FEW_LEFT = 10


class VariantOnSale(msgspec.Struct, frozen=True, kw_only=True):
    """A variant with its prices in minor units per currency; `left` is a number only when few pieces are left."""

    sku: str
    title: str
    prices: dict[str, int]
    in_stock: bool
    left: int | None


class ProductOnSale(msgspec.Struct, frozen=True, kw_only=True):
    """A product in the language that was found for the customer; `categories` are slugs."""

    slug: str
    language: str
    title: str
    text: str
    variants: tuple[VariantOnSale, ...]
    categories: tuple[str, ...]


class ProductsOnSale(msgspec.Struct, frozen=True, kw_only=True):
    """One page of products and the cursor of the next, or None at the end."""

    products: tuple[ProductOnSale, ...]
    next_cursor: str | None


def list_categories(*, languages: Sequence[str]) -> list[CategoryView]:
    """This function will return the categories in which something is on show; those below another stand behind it."""
    return catalog.categories.list_categories(languages=languages)


def list_newest(*, languages: Sequence[str], limit: int) -> tuple[ProductOnSale, ...]:
    """This function will return what came last into the shop, the newest first."""
    return _with_stock(catalog.list_newest(languages=languages, limit=limit))


def list_products(
    *, languages: Sequence[str], search: str = "", category: str = "", cursor: str | None = None, limit: int = 20
) -> ProductsOnSale:
    """This function will return one page of what is on show, sold-out products included.

    Each word of `search` must occur in a title, a text or a SKU, in any language. `category` is a slug, "" for all.
    `languages` are preferred in order. Raises InvalidCursor and UnknownCategory.
    """
    page = catalog.list_products(languages=languages, search=search, category=category, cursor=cursor, limit=limit)
    return ProductsOnSale(products=_with_stock(page.products), next_cursor=page.next_cursor)


def read_product(*, slug: str, languages: Sequence[str]) -> ProductOnSale:
    """This function will return one product; raises UnknownProduct when there is none or customers may not see it."""
    return _with_stock([catalog.read_product(slug=slug, languages=languages)])[0]


def find_variants(*, skus: Sequence[str], languages: Sequence[str]) -> dict[str, tuple[ProductOnSale, VariantOnSale]]:
    """This function will return what is for sale among these SKUs with its product; what is not is missing."""
    if not skus:
        return {}
    products = _with_stock(catalog.find_products(skus=skus, languages=languages))
    return {variant.sku: (product, variant) for product in products for variant in product.variants}


def _with_stock(products: Sequence[catalog.ProductView]) -> tuple[ProductOnSale, ...]:
    items = stock.read_items(skus=[variant.sku for product in products for variant in product.variants])
    return tuple(
        ProductOnSale(
            slug=product.slug,
            language=product.language,
            title=product.title,
            text=product.text,
            variants=tuple(_on_sale(variant, items) for variant in product.variants),
            categories=tuple(product.categories),
        )
        for product in products
    )


def _on_sale(variant: catalog.VariantView, items: Mapping[str, stock.Item]) -> VariantOnSale:
    item = items.get(variant.sku)
    is_counted = item is not None and item.kind is stock.Kind.COUNTED
    left = item.available if item is not None and is_counted else 0
    return VariantOnSale(
        sku=variant.sku,
        title=variant.title,
        prices=dict(variant.prices),
        in_stock=item is not None and (left > 0 or not is_counted),
        left=left if is_counted and left <= FEW_LEFT else None,
    )
