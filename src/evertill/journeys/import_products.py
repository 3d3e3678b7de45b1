"""Import products from a table: every bad row is told, and either all of the file is taken or nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from evertill.domains import catalog, fulfilment, stock, trail
from evertill.domains.trail import Actor, Subject
from evertill.journeys.product_rows import REQUIRED, Goods, check_columns, draft_of, group, merge, read_goods
from evertill.journeys.product_shelves import Shelves, find_shelves
from evertill.kernel import config, csvfile, db, tables
from evertill.kernel.csvfile import BadRow, Row
from evertill.kernel.errors import EvertillError

# What is being done, how much of it is done, and how much there is (0: not known yet).
Tell = Callable[[str, int, int], None]

_Good = TypeVar("_Good")

_PART = 1000
# How a workbook is written, where a text says its encoding.
EXCEL = "Excel"


class RowsRejected(EvertillError):
    """Some rows cannot be taken; `bad` has every one of them, in the order of the file."""

    code = "ROWS_REJECTED"
    kept = "Nothing was imported; the shop is as it was."
    remedy = "Correct these rows and import the file again."

    def __init__(self, bad: Iterable[BadRow]) -> None:
        self.bad = tuple(sorted(bad, key=lambda row: row.line))
        super().__init__(f"{len(self.bad)} faults in {len({row.line for row in self.bad})} rows.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import came to, or in a dry run would: SKUs, products, and SKUs whose stock was moved."""

    skus: int
    products: catalog.Saved
    stock_moved: int
    encoding: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByFile:
    """Who imports a file, and its digest, by which a copy that is kept can be told."""

    actor: Actor
    sha256: str


class _DryRun(Exception):
    """Takes the whole transaction back."""


def tell_nobody(_what: str, _done: int, _total: int) -> None:
    """This function will keep the progress to itself."""


def import_products(
    path: Path,
    *,
    now: dt.datetime,
    encoding: str | None = None,
    dry_run: bool = False,
    actor: Actor | None = None,
    tell: Tell = tell_nobody,
) -> Imported:
    """This function will import a CSV file or an Excel workbook; a dry run does all of it but the commit.

    That the `actor` did so is on record, with a digest of the file. None: it is the shop's own doing.
    Raises csvfile.FileUnusable when the file cannot be read as a table, and RowsRejected when rows are bad. Importing
    the same file again changes nothing, as long as nothing was sold in between: the column `stock` says what lies on
    the shelf, promised pieces included.
    """
    limits = config.get()
    rows, encoding = open_rows(path, encoding=encoding, required=REQUIRED, rows_max=limits.import_rows_max)
    goods: list[Goods] = []
    bad: list[BadRow] = []
    for count, row in enumerate(rows, start=1):
        read = _read(row, is_first=not goods and not bad, text_chars_max=limits.product_text_chars_max)
        if isinstance(read, Goods):
            goods.append(read)
        else:
            bad += read
        if count % _PART == 0:
            tell("Reading", count, 0)
    by = ByFile(actor=actor, sha256=digest_of(path)) if actor is not None else None
    done = import_goods(goods, bad=bad, now=now, dry_run=dry_run, by=by, tell=tell)
    return Imported(skus=done.skus, products=done.products, stock_moved=done.stock_moved, encoding=encoding)


