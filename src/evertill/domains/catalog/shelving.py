"""Categories as staff edit them, value by value, with their history. The caller holds a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db.models import Count, Q

from evertill.domains.catalog import history, rules
from evertill.domains.catalog.categories import CategoryIncomplete, lock_writers, save_categories
from evertill.domains.catalog.models import Category, CategoryText, Filing
from evertill.domains.catalog.queries import UnknownCategory
from evertill.domains.catalog.types import CategoryDraft, Change, Plain, Shelf
from evertill.kernel import config
from evertill.kernel.versions import differences

RETIRED, PARENT, PLACE = "retired", "parent", "place"


def list_shelves() -> list[Shelf]:
    """This function will return all categories, retired ones too, in their order, those below another behind it."""
    rows = list(Category.objects.order_by("position", "pk"))
    titles: dict[int, dict[str, str]] = {row.pk: {} for row in rows}
    for text in CategoryText.objects.order_by("language"):
        titles[text.category_id][text.language] = text.title
    below: dict[int | None, list[Category]] = {}
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)

    def shelf(row: Category, place: int, parent: str) -> Shelf:
        named: dict[str, Plain] = {rules.title_name(code): title for code, title in titles[row.pk].items()}
        own: dict[str, Plain] = {PARENT: parent, PLACE: str(place), RETIRED: row.is_retired}
        return Shelf(id=row.pk, slug=row.slug, values=named | own)

    found: list[Shelf] = []
    for place, top in enumerate(below.get(None, ()), start=1):
        found.append(shelf(top, place, ""))
        found += [shelf(row, rank, top.slug) for rank, row in enumerate(below.get(top.pk, ()), start=1)]
    return found


def count_products() -> dict[str, int]:
    """This function will return how many products stand in each category by themselves, hidden ones too."""
    own = Count("filings", filter=Q(filings__is_own=True))
    return dict(Category.objects.annotate(own=own).values_list("slug", "own"))


def find_shelf(*, slug: str) -> Shelf:
    """This function will return one category, also a retired one; raises UnknownCategory."""
    found = next((one for one in list_shelves() if one.slug == slug), None)
    if found is None:
        raise UnknownCategory(f"There is no category '{slug[:120]}'.")
    return found


def hold_shelf(*, slug: str) -> Shelf:
    """This function will return a category and keep others from changing it meanwhile; raises UnknownCategory."""
    lock_writers()
    return find_shelf(slug=slug)


def save_shelf(
    *, shelf: Shelf, wanted: Mapping[str, Plain], by: str, why: str, now: dt.datetime, undoes: int | None = None
) -> Change | None:
    """This function will bring a category that is held to these values, and return the change; None for none.

    `place` is its rank among its siblings, from 1. Raises CategoryIncomplete.
    """
    asked = {name: value for name, value in wanted.items() if (shelf.values.get(name) or "") != (value or "")}
    first = rules.title_name(config.get().languages[0])
    if first in asked and not asked[first]:
        raise CategoryIncomplete("A category needs a title in the shop's first language.", name=first)
    titles = {code: str(value or "") for name, value in asked.items() if (code := rules.language_of_text(name))}
    parent = str(asked[PARENT] or "") if PARENT in asked else None
    save_categories(
        drafts=[CategoryDraft(slug=shelf.slug, titles={c: t for c, t in titles.items() if t}, parent=parent)]
    )
    gone = [code for code, title in titles.items() if not title]
    CategoryText.objects.filter(category_id=shelf.id, language__in=gone).delete()
    if RETIRED in asked:
        Category.objects.filter(pk=shelf.id).update(is_retired=bool(asked[RETIRED]))
    if PLACE in asked or PARENT in asked:
        # Somewhere else it comes last, where nobody says another place.
        _put(shelf, place=str(wanted.get(PLACE) or config.get().categories_max))
    return _record(shelf, by=by, why=why, now=now, undoes=undoes)


def record_creation(*, slug: str, by: str, why: str, now: dt.datetime) -> Change | None:
    """This function will begin the history of a category that was just made."""
    made = find_shelf(slug=slug)
    _put(made, place=str(config.get().categories_max))
    return _record(Shelf(id=made.id, slug=slug, values={}), by=by, why=why, now=now, undoes=None)


def undo_change(*, shelf: Shelf, change: Change, by: str, why: str, now: dt.datetime) -> Change | None:
    """This function will bring back what a change of a category that is held took away, and return the new change.

    What made it is taken back by retiring it. Raises what history.check_undoable and save_shelf raise.
    """
    history.check_undoable(change, what=shelf.slug, now=shelf.values)
    wanted: Mapping[str, Plain] = {RETIRED: True} if _made(change) else change.before
    return save_shelf(shelf=shelf, wanted=wanted, by=by, why=why, now=now, undoes=change.id)


def list_filed(*, slug: str, limit: int) -> list[str]:
    """This function will return the slugs of products that stand in a category by themselves, hidden ones too."""
    rows = Filing.objects.filter(category__slug=slug, is_own=True).order_by("product_id")
    return list(rows.values_list("product__slug", flat=True)[:limit])


def _made(change: Change) -> bool:
    return not any(value is not None for value in change.before.values())


def _put(shelf: Shelf, *, place: str) -> None:
    """Give a category its rank among its siblings, and number these anew."""
    if not place.isdecimal() or not 1 <= int(place) <= config.get().categories_max:
        raise CategoryIncomplete("The place is a number, from 1.", name=PLACE)
    own = Category.objects.get(pk=shelf.id)
    siblings = list(Category.objects.filter(parent_id=own.parent_id).exclude(pk=own.pk).order_by("position", "pk"))
    siblings.insert(int(place) - 1, own)
    for position, sibling in enumerate(siblings):
        sibling.position = position
    Category.objects.bulk_update(siblings, ["position"])


def _record(before: Shelf, *, by: str, why: str, now: dt.datetime, undoes: int | None) -> Change | None:
    now_is = find_shelf(slug=before.slug).values
    moved = differences(seen=before.values, now=now_is)
    if not moved:
        return None
    if PARENT in moved:
        # The same rank somewhere else is another place.
        moved[PLACE] = (before.values.get(PLACE), now_is[PLACE])
    move = history.Move(of=before.id, values=moved, undoes=undoes)
    return history.record(history.CATEGORIES, move=move, by=by, why=why, now=now)
