"""A visitor with a keyboard and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Page

# No page has more to stop at before what it is for.
_STOPS_MAX: Final = 80

# Where the focus is has to be seen (2.4.7) and must not be hidden behind something (2.4.11). A ring may be drawn on the
# element itself or on what it stands in: a card, a label.
_FOCUS = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const isRinged = (element) => {
    const style = getComputedStyle(element);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const around = [];
  for (let element = one; element && around.length < 5; element = element.parentElement) around.push(element);
  const box = one.getBoundingClientRect();
  const x = Math.min(Math.max(box.x + box.width / 2, 0), innerWidth - 1);
  const y = Math.min(Math.max(box.y + box.height / 2, 0), innerHeight - 1);
  const top = document.elementFromPoint(x, y);
  return {
    what: one.outerHTML.slice(0, 120),
    isSeen: around.some(isRinged),
    isOnTop: Boolean(top) && (one.contains(top) || around.slice(0, 3).some((element) => element.contains(top))),
  };
}"""


@dataclass(slots=True, kw_only=True)
class Keys:
    """Presses keys, and makes sure at each stop that it is seen where they go."""

    page: Page

    def go_to(self, selector: str) -> None:
        """Press Tab until the focus is on what the selector names."""
        for _stop in range(_STOPS_MAX):
            self.page.keyboard.press("Tab")
            self._look()
            if self.page.evaluate("what => document.activeElement.matches(what)", selector):
                return
        raise AssertionError(f"Tab never comes to {selector} on {self.page.url}")

    def press(self, selector: str, key: str = "Enter", *, to: str = "") -> None:
        """Go to something and press a key on it, which may lead to another page."""
        self.go_to(selector)
        self.page.keyboard.press(key)
        if to:
            self.page.wait_for_url(to)

    def type_into(self, selector: str, text: str) -> None:
        """Go to a field and type; what stood in it is selected by going there, and replaced."""
        self.go_to(selector)
        self.page.keyboard.type(text)

    def _look(self) -> None:
        focus = self.page.evaluate(_FOCUS)
        # After the last stop of a page comes the browser's own.
        if focus is not None:
            assert focus["isSeen"], f"the focus is not to be seen on {self.page.url}: {focus['what']}"
            assert focus["isOnTop"], f"the focus is behind something on {self.page.url}: {focus['what']}"
