"""What a SKU, a slug and a title may look like, and which language a customer gets."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from evertill.domains.catalog.types import CategoryDraft, Plain, ProductDraft, Status

# The widths of the columns.
SKU_CHARS_MAX = 64
TITLE_CHARS_MAX = 200
SLUG_CHARS_MAX = 120
CATEGORY_TITLE_CHARS_MAX = 80
# A product stands on a few shelves, not on all.
CATEGORIES_MAX = 8
# Per cent of a price that are all of it.
_WHOLE = 100

# Tables that the shop only adds to.
RIGHTS: Mapping[str, tuple[str, ...]] = {
    "catalog_category_change": ("select", "insert"),
    "catalog_change": ("select", "insert"),
    "catalog_price_change": ("select", "insert"),
}

# Unicode's control characters, and those of them that no text of several lines has.
_CONTROL, _CONTROL_IN_LINES = re.compile(r"[\x00-\x1f\x7f-\x9f]"), re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SLUG = re.compile(r"[A-Za-z0-9_-]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}")
_LANGUAGE_CHARS_MAX = 16
# What browsers say for Chinese names a country; what we keep names the script.
_SCRIPTS = {
    "zh": "zh-hans",
    "zh-cn": "zh-hans",
    "zh-sg": "zh-hans",
    "zh-my": "zh-hans",
    "zh-tw": "zh-hant",
    "zh-hk": "zh-hant",
    "zh-mo": "zh-hant",
}


def is_language(text: str) -> bool:
    """This function will say whether a text has the form of a language tag, in lower case ("en", "zh-hans")."""
    return len(text) <= _LANGUAGE_CHARS_MAX and _LANGUAGE.fullmatch(text) is not None


def fault_of_sku(sku: str) -> str | None:
    """This function will say in one sentence why a text cannot be a SKU, or return None when it can."""
    if not sku:
        return "The SKU is empty."
    if len(sku) > SKU_CHARS_MAX:
        return f"The SKU has {len(sku)} characters; {SKU_CHARS_MAX} is the most."
    if sku != sku.strip() or not sku.isprintable():
        return "The SKU begins or ends with a space, or has a character that cannot be printed."
    return None


def fault_of_title(title: str) -> str | None:
    """This function will say in one sentence why a text cannot be a title, or return None when it can."""
    if not title.strip():
        return "The title is empty."
    if len(title) > TITLE_CHARS_MAX:
        return f"The title has {len(title)} characters; {TITLE_CHARS_MAX} is the most."
    if _CONTROL.search(title):
        return "The title has a control character, such as a line break."
    return None


def fault_of_slug(slug: str) -> str | None:
    """This function will say in one sentence why a text cannot be a slug, or return None when it can."""
    if len(slug) > SLUG_CHARS_MAX:
        return f"The slug has {len(slug)} characters; {SLUG_CHARS_MAX} is the most."
    if _SLUG.fullmatch(slug) is None:
        return "The slug may have letters a to z, digits, - and _ only."
    return None


def fault_of_text(text: str, *, chars_max: int) -> str | None:
    """This function will say in one sentence why a text cannot describe a product, or return None when it can."""
    if len(text) > chars_max:
        return f"The text has {len(text)} characters; {chars_max} is the most."
    if _CONTROL_IN_LINES.search(text):
        return "The text has a control character."
    return None


def fault_of(draft: ProductDraft, *, text_chars_max: int) -> str | None:
    """This function will say in one sentence why a draft cannot be saved, or return None when it can."""
    for fault in (
        fault_of_slug(draft.slug),
        *(fault_of_title(text.title) for text in draft.texts.values()),
        *(fault_of_text(text.text or "", chars_max=text_chars_max) for text in draft.texts.values()),
        *(fault_of_sku(variant.sku) for variant in draft.variants),
        *(fault_of_title(variant.title) for variant in draft.variants if variant.title),
        *(fault_of_title(title) for variant in draft.variants for title in variant.titles.values()),
    ):
        if fault is not None:
            return fault
    if draft.categories is not None and len(draft.categories) > CATEGORIES_MAX:
        return f"It stands in {len(draft.categories)} categories; {CATEGORIES_MAX} is the most."
    for language in (*draft.texts, *(language for variant in draft.variants for language in variant.titles)):
        if not is_language(language):
            return f"'{language[:40]}' is not a language tag such as en or zh-hans."
    return None


def fault_of_category(draft: CategoryDraft) -> str | None:
    """This function will say in one sentence why a category cannot be saved, or return None when it can."""
    fault = fault_of_slug(draft.slug)
    if fault is not None:
        return fault
    if draft.parent == draft.slug:
        return "It cannot be its own parent."
    for language, title in draft.titles.items():
        if not is_language(language):
            return f"'{language[:40]}' is not a language tag such as en or zh-hans."
        fault = fault_of_title(title)
        if fault is not None:
            return fault
        if len(title) > CATEGORY_TITLE_CHARS_MAX:
            return f"The title has {len(title)} characters; {CATEGORY_TITLE_CHARS_MAX} is the most."
    return None


def slug_for_category(*, title: str, parent: str, taken: Collection[str]) -> str:
    """This function will make the slug of a new category from its title and its parent's slug.

    A title without letters from a to z gets a digest instead.
    """
    mark = hashlib.blake2b(f"{parent}\n{title}".encode(), digest_size=5).hexdigest()
    own = _plain(title)[: SLUG_CHARS_MAX // 2].strip("-")
    for slug in (own, f"{parent}-{own}"[:SLUG_CHARS_MAX] if parent and own else ""):
        if slug and slug not in taken:
            return slug
    return f"{own}-{mark}" if own else mark


def slug_for(*, title: str, sku: str, taken: Collection[str]) -> str:
    """This function will make the slug of a new product from its title and SKU, of at most 120 characters.

    Letters beyond a to z lose their accents or are left out, so a Chinese title leaves the SKU alone. Where the slug
    is taken — 85123A and 85123a differ as SKUs, and not as addresses — a digest of the SKU tells the two apart.
    """
    sku_part = _plain(sku)[:SKU_CHARS_MAX]
    title_part = _plain(title)[: SLUG_CHARS_MAX - SKU_CHARS_MAX - 12].strip("-")
    slug = "-".join(part for part in (title_part, sku_part) if part)
    if slug and slug not in taken:
        return slug
    mark = hashlib.blake2b(sku.encode(), digest_size=5).hexdigest()
    return f"{slug}-{mark}" if slug else mark


def choose_language(*, wanted: Sequence[str], available: Collection[str]) -> str:
    """This function will return the first wanted language that there is, else the first available one.

    A wanted "en-gb" is content with "en", and "zh-cn" with "zh-hans". `available` has one at least.
    """
    for asked in wanted:
        tag = asked.lower().replace("_", "-")
        while tag:
            for candidate in (tag, _SCRIPTS.get(tag, tag)):
                if candidate in available:
                    return candidate
            tag = tag.rpartition("-")[0]
    return next(iter(available))


def _plain(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-")


# The names of a card's values. A SKU may hold a colon itself; what follows its last one is a language or `shown`.
_VARIANT = re.compile(r"variant:(.+):(?:shown|title:([a-z0-9-]+))", re.DOTALL)


def title_name(language: str) -> str:
    """This function will name what a product is called in a language."""
    return f"title:{language}"


def text_name(language: str) -> str:
    """This function will name what a product is said to be in a language."""
    return f"text:{language}"


def variant_name(sku: str, language: str) -> str:
    """This function will name what a variant is called in a language."""
    return f"variant:{sku}:title:{language}"


def shown_name(sku: str) -> str:
    """This function will name whether customers see a variant."""
    return f"variant:{sku}:shown"


def sku_of(name: str) -> str | None:
    """This function will return the SKU in a name, None where it is the product's own."""
    return match[1] if (match := _VARIANT.fullmatch(name)) else None


