"""Finding products by words: what an index holds of each, and the way through it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from evertill.domains.catalog.models import ProductText, Variant, VariantText
from evertill.domains.catalog.types import Listed, Status
from evertill.domains.catalog.words import TEXT_CHARS_MAX, grams_of, grams_wanted, plain
from evertill.kernel import config, db, sql
from evertill.kernel.arrays import Bigints, Ints, Texts

_PACKAGE = "evertill.domains.catalog"

# A product's id and slug.
Row = tuple[int, str]


def index_products(*, product_ids: Iterable[int]) -> None:
    """This function will write anew by which words products are found. The caller holds a transaction."""
    ids = sorted(set(product_ids))
    if not ids:
        return
    titles: dict[int, list[str]] = {product_id: [] for product_id in ids}
    texts: dict[int, list[str]] = {product_id: [] for product_id in ids}
    for product_id, title, text in ProductText.objects.filter(product_id__in=ids).values_list(
        "product_id", "title", "text"
    ):
        titles[product_id].append(title)
        texts[product_id].append(text[:TEXT_CHARS_MAX])
    variants = Variant.objects.filter(product_id__in=ids, is_active=True)
    for product_id, sku, title in variants.values_list("product_id", "sku", "title"):
        titles[product_id] += [sku, title]
    told_variants = VariantText.objects.filter(variant__product_id__in=ids, variant__is_active=True)
    for product_id, title in told_variants.values_list("variant__product_id", "title"):
        titles[product_id].append(title)
    named = [plain("\n".join(titles[product_id])) for product_id in ids]
    told = [plain("\n".join(texts[product_id])) for product_id in ids]
    db.execute(
        sql.load(_PACKAGE, "index_products"),
        (
            Bigints(ids),
            Texts(named),
            Texts(told),
            Texts([_array(grams_of([title])) for title in named]),
            Texts([_array(grams_of(both)) for both in zip(named, told, strict=True)]),
        ),
    )


def find_unindexed(*, limit: int) -> list[int]:
    """This function will return the ids of products that no search can find yet, up to a limit."""
    return [product_id for (product_id,) in db.fetch(sql.load(_PACKAGE, "find_unindexed"), (limit,))]


def words_of(search: str) -> list[str]:
    """This function will return the words that are looked for, as they are compared."""
    return plain(search.replace("\0", " ")[: config.get().search_chars_max]).split()


def find(
    *, words: Sequence[str], category_id: int | None, after: int, is_in_texts: bool, limit: int
) -> tuple[list[Row], list[Row]]:
    """This function will return products in whose titles or SKUs all words stand, then those where texts help.

    Up to `limit` of both together. `after` is an id; with `is_in_texts`, the first are done with already.
    """
    wanted: dict[str, object] = {
        "grams": Ints(sorted({gram for word in words for gram in grams_wanted(word)})),
        "patterns": Texts([f"%{_literal(word)}%" for word in words]),
        "category": category_id,
    }
    titled: list[Row] = []
    if not is_in_texts:
        titled = _fetch("search_titles", wanted | {"after": after, "limit": limit})
        after = 0
    left = limit - len(titled)
    return titled, _fetch("search_texts", wanted | {"after": after, "limit": left}) if left else []


def _fetch(name: str, params: dict[str, object]) -> list[Row]:
    # How it is best looked for depends on the words: a common one is met soon by going along, a rare one is not.
    return db.fetch(sql.load(_PACKAGE, name), params, is_planned_anew=True)


def _literal(word: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", word)


def _array(numbers: Sequence[int]) -> str:
    return f"{{{','.join(map(str, numbers))}}}"


def list_cards(
    *, languages: Sequence[str], search: str = "", status: str = "", before: int | None = None, limit: int
) -> list[Listed]:
    """This function will return products for staff, shown or hidden, the newest first, made before one of them."""
    words = words_of(search)
    params: dict[str, object] = {
        "languages": Texts(list(dict.fromkeys([*languages, *config.get().languages]))),
        "before": before,
        "status": status,
        "is_all": not words,
        "grams": Ints(sorted({gram for word in words for gram in grams_wanted(word)})),
        "patterns": Texts([f"%{_literal(word)}%" for word in words]),
        "limit": limit,
    }
    return [
        Listed(id=id_, slug=slug, title=title, status=Status(status), skus=tuple(skus), updated_at=updated_at)
        for id_, slug, status, updated_at, title, skus in db.fetch(
            sql.load(_PACKAGE, "list_cards"), params, is_planned_anew=True
        )
    ]
