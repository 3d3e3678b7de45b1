"""Reads of the catalogue."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from evertill.domains.catalog.models import Category, Product, Variant
from evertill.domains.catalog.search import find
from evertill.domains.catalog.search import words_of as search_words
from evertill.domains.catalog.showing import show
from evertill.domains.catalog.types import Home, Offer, ProductPage, ProductView
from evertill.kernel import config, db, sql
from evertill.kernel.arrays import Texts
from evertill.kernel.errors import EvertillError

_CURSOR_BYTES = 8
# In the order of titles, and of texts.
_CURSOR_MARKS = (b"c1", b"c2")
# The SKUs or slugs that one statement is asked about.
_PART = 5000


class InvalidCursor(EvertillError):
    """A cursor is not one that this shop gave."""

    code = "INVALID_CURSOR"
    kept = "Nothing was read or changed."
    remedy = "Leave the cursor out to start from the first page, or send one exactly as it was given."


class UnknownCategory(EvertillError):
    """There is no such category."""

    code = "UNKNOWN_CATEGORY"
    status = "not_found"
    kept = "Nothing was read or changed."
    remedy = "Leave the category out, or name one by its slug as products and pages do."


class UnknownProduct(EvertillError):
    """There is no such product, or customers may not see it."""

    code = "UNKNOWN_PRODUCT"
    status = "not_found"
    kept = "Nothing was read or changed."
    remedy = "Look the product up in the list of products."


def find_offers(*, skus: Iterable[str], currency: str) -> db.Later[dict[str, Offer]]:
    """This function will ask what may be ordered now among these SKUs, with its price in one currency, by SKU."""
    return db.ask(
        sql.load("evertill.domains.catalog", "offers"),
        (currency, Texts(list(skus))),
        shape=lambda rows: {sku: Offer(sku=sku, title=title, unit_price=amount) for sku, title, amount in rows},
    )


def find_homes(*, skus: Iterable[str]) -> dict[str, Home]:
    """This function will return where each of these SKUs lives, by SKU; one that lives nowhere is missing."""
    wanted = list(skus)
    homes: dict[str, Home] = {}
    for start in range(0, len(wanted), _PART):
        rows = (
            Variant.objects.filter(sku__in=wanted[start : start + _PART])
            .annotate(siblings=Count("product__variants"))
            .values_list("sku", "product__slug", "siblings")
        )
        homes |= {sku: Home(slug=slug, is_shared=siblings > 1) for sku, slug, siblings in rows}
    return homes


def find_slugs(*, slugs: Iterable[str]) -> set[str]:
    """This function will return those of these slugs that a product has."""
    wanted = list(slugs)
    found: set[str] = set()
    for start in range(0, len(wanted), _PART):
        found |= set(Product.objects.filter(slug__in=wanted[start : start + _PART]).values_list("slug", flat=True))
    return found


def list_products(
    *, languages: Sequence[str], search: str = "", category: str = "", cursor: str | None = None, limit: int = 20
) -> ProductPage:
    """This function will return one page of the products that customers see, in the order they were created.

    Each word of `search` must occur in a title, a text or a SKU, in whatever language and case; the first
    `search_chars_max` characters count, and those in whose titles or SKUs all words occur come first. `category` is a
    slug; what is below it is in it. `limit` is cut to 1 … page_size_max. Raises InvalidCursor and UnknownCategory.
    """
    size = min(max(limit, 1), config.get().page_size_max)
    after = _read_cursor(cursor) if cursor is not None else _START
    category_id = _find_category_id(category) if category else None
    words = search_words(search)
    # One more than the page holds, to know whether there is a next one.
    if words:
        titled, told = find(
            words=words, category_id=category_id, after=after.id, is_in_texts=after.is_in_texts, limit=size + 1
        )
        rows = [(_After(id=row[0], is_in_texts=False), row) for row in titled]
        rows += [(_After(id=row[0], is_in_texts=True), row) for row in told]
    else:
        listed = _list(category_id, after=after.id, limit=size + 1)
        rows = [(_After(id=row[0], is_in_texts=False), row) for row in listed]
    return ProductPage(
        products=show([row for _, row in rows[:size]], languages=languages),
        next_cursor=_write_cursor(rows[size - 1][0]) if len(rows) > size else None,
    )


def list_newest(*, languages: Sequence[str], limit: int) -> tuple[ProductView, ...]:
    """This function will return the products that came last into the shop, the newest first."""
    return tuple(show(_fetch("list_newest", (limit,)), languages=languages))


def read_product(*, slug: str, languages: Sequence[str]) -> ProductView:
    """This function will return one product that customers see; raises UnknownProduct."""
    rows = [] if "\0" in slug else _fetch("find_product", (slug,))
    if not rows:
        raise UnknownProduct(f"There is no product '{slug[:120]}' here.")
    return show(rows, languages=languages)[0]


def find_products(*, skus: Iterable[str], languages: Sequence[str]) -> tuple[ProductView, ...]:
    """This function will return the products that customers see and that one of these SKUs belongs to, a part of 5000.

    Each is whole: its other variants are there as well.
    """
    wanted = [sku for sku in skus if "\0" not in sku][:_PART]
    return tuple(show(_fetch("find_products", (Texts(wanted),)), languages=languages))


def _list(category_id: int | None, *, after: int, limit: int) -> list[tuple[int, str]]:
    if category_id is None:
        return _fetch("list_products", (after, limit))
    return _fetch("list_category", (category_id, after, limit))


def _fetch(name: str, params: Sequence[Any]) -> list[tuple[int, str]]:
    return db.fetch(sql.load("evertill.domains.catalog", name), params)


def _find_category_id(slug: str) -> int:
    found = (
        None
        if "\0" in slug
        else Category.objects.filter(slug=slug, is_retired=False)
        .exclude(parent__is_retired=True)
        .values_list("pk", flat=True)
        .first()
    )
    if found is None:
        raise UnknownCategory(f"There is no category '{slug[:120]}' here.")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _After:
    """The product behind which the next page begins; in a search, those found by texts come behind those by titles."""

    id: int
    is_in_texts: bool


_START = _After(id=0, is_in_texts=False)


def _write_cursor(after: _After) -> str:
    mark = _CURSOR_MARKS[after.is_in_texts]
    return base64.urlsafe_b64encode(mark + after.id.to_bytes(_CURSOR_BYTES, "big")).rstrip(b"=").decode()


def _read_cursor(cursor: str) -> _After:
    try:
        plain = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        plain = b""
    mark, number = plain[:2], int.from_bytes(plain[2:], "big")
    after = _After(id=number, is_in_texts=mark == _CURSOR_MARKS[True])
    # Only what we would write ourselves: there is one cursor for each place.
    if not 0 <= number < 1 << 63 or _write_cursor(after) != cursor:
        raise InvalidCursor("This is not a cursor of this shop.")
    return after
