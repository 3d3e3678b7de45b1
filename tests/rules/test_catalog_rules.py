"""What may be a SKU, a slug, a title; what slug a new product gets; which language a customer gets."""

from __future__ import annotations

import pytest

from evertill.domains.catalog import rules
from evertill.domains.catalog.types import ProductDraft, Text, VariantDraft


class TestSku:
    @pytest.mark.parametrize("sku", ["85123A", "85123a", "BANK CHARGES", "茶-1", "x" * 64])
    def test_takes_what_retailers_use(self, sku: str) -> None:
        assert rules.fault_of_sku(sku) is None

    @pytest.mark.parametrize(
        ("sku", "fault"),
        [
            ("", "The SKU is empty."),
            ("x" * 65, "The SKU has 65 characters; 64 is the most."),
            (" A", "The SKU begins or ends with a space, or has a character that cannot be printed."),
            ("A\nB", "The SKU begins or ends with a space, or has a character that cannot be printed."),
            ("A\x00", "The SKU begins or ends with a space, or has a character that cannot be printed."),
        ],
    )
    def test_says_why_not(self, sku: str, fault: str) -> None:
        assert rules.fault_of_sku(sku) == fault


class TestDraft:
    def fault(self, **changed: object) -> str | None:
        values: dict[str, object] = {
            "slug": "lamp",
            "texts": {"en": Text(title="Lamp")},
            "variants": [VariantDraft(sku="A")],
        }
        return rules.fault_of(ProductDraft(**(values | changed)), text_chars_max=10)  # type: ignore[arg-type]

    def test_a_sound_one_has_no_fault(self) -> None:
        assert self.fault() is None

    def test_names_the_first_fault(self) -> None:
        assert self.fault(slug="la mp") == "The slug may have letters a to z, digits, - and _ only."
        assert self.fault(slug="é") == "The slug may have letters a to z, digits, - and _ only."
        assert self.fault(slug="") == "The slug may have letters a to z, digits, - and _ only."
        assert self.fault(texts={"en": Text(title=" ")}) == "The title is empty."
        assert self.fault(texts={"en": Text(title="a\nb")}) == (
            "The title has a control character, such as a line break."
        )
        assert self.fault(texts={"en": Text(title="灯" * 201)}) == "The title has 201 characters; 200 is the most."
        assert self.fault(texts={"en": Text(title="a", text="x" * 11)}) == "The text has 11 characters; 10 is the most."
        assert self.fault(texts={"en": Text(title="a", text="x\x00")}) == "The text has a control character."
        assert self.fault(texts={"EN": Text(title="a")}) == "'EN' is not a language tag such as en or zh-hans."

    def test_a_text_may_have_several_lines(self) -> None:
        assert self.fault(texts={"en": Text(title="a", text="x\r\n\ty")}) is None


class TestSlug:
    def test_is_made_of_title_and_sku(self) -> None:
        assert rules.slug_for(title="Café Lamp — small!", sku="LMP 1/a", taken=()) == "cafe-lamp-small-lmp-1-a"

    def test_a_chinese_title_leaves_the_sku_alone(self) -> None:
        assert rules.slug_for(title="琥珀阅读灯", sku="LMP-1", taken=()) == "lmp-1"

    def test_skus_that_differ_by_case_get_two_slugs(self) -> None:
        first = rules.slug_for(title="Lamp", sku="85123A", taken=())
        second = rules.slug_for(title="Lamp", sku="85123a", taken={first})

        assert first == "lamp-85123a"
        assert second == rules.slug_for(title="Lamp", sku="85123a", taken={first})
        assert second.startswith("lamp-85123a-")
        assert rules.fault_of_slug(second) is None

    def test_always_fits_the_column(self) -> None:
        for title, sku in [("x" * 300, "y" * 64), ("灯", "茶"), ("", "-"), ("ﬃ" * 100, "ﬃ" * 64)]:
            assert rules.fault_of_slug(rules.slug_for(title=title, sku=sku, taken=())) is None
            assert rules.fault_of_slug(rules.slug_for(title=title, sku=sku, taken={"x"})) is None


class TestLanguage:
    @pytest.mark.parametrize(
        ("wanted", "available", "chosen"),
        [
            (["zh-cn"], ["en", "zh-hans"], "zh-hans"),
            (["zh-Hans-CN"], ["en", "zh-hans"], "zh-hans"),
            (["zh"], ["en", "zh-hans"], "zh-hans"),
            (["zh-TW"], ["en", "zh-hans"], "zh-hans"),
            (["zh-TW"], ["zh-hans", "zh-hant"], "zh-hant"),
            (["en-GB"], ["zh-hans", "en"], "en"),
            (["fr", "en"], ["en", "zh-hans"], "en"),
            (["fr"], ["de", "en"], "de"),
            ([], ["zh-hans"], "zh-hans"),
            (["", "-", "x" * 50], ["en"], "en"),
        ],
    )
    def test_follows_the_wishes_in_order(self, wanted: list[str], available: list[str], chosen: str) -> None:
        assert rules.choose_language(wanted=wanted, available=available) == chosen
