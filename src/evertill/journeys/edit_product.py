"""Edit products: what staff change of what is for sale, its history, and the way back.

Two people may edit the same product at once: what only one of them changed is kept, and whoever changes what the other
one has just changed is told both and loses nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from evertill.domains import catalog, stock
from evertill.domains.access import Permission
from evertill.domains.catalog import Card, CategoryView, Change, Listed, Plain, ProductDraft, Status, Text, VariantDraft
from evertill.domains.trail import Subject
from evertill.journeys.permitted import Asker, permitted
from evertill.journeys.record_change import record_change, record_changes
from evertill.kernel import config
from evertill.kernel.errors import EvertillError
from evertill.kernel.versions import ChangedMeanwhile, check_unchanged

__all__ = [
    "AddVariant",
    "Card",
    "Change",
    "Edit",
    "Listed",
    "NewProduct",
    "SlugTaken",
    "add_product",
    "add_products",
    "edit_product",
    "edit_products",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What somebody wants of a product, and what he saw of it: by the same names, those of catalog.Card."""

    slug: str
    seen: Mapping[str, Plain]
    wanted: Mapping[str, Plain]
    added: Sequence[AddVariant] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """A product that is to be made, its titles per language; without a slug it gets one from its title.

    A variant without a title is called as the product is.
    """

    slug: str
    titles: Mapping[str, str]
    variants: Sequence[AddVariant]


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
    edit = Edit(slug=slug, seen=seen, wanted=wanted, added=() if added is None else (added,))
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=_subject(slug), now=now):
        (done,) = _edit(asker, [edit], why=why, now=now)
        if isinstance(done, EvertillError):
            raise done
        return done


def edit_products(
    *, asker: Asker, edits: Sequence[Edit], why: str, now: dt.datetime
) -> list[Change | EvertillError | None]:
    """This function will do what edit_product does to several products, each of them named once.

    Of each it returns the change, None where there is none, or what edit_product would raise; then nothing of that one
    is done, and the others are. Raises Forbidden.
    """
    subject = Subject(kind="product", id=f"{len(edits)} of them")
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=subject, now=now):
        return _edit(asker, edits, why=why, now=now)


def _edit(asker: Asker, edits: Sequence[Edit], *, why: str, now: dt.datetime) -> list[Change | EvertillError | None]:
    cards = catalog.editing.hold_cards(slugs=[edit.slug for edit in edits])
    if len({edit.slug for edit in edits}) != len(edits):
        raise ValueError("A product is named twice.")
    taken = set(catalog.find_homes(skus=[one.sku for edit in edits for one in edit.added]))
    done: dict[str, Change | EvertillError | None] = {}
    wanted: dict[str, catalog.editing.Edit] = {}
    for edit in edits:
        try:
            card = _card_of(cards, edit)
            wanted[edit.slug] = catalog.editing.Edit(card=card, wanted=_touched(edit, card, taken))
        except (catalog.UnknownProduct, ChangedMeanwhile, SkuTaken) as refusal:
            done[edit.slug] = refusal
        else:
            taken |= {one.sku for one in edit.added}
    saved = catalog.editing.save_cards(edits=list(wanted.values()), by=asker.name, why=why, now=now)
    done |= zip(wanted, saved, strict=True)
    changes = {slug: one for slug, one in done.items() if one is not None and not isinstance(one, EvertillError)}
    stock.open_items(kinds={one.sku: one.kind for edit in edits if edit.slug in changes for one in edit.added})
    recorded = [(_subject(slug), change) for slug, change in changes.items()]
    record_changes(asker=asker, operation="catalog.edit", changes=recorded, why=why, now=now)
    return [done[edit.slug] for edit in edits]


def _card_of(cards: Mapping[str, Card], edit: Edit) -> Card:
    if edit.slug not in cards:
        raise catalog.UnknownProduct(f"There is no product '{edit.slug[:120]}'.")
    return cards[edit.slug]


