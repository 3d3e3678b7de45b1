"""Tables that people send: what was written comes back as it was, in either kind of file; what is none is told."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xlsxwriter import Workbook

from evertill.kernel import config
from evertill.kernel.csvfile import BadRow, FileUnusable, Row
from evertill.kernel.errors import ConfigError
from evertill.kernel.sheets import as_kept, csv_bytes, xlsx_bytes
from evertill.kernel.tables import Table, read_table
from evertill.kernel.workbooks import Limits, read_workbook

LIMITS = Limits(bytes_max=1 << 20, unpacked_bytes_max=4 << 20, rows_max=20, columns_max=5)

# What spreadsheets, and careless readers of tables, make something else of.
NASTY = [
    "=1+1", "'=1+1", "＝1+1", "+44 20 7946 0000", "-5", "@SUM(A1)", "007", "1E5", "1e3", 'say "hi"', "a,b;c\td", "茶叶",
    "שלום", "'", "''x", "1/2", "2026-03-04", "TRUE", "true", "#REF!", "_x0041_", "&amp;", "emoji🫖", "a\nb", "9" * 20,
    "<b>", "'007", "6901234567892", "SEP-02", "50%", "10:30",
]  # fmt: skip


def read(content: bytes, *, limits: Limits = LIMITS) -> Table:
    return read_table(
        io.BytesIO(content), required=("sku",), is_known=lambda name: name in ("sku", "title", "n"), limits=limits
    )


def cells(content: bytes) -> list[list[str]]:
    table = read(content)
    assert not table.bad
    return [list(row.cells.values()) for row in table.rows]


def rows_of_sheet(content: bytes) -> list[list[str]]:
    """What the cells of a workbook say, as a spreadsheet shows them."""
    return [row for _, row in read_workbook(io.BytesIO(content), limits=LIMITS)]


def altered(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A workbook whose parts are changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part)))
    return file.getvalue()


def of_sheet(content: bytes, old: bytes, new: bytes) -> bytes:
    return altered(content, lambda name, part: part.replace(old, new) if name.endswith("sheet1.xml") else part)


BOOK = xlsx_bytes("a", ["sku", "title"], [["TEA", "Tea"]])

FAR = b'<row r="1048576"><c r="XFD1048576"><v>2</v></c></row></sheetData>'
UNUSABLE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "TABLE_EMPTY"),
    "blank": (b" \n ", "TABLE_EMPTY"),
    "only a heading": (b"sku,title\n", "TABLE_EMPTY"),
    "an unknown column": (b"sku,colour\na,b\n", "COLUMN_UNKNOWN"),
    "a missing column": (b"title\na\n", "FILE_UNUSABLE"),
    "a column twice": (b"sku,sku\na,b\n", "FILE_UNUSABLE"),
    "Chinese of Taiwan": ("sku,title\n1,普洱茶葉很香".encode("big5"), "ENCODING_UNKNOWN"),
    "Japanese": ("sku,title\n1,お茶と急須の店".encode("shift_jis"), "ENCODING_UNKNOWN"),
    "Japanese of Unix": ("sku,title\n1,お茶と急須の店です".encode("euc_jp"), "ENCODING_UNKNOWN"),
    "Russian": ("sku,title\n1,Чай зелёный и чёрный".encode("cp1251"), "ENCODING_UNKNOWN"),
    "Russian of even words": ("sku,title\n1,чайник".encode("cp1251"), "ENCODING_UNKNOWN"),
    "Greek": ("sku,title\n1,τσάι πράσινο".encode("cp1253"), "ENCODING_UNKNOWN"),
    "a PDF": (b"%PDF-1.7", "NOT_A_WORKBOOK"),
    "zero bytes": (b"sku\0", "NOT_A_WORKBOOK"),
    "many rows": (b"sku,title\n" + b"a,b\n" * 21, "TABLE_TOO_LARGE"),
    "many bytes": (b"sku" + b"x" * (1 << 20), "TABLE_TOO_LARGE"),
    "an encrypted workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "WORKBOOK_PROTECTED"),
    "half a workbook": (BOOK[: len(BOOK) // 2], "WORKBOOK_BROKEN"),
    "most of a workbook": (BOOK[:-30], "WORKBOOK_BROKEN"),
    "no XML": (of_sheet(BOOK, b"</sheetData>", b"</nothing>"), "WORKBOOK_BROKEN"),
    "an error in a cell": (
        of_sheet(BOOK, b'<c r="A2" t="inlineStr">', b'<c r="A2" t="e"><v>#N/A</v>'),
        "WORKBOOK_ERRORS",
    ),
    # Two kilobytes that claim a cell at the far end of the grid: read here, they would end the shop's own process.
    "a far cell": (of_sheet(BOOK, b"</sheetData>", FAR), "WORKBOOK_BROKEN"),
    "a bomb": (of_sheet(BOOK, b"</sheetData>", b"<!--" + b" " * (5 << 20) + b"--></sheetData>"), "TABLE_TOO_LARGE"),
    "many rows in Excel": (xlsx_bytes("a", ["sku"], [[f"s{n}"] for n in range(21)]), "TABLE_TOO_LARGE"),
    "many columns in Excel": (xlsx_bytes("a", ["sku", *"abcdefgh"], [["s"]]), "TABLE_TOO_LARGE"),
    "an unknown column in Excel": (xlsx_bytes("a", ["sku", "colour"], [["s", "red"]]), "COLUMN_UNKNOWN"),
    "a missing column in Excel": (xlsx_bytes("a", ["title"], [["s"]]), "FILE_UNUSABLE"),
    "only a heading in Excel": (xlsx_bytes("a", ["sku"], []), "TABLE_EMPTY"),
}


class TestRoundTrip:
    @pytest.mark.parametrize("text", NASTY)
    def test_brings_back_what_is_made_something_else_of(self, text: str) -> None:
        rows = [["x", text]]
        for content in (
            csv_bytes(["sku", "title"], rows, comes_back=True),
            xlsx_bytes("a", ["sku", "title"], rows, comes_back=True),
        ):
            assert cells(content) == rows

    @given(st.lists(st.text(max_size=40), min_size=1, max_size=20))
    def test_brings_back_any_text_as_csv(self, texts: list[str]) -> None:
        rows = [[f"s{n}", text] for n, text in enumerate(texts)]
        content = csv_bytes(["sku", "title"], rows, comes_back=True)
        if any("\0" in text for text in texts):
            return

        wanted = [text.encode("utf-8", errors="replace").decode().strip() for text in texts]
        assert [title.strip() for _, title in cells(content)] == wanted

    # Each is a process of its own.
    @settings(max_examples=10, deadline=None)
    @given(st.lists(st.text(max_size=40), min_size=1, max_size=20))
    def test_brings_back_any_text_as_excel(self, texts: list[str]) -> None:
        rows = [[f"s{n}", text] for n, text in enumerate(texts)]
        content = xlsx_bytes("a", ["sku", "title"], rows, comes_back=True)

        assert [title for _, title in cells(content)] == [as_kept(text).strip() for text in texts]


class TestOtherKind:
    """What was saved as one kind of file, and saved again as the other one in a spreadsheet."""

    @pytest.mark.parametrize("text", NASTY)
    def test_brings_back_a_csv_file_that_was_saved_as_a_workbook(self, text: str) -> None:
        rows = list(csv.reader(StringIO(csv_bytes(["sku", "title"], [["x", text]], comes_back=True).decode()[1:])))

        assert cells(xlsx_bytes("a", rows[0], rows[1:])) == [["x", text]]

    @pytest.mark.parametrize("text", NASTY)
    def test_brings_back_a_workbook_that_was_saved_as_a_csv_file(self, text: str) -> None:
        rows = rows_of_sheet(xlsx_bytes("a", ["sku", "title"], [["x", text]], comes_back=True))
        file = StringIO(newline="")
        csv.writer(file, delimiter=";").writerows(rows)

        assert cells(file.getvalue().encode()) == [["x", text]]


class TestExcel:
    def test_reads_a_number_as_somebody_typed_it(self) -> None:
        file = io.BytesIO()
        book = Workbook(file, {"in_memory": True})
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["sku", "n"])
        for line, number in enumerate([12, 12.5, 0.1 + 0.2, 19.99, 1e15, 123456789012345, -3, True], start=1):
            sheet.write(line, 0, f"s{line}")
            sheet.write(line, 1, number)
        moment = dt.datetime(2026, 3, 4, tzinfo=dt.UTC).replace(tzinfo=None)
        sheet.write_datetime(9, 1, moment, book.add_format({"num_format": "d/m/yy"}))
        sheet.write(9, 0, "s9")
        sheet.write_formula(10, 1, "=1+1", None, 2)
        sheet.write(10, 0, "s10")
        book.close()

        assert [n for _, n in cells(file.getvalue())] == [
            "12", "12.5", "0.3", "19.99", "1000000000000000", "123456789012345", "-3", "TRUE", "2026-03-04", "2",
        ]  # fmt: skip

    def test_has_the_numbers_of_its_rows_and_ignores_empty_ones(self) -> None:
        file = io.BytesIO()
        book = Workbook(file, {"in_memory": True})
        sheet = book.add_worksheet()
        sheet.write_row(2, 0, ["SKU", "Title"])
        sheet.write_row(5, 0, ["A"])
        sheet.write_row(9, 0, ["B", "b"])
        book.close()

        assert read(file.getvalue()).rows == [
            Row(line=6, cells={"sku": "A", "title": ""}),
            Row(line=10, cells={"sku": "B", "title": "b"}),
        ]


class TestText:
    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_is_read_as_spreadsheets_give_it(self, separator: str, encoding: str, end: str) -> None:
        text = end.join([f"SKU{separator}Title", f'1{separator}"茶{end}叶"', ""])

        assert cells(text.encode(encoding)) == [["1", f"茶{end}叶"]]

    def test_says_which_rows_are_none(self) -> None:
        table = read(b'sku,title\nb,c,d\ne,f\n"g"x,h\ni')

        # The last one is cut off: what it lacks was there.
        assert [row.line for row in table.bad] == [2, 4, 5]
        assert table.rows == [Row(line=3, cells={"sku": "e", "title": "f"})]

    def test_may_have_empty_cells_that_a_spreadsheet_added_or_left_out(self) -> None:
        assert cells(b"sku,title,n,,\na,b,1,,\nc\n,,,,\nd,e\n") == [["a", "b", "1"], ["c", "", ""], ["d", "e", ""]]

    @pytest.mark.parametrize(
        ("encoding", "text"),
        [
            # As Excel writes "CSV" on a Chinese system, and on a Western one.
            ("gb18030", "sku;title\r\n1;茉莉花茶（特级），“清香”\r\n2;紫砂壶 120毫升\r\n"),
            ("gb18030", "sku,title\r\n1,茶\r\n2,plain\r\n"),
            ("gb18030", "sku,title\r\n1,茶🫖®ש\r\n"),
            ("cp1252", "sku;title\r\n1;Café “Zürich” – 50 €\r\n2;Thé à la menthe\r\n"),
        ],
    )
    def test_is_read_in_the_letters_that_excel_takes_by_itself(self, encoding: str, text: str) -> None:
        wanted = [line.split(";" if ";" in line else ",") for line in text.splitlines()[1:]]

        assert cells(text.encode(encoding)) == wanted

    def test_is_not_taken_for_chinese_where_nobody_speaks_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        known = config.get()
        monkeypatch.setattr(config, "get", lambda: dataclasses.replace(known, languages=("en", "fr")))

        with pytest.raises(FileUnusable) as told:
            read("sku,title\n1,茉莉花茶".encode("gb18030"))

        assert told.value.code == "ENCODING_UNKNOWN"


class TestMemory:
    def test_is_never_taken_for_the_whole_text_at_once(self) -> None:
        # One sign beyond the first 65,536 makes every sign of a text that stands together take four bytes.
        rows = [f"{number},{'x' * 65_536}" for number in range(30)]
        content = ("sku,title\n\U0001fad6,tea\n" + "\n".join(rows)).encode()
        limits = dataclasses.replace(LIMITS, bytes_max=2 << 20, rows_max=40)
        tracemalloc.start()
        try:
            table = read(content, limits=limits)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert [len(row.cells["title"]) for row in table.rows] == [3, *[65_536] * 30]
        # The cells themselves, and what a part of the text takes.
        assert most < 2 * len(content)


class TestUnusable:
    @pytest.mark.parametrize("what", UNUSABLE)
    def test_says_what_is_wrong(self, what: str) -> None:
        content, code = UNUSABLE[what]

        with pytest.raises(FileUnusable) as told:
            read(content)

        assert told.value.code == code

    def test_is_protected_by_a_password(self) -> None:
        # What says so is a bit in the two headings of each part.
        locked = bytearray(BOOK)
        for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = locked.find(mark)
            while at >= 0:
                locked[at + place] |= 1
                at = locked.find(mark, at + 4)

        with pytest.raises(FileUnusable) as told:
            read(bytes(locked))

        assert told.value.code == "WORKBOOK_PROTECTED"

    @pytest.mark.parametrize("tags", [b"<c " * 400_000, b"<c " + b' t="e"' * 200_000], ids=["begun", "long"])
    def test_is_looked_through_once_however_it_is_made(self, tags: bytes) -> None:
        content = of_sheet(BOOK, b"</sheetData>", tags + b"</sheetData>")
        began = time.process_time()

        with pytest.raises(FileUnusable) as told:
            read(content)

        assert told.value.code == "WORKBOOK_BROKEN"
        # Each of its bytes was looked at again for each tag that begins before it.
        assert time.process_time() - began < 2

    def test_says_one_long_text_in_each_of_its_cells(self) -> None:
        file = io.BytesIO()
        with Workbook(file) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["sku", "title", "n"])
            for line in range(1, 11):
                sheet.write_row(line, 0, [f"s{line}", "long", "long"])
        text = b"x" * (1 << 20)
        content = altered(
            file.getvalue(),
            lambda name, part: (
                part.replace(b">long<", b">" + text + b"<") if name.endswith("sharedStrings.xml") else part
            ),
        )
        assert len(content) < 1 << 14

        with pytest.raises(FileUnusable) as told:
            read(content)

        assert told.value.code == "TABLE_TOO_LARGE"

    def test_is_another_kind_of_package(self) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as package:
            package.writestr("word/document.xml", "<a/>")

        with pytest.raises(FileUnusable) as told:
            read(file.getvalue())

        assert told.value.code == "NOT_A_WORKBOOK"

    def test_tells_of_a_row_with_more_cells_than_the_heading(self) -> None:
        table = read(xlsx_bytes("a", ["sku"], [["a", "b"]]))

        assert table.bad == [BadRow(line=2, reason="It has 2 cells where the heading has 1.")]


def test_have_no_more_rows_than_may_change_in_one_bulk() -> None:
    needed = {"EVERTILL_DATABASE_URL": "postgresql://localhost/shop", "EVERTILL_SECRET": "a" * 44}

    with pytest.raises(ConfigError, match=r"^EVERTILL_BULK_ITEMS_MAX must be at least EVERTILL_TABLE_ROWS_MAX\.$"):
        config.load({**needed, "EVERTILL_BULK_ITEMS_MAX": "100", "EVERTILL_TABLE_ROWS_MAX": "101"})
