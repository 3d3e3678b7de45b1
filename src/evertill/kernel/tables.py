"""Tables that people send: a CSV file, an Excel workbook or a text that was pasted, all read the same way."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from io import SEEK_END, BytesIO, TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, cast

from evertill.kernel import config
from evertill.kernel.csvfile import BadRow, FileUnusable, Row, read_heading, read_lines, stands_together, to_row
from evertill.kernel.sheets import unguard
from evertill.kernel.workbooks import Limits, NotAWorkbook, TableTooLarge, is_package, read_workbook

__all__ = [
    "BadRow",
    "ColumnUnknown",
    "FileUnusable",
    "Row",
    "Table",
    "TableTooLarge",
    "is_workbook",
    "limits",
    "read_table",
    "read_workbook_rows",
]

_SEPARATORS = ",;\t"
# In Chinese texts about goods more are; letters of other languages read as Chinese give fewer than half.
_COMMON_SHARE, _SIGNS_MAX = 0.75, 100_000
# A text is looked at in parts of so many signs.
_PART_CHARS = 1 << 18
# By how it begins, a file of another kind is known.
_HEAD_BYTES = 16
# The bytes of a sign that GB 18030 has and the older Chinese encodings have not.
_LONG = 4
_NAMED = "The table"
# Begins of files that people take for tables: PDF, pictures, web pages, programs.
_OTHERS = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"<!DOCTYPE",
    b"<html",
    b"<?xml",
    b"\x7fELF",
    b"MZ",
    b"{\\rtf",
)


class ColumnUnknown(FileUnusable):
    """A column of the table means nothing here, which is most often a misspelt one."""

    code = "COLUMN_UNKNOWN"
    remedy = "Keep the heading as it was saved here."


class TableEmpty(FileUnusable):
    """There is no table, or only its heading."""

    code = "TABLE_EMPTY"
    remedy = "Choose a file, or paste a table with its heading."


class EncodingUnknown(FileUnusable):
    """The letters of a text file cannot be told for sure."""

    code = "ENCODING_UNKNOWN"
    remedy = 'Save it as an Excel workbook, or as "CSV UTF-8".'


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What was sent: its columns, its rows with the lines in which they begin, and those that are no rows."""

    columns: Sequence[str]
    rows: list[Row]
    bad: Sequence[BadRow]


def limits() -> Limits:
    """This function will return how large a table may be that staff send."""
    known = config.get()
    return Limits(
        bytes_max=known.table_bytes_max,
        unpacked_bytes_max=known.table_unpacked_bytes_max,
        rows_max=known.table_rows_max,
        columns_max=known.table_columns_max,
    )


def read_table(file: IO[bytes], *, required: Collection[str], is_known: Callable[[str], bool], limits: Limits) -> Table:
    """This function will read a table from an open file, whatever it is kept in; columns are found in lower case.

    Commas, semicolons or tabs may stand between the cells of a text. Raises FileUnusable, in the kind that says what
    is wrong with it.
    """
    size = file.seek(0, SEEK_END)
    if size > limits.bytes_max:
        raise TableTooLarge(f"It has {size} bytes; {limits.bytes_max} may be.")
    read = (
        _read_package(file, required, limits, plain=unguard)
        if is_package(_head_of(file))
        else _read_text(file, required, limits)
    )
    rows: list[Row] = []
    bad: list[BadRow] = []
    # Also where it is not read to its end, nothing of it stays open.
    with closing(read):
        for row in read:
            if isinstance(row, BadRow):
                bad.append(row)
            else:
                rows.append(row)
            if len(rows) + len(bad) > limits.rows_max:
                raise TableTooLarge(f"It has more than {limits.rows_max} rows.")
    if not rows and not bad:
        raise TableEmpty("There is no row in it.")
    columns = list(rows[0].cells) if rows else []
    unknown = [column for column in columns if not is_known(column)]
    if unknown:
        raise ColumnUnknown(f"Nothing here is called {', '.join(column[:40] for column in unknown)}.", told=unknown)
    return Table(columns=columns, rows=rows, bad=bad)


def is_workbook(path: Path) -> bool:
    """This function will say whether a file is no text, and so a workbook if anything; raises what opening it does."""
    with path.open("rb") as file:
        return is_package(file.read(8))


def read_workbook_rows(
    path: Path, *, required: Collection[str], rows_max: int, limits: Limits
) -> Iterator[Row | BadRow]:
    """This function will give the rows of a workbook as csvfile.read_rows gives those of a text; raises FileUnusable.

    Columns are found in lower case.
    """
    if path.stat().st_size > limits.bytes_max:
        raise TableTooLarge(f"{path.name} has more than {limits.bytes_max} bytes.")
    known = replace(limits, rows_max=min(rows_max, limits.rows_max))
    with path.open("rb") as file:
        yield from _read_package(file, required, known)


