"""On which shelves a product file puts its products: categories are named in it, and new ones come into being."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from evertill.domains import catalog
from evertill.journeys.product_rows import Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelves:
    """Slugs by the names of a category and of the one above it, and drafts of those that are new, in their order."""

    slugs: dict[Shelf, str]
    new: list[catalog.CategoryDraft] = field(default_factory=list)

    def of(self, wanted: Iterable[Shelf]) -> list[str]:
        """This function will return the slugs of categories that are known or new."""
        return [self.slugs[shelf] for shelf in wanted]


def find_shelves(*, named: Iterable[Shelf], language: str) -> Shelves:
    """This function will find categories by their names in a language, and draft those that are not there yet."""
    known = catalog.categories.list_categories(languages=[language], with_empty=True)
    titles = {view.slug: view.title for view in known}
    shelves = Shelves(
        slugs={((titles[view.parent],) if view.parent else ()) + (view.title,): view.slug for view in known}
    )
    for shelf in named:
        for depth in range(1, len(shelf) + 1):
            _add(shelves, shelf[:depth], language=language)
    return shelves


def _add(shelves: Shelves, shelf: Shelf, *, language: str) -> None:
    if shelf in shelves.slugs:
        return
    parent = shelves.slugs[shelf[:-1]] if len(shelf) > 1 else ""
    slug = catalog.slug_for_category(title=shelf[-1], parent=parent, taken=shelves.slugs.values())
    shelves.slugs[shelf] = slug
    shelves.new.append(catalog.CategoryDraft(slug=slug, titles={language: shelf[-1]}, parent=parent))
