"""Import categories from a table: their names in each language, their order, and which stands below which."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from evertill.domains import catalog
from evertill.domains.trail import Actor
from evertill.journeys.import_products import ByFile, RowsRejected, digest_of, open_rows, record_import
from evertill.journeys.product_rows import language_of
from evertill.kernel import config, db
from evertill.kernel.csvfile import BadRow, FileUnusable, Row

REQUIRED = ("slug", "title")
_OPTIONAL = ("parent",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedCategories:
    """What an import came to, and how the file was encoded."""

    categories: catalog.Saved
    encoding: str


class _DryRun(Exception):
    """Takes the whole transaction back."""


def import_categories(
    path: Path,
    *,
    encoding: str | None = None,
    dry_run: bool = False,
    actor: Actor | None = None,
    now: dt.datetime,
) -> ImportedCategories:
    """This function will import a CSV or Excel file of categories, in the order of its rows; a dry run does not commit.

    Raises csvfile.FileUnusable when the file cannot be read as a table, RowsRejected when rows are bad, and
    catalog.CategoryIncomplete when they do not go together. Importing the same file again changes nothing. That the
    `actor` did so is on record.
    """
    limits = config.get()
    rows, encoding = open_rows(path, encoding=encoding, required=REQUIRED, rows_max=limits.categories_max)
    read = [_read(row, position) for position, row in enumerate(rows)]
    bad = [row for row in read if isinstance(row, BadRow)]
    if bad:
        raise RowsRejected(bad)
    drafts = [draft for draft in read if isinstance(draft, catalog.CategoryDraft)]
    saved = catalog.Saved()
    try:
        with db.write():
            saved = catalog.categories.save_categories(drafts=drafts)
            if dry_run:
                raise _DryRun
            by = ByFile(actor=actor, sha256=digest_of(path)) if actor is not None else None
            record_import(by, "categories", saved, now=now)
    except _DryRun:
        pass
    return ImportedCategories(categories=saved, encoding=encoding)


def _read(row: Row | BadRow, position: int) -> catalog.CategoryDraft | BadRow:
    if isinstance(row, BadRow):
        return row
    if position == 0:
        _check_columns(row.cells)
    cells = row.cells
    draft = catalog.CategoryDraft(
        slug=cells["slug"], titles=dict(_titles(cells)), parent=cells.get("parent"), position=position
    )
    fault = catalog.fault_of_category(draft)
    return BadRow(line=row.line, reason=fault) if fault is not None else draft


def _titles(cells: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    if cells["title"]:
        yield config.get().languages[0], cells["title"]
    for name, text in cells.items():
        language = language_of(name)
        if language is not None and name.startswith("title_") and text:
            yield language, text


def _check_columns(columns: Iterable[str]) -> None:
    unknown = [
        name
        for name in columns
        if name not in REQUIRED + _OPTIONAL and not (name.startswith("title_") and language_of(name) is not None)
    ]
    if unknown:
        raise FileUnusable(
            f"Unknown columns: {', '.join(name[:40] for name in unknown)}. There are {', '.join(REQUIRED + _OPTIONAL)},"
            " and title_LANGUAGE such as title_zh-hans."
        )
