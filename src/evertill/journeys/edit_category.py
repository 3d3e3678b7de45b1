"""Edit categories: what they are called, their order, which are out of use, and which products stand in them.

Two people may do it at once: whoever changes what the other one has just changed is told, and loses nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evertill.domains import catalog
from evertill.domains.access import Permission
from evertill.domains.catalog import CategoryDraft, Change, Plain, Shelf
from evertill.domains.trail import Subject
from evertill.journeys.bulk_item import Target
from evertill.journeys.edit_many_products import edit_of
from evertill.journeys.permitted import Asker, permitted
from evertill.journeys.record_change import record_change
from evertill.kernel import config
from evertill.kernel.errors import EvertillError
from evertill.kernel.versions import check_unchanged

__all__ = [
    "CategoryTaken",
    "Change",
    "Filed",
    "Shelf",
    "add_category",
    "edit_category",
    "list_categories",
    "move_category",
    "read_category",
    "read_history",
    "targets_to_move",
    "undo_category",
]


class CategoryTaken(EvertillError):
    """Another category has this address already."""

    code = "CATEGORY_TAKEN"
    status = "conflict"
    remedy = "Choose another address, or leave it empty."


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A category, and how many products stand in it by themselves."""

    shelf: Shelf
    products: int


def list_categories(*, asker: Asker, now: dt.datetime) -> list[Filed]:
    """This function will return all categories in their order, retired ones too; raises Forbidden."""
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=_subject(""), now=now):
        counts = catalog.shelving.count_products()
        return [Filed(shelf=one, products=counts.get(one.slug, 0)) for one in catalog.shelving.list_shelves()]


def read_category(*, asker: Asker, slug: str, now: dt.datetime) -> Shelf:
    """This function will return one category; raises Forbidden and UnknownCategory."""
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=_subject(slug), now=now):
        return catalog.shelving.find_shelf(slug=slug)


def read_history(*, asker: Asker, slug: str, before: int | None = None, limit: int, now: dt.datetime) -> list[Change]:
    """This function will return what was changed of a category, the newest first; raises as read_category."""
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=_subject(slug), now=now):
        shelf = catalog.shelving.find_shelf(slug=slug)
        return catalog.history.list_changes(
            catalog.history.CATEGORIES, of=shelf.id, before=before, limit=min(limit, 500)
        )


def add_category(
    *, asker: Asker, slug: str, titles: Mapping[str, str], parent: str, why: str, now: dt.datetime
) -> Shelf:
    """This function will make a category, the last of its siblings; without a slug it gets one from its title.

    Raises Forbidden, CategoryTaken, and catalog.categories.CategoryIncomplete.
    """
    first = config.get().languages[0]
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=_subject(slug), now=now):
        catalog.categories.lock_writers()
        taken = {one.slug for one in catalog.shelving.list_shelves()}
        if slug in taken:
            raise CategoryTaken(f"Another category has the address {slug[:120]}.")
        if not titles.get(first):
            raise catalog.categories.CategoryIncomplete("A category needs a title in the shop's first language.")
        slug = slug or catalog.slug_for_category(title=titles[first], parent=parent, taken=taken)
        named = {code: title for code, title in titles.items() if title}
        catalog.categories.save_categories(drafts=[CategoryDraft(slug=slug, titles=named, parent=parent)])
        change = catalog.shelving.record_creation(slug=slug, by=asker.name, why=why, now=now)
        record_change(asker=asker, operation="catalog.add", subject=_subject(slug), change=change, why=why, now=now)
        return catalog.shelving.find_shelf(slug=slug)


def edit_category(
    *,
    asker: Asker,
    slug: str,
    seen: Mapping[str, Plain],
    wanted: Mapping[str, Plain],
    why: str,
    now: dt.datetime,
) -> Change | None:
    """This function will change of a category what somebody changed of what he saw; None when that is nothing.

    `seen` and `wanted` have the same names, those of catalog.Shelf. Raises Forbidden, UnknownCategory,
    ChangedMeanwhile when somebody else has changed one of the same values, and catalog.categories.CategoryIncomplete.
    """
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=_subject(slug), now=now):
        shelf = catalog.shelving.hold_shelf(slug=slug)
        touched = {name: value for name, value in wanted.items() if (seen.get(name) or None) != (value or None)}
        open_ = [name for name, value in touched.items() if (shelf.values.get(name) or None) != (value or None)]
        check_unchanged(
            what=f"The category {slug}",
            seen={name: seen.get(name) or None for name in open_},
            now={name: shelf.values.get(name) or None for name in open_},
        )
        change = catalog.shelving.save_shelf(shelf=shelf, wanted=touched, by=asker.name, why=why, now=now)
        record_change(asker=asker, operation="catalog.edit", subject=_subject(slug), change=change, why=why, now=now)
        return change


def move_category(*, asker: Asker, slug: str, by: int, now: dt.datetime) -> Change | None:
    """This function will move a category among its siblings, back by -1, on by 1; None where it cannot go further.

    Raises Forbidden and UnknownCategory.
    """
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=_subject(slug), now=now):
        shelf = catalog.shelving.hold_shelf(slug=slug)
        place = max(int(str(shelf.values[catalog.shelving.PLACE])) + by, 1)
        wanted: Mapping[str, Plain] = {catalog.shelving.PLACE: str(place)}
        change = catalog.shelving.save_shelf(shelf=shelf, wanted=wanted, by=asker.name, why="", now=now)
        record_change(asker=asker, operation="catalog.edit", subject=_subject(slug), change=change, why="", now=now)
        return change


def undo_category(*, asker: Asker, slug: str, number: int, why: str, now: dt.datetime) -> Change | None:
    """This function will bring back what a change of a category took away, as a new change.

    Raises Forbidden, UnknownCategory, UnknownChange, UndoneAlready, and ChangedMeanwhile when something of it was
    changed again since.
    """
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=_subject(slug), now=now):
        shelf = catalog.shelving.hold_shelf(slug=slug)
        change = catalog.history.find_change(catalog.history.CATEGORIES, of=shelf.id, number=number)
        undone = catalog.shelving.undo_change(shelf=shelf, change=change, by=asker.name, why=why, now=now)
        record_change(asker=asker, operation="catalog.undo", subject=_subject(slug), change=undone, why=why, now=now)
        return undone


def targets_to_move(*, asker: Asker, slug: str, to: str, now: dt.datetime) -> Sequence[Target]:
    """This function will return what moving all products of a category to another one is, for edit_many_products.

    With "" they only leave it. Raises Forbidden and UnknownCategory.
    """
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=_subject(slug), now=now):
        catalog.shelving.find_shelf(slug=slug)
        if to:
            catalog.shelving.find_shelf(slug=to)
        slugs = catalog.shelving.list_filed(slug=slug, limit=config.get().bulk_items_max + 1)
        cards = catalog.editing.read_cards(slugs=slugs)
    first = catalog.rules.title_name(config.get().languages[0])
    targets = []
    for card in (cards[one] for one in slugs if one in cards):
        kept = card.values["categories"]
        before = list(kept) if isinstance(kept, list) else []
        after = list(dict.fromkeys(to if one == slug else one for one in before if to or one != slug))
        label = str(card.values.get(first) or "")
        seen, wanted = {"categories": before}, {"categories": after}
        targets.append(edit_of(subject=card.slug, label=label, slug=card.slug, seen=seen, wanted=wanted))
    return targets


def _subject(slug: str) -> Subject:
    return Subject(kind="category", id=slug[:128])
