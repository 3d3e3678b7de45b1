"""What crosses the boundary of the catalogue."""

from __future__ import annotations

import datetime as dt
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
class Text:
    """What a product is called and said to be in one language; a `text` of None keeps the one that is there."""

    title: str
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantDraft:
    """A variant to be saved: its SKU, what an order line calls it, and minor units per currency.

    Without a title it is called as its product is in the shop's first language. `titles` are those in other languages.
    """

    sku: str
    title: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    prices: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDraft:
    """A product to be saved, found again by its slug. What it does not name stays as it is.

    Texts are per language. New variants come after those already there, in this order. A status of None keeps the
    present one; a new product is then ACTIVE.
    """

    slug: str
    texts: Mapping[str, Text]
    variants: Sequence[VariantDraft]
    status: Status | None = None
    # Slugs of all categories that it is to stand in; None keeps those in which it stands.
    categories: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryDraft:
    """A category to be saved, found again by its slug. What it does not name stays as it is.

    Titles are per language. `parent` is the slug of the category above it, "" for none and None for the present one.
    """

    slug: str
    titles: Mapping[str, str]
    parent: str | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryView:
    """A category as customers see it, in the language that was found for them; `parent` is "" at the top."""

    slug: str
    parent: str
    language: str
    title: str
    is_retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What saving came to, in products or categories."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where a SKU lives: the slug of its product, and whether other variants live there too."""

    slug: str
    is_shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantView:
    """A variant as customers see it; prices are minor units per currency."""

    sku: str
    title: str
    prices: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductView:
    """A product as customers see it, in the language that was found for them; `categories` are slugs."""

    slug: str
    language: str
    title: str
    text: str
    variants: Sequence[VariantView]
    categories: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPage:
    """One page of products and the cursor of the next, or None at the end."""

    products: Sequence[ProductView]
    next_cursor: str | None


# What a card and a change hold: plain values that JSON knows.
Plain = str | bool | list[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A product as staff edit it, shown or hidden: a value for each name of rules.py, prices left out.

    Names are `status`, `categories`, `title:en`, `text:en`, and of each variant `variant:SKU:title:en` and
    `variant:SKU:shown`. `variants` has the SKUs in their order.
    """

    id: int
    slug: str
    values: Mapping[str, Plain]
    variants: tuple[str, ...]
    updated_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a product or a category: what was, and what is from then on, by name.

    `undoes` is the change that it took back.
    """

    id: int
    number: int
    changed_at: dt.datetime
    changed_by: str
    why: str
    before: Mapping[str, Plain]
    after: Mapping[str, Plain]
    undoes: int | None
    is_undone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A category as staff edit it: `title:en` …, `parent` (a slug, "" at the top), `place` (its rank), `retired`."""

    id: int
    slug: str
    values: Mapping[str, Plain]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A product in a list for staff, in the language that was found; `skus` are those of its variants."""

    id: int
    slug: str
    title: str
    status: Status
    skus: tuple[str, ...]
    updated_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What a SKU costs in one currency, in minor units; None where it has no price."""

    sku: str
    title: str
    slug: str
    amount: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPrice:
    """A price as it is to be, in minor units; None takes it away."""

    sku: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """One change of one price, in minor units of its currency."""

    id: int
    sku: str
    currency: str
    before: int | None
    after: int | None
    changed_at: dt.datetime
    changed_by: str
    approved_by: str
    why: str
    undoes: int | None
    is_undone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPrice:
    """A price that begins at a moment, in minor units of its currency."""

    id: int
    sku: str
    currency: str
    amount: int
    begins_at: dt.datetime
    state: str
    planned_at: dt.datetime
    planned_by: str
    approved_by: str
    why: str
