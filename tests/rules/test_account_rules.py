"""One spelling of each address, names that can be shown, passwords that name the shop."""

from __future__ import annotations

import pytest

from evertill.domains.accounts import AddressInvalid, AddressKind, NameInvalid, hidden, name_of, normalise, read_address
from evertill.domains.accounts.rules import is_named, names_shop

EMAIL, PHONE = AddressKind.EMAIL, AddressKind.PHONE


class TestNaming:
    @pytest.mark.parametrize(
        "text",
        [
            "Ada's card was stolen",
            "LOVELACE called",
            "to ADA@example.com",
            "call +44 (7700) 900-123",
            "07700900123",
        ],
    )
    def test_is_seen_by_name_address_and_number(self, text: str) -> None:
        assert is_named(text, name="Ada Lovelace", addresses=["ada@example.com", "+447700900123"])

    @pytest.mark.parametrize("text", ["", "the Canada parcel", "Lovelaces", "order 900124", "x@example.com"])
    def test_is_not_seen_in_other_words(self, text: str) -> None:
        assert not is_named(text, name="Ada Lovelace", addresses=["ada@example.com", "+447700900123"])

    def test_is_seen_where_words_have_no_spaces(self) -> None:
        assert is_named("已联系王小明退款", name="王小明", addresses=[])
        assert not is_named("已联系王先生退款", name="王小明", addresses=[])
        assert not is_named("anything", name="", addresses=[])


class TestAddress:
    @pytest.mark.parametrize(
        ("typed", "read"),
        [
            (" Ada@Example.COM ", (EMAIL, "ada@example.com")),
            ("138 0000 0000", (PHONE, "+8613800000000")),
            ("+44 7911 123456", (PHONE, "+447911123456")),
            # The Kelvin sign is not a k: a code for it goes to it, and proves nothing else.
            ("\u212aate@example.com", (EMAIL, "\u212aate@example.com")),
        ],
    )
    def test_has_one_spelling(self, typed: str, read: tuple[AddressKind, str]) -> None:
        assert read_address(typed, region="CN") == read
        assert normalise(*read, region="CN") == read[1]

    @pytest.mark.parametrize(
        "typed", ["", "ada", "ada@", "@example.com", "a@b@c", "12345", "010 6552 9988", "+86 400 810 8888", "x" * 9_999]
    )
    def test_is_none_that_no_code_arrives_at(self, typed: str) -> None:
        with pytest.raises(AddressInvalid):
            read_address(typed, region="CN")

    def test_is_hidden_so_that_its_owner_knows_it(self) -> None:
        assert hidden(EMAIL, "ada@example.com") == "a•••@example.com"
        assert hidden(PHONE, "+8613800001234") == "+86 ••• 1234"


class TestName:
    def test_is_tidied(self) -> None:
        assert name_of("  Ada \n Lovelace ") == "Ada Lovelace"
        assert name_of("") == ""

    @pytest.mark.parametrize("name", ["a" * 81, "a\x00b", "\u202eevil", "a\u200bb"])
    def test_is_none_that_hides_something(self, name: str) -> None:
        with pytest.raises(NameInvalid):
            name_of(name)


class TestPasswordWords:
    @pytest.mark.parametrize("password", ["teahouse1", "TeaHouse!!", "123teahouse", "tea-house", "ada@example.com"])
    def test_with_little_around_them_are_found(self, password: str) -> None:
        assert names_shop(password, ["teahouse", "ada@example.com"])

    @pytest.mark.parametrize("password", ["teahouse on the hill", "correct horse", "tea", "www-com-1234"])
    def test_in_something_longer_are_not_minded(self, password: str) -> None:
        assert not names_shop(password, ["teahouse", "www", "com", ""])
