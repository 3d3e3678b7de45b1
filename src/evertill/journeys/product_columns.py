"""The columns of the table of products: which value of a product each holds, and a variant written as its row."""

from __future__ import annotations

from collections.abc import Mapping

from evertill.domains import catalog, stock
from evertill.domains.catalog import Card, Plain
from evertill.kernel import config

_YES, _NO = "yes", "no"


def columns() -> tuple[str, ...]:
    """This function will return the columns of the table, by the shop's languages."""
    languages = config.get().languages
    return (
        "sku",
        *(f"title_{code}" for code in languages),
        *(f"variant_{code}" for code in languages),
        *(f"text_{code}" for code in languages),
        *("categories", "status", "shown", "kind", "slug"),
    )


def cells_of(card: Card, sku: str, kinds: Mapping[str, stock.Item]) -> dict[str, str]:
    """This function will write a variant as its row, without the version."""
    known = {column: card.values.get(name) for column in columns() if (name := name_of(column, sku)) is not None}
    cells = {column: written(value) for column, value in known.items()}
    kind = kinds[sku].kind.value if sku in kinds else ""
    return {column: cells.get(column, "") for column in columns()} | {"sku": sku, "kind": kind, "slug": card.slug}


def written(value: Plain) -> str:
    """This function will write a value of a product as it stands in its cell."""
    if isinstance(value, bool):
        return _YES if value else _NO
    return "; ".join(value) if isinstance(value, list) else value or ""


def name_of(column: str, sku: str) -> str | None:
    """This function will name the value of a product that a column holds; None for what a table does not change."""
    kind, _, language = column.partition("_")
    if column in ("status", "categories"):
        return column
    if column == "shown":
        return catalog.rules.shown_name(sku)
    named = {"title": catalog.rules.title_name, "text": catalog.rules.text_name}
    if kind == "variant":
        return catalog.rules.variant_name(sku, language)
    return named[kind](language) if kind in named else None


def column_of(name: str) -> str:
    """This function will name the column that holds a value of a product."""
    sku = catalog.rules.sku_of(name)
    if sku is not None:
        language = catalog.rules.language_of_variant(name)
        return f"variant_{language}" if language else "shown"
    return name.replace(":", "_")
