"""What the rows of a product file say: from cells to goods, and from goods to products. Nothing is written here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

from evertill.domains import catalog, stock
from evertill.kernel import money
from evertill.kernel.csvfile import BadRow, FileUnusable, Row
from evertill.kernel.money import InvalidMoney

REQUIRED = ("sku", "title", "price", "currency", "stock")
OPTIONAL = ("slug", "product", "text", "category", "status", "stock_kind")
STOCK_MAX = 10**9

# A category's name, behind that of the one above it if there is one.
Shelf = tuple[str, ...]
# What a cell says that takes a product out of all categories.
_NOWHERE = "-"
_LEVELS_MAX = 2

_PER_LANGUAGE = re.compile(r"(title|text)_(.+)")
_PRICE = re.compile(r"[0-9]+(\.[0-9]+)?")
_Choice = TypeVar("_Choice", bound=StrEnum)
_PIECES = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """What one row says of one SKU. Empty texts, None and missing languages say nothing, and keep what is there."""

    line: int
    sku: str
    title: str
    prices: Mapping[str, int]
    on_hand: int | None = None
    kind: stock.Kind | None = None
    product: str = ""
    slug: str = ""
    text: str = ""
    translations: Mapping[str, catalog.Text] = field(default_factory=dict)
    status: catalog.Status | None = None
    shelves: tuple[Shelf, ...] | None = None


def check_columns(columns: Iterable[str]) -> None:
    """This function will raise FileUnusable for a column that means nothing, which is most often a misspelt one."""
    unknown = [name for name in columns if name not in REQUIRED + OPTIONAL and language_of(name) is None]
    if unknown:
        raise FileUnusable(
            f"Unknown columns: {', '.join(name[:40] for name in unknown)}. There are {', '.join(REQUIRED + OPTIONAL)},"
            " and title_LANGUAGE, text_LANGUAGE such as title_zh-hans."
        )


def language_of(column: str) -> str | None:
    """This function will return the language of a column such as title_zh-hans, or None for any other column."""
    match = _PER_LANGUAGE.fullmatch(column)
    return match[2] if match and catalog.is_language(match[2]) else None


def read_goods(row: Row, *, text_chars_max: int) -> Goods | list[BadRow]:
    """This function will read one row, or return everything that is wrong with it."""
    cells = row.cells
    faults: list[str] = []
    prices: dict[str, int] = {}
    try:
        prices = {cells["currency"]: _read_price(cells["price"], currency=cells["currency"])}
    except InvalidMoney as cause:
        faults.append(cause.detail)
    kind = _read_choice("stock_kind", cells, stock.Kind, faults)
    on_hand = _read_pieces(cells["stock"], kind, faults)
    status = _read_choice("status", cells, catalog.Status, faults)
    goods = Goods(
        line=row.line,
        sku=cells["sku"],
        title=cells["title"],
        prices=prices,
        on_hand=on_hand,
        kind=kind,
        product=cells.get("product", ""),
        slug=cells.get("slug", ""),
        text=cells.get("text", ""),
        translations=_read_translations(cells, faults),
        status=status,
        shelves=_read_shelves(cells.get("category", ""), faults),
    )
    # The catalogue's own rules, on the product that this row alone would make.
    drafted = draft_of(
        [goods],
        slug=goods.slug or "new",
        language="en",
        categories=[shelf[-1] for shelf in goods.shelves or ()],
    )
    fault = catalog.fault_of(drafted, text_chars_max=text_chars_max)
    if not goods.title:
        fault = "The title is empty."
    faults += [fault] if fault else []
    return [BadRow(line=row.line, reason=reason) for reason in faults] or goods


def merge(goods: Iterable[Goods]) -> Iterator[Goods | BadRow]:
    """This function will make one of the rows that name the same SKU: further rows may add prices in other currencies.

    A row that repeats another word for word does no harm; one that says something else is bad.
    """
    by_sku: dict[str, Goods] = {}
    for item in goods:
        first = by_sku.setdefault(item.sku, item)
        if first is item:
            continue
        differing = [
            name.replace("translations", "title_… or text_…")
            .replace("on_hand", "stock")
            .replace("kind", "stock_kind")
            .replace("shelves", "category")
            for name in ("title", "on_hand", "kind", "product", "slug", "text", "translations", "status", "shelves")
            if getattr(item, name) != getattr(first, name)
        ]
        if any(first.prices.get(currency, amount) != amount for currency, amount in item.prices.items()):
            differing.append("price")
        if differing:
            yield BadRow(
                line=item.line,
                reason=f"SKU {item.sku} stands in line {first.line} too, and differs in {', '.join(differing)}.",
            )
            continue
        by_sku[item.sku] = replace(first, prices={**first.prices, **item.prices})
    yield from by_sku.values()


def group(goods: Iterable[Goods]) -> Iterator[list[Goods] | BadRow]:
    """This function will put the variants of one product together: those that name the same `product`."""
    groups: dict[tuple[str, str], list[Goods]] = {}
    for item in goods:
        key = ("product", item.product) if item.product else ("slug", item.slug) if item.slug else ("sku", item.sku)
        groups.setdefault(key, []).append(item)
    owners: dict[str, int] = {}
    for (by, name), members in groups.items():
        faults = list(_faults_of_group(by, name, members))
        slug = next((item.slug for item in members if item.slug), "")
        if slug and owners.setdefault(slug, members[0].line) != members[0].line:
            faults.append(
                BadRow(line=members[0].line, reason=f"Line {owners[slug]} gives slug {slug} to another product.")
            )
        yield from faults or (members,)


def _faults_of_group(by: str, name: str, members: Sequence[Goods]) -> Iterator[BadRow]:
    first = members[0]
    for item in members[1:]:
        if by == "slug":
            yield BadRow(
                line=item.line,
                reason=f"Line {first.line} has slug {name} too. Variants of one product name it in the column product.",
            )
            continue
        for what in ("slug", "text", "translations", "status", "shelves"):
            mine, theirs = getattr(item, what), getattr(first, what)
            if mine and mine != theirs:
                called = what.replace("shelves", "category")
                yield BadRow(
                    line=item.line,
                    reason=f"Its product '{name}' has another {called} in line {first.line}, where it is named first.",
                )


def draft_of(
    members: Sequence[Goods],
    *,
    slug: str,
    language: str,
    keeps_texts: bool = False,
    categories: Sequence[str] | None = None,
) -> catalog.ProductDraft:
    """This function will make one product of its variants; `language` is that of the titles without one."""
    first = members[0]
    own = catalog.Text(title=first.product or first.title, text=first.text or None)
    return catalog.ProductDraft(
        slug=slug,
        texts={} if keeps_texts else {language: own, **first.translations},
        variants=[catalog.VariantDraft(sku=item.sku, title=item.title, prices=item.prices) for item in members],
        status=first.status,
        categories=categories,
    )


def _read_price(text: str, *, currency: str) -> int:
    # The form first: what Decimal takes beyond it, such as 1e3 or 1_000, is more often a slip than a price.
    if not money.is_currency(currency):
        raise InvalidMoney(f"'{currency[:16]}' is not a currency code of three capital letters.")
    if _PRICE.fullmatch(text) is None:
        raise InvalidMoney(f"'{text[:40]}' is not a price; write it like 1234.50, without signs or separators.")
    return money.parse(text, currency=currency).amount


def _read_pieces(text: str, kind: stock.Kind | None, faults: list[str]) -> int | None:
    if not text:
        return None
    if kind is stock.Kind.UNLIMITED:
        faults.append("The stock of an unlimited SKU is left empty.")
    elif _PIECES.fullmatch(text) is None or int(text) > STOCK_MAX:
        faults.append(f"'{text[:40]}' is not a number of pieces from 0 to {STOCK_MAX}.")
    else:
        return int(text)
    return None


def _read_choice(name: str, cells: Mapping[str, str], choices: type[_Choice], faults: list[str]) -> _Choice | None:
    text = cells.get(name, "")
    if not text:
        return None
    try:
        return choices(text.upper())
    except ValueError:
        faults.append(f"'{text[:40]}' is not a {name}; it is one of {', '.join(choices)}.")
        return None


def _read_shelves(text: str, faults: list[str]) -> tuple[Shelf, ...] | None:
    """Read "Drinks > Tea; Gifts": categories apart by semicolons, one below another behind a sign."""
    if not text:
        return None
    if text.strip() == _NOWHERE:
        return ()
    shelves = dict.fromkeys(tuple(name.strip() for name in part.split(">")) for part in text.split(";") if part.strip())
    for shelf in shelves:
        if len(shelf) > _LEVELS_MAX:
            faults.append(f"The category '{' > '.join(shelf)[:80]}' is too deep: there are {_LEVELS_MAX} levels.")
        for name in shelf:
            fault = catalog.fault_of_category(catalog.CategoryDraft(slug="new", titles={"en": name}))
            if fault is not None:
                faults.append(f"The category '{' > '.join(shelf)[:80]}': {fault}")
    return tuple(shelves)


def _read_translations(cells: Mapping[str, str], faults: list[str]) -> dict[str, catalog.Text]:
    found = {}
    # In the order of the columns.
    for language in dict.fromkeys(code for name in cells if (code := language_of(name)) is not None):
        title, text = cells.get(f"title_{language}", ""), cells.get(f"text_{language}", "")
        if title:
            found[language] = catalog.Text(title=title, text=text or None)
        elif text:
            faults.append(f"text_{language} needs title_{language} beside it.")
    return found
