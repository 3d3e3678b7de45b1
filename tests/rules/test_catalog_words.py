"""Words and grams: a text has the grams that a word in it wants, in any script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evertill.domains.catalog.words import grams_of, grams_wanted, plain


class TestPlain:
    @pytest.mark.parametrize(
        ("text", "as_compared"),
        [
            ("Night SHIFT", "night shift"),
            ("Café Crème", "cafe creme"),
            ("Straße", "strasse"),
            ("ＴＥＡ－００１", "tea-001"),
            ("夜班乌龙", "夜班乌龙"),
            ("①ﬁ", "1fi"),
            ("한국", "한국"),
        ],
    )
    def test_leaves_out_case_accents_and_width(self, text: str, as_compared: str) -> None:
        assert plain(text) == as_compared


class TestGrams:
    @pytest.mark.parametrize(
        ("text", "word"),
        [
            ("night shift oolong", "oolong"),
            ("undyed lambswool", "wool"),
            ("夜班乌龙", "乌龙"),
            ("夜班乌龙", "龙"),
            ("茶tea茶", "茶tea"),
            ("tea-001", "tea-0"),
            ("tea-001", "te"),
            ("100% wool", "%"),
            ("a_1", "_"),
            ("ab c", "c"),
        ],
    )
    def test_of_a_text_include_those_of_a_word_in_it(self, text: str, word: str) -> None:
        assert set(grams_wanted(word)) <= set(grams_of([text]))
        assert grams_wanted(word)

    @pytest.mark.parametrize(
        ("text", "word"), [("oolong", "lamp"), ("夜班乌龙", "乌茶"), ("lamp", "am"), ("tea", "tea-"), ("ab", "b")]
    )
    def test_of_a_text_leave_out_those_of_others(self, text: str, word: str) -> None:
        assert not set(grams_wanted(word)) <= set(grams_of([text]))

    @given(st.text(max_size=60), st.data())
    def test_of_any_text_include_those_of_any_three_signs_in_it(self, text: str, data: st.DataObject) -> None:
        whole = plain(text.replace("\0", " "))
        words = [word for word in whole.split() if len(word) >= 3]
        if not words:
            return
        word = data.draw(st.sampled_from(words))
        start = data.draw(st.integers(0, len(word) - 3))
        piece = word[start : start + data.draw(st.integers(3, len(word)))]

        missing = set(grams_wanted(piece)) - set(grams_of([whole]))

        # One or two signs of a script with spaces, cut out beside a dense one, are found where they begin only.
        assert not missing or any(sign > "\u2e7f" for sign in piece)

    def test_are_ascending_numbers_of_32_bits(self) -> None:
        grams = grams_of(["night shift", "乌龙"])

        assert grams == sorted(set(grams))
        assert all(-(1 << 31) <= gram < 1 << 31 for gram in grams)
