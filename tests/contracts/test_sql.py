"""Statements in files: their form, and that each belongs to somebody."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.kernel.waiting import ROOT

_SOURCE = ROOT / "src" / "evertill"
_FILES = sorted(_SOURCE.rglob("sql/*.sql"))
_KEYWORDS = re.compile(
    r"select|insert|update|delete|from|where|join|left|full|on|and|or|not|in|is|null|exists|union|all|distinct|group|by"
    r"|having|order|asc|desc|limit|offset|for|skip|locked|returning|values|set|with|as|case|when|then|else|end|into"
    r"|conflict|over|partition|filter|lateral|any|coalesce|count|sum|min|max|unnest|ordinality|nullif",
    re.IGNORECASE,
)


def _id(path: Path) -> str:
    return str(path.relative_to(_SOURCE))


def _code(path: Path) -> str:
    """The statement without its comments and texts, in which anything may stand."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"'[^']*'", "''", re.sub(r"--[^\n]*", "", text))


def faults(text: str, code: str) -> list[str]:
    """What is wrong with a statement, in words."""
    found = []
    if not text.startswith("-- "):
        found.append("it does not begin with a comment that says why")
    shouted = sorted({word for word in re.findall(r"[A-Za-z_]+", code) if word != word.lower()})
    if any(map(_KEYWORDS.fullmatch, shouted)):
        found.append(f"keywords are not in lower case: {shouted}")
    if re.search(r"(select|,|\.)\s*\*\s*(from|,|$)", code, re.IGNORECASE):
        found.append("it does not name its columns")
    is_ordered = re.search(r"\border by\b[^()]*\blimit\b", code) or "The limit is in no sequence, as" in text
    if re.search(r"\blimit\b", code) and not is_ordered:
        found.append("it limits without an order, so that anything could come first")
    if code.strip().endswith(";"):
        found.append("it ends in a semicolon")
    if not text.endswith("\n") or text.endswith("\n\n") or "\t" in text:
        found.append("it does not end in one line break, or has tabs")
    if max(map(len, text.splitlines())) > 120:
        found.append("a line is longer than 120")
    return found


class TestStatements:
    def test_are_found(self) -> None:
        assert len(_FILES) >= 13

    @pytest.mark.parametrize("path", _FILES, ids=_id)
    def test_have_the_form_that_we_agreed_on(self, path: Path) -> None:
        found = faults(path.read_text(encoding="utf-8"), _code(path))

        assert found == []

    @pytest.mark.parametrize("path", _FILES, ids=_id)
    def test_are_used_by_their_owner(self, path: Path) -> None:
        owner = path.parent.parent

        # Spelled with the quotes, because that is how a statement is asked for by its name.
        assert any(f'"{path.stem}"' in file.read_text(encoding="utf-8") for file in owner.glob("*.py"))

    @pytest.mark.parametrize(
        ("statement", "fault"),
        [
            ("select 1\n", "begin with a comment"),
            ("-- Why.\nSELECT sku from stock_item\n", "lower case"),
            ("-- Why.\nselect * from stock_item\n", "name its columns"),
            ("-- Why.\nselect item.* from stock_item as item\n", "name its columns"),
            ("-- Why.\nselect sku from stock_item limit 5\n", "without an order"),
            ("-- Why.\nselect sku from stock_item;\n", "semicolon"),
            ("-- Why.\nselect sku from stock_item", "one line break"),
        ],
    )
    def test_with_a_fault_are_found_out(self, tmp_path: Path, statement: str, fault: str) -> None:
        path = tmp_path / "bad.sql"
        path.write_text(statement, encoding="utf-8")

        found = faults(statement, _code(path))

        assert len(found) == 1
        assert fault in found[0]
