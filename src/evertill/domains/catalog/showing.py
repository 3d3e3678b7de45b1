"""Products as customers see them: texts in a language that was found for them, variants, prices, shelves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evertill.domains.catalog.rules import choose_language
from evertill.domains.catalog.types import ProductView, VariantView
from evertill.kernel import config, db, sql
from evertill.kernel.arrays import Bigints

_PACKAGE = "evertill.domains.catalog"

# By product id.
_Texts = dict[int, dict[str, tuple[str, str]]]
_Variants = dict[int, dict[str, tuple[str, dict[str, int]]]]
# By SKU and language.
_Names = dict[tuple[str, str], str]


def show(rows: Sequence[tuple[int, str]], *, languages: Sequence[str]) -> list[ProductView]:
    """This function will return products, given by id and slug, in the first of these languages that each has."""
    if not rows:
        return []
    ids = (Bigints([product_id for product_id, _ in rows]),)
    # They travel together: a page waits for the database once for all of them.
    with db.together():
        texts = db.ask(sql.load(_PACKAGE, "show_texts"), ids, shape=_texts)
        variants = db.ask(sql.load(_PACKAGE, "show_variants"), ids, shape=_variants)
        called = db.ask(sql.load(_PACKAGE, "show_variant_texts"), ids, shape=_variant_texts)
        filed = db.ask(sql.load(_PACKAGE, "show_filings"), ids, shape=_filed)
    wanted, first = [*languages, *config.get().languages], config.get().languages[0]
    known_texts, known_variants, known_shelves = texts.get(), variants.get(), filed.get()
    known_names = called.get()
    return [
        _show(
            slug,
            known_texts[product_id],
            known_variants.get(product_id, {}),
            known_shelves.get(product_id, []),
            names=known_names,
            wanted=wanted,
            first=first,
        )
        for product_id, slug in rows
    ]


def _show(
    slug: str,
    texts: dict[str, tuple[str, str]],
    variants: dict[str, tuple[str, dict[str, int]]],
    shelves: Sequence[str],
    *,
    names: _Names,
    wanted: Sequence[str],
    first: str,
) -> ProductView:
    language = choose_language(wanted=wanted, available=texts)
    title, text = texts[language]
    own = texts.get(first, ("", ""))[0]

    def name(sku: str, called: str) -> str:
        # In the language that was found, where it has a name in it; one that has no name of its own is called as its
        # product.
        return names.get((sku, language)) or (title if called == own else called)

    return ProductView(
        slug=slug,
        language=language,
        title=title,
        text=text,
        variants=tuple(
            VariantView(sku=sku, title=name(sku, called), prices=prices) for sku, (called, prices) in variants.items()
        ),
        categories=tuple(shelves),
    )


def _texts(rows: Sequence[Any]) -> _Texts:
    found: _Texts = {}
    for product_id, language, title, text in rows:
        found.setdefault(product_id, {})[language] = (title, text)
    return found


def _variants(rows: Sequence[Any]) -> _Variants:
    found: _Variants = {}
    for product_id, sku, title, currency, amount in rows:
        prices = found.setdefault(product_id, {}).setdefault(sku, (title, {}))[1]
        if currency is not None:
            prices[currency] = amount
    return found


def _variant_texts(rows: Sequence[Any]) -> _Names:
    return {(sku, language): title for sku, language, title in rows}


def _filed(rows: Sequence[Any]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for product_id, slug in rows:
        found.setdefault(product_id, []).append(slug)
    return found
