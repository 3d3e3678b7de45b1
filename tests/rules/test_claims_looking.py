"""What a number that was typed wrongly can stand for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evertill.domains.claims import looking
from evertill.kernel import ids

NUMBERS = st.integers(0, (1 << ids.BITS) - 1)
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PLACES = st.integers(0, 12)


def _plain(number_id: int) -> str:
    return ids.to_number(number_id).replace("-", "")


class TestReadNumber:
    @given(NUMBERS)
    def test_finds_the_number_itself(self, number_id: int) -> None:
        sought = looking.read_number(f" {ids.to_number(number_id).lower()} ")

        assert sought.exact == {number_id}

    @given(NUMBERS, PLACES, st.sampled_from(_SIGNS))
    def test_finds_it_with_a_wrong_sign(self, number_id: int, place: int, sign: str) -> None:
        plain = _plain(number_id)

        sought = looking.read_number(plain[:place] + sign + plain[place + 1 :])

        assert number_id in sought.exact | sought.one_slip

    @given(NUMBERS, PLACES, PLACES, st.sampled_from(_SIGNS), st.sampled_from(_SIGNS))
    def test_finds_it_with_two_wrong_signs(self, number_id: int, one: int, other: int, a: str, b: str) -> None:
        signs = list(_plain(number_id))
        signs[one], signs[other] = a, b

        assert number_id in looking.read_number("".join(signs)).ids

    @given(NUMBERS, PLACES)
    def test_finds_it_without_a_sign(self, number_id: int, place: int) -> None:
        plain = _plain(number_id)

        assert number_id in looking.read_number(plain[:place] + plain[place + 1 :]).one_slip

    @given(NUMBERS, PLACES, st.sampled_from(_SIGNS))
    def test_finds_it_with_a_sign_too_many(self, number_id: int, place: int, sign: str) -> None:
        plain = _plain(number_id)

        assert number_id in looking.read_number(plain[:place] + sign + plain[place:]).one_slip

    @given(NUMBERS, PLACES, PLACES)
    def test_finds_it_with_signs_that_cannot_be_read(self, number_id: int, one: int, other: int) -> None:
        signs = list(_plain(number_id))
        signs[one] = signs[other] = "?"

        assert number_id in looking.read_number("".join(signs)).one_slip

    @given(NUMBERS, st.integers(0, 9), st.integers(4, 8))
    def test_a_part_fits_where_it_was_cut_out(self, number_id: int, place: int, count: int) -> None:
        part = _plain(number_id)[place : place + count]

        sought = looking.read_number(part)

        assert not sought.ids
        assert any(part.fits(number_id) for part in sought.parts) is (len(part) >= 4)

    @given(NUMBERS)
    def test_looks_for_few(self, number_id: int) -> None:
        sought = looking.read_number(ids.to_number(number_id))

        assert len(sought.one_slip) <= 13 + 12
        assert len(sought.two_slips) <= 13 * 12 // 2 * 31

    @given(st.text(max_size=60))
    def test_takes_any_text(self, text: str) -> None:
        looking.read_number(text)


class TestNearAddresses:
    def test_are_one_slip_away(self) -> None:
        near = looking.near_emails("ada@example.com")

        assert {"aad@example.com", "ada@exmple.com", "adam@example.com", "ade@example.com"} <= near
        assert "ada@example.com" not in near
        assert looking.near_phones("+4915112345678") >= {"+4915112345687", "+491511234567", "+4915112345670"}
