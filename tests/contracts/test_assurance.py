"""The page on OWASP's ASVS: it names each requirement once, counts rightly, and each test that it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.kernel.waiting import ROOT

PAGE = (ROOT / "docs" / "reference" / "assurance.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py::[\w:]+)`", PAGE)))

# The requirements of levels 1 and 2 in version 5.0, by section: how many there are in each, less those of level 3.
REQUIRED = {
    "3.2": "1 2", "3.3": "1 2 3 4", "3.4": "1 2 3 4 5 6", "3.5": "1 2 3 4 5", "3.7": "1 2",
    "6.1": "1 2 3", "6.2": "1 2 3 4 5 6 7 8 9 10 11 12", "6.3": "1 2 3 4", "6.4": "1 2 3 4", "6.5": "1 2 3 4 5",
    "6.6": "1 2 3", "6.8": "1 2 3 4",
    "7.1": "1 2 3", "7.2": "1 2 3 4", "7.3": "1 2", "7.4": "1 2 3 4 5", "7.5": "1 2", "7.6": "1 2",
    "8.1": "1 2", "8.2": "1 2 3", "8.3": "1", "8.4": "1",
}  # fmt: skip


@cache
def named_in(path: str) -> frozenset[str]:
    found = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{method.name}" for method in node.body if isinstance(method, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return frozenset(found)


class TestAssurance:
    def test_speaks_of_each_requirement_once(self) -> None:
        required = [f"{section}.{number}" for section, numbers in REQUIRED.items() for number in numbers.split()]

        assert [number for number, *_ in ROWS] == required

    def test_counts_rightly_and_reaches_nine_of_ten(self) -> None:
        stands = [row[3] for row in ROWS]
        said = re.findall(r"^\| (verified|not applicable|open|all) \| (\d+) \| ([\d.]+) % \|$", PAGE, re.MULTILINE)

        counted = [(kind, stands.count(kind)) for kind in ("verified", "not applicable", "open")]
        assert said == [
            (kind, str(count), f"{100 * count / len(ROWS):.1f}") for kind, count in [*counted, ("all", len(ROWS))]
        ]
        assert stands.count("verified") + stands.count("not applicable") >= 0.9 * len(ROWS)

    def test_names_a_test_wherever_it_says_verified(self) -> None:
        assert [number for number, _, _, stands, where in ROWS if stands == "verified" and "`tests/" not in where] == []

    @pytest.mark.parametrize("named", NAMED)
    def test_names_tests_that_are_there(self, named: str) -> None:
        path, _, test = named.partition("::")

        assert test in named_in(path)
