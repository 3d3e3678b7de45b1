"""Categories: shelves on two levels, named in each language, and the products that are filed on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evertill.domains.catalog.models import Category, CategoryText
from evertill.domains.catalog.queries import UnknownCategory
from evertill.domains.catalog.rules import choose_language, fault_of_category
from evertill.domains.catalog.types import CategoryDraft, CategoryView, Saved
from evertill.kernel import config, db, sql
from evertill.kernel.arrays import Bigints, Texts
from evertill.kernel.errors import EvertillError

_PACKAGE = "evertill.domains.catalog"


class CategoryIncomplete(EvertillError):
    """A category cannot be saved as it is drafted."""

    code = "CATEGORY_INCOMPLETE"


def save_categories(*, drafts: Sequence[CategoryDraft]) -> Saved:
    """This function will save categories with their titles, and count what that changed.

    A draft may name a parent that stands before it. Saving the same drafts again changes nothing. The caller holds a
    transaction; one writer of the catalogue goes at a time. Raises CategoryIncomplete.
    """
    lock_writers()
    for draft in drafts:
        fault = fault_of_category(draft)
        if fault is not None:
            raise CategoryIncomplete(f"{draft.slug[:120]}: {fault}")
    known = {category.slug: category for category in Category.objects.all()}
    titles = {(text.category_id, text.language): text for text in CategoryText.objects.all()}
    created, changed = set(), set()
    for draft in drafts:
        category = known.get(draft.slug)
        if category is None:
            if not draft.titles:
                raise CategoryIncomplete(f"{draft.slug}: a new category needs a title.")
            category = known[draft.slug] = Category.objects.create(slug=draft.slug, position=len(known))
            created.add(draft.slug)
        if _place(category, draft, known) | _name(category, draft.titles, titles):
            changed.add(draft.slug)
    if len(known) > config.get().categories_max:
        raise CategoryIncomplete(f"There would be {len(known)} categories; {config.get().categories_max} is the most.")
    _check_levels(known)
    if changed - created:
        db.execute(sql.load(_PACKAGE, "file_above"))
    return Saved(
        created=len(created),
        changed=len(changed - created),
        unchanged=len({draft.slug for draft in drafts} - created - changed),
    )


def file_products(*, categories: Mapping[int, Sequence[str]]) -> set[int]:
    """This function will file products, by id, in exactly these categories, by slug, and return those that moved.

    The caller holds a transaction. Raises UnknownCategory.
    """
    wanted = {slug for slugs in categories.values() for slug in slugs}
    missing = wanted - set(Category.objects.filter(slug__in=wanted).values_list("slug", flat=True))
    if missing:
        raise UnknownCategory(f"There is no category '{min(missing)[:120]}'.")
    pairs = [(product_id, slug) for product_id, slugs in categories.items() for slug in dict.fromkeys(slugs)]
    products, slugs = Bigints([product_id for product_id, _ in pairs]), Texts([slug for _, slug in pairs])
    moved = db.fetch(sql.load(_PACKAGE, "file_products"), (products, slugs, products, slugs, Bigints(list(categories))))
    return {product_id for (product_id,) in moved}


def list_categories(*, languages: Sequence[str], with_empty: bool = False) -> list[CategoryView]:
    """This function will return the categories in their order, those below another behind it.

    Only those in which customers see something, unless `with_empty`.
    """
    titles: dict[tuple[str, str, bool], dict[str, str]] = {}
    for slug, parent, language, title, is_retired in db.fetch(sql.load(_PACKAGE, "list_categories"), (with_empty,)):
        titles.setdefault((slug, parent, is_retired), {})[language] = title
    wanted = [*languages, *config.get().languages]
    views = []
    for (slug, parent, is_retired), known in titles.items():
        language = choose_language(wanted=wanted, available=known)
        views.append(
            CategoryView(slug=slug, parent=parent, language=language, title=known[language], is_retired=is_retired)
        )
    tops = [view for view in views if not view.parent]
    return [view for top in tops for view in (top, *(below for below in views if below.parent == top.slug))]


def lock_writers() -> None:
    """This function will wait until no other transaction writes the catalogue, and keep others out until this one ends.

    With one writer at a time, what a writer has read is still true when it writes, and writers cannot deadlock.
    """
    db.fetch("select pg_advisory_xact_lock(hashtextextended('catalog.save_products', 0))::text")


def _place(category: Category, draft: CategoryDraft, known: Mapping[str, Category]) -> bool:
    above = category.parent_id
    if draft.parent is not None:
        if draft.parent and draft.parent not in known:
            raise CategoryIncomplete(f"{draft.slug}: its parent '{draft.parent[:120]}' is not there.")
        above = known[draft.parent].pk if draft.parent else None
    position = category.position if draft.position is None else draft.position
    if (above, position) == (category.parent_id, category.position):
        return False
    category.parent_id, category.position, category.level = above, position, 1 if above is None else 2
    category.save()
    return True


def _name(category: Category, wanted: Mapping[str, str], known: dict[tuple[int, str], CategoryText]) -> bool:
    changed = [
        CategoryText(category=category, language=language, title=title)
        for language, title in wanted.items()
        if (category.pk, language) not in known or known[category.pk, language].title != title
    ]
    CategoryText.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["category", "language"], update_fields=["title"]
    )
    known |= {(category.pk, text.language): text for text in changed}
    return bool(changed)


def _check_levels(known: Mapping[str, Category]) -> None:
    by_id = {category.pk: category for category in known.values()}
    for category in known.values():
        above = by_id[category.parent_id] if category.parent_id is not None else None
        if above is not None and above.parent_id is not None:
            raise CategoryIncomplete(f"{category.slug}: {above.slug} is below another already; there are two levels.")
