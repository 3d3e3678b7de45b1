"""Tables for people's programs: CSV and Excel files whose cells are what they say, and never a formula.

A spreadsheet runs what begins like a formula, and customers type some of our texts. In a CSV file such a text gets an
apostrophe in front, which `unguard` takes off again; in an Excel file every cell states its type.

In a table that is to come back, what a spreadsheet would make something else of gets one too: it drops the zeros of
`007`, makes a day of `1/2`, and of a barcode `6.90123E+12`, which nobody can read back.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import IO, cast

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

Cell = str | int | Decimal | dt.datetime | None

# What Excel, LibreOffice and Google Sheets take for the beginning of a formula (OWASP, "CSV Injection"); where people
# write Chinese or Japanese, wide signs too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_GUARD = "'"
# What they take for a number, an amount, a day, a time or a truth: digits, what stands between them, and names of
# months. It is wider than what any of them does: an apostrophe too many harms nobody.
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)(?![a-z])"
)
_TURNED = re.compile(
    r"(?=.*\d)(?:[\d\s.,:;/%()+\-年月日时分秒上下午¥￥$€£]"
    rf"|{_MONTH}|(?<=\d)(?:[ed](?=[+\-\d])|(?:st|nd|rd|th)(?![a-z]))|(?<![a-z])[ap]\.?m)+|true|false",
    re.IGNORECASE,
)
# What XML 1.0 cannot hold.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TITLE = re.compile(r"[\[\]:*?/\\']")
# What Excel itself takes.
_CELL_CHARS_MAX, _TITLE_CHARS_MAX = 32_767, 31
# Excel's numbers have 15 digits; a longer one is a text, lest it lose its end.
_DIGITS_MAX = 15
# Widths of columns in characters, by how long the heading is.
_NARROW, _WIDE = 16, 28
_ALWAYS = dt.datetime(2000, 1, 1)  # noqa: DTZ001 — the library writes it as it is.

CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, comes_back: bool = False) -> bytes:
    """This function will write a table as CSV in UTF-8, with the mark by which Excel knows that.

    With `comes_back` nothing in it is made something else by a spreadsheet, so that tables.read_table reads it again.
    """
    file = io.BytesIO()
    write_csv(file, columns, rows, comes_back=comes_back)
    return file.getvalue()


def write_csv(
    file: IO[bytes], columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, comes_back: bool = False
) -> None:
    """This function will write a table into a file as csv_bytes does, row by row."""

    def written(cell: Cell) -> str:
        return guard(cell, comes_back=comes_back) if isinstance(cell, str) else _text(cell)

    text = io.TextIOWrapper(cast("io.BytesIO", file), encoding="utf-8-sig", errors="replace", newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([guard(column) for column in columns])
    writer.writerows(map(written, row) for row in rows)
    # The file is the caller's to close.
    text.detach()


def guard(text: str, *, comes_back: bool = False) -> str:
    """This function will return a text that no spreadsheet takes for a formula, nor for one that was guarded.

    With `comes_back` none takes it for a number, a day or a truth either.
    """
    bare = text.lstrip(_GUARD)
    is_taken = bare.startswith(_FORMULA) or ((comes_back or bare != text) and _TURNED.fullmatch(bare) is not None)
    return _GUARD + text if is_taken else text


def unguard(text: str) -> str:
    """This function will return what `guard` was given, in either way."""
    if not text.startswith(_GUARD):
        return text
    bare = text.lstrip(_GUARD)
    return text[1:] if bare.startswith(_FORMULA) or _TURNED.fullmatch(bare) is not None else text


def xlsx_bytes(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, comes_back: bool = False
) -> bytes:
    """This function will write a table as an Excel workbook of one sheet, whose heading stays in sight.

    With `comes_back` tables.read_table reads the same cells again.
    """
    file = io.BytesIO()
    write_xlsx(file, title, columns, rows, comes_back=comes_back)
    return file.getvalue()


def write_xlsx(
    file: IO[bytes], title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, comes_back: bool = False
) -> None:
    """This function will write a table into a file as xlsx_bytes does, row by row."""
    # Rows go to a file of ours alone as they come, and not to memory: fifty thousand of them would take 300 MB.
    with TemporaryDirectory(prefix="evertill-sheet-") as folder:
        workbook = Workbook(file, {"constant_memory": True, "tmpdir": folder})
        # The same table makes the same file, whenever it is written.
        workbook.set_properties({"created": _ALWAYS})
        bold = workbook.add_format({"bold": True})
        sheet = workbook.add_worksheet(_name(title))
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, _WIDE if len(column) > _NARROW else _NARROW)
            sheet.write_string(0, place, column, bold)
        for line, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                # Its type keeps a text what it is; only one that looks guarded would come back without its apostrophe.
                if comes_back and isinstance(cell, str) and cell.startswith(_GUARD):
                    _write(sheet, line, place, guard(cell))
                else:
                    _write(sheet, line, place, cell)
        workbook.close()


def as_kept(text: str) -> str:
    """This function will return what an Excel cell keeps of a text: without what XML cannot hold, and not too long."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)[:_CELL_CHARS_MAX]


def _write(sheet: Worksheet, line: int, place: int, cell: Cell) -> None:
    if cell is None or cell == "":
        return
    # Each by the method of its type: the general one makes formulas and links of texts that look like them.
    if isinstance(cell, int | Decimal) and _is_exact(Decimal(cell)):
        # It writes any number as its digits; its types know of fewer.
        sheet.write_number(line, place, cast("float", cell))
    else:
        sheet.write_string(line, place, as_kept(_text(cell)))


def _name(title: str) -> str:
    return as_kept(_TITLE.sub(" ", title))[:_TITLE_CHARS_MAX].strip() or "1"


def _is_exact(number: Decimal) -> bool:
    return len(number.as_tuple().digits) <= _DIGITS_MAX and abs(number) < 10**_DIGITS_MAX


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        return cell.astimezone(dt.UTC).isoformat(sep=" ", timespec="seconds")
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
