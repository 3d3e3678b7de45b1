"""Order numbers: short, unguessable, and wrong when mistyped."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evertill.kernel import ids

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
IDS = st.integers(0, 2**60 - 1)


class TestNumbers:
    def test_look_like_this(self) -> None:
        assert ids.to_number(0) == "0000-0000-00000"
        assert ids.to_number(1) == "0000-0000-00012"
        assert ids.to_number(2**60 - 1)[:14] == "ZZZZ-ZZZZ-ZZZZ"

    @given(value=IDS)
    def test_come_back_as_what_they_were(self, value: int) -> None:
        assert ids.from_number(ids.to_number(value)) == value

    @given(value=IDS)
    def test_forgive_how_people_write_them(self, value: int) -> None:
        number = ids.to_number(value)

        assert ids.from_number(f" {number.lower().replace('-', ' ')} ") == value
        assert ids.from_number(number.replace("-", "").replace("0", "o").replace("1", "l")) == value

    @given(value=IDS, place=st.integers(0, 12), wrong=st.sampled_from(_ALPHABET))
    def test_are_refused_with_any_one_character_wrong(self, value: int, place: int, wrong: str) -> None:
        number = ids.to_number(value).replace("-", "")
        mistyped = number[:place] + wrong + number[place + 1 :]

        if mistyped == number:
            assert ids.from_number(mistyped) == value
        else:
            with pytest.raises(ids.InvalidNumber):
                ids.from_number(mistyped)

    @given(value=IDS, places=st.tuples(st.integers(0, 12), st.integers(0, 12)))
    def test_are_refused_with_any_two_characters_swapped(self, value: int, places: tuple[int, int]) -> None:
        number = list(ids.to_number(value).replace("-", ""))
        a, b = places
        swapped = number.copy()
        swapped[a], swapped[b] = number[b], number[a]

        if swapped == number:
            assert ids.from_number("".join(swapped)) == value
        else:
            with pytest.raises(ids.InvalidNumber):
                ids.from_number("".join(swapped))

    @pytest.mark.parametrize(
        "text", ["", "0", "0000-0000-0000", "0000-0000-000000", "U000-0000-00000", "ÄÖÜ", "0" * 99]
    )
    def test_are_refused_in_another_form(self, text: str) -> None:
        with pytest.raises(ids.InvalidNumber):
            ids.from_number(text)

    @given(text=st.text(max_size=20))
    def test_are_read_or_refused_whatever_is_typed(self, text: str) -> None:
        try:
            value = ids.from_number(text)
        except ids.InvalidNumber:
            return

        assert 0 <= value < 2**60


class TestNewIds:
    def test_begin_with_their_minute(self) -> None:
        (one,) = ids.new_ids(1, now=NOON)

        assert one >> ids.RANDOM_BITS == (NOON - ids.EPOCH) // dt.timedelta(minutes=1)

    def test_are_different_within_one_batch(self) -> None:
        made = ids.new_ids(2000, now=NOON)

        assert len(set(made)) == 2000
        assert all(0 <= value < 2**60 for value in made)

    def test_are_drawn_again_when_two_are_equal(self) -> None:
        draws = iter([0, 0b101 << 64])

        made = ids.new_ids(2, now=ids.EPOCH, randbits=lambda _bits: next(draws))

        assert made == [0, 5]

    @pytest.mark.parametrize("year", [1970, 2025])
    def test_share_the_first_minute_before_the_epoch(self, year: int) -> None:
        (one,) = ids.new_ids(1, now=dt.datetime(year, 1, 1, tzinfo=dt.UTC), randbits=lambda _bits: 7)

        assert one == 7

    def test_share_the_last_minute_in_a_far_future(self) -> None:
        (one,) = ids.new_ids(1, now=dt.datetime(9999, 1, 1, tzinfo=dt.UTC))

        assert one >> ids.RANDOM_BITS == 2**25 - 1

    def test_are_none_for_none(self) -> None:
        assert ids.new_ids(0, now=NOON) == []
