"""Tables that people made: CSV files in whatever encoding their program wrote, read row by row with line numbers."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from evertill.kernel.errors import EvertillError

_CHUNK_BYTES = 1 << 20
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_COLUMNS_MAX = 200
# One cell; a longer one is a quotation mark that was never closed.
_CELL_CHARS_MAX = 1 << 20


class FileUnusable(EvertillError):
    """A file cannot be read as a table at all."""

    code = "FILE_UNUSABLE"
    kept = "Nothing was read from it, and nothing was changed."
    remedy = "Correct the file and try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row by column; `line` is where it begins, the heading being line 1."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that cannot be used, and why, in one sentence."""

    line: int
    reason: str


def check_file(path: Path, *, bytes_max: int) -> None:
    """This function will raise FileUnusable when a file cannot be opened, or has more than `bytes_max` bytes."""
    try:
        with path.open("rb"):
            size = path.stat().st_size
    except OSError as cause:
        raise FileUnusable(f"{path} cannot be read: {cause.strerror}.") from cause
    if size > bytes_max:
        raise FileUnusable(f"{path.name} has {size} bytes; {bytes_max} is the most.")


def find_encoding(path: Path) -> str:
    """This function will return how a file is encoded: "utf-8-sig" for UTF-8 with or without a mark, else "cp1252".

    Raises FileUnusable where a guess could silently garble the text: UTF-16, and files that look like Chinese ones.
    """
    with path.open("rb") as file:
        if file.read(2) in _UTF16_MARKS:
            raise FileUnusable(f"{path.name} is in UTF-16; save it as UTF-8.")
    for encoding in ("utf-8", "cp1252"):
        with suppress(UnicodeDecodeError):
            _decode_all(path, encoding)
            if encoding == "utf-8":
                return "utf-8-sig"
            if not _looks_chinese(path):
                return encoding
    raise FileUnusable(
        f"{path.name} is neither in UTF-8 nor in Western European cp1252. Save it as UTF-8, or name its encoding, such"
        " as gb18030."
    )


def check_encoding(path: Path, encoding: str) -> None:
    """This function will raise FileUnusable when a file is not in the encoding that somebody named for it."""
    try:
        _decode_all(path, encoding)
    except LookupError:
        raise FileUnusable(f"There is no encoding called '{encoding[:40]}'.") from None
    except UnicodeDecodeError as cause:
        raise FileUnusable(f"{path.name} is not in {encoding}: {cause.reason}.") from cause


def read_rows(path: Path, *, encoding: str, required: Collection[str], rows_max: int) -> Iterator[Row | BadRow]:
    """This function will give the rows of a file one by one, those it cannot take apart as BadRow.

    Blank lines do not count, and cells lose the spaces around them. Raises FileUnusable for a heading without the
    `required` columns, for a heading that names one twice, and beyond `rows_max` rows.
    """
    with path.open(encoding=encoding, newline="") as file:
        yield from read_lines(file, name=path.name, required=required, rows_max=rows_max)


def read_lines(  # noqa: PLR0913 — all but the first three have what files mean by themselves.
    file: Iterable[str],
    *,
    name: str,
    required: Collection[str],
    rows_max: int,
    columns_max: int = _COLUMNS_MAX,
    separator: str = ",",
    plain: Callable[[str], str] = str.strip,
    named: Callable[[str], str] = str.strip,
    fit: Callable[[list[str], int], list[str]] = lambda cells, _count: cells,
    is_by_row: bool = False,
) -> Iterator[Row | BadRow]:
    """This function will give the rows of a table in these lines, as read_rows does; `name` is what errors call it.

    `plain` says what a cell holds, and `named` what one of the heading does. `fit` gives the cells of a row as there
    should be so many of them; of the heading it is asked for none. With `is_by_row` a row's line is its number as a
    spreadsheet shows it, where a cell of several lines is still one row.
    """
    # Process-wide, and the same wherever we read.
    csv.field_size_limit(_CELL_CHARS_MAX)
    reader = csv.reader(file, strict=True, delimiter=separator)
    try:
        heading = next(reader, [])
    except csv.Error as cause:
        raise FileUnusable(f"The heading of {name} is broken: {cause}.") from cause
    named_ones = [named(cell) for cell in fit(heading, 0)]
    columns = read_heading(named_ones, name=name, required=required, columns_max=columns_max)
    count, number = 0, 1
    while True:
        number += 1
        line = number if is_by_row else reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as cause:
            yield BadRow(line=line, reason=f"The quotation marks are broken: {cause}.")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > rows_max:
            raise FileUnusable(f"{name} has more than {rows_max} rows.")
        yield to_row(line, columns, [plain(cell) for cell in fit(cells, len(columns))])


def to_row(line: int, columns: Sequence[str], cells: Sequence[str]) -> Row | BadRow:
    """This function will make a row of cells, or say why they cannot be one of these columns."""
    if len(cells) != len(columns):
        return BadRow(line=line, reason=f"It has {len(cells)} cells where the heading has {len(columns)}.")
    if any("\0" in cell for cell in cells):
        return BadRow(line=line, reason="It has a zero byte.")
    return Row(line=line, cells={name: cell.strip() for name, cell in zip(columns, cells, strict=True)})


def read_heading(cells: Sequence[str], *, name: str, required: Collection[str], columns_max: int) -> list[str]:
    """This function will return the columns that a heading names; raises FileUnusable."""
    columns = [cell.strip() for cell in cells]
    if not any(columns):
        raise FileUnusable(f"{name} is empty.")
    missing = [column for column in required if column not in columns]
    if missing:
        hint = " Its cells are separated by semicolons or tabs; save it with commas." if len(columns) == 1 else ""
        raise FileUnusable(f"{name} has no column {', '.join(missing)}.{hint}", told=missing)
    if len(columns) > columns_max:
        raise FileUnusable(f"{name} has {len(columns)} columns; {columns_max} is the most.")
    twice = sorted({column[:40] for column in columns if columns.count(column) > 1})
    if twice:
        raise FileUnusable(f"{name} names a column twice: {', '.join(twice)}.", told=twice)
    return columns


def _decode_all(path: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)


def _looks_chinese(path: Path) -> bool:
    with path.open("rb") as file:
        return stands_together(iter(lambda: file.read(_CHUNK_BYTES), b""))


def stands_together(chunks: Iterable[bytes]) -> bool:
    """This function will say whether most bytes beyond ASCII stand beside others: Western letters stand alone."""
    alone = together = 0
    for chunk in chunks:
        for run in _HIGH_RUN.findall(chunk):
            if len(run) > 1:
                together += len(run)
            else:
                alone += 1
    return together > alone
