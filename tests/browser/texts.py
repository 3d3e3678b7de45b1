"""What the pages say in a visitor's language, by what they say in English."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

from tests.pages.test_texts import ROOMS, texts


def said(text: str, *, language: str) -> str:
    """This function will return the translation of a text, which has to be one of the pages' own."""
    catalogue = _chinese()
    translated = catalogue.gettext(text)
    assert translated != text, f"The pages have no such text: {text}"
    return translated if language == "zh-hans" else text


@cache
def _chinese() -> gettext.GNUTranslations:
    all_of_them, *others = (_read(room) for room in ROOMS)
    for one in others:
        all_of_them.add_fallback(one)
    return all_of_them


def _read(room: Path) -> gettext.GNUTranslations:
    with (texts(room) / "django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)
