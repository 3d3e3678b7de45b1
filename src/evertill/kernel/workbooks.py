"""Excel workbooks that people send: looked at from outside, then read by a process of its own that may fail."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO

from evertill.kernel.csvfile import FileUnusable

_CHILD = Path(__file__).with_name("workbook_child.py")
_MEMORY_BYTES_MAX = 1 << 30
_CPU_S_MAX, _WAIT_S_MAX = 20, 60
_PARTS_MAX = 1000
_NEEDED = ("[Content_Types].xml", "xl/workbook.xml")
# The reader gives an error for an empty cell, and an empty cell takes something away.
# A tag has no other one in it: so however a part is made, each of its bytes is looked at a few times at most.
_ERROR_CELL = re.compile(rb'<(?:\w{1,40}:)?c\s(?=[^<>]*\bt="e")[^<>]*?\br="([A-Z]{1,3}[0-9]{1,7})"')
# Parts are read in pieces; no mark of a cell is longer than so many bytes.
_PIECE_BYTES, _MARK_BYTES_MAX = 1 << 20, 4096
# What the child says instead of a row.
_TOLD: Mapping[str, Callable[[Limits], str]] = {
    "ROWS": lambda limits: f"It has more than {limits.rows_max} rows.",
    "COLUMNS": lambda limits: f"It has more than {limits.columns_max} columns.",
    "BYTES": lambda limits: f"What its cells say has more than {limits.unpacked_bytes_max} bytes.",
}
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")


class NotAWorkbook(FileUnusable):
    """The file is of another kind than Excel's .xlsx."""

    code = "NOT_A_WORKBOOK"
    remedy = "Save it as an Excel workbook (.xlsx) or as CSV, and send that."


class WorkbookProtected(FileUnusable):
    """The file is encrypted, or of the kind that Excel wrote until 2003; from outside both look alike."""

    code = "WORKBOOK_PROTECTED"
    remedy = "Take its password away, save it as an Excel workbook (.xlsx), and send that."


class WorkbookBroken(FileUnusable):
    """The file ends too early, or what is in it does not fit together."""

    code = "WORKBOOK_BROKEN"
    remedy = "Open it in your spreadsheet, save it anew, and send that."


class WorkbookErrors(FileUnusable):
    """A cell holds an error instead of a value, such as #N/A."""

    code = "WORKBOOK_ERRORS"
    remedy = "Correct the cell in your spreadsheet, save it, and send that."


class TableTooLarge(FileUnusable):
    """The file has more bytes, rows or columns than may be sent."""

    code = "TABLE_TOO_LARGE"
    status = "too_large"
    remedy = "Send it in several parts, and keep other things than the table out of the file."


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large a table may be that somebody sends: the file, what is packed in it, its rows and its columns."""

    bytes_max: int
    unpacked_bytes_max: int
    rows_max: int
    columns_max: int


def is_package(content: bytes) -> bool:
    """This function will say whether a file is no text, and so a workbook if anything: by how it begins."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))


def read_workbook(file: IO[bytes], *, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """This function will give the rows of the first sheet that have a cell, each with its number in the sheet.

    Raises NotAWorkbook, WorkbookProtected, WorkbookBroken, WorkbookErrors and TableTooLarge.
    """
    _look_at(file, limits=limits)
    # Between the two processes lie files without a name: what a workbook holds may be many times what it has.
    with TemporaryFile() as given, TemporaryFile() as read:
        file.seek(0)
        copyfileobj(file, given)
        given.seek(0)
        _run_child(given, read, limits=limits)
        read.seek(0)
        for line in read:
            row = json.loads(line)
            if isinstance(row, str):
                raise TableTooLarge(_TOLD[row](limits))
            number, cells = row
            yield number, cells


def _run_child(given: IO[bytes], read: IO[bytes], *, limits: Limits) -> None:
    words = [limits.rows_max, limits.columns_max, limits.unpacked_bytes_max, _MEMORY_BYTES_MAX, _CPU_S_MAX]
    try:
        # Without our environment: it needs nothing of it, and whoever breaks into it finds no secret there.
        done = subprocess.run(
            [sys.executable, "-I", "-X", "utf8", str(_CHILD), *map(str, words)],
            stdin=given,
            stdout=read,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=_WAIT_S_MAX,
            env={},
        )
    except subprocess.TimeoutExpired:
        raise WorkbookBroken(f"It could not be read within {_WAIT_S_MAX} seconds.") from None
    if done.returncode < 0:
        # Ended by a signal: its memory or its time was used up.
        raise WorkbookBroken("Reading it takes too much memory: a cell lies far from all others, or it is damaged.")
    if done.returncode:
        raise WorkbookBroken("What is in it does not fit together.")


def _look_at(file: IO[bytes], *, limits: Limits) -> None:
    file.seek(0)
    if file.read(4) == b"\xd0\xcf\x11\xe0":
        raise WorkbookProtected("It is protected by a password, or was saved for Excel 97 to 2003.")
    try:
        with zipfile.ZipFile(file) as package:
            parts = package.infolist()
            names = [part.filename for part in parts]
            if not set(_NEEDED) <= set(names):
                raise NotAWorkbook("It is not an Excel workbook (.xlsx).")
            if any(part.flag_bits & 1 for part in parts):
                raise WorkbookProtected("It is protected by a password.")
            unpacked = sum(part.file_size for part in parts)
            if unpacked > limits.unpacked_bytes_max or len(parts) > _PARTS_MAX:
                raise TableTooLarge(f"It has {unpacked} bytes when it is unpacked; {limits.unpacked_bytes_max} may be.")
            for part in parts:
                # No part unpacks to more than it says: beyond that, zipfile stops and finds it broken.
                with package.open(part) as plain:
                    _look_into(plain, is_sheet=_SHEET.fullmatch(part.filename) is not None)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error, RuntimeError) as cause:
        raise WorkbookBroken("It ends too early, or is damaged.") from cause


def _look_into(plain: IO[bytes], *, is_sheet: bool) -> None:
    """Read a part to its end, piece by piece; raises WorkbookErrors, and what zipfile finds wrong with it."""
    kept = b""
    while piece := plain.read(_PIECE_BYTES):
        # What says that a cell holds an error may lie across the border of two pieces.
        kept = kept[-_MARK_BYTES_MAX:] + piece
        if is_sheet and (wrong := _ERROR_CELL.search(kept)):
            cell = wrong[1].decode()
            raise WorkbookErrors(f"Its cell {cell} holds an error instead of a value.", told=[cell])