def language_of_variant(name: str) -> str | None:
    """This function will return the language of a variant's title, None for any other name."""
    return match[2] if (match := _VARIANT.fullmatch(name)) else None


def language_of_text(name: str) -> str | None:
    """This function will return the language of a product's title or text, None for any other name."""
    kind, _, language = name.partition(":")
    return language if kind in ("title", "text") and language else None


def fault_of_value(name: str, value: Plain, *, text_chars_max: int) -> str | None:
    """This function will say in one sentence why a card cannot have this value, or return None when it can."""
    if name == "status":
        return None if value in tuple(Status) else "It is one of DRAFT, ACTIVE and ARCHIVED."
    if name == "categories":
        most = len(value) <= CATEGORIES_MAX if isinstance(value, list) else False
        return None if most else f"It stands in {CATEGORIES_MAX} categories at most."
    sku = sku_of(name)
    fault = fault_of_sku(sku) if sku is not None else None
    if fault is None and sku is not None and name == shown_name(sku):
        fault = None if isinstance(value, bool) else "It is shown or hidden."
    elif fault is None:
        fault = _fault_of_words(name, value, text_chars_max=text_chars_max)
    return fault


def _fault_of_words(name: str, value: Plain, *, text_chars_max: int) -> str | None:
    language = language_of_text(name) or language_of_variant(name)
    if language is None or not is_language(language):
        return "A product has nothing of this name."
    if not value:
        return None
    if not isinstance(value, str):
        return "It is a text."
    is_text = sku_of(name) is None and name.startswith("text:")
    return fault_of_text(value, chars_max=text_chars_max) if is_text else fault_of_title(value)


def share_of(*, before: int, after: int) -> Fraction:
    """This function will return by which share of itself a price changes, as a fraction: 1/5 is twenty per cent.

    A price of nothing that becomes something changes by all of it.
    """
    return Fraction(abs(after - before), before) if before else Fraction(int(after != before))


def scale(amount: int, *, percent: Decimal, step: int) -> int:
    """This function will change a price by a percentage and round it to a step of minor units, half a step upwards.

    What is not nothing does not become nothing: the smallest price is one step.
    """
    wanted = Fraction(amount) * (1 + Fraction(percent) / 100) / step
    rounded = max((wanted + Fraction(1, 2)).__floor__(), 0) * step
    return max(rounded, step) if amount and percent > -_WHOLE else rounded
