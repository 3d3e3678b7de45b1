"""What is written can be read: the colours of the pages, by day and by night, as WCAG 2.2 counts (1.4.3, 1.4.11)."""

from __future__ import annotations

import re

import pytest

from tests.pages.test_texts import PAGES

STYLES = PAGES / "static" / "pages"

# Every colour of text, with what it can stand on.
GROUNDS = ("paper", "card")
TEXTS = [
    *((text, ground) for text in ("ink", "quiet", "link", "good", "gone", "lamp-ink") for ground in GROUNDS),
    *((text, "sunk") for text in ("ink", "quiet")),
    *((text, wash) for wash in ("good-wash", "gone-wash", "lamp-wash") for text in ("ink", "quiet")),
    ("good", "good-wash"),
    ("gone", "gone-wash"),
    ("lamp-ink", "lamp-wash"),
    ("on-act", "act"),
    ("on-act", "act-over"),
    ("card", "gone"),
    ("night-ink", "night"),
    ("night-quiet", "night"),
    ("night-lamp", "night"),
]
# Borders of what can be used, and what says which one is used.
SIGNS = [(sign, ground) for sign in ("edge", "focus", "act") for ground in (*GROUNDS, "lamp-wash")]


def colours() -> dict[str, dict[str, str]]:
    """The properties that are colours, by day and by night."""
    text = (STYLES / "pages.css").read_text(encoding="utf-8")
    day, night = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{(.*?)\n *\}", text, re.DOTALL)[:2]
    )
    return {"day": day, "night": day | night}


def contrast(one: str, other: str) -> float:
    """How far two colours are apart, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class TestColours:
    def test_are_counted_rightly(self) -> None:
        assert contrast("#000000", "#ffffff") == pytest.approx(21)
        assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)

    @pytest.mark.parametrize("hours", ["day", "night"])
    @pytest.mark.parametrize(("text", "ground"), TEXTS)
    def test_of_texts_can_be_read(self, hours: str, text: str, ground: str) -> None:
        known = colours()[hours]

        assert contrast(known[text], known[ground]) >= 4.5

    @pytest.mark.parametrize("hours", ["day", "night"])
    @pytest.mark.parametrize(("sign", "ground"), SIGNS)
    def test_of_controls_can_be_seen(self, hours: str, sign: str, ground: str) -> None:
        known = colours()[hours]

        assert contrast(known[sign], known[ground]) >= 3

    def test_are_named_where_they_are_used(self) -> None:
        """Only properties hold colours, but for what is black on white by its nature, and shades."""
        text = (STYLES / "pages.css").read_text(encoding="utf-8").partition("/* 2 —")[2]

        assert re.findall(r"#[0-9a-fA-F]{3,8}\b", text) == ["#ffffff", "#000000"]