def _head_of(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read(_HEAD_BYTES)


def _read_package(
    file: IO[bytes], required: Collection[str], limits: Limits, *, plain: Callable[[str], str] = str
) -> Generator[Row | BadRow]:
    columns: list[str] = []
    for line, cells in read_workbook(file, limits=limits):
        if not columns:
            heading = [cell.strip().lower() for cell in cells]
            columns = read_heading(heading, name=_NAMED, required=required, columns_max=limits.columns_max)
        elif len(cells) > len(columns):
            yield BadRow(line=line, reason=f"It has {len(cells)} cells where the heading has {len(columns)}.")
        else:
            # Excel keeps no empty cells at the end of a row.
            yield to_row(line, columns, [*map(plain, cells), *[""] * (len(columns) - len(cells))])


def _read_text(file: IO[bytes], required: Collection[str], limits: Limits) -> Generator[Row | BadRow]:
    with _opened(file, _encoding_of(file)) as text:
        yield from _read_opened(text, required, limits)


@contextmanager
def _opened(file: IO[bytes], encoding: str) -> Iterator[TextIOWrapper]:
    """The text of a file from its beginning; the file stays open behind it."""
    file.seek(0)
    text = TextIOWrapper(cast("BytesIO", file), encoding, newline="")
    try:
        yield text
    finally:
        text.detach()


def _read_opened(text: TextIOWrapper, required: Collection[str], limits: Limits) -> Iterator[Row | BadRow]:
    lines = _Lines(text)

    def fit(cells: list[str], count: int) -> list[str]:
        # A row that the end of the file cuts off is not filled up: what it lacks was there.
        return _fit(cells, len(cells) if lines.are_cut and count else count)

    yield from read_lines(
        lines,
        name=_NAMED,
        required=required,
        rows_max=limits.rows_max + 1,
        columns_max=limits.columns_max,
        separator=max(_SEPARATORS, key=lines.heading.count),
        plain=_plain,
        named=lambda cell: _plain(cell).lower(),
        fit=fit,
        is_by_row=True,
    )


class _Lines:
    """The lines of a text from its heading on, one after the other: all of them may take eight times what a file does.

    They `are_cut` once the last one was given, where that ends without the end of a line.
    """

    def __init__(self, text: TextIOWrapper) -> None:
        self._file = text
        self.heading = next((line.lstrip() for line in self._file if line.strip()), "")
        self._given, self._next = "", self.heading

    def __iter__(self) -> Iterator[str]:
        while self._next:
            self._given, self._next = self._next, next(self._file, "")
            yield self._given

    @property
    def are_cut(self) -> bool:
        return not self._next and not self._given.endswith(("\n", "\r"))


def _fit(cells: list[str], count: int) -> list[str]:
    """Drop empty cells beyond a number of them, or fill up to it: spreadsheets add some, and leave some out."""
    last = len(cells)
    while last > count and not cells[last - 1].strip():
        last -= 1
    return [*cells[:last], *[""] * (count - last)]


def _plain(cell: str) -> str:
    # In this order: a guarded tab is no space, and a space before an apostrophe guards nothing.
    return unguard(cell).strip()


def _encoding_of(file: IO[bytes]) -> str:
    """Say how a text is written; raises NotAWorkbook, TableEmpty and EncodingUnknown."""
    head = _head_of(file)
    if head.startswith(_OTHERS):
        raise NotAWorkbook("It is no table, but a file of another kind.")
    # What Excel calls "Unicode text" is UTF-16.
    is_wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if is_wide else "utf-8-sig"
    if not _is_written_in(file, encoding):
        encoding = _old_encoding_of(file)
    if any("\0" in part for part in _parts(file, encoding)):
        raise NotAWorkbook("It is no table, but a file of another kind.")
    if not any(part.strip() for part in _parts(file, encoding)):
        raise TableEmpty("There is nothing in it.")
    return encoding


def _old_encoding_of(file: IO[bytes]) -> str:
    """Say how a text is written as Excel does where people do not ask for UTF-8: on a Chinese or Western system."""
    # Letters of other languages make Chinese signs too, but not those that people use.
    if _speaks_chinese() and _is_written_in(file, "gb18030") and _is_common(_parts(file, "gb18030")):
        return "gb18030"
    if _is_written_in(file, "cp1252") and not stands_together(_chunks(file)):
        return "cp1252"
    raise EncodingUnknown("Its letters are not written as UTF-8.")


def _is_written_in(file: IO[bytes], encoding: str) -> bool:
    try:
        for _part in _parts(file, encoding):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _parts(file: IO[bytes], encoding: str) -> Iterator[str]:
    """Read a text part by part; raises UnicodeDecodeError."""
    with _opened(file, encoding) as text:
        while part := text.read(_PART_CHARS):
            yield part


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    return iter(lambda: file.read(_PART_CHARS), b"")


def _speaks_chinese() -> bool:
    return any(language.partition("-")[0] == "zh" for language in config.get().languages)


def _is_common(parts: Iterable[str]) -> bool:
    """Say whether most signs beyond ASCII are among the 3,755 most used, or punctuation: by GB 2312, which sorts so."""
    looked_at = islice((sign for part in parts for sign in part if not sign.isascii()), _SIGNS_MAX)
    signs = [(sign.encode("gb2312", errors="ignore")[:1], len(sign.encode("gb18030"))) for sign in looked_at]
    # Those are emoji, for example; other encodings have nothing that looks like them.
    common = sum(b"\xa1" <= lead <= b"\xa3" or b"\xb0" <= lead <= b"\xd7" or length == _LONG for lead, length in signs)
    return common >= len(signs) * _COMMON_SHARE
