"""Tables that people's programs open: the cells come back as they were, and none of them is run."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evertill.kernel.sheets import Cell, csv_bytes, guard, unguard, xlsx_bytes

# What a spreadsheet makes a number, an amount, a day, a time or a truth of.
TURNED = [
    "007", "1/2", "6901234567892", "1e5", "1E+05", "1D5", "12 Mar", "MARCH1", "SEP2", "DEC-05", "5th May 2026", "50%",
    "¥5", "$1,234.50", "TRUE", "False", "2026年3月4日", "2026-03-04", "10:30", "10:30 pm", "(12)", "1 1/2", "'007",
]  # fmt: skip
_NAMES = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def read_xlsx(content: bytes) -> list[list[tuple[str, str]]]:
    """Rows of cells, each as its type and what it holds."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert package.testzip() is None
        for name in package.namelist():
            ET.fromstring(package.read(name))  # noqa: S314 — written by us a moment ago.
        sheet = ET.fromstring(package.read("xl/worksheets/sheet1.xml"))  # noqa: S314 — as above.
    return [
        [(cell.get("t", "n"), "".join(cell.itertext())) for cell in row.findall("s:c", _NAMES)]
        for row in sheet.iterfind(".//s:row", _NAMES)
    ]


def read_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


class TestCsv:
    @pytest.mark.parametrize(
        "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "＝1+1", "＋1", "－1", "＠SUM(A1)"]
    )
    def test_has_no_formula(self, text: str) -> None:
        ((_,), (cell,)) = read_csv(csv_bytes(["a"], [[text]]))

        assert cell == f"'{text}"
        assert unguard(cell) == text

    @given(st.text() | st.from_regex(r"'*[0-9/.:e+'%]*", fullmatch=True), st.booleans())
    def test_guarded_comes_back_as_it_was(self, text: str, comes_back: bool) -> None:
        guarded = guard(text, comes_back=comes_back)

        assert unguard(guarded) == text
        assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))

    @pytest.mark.parametrize("text", TURNED)
    def test_has_nothing_that_is_taken_for_a_number_or_a_day_when_it_comes_back(self, text: str) -> None:
        assert guard(text, comes_back=True) == f"'{text}"

    @pytest.mark.parametrize(
        "text", ["", "A-007", "3 cups", "e5", "May", "1 pot of tea", "'tis", "Marble 2", "true tea"]
    )
    def test_has_other_texts_as_they_are(self, text: str) -> None:
        assert guard(text, comes_back=True) == text

    def test_that_does_not_come_back_has_numbers_as_they_are(self) -> None:
        assert read_csv(csv_bytes(["a"], [["007"], ["1/2"], ["'007"]])) == [["a"], ["007"], ["1/2"], ["''007"]]

    def test_says_its_encoding_and_keeps_every_kind_of_cell(self) -> None:
        at = dt.datetime(2026, 11, 26, 8, tzinfo=dt.timezone(dt.timedelta(hours=8)))
        row: list[Cell] = ['茶 "green", 50 g\nloose', -5, Decimal("-1.50"), at, None]

        content = csv_bytes(["a", "b", "c", "d", "e"], [row])

        assert content.startswith(b"\xef\xbb\xbf")
        assert read_csv(content)[1] == ['茶 "green", 50 g\nloose', "-5", "-1.50", "2026-11-26 00:00:00+00:00", ""]


class TestXlsx:
    def test_states_the_type_of_each_cell(self) -> None:
        row: list[Cell] = ["=1+1", "007", 7, Decimal("-1.50"), 10**15, None, "<b>&\x00\ud800茶"]

        heading, cells = read_xlsx(xlsx_bytes("Orders: [all]/*", ["a", "b", "c", "d", "e", "f", "g"], [row]))

        assert [text for _, text in heading] == list("abcdefg")
        assert cells == [
            ("inlineStr", "=1+1"),
            ("inlineStr", "007"),
            ("n", "7"),
            ("n", "-1.50"),
            ("inlineStr", "1000000000000000"),
            ("inlineStr", "<b>&\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}茶"),
        ]

    def test_is_the_same_file_for_the_same_table(self) -> None:
        assert xlsx_bytes("a", ["b"], [["c"]]) == xlsx_bytes("a", ["b"], [["c"]])
