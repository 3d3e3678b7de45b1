"""The catalogue: what the shop offers, what it is called in each language, and what it costs."""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.catalog import categories, editing, history, prices, rules, search, shelving
    from evertill.domains.catalog.operations import ProductIncomplete, SkuTaken, save_products
    from evertill.domains.catalog.queries import (
        InvalidCursor,
        UnknownCategory,
        UnknownProduct,
        find_homes,
        find_offers,
        find_products,
        find_slugs,
        list_newest,
        list_products,
        read_product,
    )
    from evertill.domains.catalog.rules import RIGHTS, choose_language, fault_of, fault_of_sku, is_language, slug_for
    from evertill.domains.catalog.types import (
        Card,
        CategoryDraft,
        CategoryView,
        Change,
        Home,
        Listed,
        NewPrice,
        Offer,
        Plain,
        PlannedPrice,
        PriceChange,
        Priced,
        ProductDraft,
        ProductPage,
        ProductView,
        Saved,
        Shelf,
        Status,
        Text,
        VariantDraft,
        VariantView,
    )

__getattr__ = open_door(__name__)

__all__ = [
    "RIGHTS",
    "Card",
    "CategoryDraft",
    "CategoryView",
    "Change",
    "Home",
    "InvalidCursor",
    "Listed",
    "NewPrice",
    "Offer",
    "Plain",
    "PlannedPrice",
    "PriceChange",
    "Priced",
    "ProductDraft",
    "ProductIncomplete",
    "ProductPage",
    "ProductView",
    "Saved",
    "Shelf",
    "SkuTaken",
    "Status",
    "Text",
    "UnknownCategory",
    "UnknownProduct",
    "VariantDraft",
    "VariantView",
    "categories",
    "choose_language",
    "editing",
    "fault_of",
    "fault_of_category",
    "fault_of_sku",
    "find_homes",
    "find_offers",
    "find_products",
    "find_slugs",
    "history",
    "is_language",
    "list_newest",
    "list_products",
    "prices",
    "read_product",
    "rules",
    "save_products",
    "search",
    "shelving",
    "slug_for",
    "slug_for_category",
]
