"""Take products from a table that somebody edited: what its rows would do, and which of them cannot be used.

Rows that are not in the table stay as they are. What comes of it is a bulk, which shows each product before it changes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from evertill.domains import catalog, stock
from evertill.domains.access import Permission
from evertill.domains.catalog import Card, Plain, Status
from evertill.domains.trail import Subject
from evertill.journeys.bulk_item import Target
from evertill.journeys.edit_many_products import edit_of
from evertill.journeys.permitted import Asker, permitted
from evertill.journeys.product_columns import cells_of, column_of, columns, name_of
from evertill.journeys.table_rows import Sent, Wrong, clipped, of_bad
from evertill.journeys.table_versions import has_lost_letters, is_as_saved, plain, read_version
from evertill.kernel import config, memory, tables
from evertill.kernel.tables import Row

__all__ = ["read_products"]

_PART = 500
_SHOWN_CHARS = 80
_YES_WORDS, _NO_WORDS = ("yes", "true", "1", "是"), ("no", "false", "0", "否")


def read_products(*, asker: Asker, file: IO[bytes], now: dt.datetime) -> Sent:
    """This function will return what a table of products would do; raises Forbidden and tables.FileUnusable.

    With a version, a cell that is as it was saved says nothing; without one, an empty cell says nothing.
    """
    known = (*columns(), "version")
    table = tables.read_table(file, required=("sku",), is_known=known.__contains__, limits=tables.limits())
    taken = _Taken(wrong=[of_bad(row) for row in table.bad])
    with permitted(asker=asker, permission=Permission.CATALOG_EDIT, subject=Subject(kind="catalog"), now=now):
        shelves = {shelf.slug for shelf in catalog.categories.list_categories(languages=(), with_empty=True)}
        for rows in _let_go(table.rows):
            _Reading.of(rows, shelves=shelves).read(taken)
    sent = taken.sent()
    # Of what was compared most is not held any more, and what comes next takes memory of its own.
    memory.give_back()
    return sent


def _let_go(rows: list[Row]) -> Iterator[list[Row]]:
    """Give rows part by part, and keep none of them: with what the shop has of all, they take much memory."""
    rows.reverse()
    while rows:
        part = rows[-_PART:]
        del rows[-_PART:]
        part.reverse()
        yield part


@dataclass(slots=True, kw_only=True)
class _Wanted:
    """What the rows of one product say of it, as it comes together; of what the shop has, only what that needs."""

    slug: str
    title: str
    is_new: bool
    # What the shop has titles and texts of, by name.
    told: frozenset[str]
    lines: list[int] = field(default_factory=list)
    seen: dict[str, Plain] = field(default_factory=dict)
    wanted: dict[str, Plain] = field(default_factory=dict)
    contested: list[str] = field(default_factory=list)
    added: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def begun(cls, row: Row, card: Card | None, *, slug: str) -> _Wanted:
        values = card.values if card is not None else {}
        told = frozenset(name for name, value in values.items() if value and catalog.rules.language_of_text(name))
        return cls(slug=slug, title=_title(card, row), is_new=card is None, told=told)

    def target(self) -> Target:
        rows = ", ".join(map(str, self.lines[:5])) + (" …" if len(self.lines) > 5 else "")  # noqa: PLR2004 — a line.
        return edit_of(
            subject=f"+ {self.added[0]['sku']}" if self.is_new else self.slug,
            label=f"{self.title} ({rows})",
            slug=self.slug,
            is_new=self.is_new,
            seen=self.seen,
            wanted=self.wanted,
            contested=self.contested,
            added=self.added,
        )

    def fault(self) -> Wrong | None:
        for code in config.get().languages:
            if self._has(catalog.rules.text_name(code)) and not self._has(catalog.rules.title_name(code)):
                says = "There is a text in %(column)s and no title in that language."
                return Wrong(line=self.lines[0], says=says, facts={"column": f"text_{code}"})
        return None

    def _has(self, name: str) -> bool:
        return bool(self.wanted[name]) if name in self.wanted else name in self.told


@dataclass(slots=True, kw_only=True)
class _Taken:
    """What all rows say, as it comes together: by product, new ones by themselves."""

    wrong: list[Wrong]
    products: dict[tuple[bool, str], _Wanted] = field(default_factory=dict)
    met: dict[str, int] = field(default_factory=dict)
    added: int = 0
    changed: int = 0
    untouched: int = 0

    def sent(self) -> Sent:
        said = [one for one in self.products.values() if one.wanted or one.added]
        wrong = self.wrong + [fault for one in said if (fault := one.fault()) is not None]
        wrong.sort(key=lambda one: one.line)
        return Sent(
            targets=[one.target() for one in said],
            wrong=wrong,
            added=self.added,
            changed=self.changed,
            untouched=self.untouched,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What a row says that the shop does not have: values by name, and which of them somebody else has changed."""

    wanted: dict[str, Plain] = field(default_factory=dict)
    contested: list[str] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """Some rows beside what the shop has: the products of their SKUs and slugs, and what can run out."""

    rows: Sequence[Row]
    homes: Mapping[str, catalog.Home]
    cards: Mapping[str, Card]
    kinds: Mapping[str, stock.Item]
    shelves: Collection[str]

    @classmethod
    def of(cls, rows: Sequence[Row], *, shelves: Collection[str]) -> _Reading:
        skus = [row.cells["sku"] for row in rows]
        homes = catalog.find_homes(skus=skus)
        slugs = {home.slug for home in homes.values()} | {row.cells.get("slug", "") for row in rows}
        return cls(
            rows=rows,
            homes=homes,
            cards=catalog.editing.read_cards(slugs=sorted(slugs - {""})),
            kinds=stock.read_items(skus=skus),
            shelves=shelves,
        )

    def read(self, taken: _Taken) -> None:
        for row in self.rows:
            sku = row.cells["sku"]
            if sku in taken.met:
                facts = {"sku": sku, "line": taken.met[sku]}
                taken.wrong.append(Wrong(line=row.line, says="SKU %(sku)s stands in row %(line)s too.", facts=facts))
                continue
            taken.met[sku] = row.line
            faults, moved = self._read_row(row, taken.products)
            taken.wrong += faults
            taken.added += sku not in self.homes and not faults
            taken.changed += sku in self.homes and moved and not faults
            taken.untouched += sku in self.homes and not moved and not faults

    def _read_row(self, row: Row, products: dict[tuple[bool, str], _Wanted]) -> tuple[list[Wrong], bool]:
        """Add what a row says to its product; return what is wrong with it, and whether it says anything new."""
        sku, slug = row.cells["sku"], row.cells.get("slug", "")
        home = self.homes[sku].slug if sku in self.homes else ""
        fault = self._fault_of_row(row, home=home)
        if fault is not None:
            return [fault], False
        card = self.cards.get(home or slug)
        # No slug has a space in it, and a SKU may be what another product's slug is.
        key = (card is None, home or slug or f"+ {sku}")
        one = products.get(key) or _Wanted.begun(row, card, slug=home or slug)
        if not home:
            titles = {code: _variant_title(row, card, code) for code in config.get().languages}
            kind = row.cells.get("kind", "").upper() or stock.Kind.COUNTED.value
            one.added.append(
                {"sku": sku, "titles": {code: text for code, text in titles.items() if text}, "kind": kind}
            )
        said = self._said(row, card, is_new=not home)
        faults = [Wrong(line=row.line, says=says, facts={"column": column}) for column, says in said.faults.items()]
        for name, value in said.wanted.items():
            if one.wanted.get(name, value) != value:
                says = "Another row says something else of %(column)s of the same product."
                faults.append(Wrong(line=row.line, says=says, facts={"column": column_of(name)}))
            if not faults:
                one.wanted[name] = value
                one.seen.setdefault(name, card.values.get(name) if card is not None else None)
        if not faults:
            moved = bool(said.wanted or said.contested)
            one.contested += [name for name in said.contested if name not in one.contested]
            if moved or not home:
                one.lines.append(row.line)
            products[key] = one
        return faults, bool(said.wanted or said.contested)

    def _fault_of_row(self, row: Row, *, home: str) -> Wrong | None:
        sku, slug, kind = row.cells["sku"], row.cells.get("slug", ""), row.cells.get("kind", "").upper()
        says, facts = "", {"sku": sku, "slug": slug, "home": home}
        version = row.cells.get("version", "")
        saved = read_version(version, columns=columns()) if version else None
        if version and saved is None:
            says = "Its version cannot be read. Save the table anew and make the change there."
        elif saved is not None and not is_as_saved(sku, saved["sku"]):
            says = "The row was saved with another SKU than %(sku)s. Spreadsheets drop leading zeros, for example."
        elif not home and version:
            says = "There is no SKU %(sku)s any more."
        elif not home and catalog.fault_of_sku(sku) is not None:
            says = "This cannot be a SKU."
        elif home and slug and slug != home:
            says = "SKU %(sku)s belongs to the product %(home)s, not to %(slug)s."
        elif kind and kind not in tuple(stock.Kind):
            says = "The column kind is COUNTED or UNLIMITED."
        elif home and kind and sku in self.kinds and self.kinds[sku].kind != kind:
            says = "Whether SKU %(sku)s can run out is not changed by a table."
        elif not home and slug not in self.cards and not row.cells.get(f"title_{config.get().languages[0]}"):
            says = "A new product needs a title in the shop's first language."
        return Wrong(line=row.line, says=says, facts=facts) if says else None

    def _said(self, row: Row, card: Card | None, *, is_new: bool) -> _Said:
        """Compare each cell of a row with what the shop has; `card` is None for a product that is new."""
        sku = row.cells["sku"]
        version = row.cells.get("version", "")
        saved = read_version(version, columns=columns()) if version else None
        now = cells_of(card, sku, self.kinds) if card is not None else {}
        said = _Said()
        for column in columns():
            name = name_of(column, sku)
            cell = row.cells.get(column)
            if name is None or cell is None or (is_new and _is_of_added(column)):
                continue
            is_touched = not is_as_saved(cell, saved[column]) if saved is not None else bool(cell)
            known = now.get(column, "")
            if not is_touched or plain(cell) == plain(known) or has_lost_letters(cell, known):
                continue
            value, fault = self._value(column, name, cell)
            if fault:
                said.faults[column] = fault
            elif saved is not None and not is_as_saved(known, saved[column]):
                said.contested.append(name)
                said.wanted[name] = value
            else:
                said.wanted[name] = value
        return said

    def _value(self, column: str, name: str, cell: str) -> tuple[Plain, str]:
        """Read a cell, or say why it cannot be."""
        value: Plain = cell.replace("\r\n", "\n").replace("\r", "\n").strip()
        if column == "status":
            value = cell.upper()
            if value not in tuple(Status):
                return None, "The column status is DRAFT, ACTIVE or ARCHIVED."
        elif column == "shown":
            word = cell.lower()
            if word not in _YES_WORDS + _NO_WORDS:
                return None, "The column shown is yes or no."
            value = word in _YES_WORDS
        elif column == "categories":
            value = list(dict.fromkeys(slug.strip() for slug in cell.split(";") if slug.strip()))
            if not set(value) <= set(self.shelves):
                return None, "There is no such category; the column categories has their addresses, apart by ;"
        elif column == f"title_{config.get().languages[0]}" and not value:
            return None, "A product has a title in the shop's first language."
        elif column == f"variant_{config.get().languages[0]}" and not value:
            return None, "A variant has a title in the shop's first language."
        fault = catalog.rules.fault_of_value(name, value, text_chars_max=config.get().product_text_chars_max)
        return value, "What stands in %(column)s is too long, or has a character that cannot be there." if fault else ""


def _is_of_added(column: str) -> bool:
    # What a new variant is called is said when it is added.
    return column.startswith("variant_")


def _title(card: Card | None, row: Row) -> str:
    first = config.get().languages[0]
    known = card.values.get(catalog.rules.title_name(first)) if card is not None else row.cells.get(f"title_{first}")
    return clipped(str(known or ""), _SHOWN_CHARS)


def _variant_title(row: Row, card: Card | None, language: str) -> str:
    own = row.cells.get(f"variant_{language}") or row.cells.get(f"title_{language}")
    return own or (str(card.values.get(catalog.rules.title_name(language)) or "") if card is not None else "")
