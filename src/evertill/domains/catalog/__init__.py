"""The catalogue: what the shop offers, what it is called in each language, and what it costs."""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.catalog.queries import find_offers
    from evertill.domains.catalog.types import Offer, ProductDraft, ProductPage, ProductView, Status, VariantDraft, VariantView

__getattr__ = open_door(__name__)

__all__ = [
    "Offer",
    "ProductDraft",
    "ProductPage",
    "ProductView",
    "Status",
    "VariantDraft",
    "VariantView",
    "find_offers",
]
