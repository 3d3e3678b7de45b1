"""The shop's categories as pages show them: those at the top, what is below one, and the way to a product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evertill.journeys.browse_products import CategoryView, ProductOnSale, list_categories


class Shelves:
    """The categories in which something is on show, read once for a page."""

    def __init__(self, *, languages: Sequence[str]) -> None:
        self._all = list_categories(languages=languages)

    @property
    def top(self) -> list[CategoryView]:
        """Those that stand below no other."""
        return [shelf for shelf in self._all if not shelf.parent]

    def find(self, slug: str) -> CategoryView | None:
        """This function will return a category, None where there is none or nothing in it."""
        return next((shelf for shelf in self._all if shelf.slug == slug), None)

    def around(self, slug: str) -> dict[str, Any]:
        """This function will return what a page says of a category: itself, the one above it, those beside or below."""
        shelf = self.find(slug)
        above = self.find(shelf.parent) if shelf and shelf.parent else None
        top = above or shelf
        below = [one for one in self._all if top and one.parent == top.slug]
        return {"shelf": shelf, "above": above, "below": below, "top": top, "is_shelf": True}

    def way_to(self, product: ProductOnSale) -> dict[str, Any]:
        """This function will return on which shelf a product stands, as pages say where it is: the first of them."""
        shelf = next((found for slug in product.categories if (found := self.find(slug)) is not None), None)
        above = self.find(shelf.parent) if shelf and shelf.parent else None
        return {"shelf": shelf, "above": above, "top": above or shelf}
