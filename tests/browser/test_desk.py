"""The desk in a real browser: what everybody who works here meets. Each room's journeys have files of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.clerk import hire
from tests.browser.exam import Exam
from tests.browser.visitor import Door
from tests.shop import Shop


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_whoever_works_here_finds_the_desk_and_what_he_may(
    enter: Door, shop: Shop, pictures: Path | None, language: str
) -> None:
    bob = hire(enter, shop, "support", mail=f"bob.{language}@example.com", language=language)
    exam = Exam(language=language, folder=pictures, of="desk-", is_translation=language != "en")

    bob.visitor.open("/account/")
    bob.press("a[href$='/desk/']")
    bob.open("me/")
    bob.visitor.sees("What I may do")
    exam.look(bob.page, "me")

    assert not exam.faults, "\n".join(exam.faults)