def _touched(edit: Edit, card: Card, taken: Collection[str]) -> dict[str, Plain]:
    """Return what somebody changed of what he saw, and the variants that he adds; raises where that cannot be."""
    of_variants: dict[str, Plain] = {}
    for one in edit.added:
        if one.sku in card.variants or one.sku in taken:
            raise SkuTaken(f"Another variant has the SKU {one.sku[:64]}.", sku=one.sku)
        of_variants |= _values_of(one)
    # What is added now was seen as it is added.
    seen = {**edit.seen, **{name: value for name, value in of_variants.items() if name in edit.wanted}}
    touched = {name: value for name, value in edit.wanted.items() if not _is_same(seen.get(name), value)}
    # Who wants what is there already does not stand in anybody's way.
    open_ = [n for n, value in touched.items() if n not in of_variants and not _is_same(card.values.get(n), value)]
    check_unchanged(
        what=f"The product {edit.slug}",
        seen={name: _plain(seen.get(name)) for name in open_},
        now={name: _plain(card.values.get(name)) for name in open_},
    )
    return of_variants | touched


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
    new = NewProduct(slug=slug, titles=titles, variants=[AddVariant(sku=sku, titles={}, kind=kind)])
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=_subject(slug or sku), now=now):
        (card,) = _add(asker, [new], why=why, now=now)
        return card


def add_products(*, asker: Asker, new: Sequence[NewProduct], why: str, now: dt.datetime) -> list[Card]:
    """This function will make several products, which nobody sees until they are shown: all of them or none.

    Raises what add_product does.
    """
    subject = Subject(kind="product", id=f"{len(new)} of them")
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=subject, now=now):
        return _add(asker, new, why=why, now=now)


def _add(asker: Asker, new: Sequence[NewProduct], *, why: str, now: dt.datetime) -> list[Card]:
    # Before it is looked at what is there: who adds the same at this moment is waited for, and seen.
    catalog.categories.lock_writers()
    slugs = _slugs_of(new)
    kinds = {one.sku: one.kind for product in new for one in product.variants}
    homes = catalog.find_homes(skus=kinds)
    if homes:
        sku = min(homes)
        raise SkuTaken(f"Another variant has the SKU {sku[:64]}.", sku=sku)
    drafts = [_draft(product, slug) for product, slug in zip(new, slugs, strict=True)]
    catalog.save_products(drafts=drafts, now=now)
    stock.open_items(kinds=kinds)
    changes = catalog.editing.record_creations(slugs=slugs, by=asker.name, why=why, now=now)
    recorded = [(_subject(slug), changes[slug]) for slug in slugs]
    record_changes(asker=asker, operation="catalog.add", changes=recorded, why=why, now=now)
    cards = catalog.editing.read_cards(slugs=slugs)
    return [cards[slug] for slug in slugs]


def _slugs_of(new: Sequence[NewProduct]) -> list[str]:
    """Choose the slug of each product: its own, or one from its title that no product has; raises SlugTaken."""
    language = config.get().languages[0]
    titles = [one.titles.get(language, "") for one in new]
    skus = [one.variants[0].sku for one in new]
    plain = [
        one.slug or catalog.slug_for(title=title, sku=sku, taken=())
        for one, title, sku in zip(new, titles, skus, strict=True)
    ]
    taken = catalog.find_slugs(slugs=plain)
    slugs: list[str] = []
    for one, wanted, title, sku in zip(new, plain, titles, skus, strict=True):
        if one.slug and wanted in taken:
            raise SlugTaken(f"Another product has the address {wanted}.", slug=wanted)
        slug = catalog.slug_for(title=title, sku=sku, taken=taken) if wanted in taken else wanted
        slugs.append(slug)
        taken.add(slug)
    return slugs


def _draft(new: NewProduct, slug: str) -> ProductDraft:
    first = config.get().languages[0]
    return ProductDraft(
        slug=slug,
        texts={code: Text(title=title) for code, title in new.titles.items() if title},
        variants=[
            VariantDraft(
                sku=one.sku,
                title=one.titles.get(first) or new.titles.get(first, ""),
                titles={code: title for code, title in one.titles.items() if title and code != first},
            )
            for one in new.variants
        ],
        status=Status.DRAFT,
    )


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


def _values_of(added: AddVariant) -> dict[str, Plain]:
    named = {catalog.rules.variant_name(added.sku, code): title for code, title in added.titles.items() if title}
    return {catalog.rules.shown_name(added.sku): True, **named}


def _is_same(one: Plain, other: Plain) -> bool:
    return _plain(one) == _plain(other)


def _plain(value: Plain) -> Plain:
    # What has no value, and what has an empty one, are the same to whoever reads it.
    return value or None


def _subject(slug: str) -> Subject:
    return Subject(kind="product", id=slug[:128])
