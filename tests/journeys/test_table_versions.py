"""What a spreadsheet made of a cell: letters that it does not have, and what somebody wrote himself."""

from __future__ import annotations

import time

import pytest

from evertill.journeys.table_versions import has_lost_letters


class TestLostLetters:
    @pytest.mark.parametrize(
        ("now", "cell", "expected"),
        [
            ("茶", "?", True),
            ("茶", "??", True),
            ("茶", "???", False),
            ("茶叶", "???", True),
            ("茶?", "??", True),
            ("茶?", "?!", False),
            ("a茶b®", "a?b?", True),
            ("a茶b®", "a茶b?", True),
            ("a茶b®", "a?b", False),
            ("a茶b®", "a?b?c", False),
            ("abc", "ab?", False),
            ("", "?", False),
        ],
    )
    def test_are_told_from_what_somebody_wrote(self, now: str, cell: str, *, expected: bool) -> None:
        assert has_lost_letters(cell, now) is expected

    def test_are_looked_for_in_no_time_however_many_they_are(self) -> None:
        # A text of emoji, saved by Excel on a Western system, with a word added: each may be one mark or two.
        began = time.process_time()

        assert not has_lost_letters("??" * 2_000 + "!", "🫖" * 3_000)
        assert has_lost_letters("??" * 2_000, "🫖" * 3_000)
        assert time.process_time() - began < 1
