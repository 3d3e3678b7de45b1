"""The exam that every page is held to, at every size, in light and dark; and its picture, when somebody wants to look.

axe finds what a program can find of WCAG 2.0 to 2.2, levels A and AA, and of good practice. What it leaves out is
asked here: nothing sticks out of a narrow screen (1.4.10), every page has one heading of its own, and a title.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import axe_playwright_python
import pytest
from playwright.sync_api import Page, ViewportSize

SIZES: Final[dict[str, ViewportSize]] = {
    "phone": {"width": 390, "height": 844},
    "desktop": {"width": 1280, "height": 900},
}
# Long journeys at the desk are made in both languages by `make drill`, in one by `make test`. What is said there in
# Chinese is held to more by tests/desk, without a browser.
LANGUAGES: Final = ("en", pytest.param("zh-hans", marks=pytest.mark.drill))
Theme = Literal["light", "dark"]
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")
# As wide as WCAG's success criterion 1.4.10 has it: 1280 pixels, zoomed to 400 %.
_NARROW: Final[ViewportSize] = {"width": 320, "height": 640}
_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# What a theme can change.
_COLOURS = ("color-contrast", "link-in-text-block")
_ASKED: Final[dict[Theme, dict[str, Any]]] = {
    "light": {"runOnly": {"type": "tag", "values": _TAGS}, "resultTypes": ["violations"]},
    "dark": {"runOnly": {"type": "rule", "values": _COLOURS}, "resultTypes": ["violations"]},
}
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass(slots=True, kw_only=True)
class Exam:
    """Looks at pages one by one and keeps what is wrong with them, and their pictures in `folder` if there is one."""

    language: str
    folder: Path | None
    # What names of pages begin with, so that the pictures of two tours never have the same.
    of: str = ""
    # Whether another exam looks at the same pages in another language. This one then asks what words can change: not
    # the colours of each theme, nor where there is room for everything; unless there are to be pictures.
    is_translation: bool = False
    faults: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def look(self, page: Page, name: str) -> None:
        """Hold an open page to everything, at every size and in both themes. It keeps its state meanwhile."""
        name = self.of + name
        self.seen.append(name)
        before = page.viewport_size
        page.wait_for_load_state()
        if page.locator("h1").count() != 1:
            self.faults.append(f"{name}: has {page.locator('h1').count()} headings of the first level")
        for (size, viewport), theme in self._looks():
            page.set_viewport_size(viewport)
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            where = f"{name} ({size}, {theme}, {self.language})"
            self.faults += [f"{where}: {fault}" for fault in _violations(page, theme)]
            if self.folder is not None:
                page.screenshot(path=self.folder / f"{name}.{size}.{theme}.{self.language}.png", full_page=True)
        page.set_viewport_size(_NARROW)
        if (beyond := page.evaluate(_OVERFLOW)) > 0:
            self.faults.append(f"{name}: sticks out by {beyond} px at a width of 320")
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        if before is not None:
            page.set_viewport_size(before)

    def _looks(self) -> list[tuple[tuple[str, ViewportSize], Theme]]:
        if self.is_translation and self.folder is None:
            return [(("phone", SIZES["phone"]), "light")]
        return list(product(SIZES.items(), THEMES))


class Examiner(Protocol):
    """Makes an exam of the pages in one language, which keeps pictures when somebody wants them."""

    def __call__(self, language: str) -> Exam: ...


def _violations(page: Page, theme: Theme) -> list[str]:
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_axe())
    found: dict[str, Any] = page.evaluate(f"axe.run({json.dumps(_ASKED[theme])})")
    return [
        f"{one['id']} ({one['impact']}), {one['help']}: {node['html'][:200]} — {node.get('failureSummary', '')}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@cache
def _axe() -> str:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
