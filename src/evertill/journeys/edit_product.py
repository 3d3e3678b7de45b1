"""Edit products: what staff change of what is for sale, its history, and the way back.

Two people may edit the same product at once: what only one of them changed is kept, and whoever changes what the other
one has just changed is told both and loses nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evertill.domains import catalog, stock
from evertill.domains.access import Permission
from evertill.domains.catalog import Card, CategoryView, Change, Listed, Plain, ProductDraft, Status, Text, VariantDraft
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, permitted
from evertill.journeys.record_change import record_change
from evertill.kernel import config
from evertill.kernel.errors import EvertillError
from evertill.kernel.versions import check_unchanged

__all__ = [
    "AddVariant",
    "Card",
    "Change",
    "Listed",
    "SlugTaken",
    "add_product",
    "edit_product",
    "list_products",
    "list_shelves",
    "read_history",
    "read_product",
    "undo_edit",
]


class SlugTaken(EvertillError):
    """Another product has this address already."""

    code = "SLUG_TAKEN"
    status = "conflict"
    remedy = "Choose another address, or edit the product that has it."


class SkuTaken(EvertillError):
    """Another variant has this SKU already."""

    code = "SKU_TAKEN"
    status = "conflict"
    remedy = "Choose another SKU, or edit the product that has it."


@dataclass(frozen=True, slots=True, kw_only=True)
class AddVariant:
    """A variant that a product is to have too; its titles are per language."""

    sku: str
    titles: Mapping[str, str]
    kind: stock.Kind = stock.Kind.COUNTED


def list_products(
    *,
    asker: Asker,
    languages: Sequence[str],
    search: str = "",
    status: str = "",
    before: int | None = None,
    limit: int,
    now: dt.datetime,
) -> list[Listed]:
    """This function will return products, shown or hidden, the newest first; raises Forbidden."""
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=Subject(kind="catalog"), now=now):
        return catalog.search.list_cards(
            languages=languages, search=search, status=status, before=before, limit=min(limit, 500)
        )


def read_product(*, asker: Asker, slug: str, now: dt.datetime) -> Card:
    """This function will return a product as it is, shown or hidden; raises Forbidden and UnknownProduct."""
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=_subject(slug), now=now):
        return catalog.editing.read_card(slug=slug)


def read_history(
    *, asker: Asker, slug: str, before: int | None = None, limit: int = 50, now: dt.datetime
) -> list[Change]:
    """This function will return what was changed of a product, the newest first; raises as `read_product`."""
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=_subject(slug), now=now):
        card = catalog.editing.read_card(slug=slug)
        return catalog.history.list_changes(catalog.history.PRODUCTS, of=card.id, before=before, limit=min(limit, 500))


def list_shelves(*, languages: Sequence[str]) -> list[CategoryView]:
    """This function will return every category, also those in which nothing is on show."""
    return catalog.categories.list_categories(languages=languages, with_empty=True)


def edit_product(
    *,
    asker: Asker,
    slug: str,
    seen: Mapping[str, Plain],
    wanted: Mapping[str, Plain],
    added: AddVariant | None = None,
    why: str,
    now: dt.datetime,
) -> Change | None:
    """This function will change of a product what somebody changed of what he saw; None when that is nothing.

    `seen` and `wanted` have the same names, those of catalog.Card. Raises Forbidden, UnknownProduct, ChangedMeanwhile
    when somebody else has changed one of the same values to something else, SkuTaken, and catalog.ProductIncomplete.
    """
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=_subject(slug), now=now):
        card = catalog.editing.hold_card(slug=slug)
        touched = {name: value for name, value in wanted.items() if not _is_same(seen.get(name), value)}
        # Who wants what is there already does not stand in anybody's way.
        open_ = [name for name, value in touched.items() if not _is_same(card.values.get(name), value)]
        check_unchanged(
            what=f"The product {slug}",
            seen={name: _plain(seen.get(name)) for name in open_},
            now={name: _plain(card.values.get(name)) for name in open_},
        )
        if added is not None:
            touched |= _of_variant(added, card)
        change = catalog.editing.save_card(card=card, wanted=touched, by=asker.name, why=why, now=now)
        if added is not None:
            stock.open_items(kinds={added.sku: added.kind})
        record_change(asker=asker, operation="catalog.edit", subject=_subject(slug), change=change, why=why, now=now)
        return change


def add_product(
    *,
    asker: Asker,
    slug: str,
    titles: Mapping[str, str],
    sku: str,
    kind: stock.Kind = stock.Kind.COUNTED,
    why: str,
    now: dt.datetime,
) -> Card:
    """This function will make a product of one variant, which nobody sees until it is shown.

    Without a slug it gets one from its title. Raises Forbidden, SlugTaken, SkuTaken, and catalog.ProductIncomplete.
    """
    language = config.get().languages[0]
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=_subject(slug or sku), now=now):
        wanted = slug or catalog.slug_for(title=titles.get(language, ""), sku=sku, taken=())
        taken = catalog.find_slugs(slugs=[wanted])
        if taken and slug:
            raise SlugTaken(f"Another product has the address {slug}.", slug=slug)
        slug = catalog.slug_for(title=titles.get(language, ""), sku=sku, taken=taken) if taken else wanted
        if catalog.find_homes(skus=[sku]):
            raise SkuTaken(f"Another variant has the SKU {sku[:64]}.", sku=sku)
        catalog.save_products(
            drafts=[
                ProductDraft(
                    slug=slug,
                    texts={code: Text(title=title) for code, title in titles.items() if title},
                    variants=[VariantDraft(sku=sku, title=titles.get(language, ""))],
                    status=Status.DRAFT,
                )
            ],
            now=now,
        )
        stock.open_items(kinds={sku: kind})
        change = catalog.editing.record_creation(slug=slug, by=asker.name, why=why, now=now)
        record_change(asker=asker, operation="catalog.add", subject=_subject(slug), change=change, why=why, now=now)
        return catalog.editing.read_card(slug=slug)


def undo_edit(*, asker: Asker, slug: str, number: int, why: str, now: dt.datetime) -> Change | None:
    """This function will bring back what a change of a product took away, as a new change.

    Raises Forbidden, UnknownProduct, UnknownChange, UndoneAlready, and ChangedMeanwhile when something of it was
    changed again since: that would be taken back unseen.
    """
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=_subject(slug), now=now):
        card = catalog.editing.hold_card(slug=slug)
        change = catalog.history.find_change(catalog.history.PRODUCTS, of=card.id, number=number)
        undone = catalog.editing.undo_change(card=card, change=change, by=asker.name, why=why, now=now)
        record_change(asker=asker, operation="catalog.undo", subject=_subject(slug), change=undone, why=why, now=now)
        return undone


def _of_variant(added: AddVariant, card: Card) -> dict[str, Plain]:
    if added.sku in card.variants or catalog.find_homes(skus=[added.sku]):
        raise SkuTaken(f"Another variant has the SKU {added.sku[:64]}.", sku=added.sku)
    names: dict[str, Plain] = {catalog.rules.shown_name(added.sku): True}
    return names | {catalog.rules.variant_name(added.sku, code): title for code, title in added.titles.items() if title}


def _is_same(one: Plain, other: Plain) -> bool:
    return _plain(one) == _plain(other)


def _plain(value: Plain) -> Plain:
    # What has no value, and what has an empty one, are the same to whoever reads it.
    return value or None


def _subject(slug: str) -> Subject:
    return Subject(kind="product", id=slug[:128])
