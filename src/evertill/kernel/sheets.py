"""Tables for people's programs: CSV and Excel files whose cells are what they say, and never a formula.

A spreadsheet runs what begins like a formula, and customers type some of our texts. In a CSV file such a text gets an
apostrophe in front, which `unguard` takes off again; in an Excel file every cell states its type.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

Cell = str | int | Decimal | dt.datetime | None

# What Excel, LibreOffice and Google Sheets take for the beginning of a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_GUARD = "'"
# What XML 1.0 cannot hold.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TITLE = re.compile(r"[\[\]:*?/\\']")
# What Excel itself takes.
_CELL_CHARS_MAX, _TITLE_CHARS_MAX = 32_767, 31
# Excel's numbers have 15 digits; a longer one is a text, lest it lose its end.
_DIGITS_MAX = 15

CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# The parts of a workbook that are always the same (ECMA-376).
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    # The second format is that of the heading.
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_SHEETS}"><fonts count="2"><font/><font><b/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="2"><xf/><xf fontId="1" applyFont="1"/></cellXfs></styleSheet>'
    ),
}


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """This function will write a table as CSV in UTF-8, with the mark by which Excel knows that."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([guard(column) for column in columns])
    writer.writerows([guard(_text(cell)) if isinstance(cell, str) else _text(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig", errors="replace")


def guard(text: str) -> str:
    """This function will return a text that no spreadsheet takes for a formula, nor for one that was guarded."""
    return _GUARD + text if text.lstrip(_GUARD).startswith(_FORMULA) else text


def unguard(text: str) -> str:
    """This function will return what `guard` was given."""
    return text[1:] if text.startswith(_GUARD) and text.lstrip(_GUARD).startswith(_FORMULA) else text


def xlsx_bytes(title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """This function will write a table as an Excel workbook of one sheet, whose heading stays in sight."""
    file = io.BytesIO()
    name = quoteattr(_clean(_TITLE.sub(" ", title))[:_TITLE_CHARS_MAX] or "1")
    # The same table makes the same file, whenever it is written.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for path, part in _PARTS.items():
            package.writestr(zipfile.ZipInfo(path), _HEAD + part, zipfile.ZIP_DEFLATED)
        workbook = (
            f'<workbook xmlns="{_SHEETS}" xmlns:r="{_OFFICE}"><sheets><sheet name={name} sheetId="1" r:id="r1"/>'
            "</sheets></workbook>"
        )
        package.writestr(zipfile.ZipInfo("xl/workbook.xml"), _HEAD + workbook, zipfile.ZIP_DEFLATED)
        sheet = zipfile.ZipInfo("xl/worksheets/sheet1.xml")
        sheet.compress_type = zipfile.ZIP_DEFLATED
        with package.open(sheet, "w") as part_file:
            part_file.write(
                f'{_HEAD}<worksheet xmlns="{_SHEETS}"><sheetViews><sheetView workbookViewId="0">'
                '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
                "<sheetData>".encode()
            )
            part_file.write(_row(columns, style=' s="1"'))
            for row in rows:
                part_file.write(_row(row))
            part_file.write(b"</sheetData></worksheet>")
    return file.getvalue()


def _row(cells: Sequence[Cell], *, style: str = "") -> bytes:
    return f"<row>{''.join(_cell(cell, style) for cell in cells)}</row>".encode()


def _cell(cell: Cell, style: str) -> str:
    if cell is None or cell == "":
        return f"<c{style}/>"
    if isinstance(cell, int | Decimal) and _is_exact(Decimal(cell)):
        return f"<c{style}><v>{Decimal(cell):f}</v></c>"
    text = escape(_clean(_text(cell))[:_CELL_CHARS_MAX])
    return f'<c{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _is_exact(number: Decimal) -> bool:
    return len(number.as_tuple().digits) <= _DIGITS_MAX and abs(number) < 10**_DIGITS_MAX


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        return cell.astimezone(dt.UTC).isoformat(sep=" ", timespec="seconds")
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