def digest_of(path: Path) -> str:
    """This function will return the digest of a file that is imported."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def record_import(
    by: ByFile | None, what: str, saved: catalog.Saved, *, more: Mapping[str, int] | None = None, now: dt.datetime
) -> None:
    """This function will record that somebody imported a file of goods, in the transaction that takes it."""
    if by is None:
        return
    trail.write(
        actor=by.actor,
        operation="catalog.import",
        subject=Subject(kind="file", id=what),
        after={"created": saved.created, "changed": saved.changed, "sha256": by.sha256, **(more or {})},
        now=now,
    )


def open_rows(
    path: Path, *, encoding: str | None, required: Collection[str], rows_max: int
) -> tuple[Iterator[Row | BadRow], str]:
    """This function will give the rows of a CSV file or an Excel workbook, and say how it is written.

    Raises csvfile.FileUnusable, also later, as the rows are read.
    """
    csvfile.check_file(path, bytes_max=config.get().import_bytes_max)
    if tables.is_workbook(path):
        limits = tables.limits()
        return tables.read_workbook_rows(path, required=required, rows_max=rows_max, limits=limits), EXCEL
    if encoding is not None:
        csvfile.check_encoding(path, encoding)
    encoding = encoding or csvfile.find_encoding(path)
    return csvfile.read_rows(path, encoding=encoding, required=required, rows_max=rows_max), encoding


def _read(row: Row | BadRow, *, is_first: bool, text_chars_max: int) -> Goods | list[BadRow]:
    if isinstance(row, BadRow):
        return [row]
    if is_first:
        check_columns(row.cells)
    return read_goods(row, text_chars_max=text_chars_max)


def import_goods(
    goods: Sequence[Goods],
    *,
    now: dt.datetime,
    bad: Sequence[BadRow] = (),
    dry_run: bool = False,
    by: ByFile | None = None,
    tell: Tell = tell_nobody,
) -> Imported:
    """This function will import what rows said, in one transaction; raises RowsRejected, `bad` included."""
    faults = list(bad)
    merged = list(_sift(merge(goods), faults))
    groups = list(_sift(group(merged), faults))
    language = config.get().languages[0]
    named = [shelf for members in groups for shelf in members[0].shelves or ()]
    shelves = find_shelves(named=named, language=language)
    drafts = _draft(groups, faults, shelves=shelves, language=language)
    done = Imported(skus=0, products=catalog.Saved(), stock_moved=0)
    try:
        with db.write():
            if shelves.new and not faults:
                catalog.categories.save_categories(drafts=shelves.new)
            saved = _save(drafts, now=now, tell=tell) if not faults else catalog.Saved()
            tell("Counting stock", 0, len(merged))
            moved = _move_stock(merged, faults, now=now)
            if faults:
                raise RowsRejected(faults)
            done = Imported(skus=len(merged), products=saved, stock_moved=moved)
            if dry_run:
                raise _DryRun
            record_import(by, "products", saved, more={"stock_moved": moved}, now=now)
    except _DryRun:
        pass
    return done


def _sift(items: Iterable[_Good | BadRow], faults: list[BadRow]) -> Iterator[_Good]:
    for item in items:
        if isinstance(item, BadRow):
            faults.append(item)
        else:
            yield item


def _draft(
    groups: Sequence[Sequence[Goods]], faults: list[BadRow], *, shelves: Shelves, language: str
) -> list[catalog.ProductDraft]:
    homes = catalog.find_homes(skus=[item.sku for members in groups for item in members])
    wanted = [catalog.slug_for(title=m[0].product or m[0].title, sku=m[0].sku, taken=()) for m in groups]
    taken = catalog.find_slugs(slugs=wanted) | {item.slug for members in groups for item in members if item.slug}
    drafts = []
    for members in groups:
        first = members[0]
        present = {homes[item.sku].slug for item in members if item.sku in homes}
        named = next((item.slug for item in members if item.slug), "")
        fault = _fault_of_home(first, named=named, present=present, homes=homes)
        if fault is not None:
            faults.append(BadRow(line=first.line, reason=fault))
            continue
        slug = named or next(iter(present), "")
        if not slug:
            slug = catalog.slug_for(title=first.product or first.title, sku=first.sku, taken=taken)
            taken.add(slug)
        drafts.append(
            draft_of(
                members,
                slug=slug,
                language=language,
                keeps_texts=_is_one_of_several(first, homes),
                categories=None if first.shelves is None else shelves.of(first.shelves),
            )
        )
    return drafts


def _is_one_of_several(item: Goods, homes: Mapping[str, catalog.Home]) -> bool:
    # Then its title is the variant's own, and not the product's.
    return not item.product and item.sku in homes and homes[item.sku].is_shared


def _fault_of_home(first: Goods, *, named: str, present: set[str], homes: Mapping[str, catalog.Home]) -> str | None:
    if len(present) > 1:
        return f"Its SKUs belong to several products already: {', '.join(sorted(present))}."
    if named and present and named not in present:
        return f"SKU {first.sku} belongs to the product {next(iter(present))} already, not to {named}."
    if _is_one_of_several(first, homes) and (first.text or first.translations or first.shelves):
        return (
            f"SKU {first.sku} is one of several variants of {homes[first.sku].slug}; name the product in the column"
            " product to change its texts or categories."
        )
    return None


def _save(drafts: Sequence[catalog.ProductDraft], *, now: dt.datetime, tell: Tell) -> catalog.Saved:
    created = changed = unchanged = 0
    for start in range(0, len(drafts), _PART):
        tell("Writing products", start, len(drafts))
        saved = catalog.save_products(drafts=drafts[start : start + _PART], now=now)
        created, changed = created + saved.created, changed + saved.changed
        unchanged += saved.unchanged
    tell("Writing products", len(drafts), len(drafts))
    return catalog.Saved(created=created, changed=changed, unchanged=unchanged)


def _move_stock(goods: Sequence[Goods], faults: list[BadRow], *, now: dt.datetime) -> int:
    """Bring balances to what the rows say; return how many moved."""
    before = stock.read_items(skus=[item.sku for item in goods])
    stock.open_items(kinds={item.sku: item.kind or stock.Kind.COUNTED for item in goods if item.sku not in before})
    # Only what differs is locked, and only now, so that customers order on meanwhile.
    by_sku = {
        item.sku: item
        for item in goods
        if item.on_hand is not None and (item.sku not in before or before[item.sku].on_hand != item.on_hand)
    }
    for item in goods:
        if item.kind is not None and item.sku in before and before[item.sku].kind is not item.kind:
            reason = f"SKU {item.sku} is {before[item.sku].kind} already, which an import does not change."
            faults.append(BadRow(line=item.line, reason=reason))
    movements = []
    coded = fulfilment.find_pools(skus=by_sku)
    for sku, balance in stock.lock_items(skus=by_sku).items():
        item = by_sku[sku]
        wanted = item.on_hand or 0
        if sku in coded:
            faults.append(BadRow(line=item.line, reason=f"SKU {sku} is sold by codes; its stock is left empty."))
        elif balance.kind is stock.Kind.UNLIMITED:
            faults.append(BadRow(line=item.line, reason=f"SKU {sku} is unlimited; its stock is left empty."))
        elif wanted < balance.reserved:
            reason = f"SKU {sku}: {balance.reserved} pieces are promised to customers, so {wanted} cannot be all."
            faults.append(BadRow(line=item.line, reason=reason))
        elif wanted != balance.on_hand:
            kind = stock.MovementKind.CORRECTED if sku in before else stock.MovementKind.RECEIVED
            movements.append(stock.Movement(sku=sku, kind=kind, quantity=wanted - balance.on_hand))
    if not faults:
        stock.move(movements=movements, now=now, reason="import")
    return len(movements)
