"""Export a table: what is listed at the desk, as a file for a spreadsheet. Personal data needs another person's leave.

Who exported what is on record, with the file's digest, so that a copy that turns up somewhere can be told.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from evertill.domains import trail
from evertill.domains.access import Permission
from evertill.domains.approvals import Approval
from evertill.domains.trail import Subject
from evertill.journeys import decide_approvals
from evertill.journeys.permitted import Asker, Wish, approved, check_permitted, permitted
from evertill.journeys.veil_words import veil_words
from evertill.kernel import config, sheets
from evertill.kernel.errors import EvertillError
from evertill.kernel.sheets import Cell

__all__ = ["Cell", "Exported", "Filters", "Form", "Table", "TooManyRows", "ask_to_export", "export_table"]

Form = Literal["csv", "xlsx"]
Filters = Mapping[str, str]


class TooManyRows(EvertillError):
    """The table has more rows than one file may have."""

    code = "TOO_MANY_ROWS"
    status = "too_large"
    kept = "Nothing was exported."
    remedy = "Narrow the list, by its dates for example, and export it in parts."


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What can be exported: who may see it, whether it holds personal data of others, and how its rows are read.

    `read` is told the filters and how many rows at most. One that `comes_back` is edited in a spreadsheet and sent to
    the shop again.
    """

    name: str
    permission: Permission
    is_personal: bool
    columns: Sequence[str]
    read: Callable[[Filters, int], Iterable[Sequence[Cell]]]
    comes_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A file: what it is called, of which kind it is, and what is in it."""

    name: str
    media: str
    content: bytes
    rows: int


def export_table(*, asker: Asker, table: Table, filters: Filters, form: Form, why: str, now: dt.datetime) -> Exported:
    """This function will write the rows that filters leave of a table into a file, and record that somebody took it.

    Raises Forbidden, approvals.ApprovalRequired for personal data, and TooManyRows.
    """
    permission = Permission.DATA_EXPORT if table.is_personal else table.permission
    with permitted(asker=asker, permission=permission, subject=_subject(table), now=now):
        # Nobody takes out what he may not look at.
        check_permitted(asker=asker, permission=table.permission)
        by = approved(asker=asker, wish=_wish(table, filters, why), now=now) if table.is_personal else ""
        most = _rows_max(table)
        rows = list(islice(table.read(filters, most + 1), most + 1))
        if len(rows) > most:
            raise TooManyRows(f"A file has at most {most} rows.")
        content = _write(table, rows, form)
        trail.write(
            actor=asker.actor,
            operation="data.export",
            subject=_subject(table),
            after={
                "filters": veil_words(filters),
                "rows": len(rows),
                "form": form,
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            | ({"approved_by": by} if by else {}),
            why=why,
            now=now,
        )
    media = sheets.CSV if form == "csv" else sheets.XLSX
    return Exported(name=f"{table.name}-{now:%Y-%m-%d}.{form}", media=media, content=content, rows=len(rows))


def ask_to_export(*, asker: Asker, table: Table, filters: Filters, why: str, now: dt.datetime) -> Approval:
    """This function will ask for the approval of exactly this export; raises Forbidden and approvals.TooManyAsked."""
    return decide_approvals.ask(asker=asker, wish=_wish(table, filters, why), why=why, now=now)


def _rows_max(table: Table) -> int:
    limits = config.get()
    # Nobody works for an hour on a file that the shop does not take back.
    return min(limits.export_rows_max, limits.table_rows_max) if table.comes_back else limits.export_rows_max


def _write(table: Table, rows: Sequence[Sequence[Cell]], form: Form) -> bytes:
    if form == "csv":
        return sheets.csv_bytes(table.columns, rows, comes_back=table.comes_back)
    return sheets.xlsx_bytes(table.name, table.columns, rows, comes_back=table.comes_back)


def _wish(table: Table, filters: Filters, why: str) -> Wish:
    content = {"table": table.name, "filters": dict(filters), "why": why}
    return Wish(permission=Permission.DATA_EXPORT, subject=_subject(table), content=content)


def _subject(table: Table) -> Subject:
    return Subject(kind="table", id=table.name)
