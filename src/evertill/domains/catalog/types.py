"""What crosses the boundary of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec


class Status(StrEnum):
    """Whether customers see a product."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    ARCHIVED = "ARCHIVED"


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What an order line needs to know of a SKU; `unit_price` is None when it has no price in that currency."""

    sku: str
    title: str
    unit_price: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantDraft:
    """A variant to be saved: its SKU, its title where it differs from the product's, and minor units per currency."""

    sku: str
    title: str = ""
    prices: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDraft:
    """A product to be saved: texts are (title, text) per language; variants come in the order they are shown."""

    slug: str
    texts: Mapping[str, tuple[str, str]]
    variants: Sequence[VariantDraft]
    status: Status = Status.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantView:
    """A variant as customers see it; prices are minor units per currency."""

    sku: str
    title: str
    prices: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductView:
    """A product as customers see it, in the language that was found for them."""

    slug: str
    language: str
    title: str
    text: str
    variants: Sequence[VariantView]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPage:
    """One page of products and the cursor of the next, or None at the end."""

    products: Sequence[ProductView]
    next_cursor: str | None
