"""Tables that people made: every way in which a file can be broken is told with its line, and nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from evertill.kernel import csvfile
from evertill.kernel.csvfile import BadRow, FileUnusable, Row


def read(
    path: Path, content: bytes, *, required: tuple[str, ...] = ("a",), encoding: str | None = None, rows_max: int = 10
) -> list[Row | BadRow]:
    path.write_bytes(content)
    found = encoding or csvfile.find_encoding(path)
    return list(csvfile.read_rows(path, encoding=found, required=required, rows_max=rows_max))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


class TestRows:
    def test_have_the_line_they_begin_in(self, path: Path) -> None:
        rows = read(path, b'a,b\n1, x \n\n"2\n2",y\r\n , \n3,z')

        assert rows == [
            Row(line=2, cells={"a": "1", "b": "x"}),
            Row(line=4, cells={"a": "2\n2", "b": "y"}),
            Row(line=7, cells={"a": "3", "b": "z"}),
        ]

    def test_that_cannot_be_taken_apart_are_told_and_passed(self, path: Path) -> None:
        rows = read(path, b'a,b\n1\n1,2,3\n"1"x,2\n\x00,2\n5,6\n"7,8\n9,10\n')

        assert rows == [
            BadRow(line=2, reason="It has 1 cells where the heading has 2."),
            BadRow(line=3, reason="It has 3 cells where the heading has 2."),
            BadRow(line=4, reason="The quotation marks are broken: ',' expected after '\"'."),
            BadRow(line=5, reason="It has a zero byte."),
            Row(line=6, cells={"a": "5", "b": "6"}),
            BadRow(line=7, reason="The quotation marks are broken: unexpected end of data."),
        ]

    def test_more_than_the_limit_are_refused(self, path: Path) -> None:
        with pytest.raises(FileUnusable) as refused:
            read(path, b"a\n1\n2\n3\n", rows_max=2)

        assert refused.value.detail == "table.csv has more than 2 rows."


class TestHeading:
    @pytest.mark.parametrize(
        ("content", "detail"),
        [
            (b"", "table.csv is empty."),
            (b"b,c\n", "table.csv has no column a."),
            (
                b"a;b\n1;2\n",
                "table.csv has no column a. Its cells are separated by semicolons or tabs; save it with commas.",
            ),
            (b"a,b,b\n", "table.csv names a column twice: b."),
            (b'a,"b\n', "The heading of table.csv is broken: unexpected end of data."),
            (b"a," + b",".join(b"%d" % n for n in range(200)), "table.csv has 201 columns; 200 is the most."),
        ],
    )
    def test_says_what_is_wrong(self, path: Path, content: bytes, detail: str) -> None:
        with pytest.raises(FileUnusable) as refused:
            read(path, content)

        assert refused.value.detail == detail

    def test_alone_is_an_empty_table(self, path: Path) -> None:
        assert read(path, b"a,b\n") == []


class TestEncoding:
    @pytest.mark.parametrize(
        ("text", "encoding"), [("café 灯", "utf-8"), ("café 灯", "utf-8-sig"), ("“café” £2 – crème brûlée", "cp1252")]
    )
    def test_is_found(self, path: Path, text: str, encoding: str) -> None:
        rows = read(path, f"a\n{text}\n".encode(encoding))

        assert rows == [Row(line=2, cells={"a": text})]
        assert csvfile.find_encoding(path) == ("cp1252" if encoding == "cp1252" else "utf-8-sig")

    @pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-16"])
    def test_is_not_guessed_where_a_guess_would_garble(self, path: Path, encoding: str) -> None:
        with pytest.raises(FileUnusable):
            read(path, "a\n夜班乌龙，整叶\n".replace("乌龙", "茶").encode(encoding, "replace"))

    def test_can_be_named(self, path: Path) -> None:
        content = "a\n夜班乌龙\n".encode("gb18030")

        assert read(path, content, encoding="gb18030") == [Row(line=2, cells={"a": "夜班乌龙"})]
        csvfile.check_encoding(path, "gb18030")
        for wrong in ("utf-8", "no-such"):
            with pytest.raises(FileUnusable):
                csvfile.check_encoding(path, wrong)


class TestFile:
    def test_that_is_missing_too_large_or_a_folder_is_refused(self, path: Path, tmp_path: Path) -> None:
        path.write_bytes(b"a\n1\n")

        csvfile.check_file(path, bytes_max=4)
        with pytest.raises(FileUnusable) as refused:
            csvfile.check_file(path, bytes_max=3)
        assert refused.value.detail == "table.csv has 4 bytes; 3 is the most."
        for missing in (tmp_path / "none.csv", tmp_path):
            with pytest.raises(FileUnusable):
                csvfile.check_file(missing, bytes_max=3)
