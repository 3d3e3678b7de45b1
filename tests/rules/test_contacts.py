"""How people are reached: one spelling of each address, and no address that nobody can have."""

from __future__ import annotations

import pytest

from evertill.kernel import config, contacts
from evertill.kernel.errors import ConfigError


class TestEmail:
    @pytest.mark.parametrize("text", ["a@b", "o'hara+shop@sub.example.co.uk", "张三@例子.中国", "a" * 64 + "@b"])
    def test_is_what_may_be_one(self, text: str) -> None:
        assert contacts.is_email(text)

    @pytest.mark.parametrize(
        "text", ["", "ada", "@b", "a@", "a b@c", "a@b\n", "a@b@c", "a" * 65 + "@b", "a@" + "b" * 253, "a@b\0"]
    )
    def test_is_nothing_else(self, text: str) -> None:
        assert not contacts.is_email(text)

    def test_has_one_spelling(self) -> None:
        assert contacts.spell_email(" Ada@Example.COM ") == "ada@example.com"
        # What PostgreSQL's lower(… collate "C") leaves alone is left alone here.
        assert contacts.spell_email("ÄDA@example.com") == "Äda@example.com"


class TestPhone:
    @pytest.mark.parametrize(
        "text",
        [
            *("13800138000", "+8613800138000", "0086 138 0013 8000", "+86 (138) 0013-8000"),
            *(" 138 0013 8000\t", "１３８００１３８０００", "＋８６１３８００１３８０００"),
        ],
    )
    def test_has_one_spelling(self, text: str) -> None:
        assert contacts.read_phone(text, region="CN") == "+8613800138000"

    def test_without_a_country_is_one_of_the_shops_region(self) -> None:
        assert contacts.read_phone("020 7946 0958", region="GB") == "+442079460958"
        assert contacts.read_phone("+44 20 7946 0958", region="CN") == "+442079460958"

    @pytest.mark.parametrize(
        "text",
        [
            *("", "12345", "1380013800", "138001380000", "1380013800a", "+8613800138000 ext 5", "tel:+8613800138000"),
            *("+999 123456789", "0000000000", "+" * 20, "1" * 1_000, "13800138000\n1", "\0", "call me"),
        ],
    )
    def test_is_none_that_nobody_can_have(self, text: str) -> None:
        with pytest.raises(contacts.InvalidPhone):
            contacts.read_phone(text, region="CN")


class TestRegion:
    def test_is_one_that_is_known(self) -> None:
        given = {"EVERTILL_DATABASE_URL": "postgresql://x/y", "EVERTILL_SECRET": "A" * 64}

        assert config.load(given).phone_region == "CN"
        assert config.load(given | {"EVERTILL_PHONE_REGION": "GB"}).phone_region == "GB"
        with pytest.raises(ConfigError, match="EVERTILL_PHONE_REGION takes a region such as CN or GB, not 'Britain'"):
            config.load(given | {"EVERTILL_PHONE_REGION": "Britain"})
