"""A person in front of a browser, who does what the pages ask for and knows nothing of what is behind them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.guard import Guard
from tests.browser.texts import said

# A busy machine is slow; a page that never comes is noticed all the same.
PATIENCE_MS: Final = 30_000
expect.set_options(timeout=PATIENCE_MS)
# What an address begins with: a language, and perhaps a currency.
_PLACE = re.compile(r"^/(?:en|zh-hans)(?:-[a-z]{3})?/")
CARD = {"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123"}


class Size(StrEnum):
    """What a visitor looks at the shop with."""

    PHONE = "phone"
    DESKTOP = "desktop"


_DEVICES: dict[Size, dict[str, Any]] = {
    Size.PHONE: {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    Size.DESKTOP: {"viewport": {"width": 1280, "height": 900}},
}
_LOCALES = {"en": "en-GB", "zh-hans": "zh-CN"}


@dataclass(slots=True, kw_only=True)
class Visitor:
    """One visitor with a browser of his own, which knows nobody else's cookies."""

    page: Page
    home: str
    language: str
    size: Size
    has_script: bool = True
    email: str = field(default_factory=lambda: f"ada.{secrets.token_hex(4)}@example.com")

    def said(self, text: str) -> str:
        """What the pages say in his language, by what they say in English."""
        return said(text, language=self.language)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.home}{path}")

    def press(self, what: Locator) -> None:
        """Press something, with a thumb or with a mouse."""
        if self.size is Size.PHONE:
            what.tap()
        else:
            what.click()

    def put(self, slug: str, *, quantity: int = 1) -> None:
        """Put pieces of a product's first variant into the cart, and be shown the cart."""
        self.open(f"/products/{slug}")
        self.put_this(quantity=quantity)

    def put_this(self, *, quantity: int = 1) -> None:
        """Put pieces of the product that is shown into the cart, and be shown the cart."""
        form = self.page.locator("main form[action$='/cart/add']").first
        form.locator("[name=quantity]").fill(str(quantity))
        if self.has_script:
            # The page stays, and says what was done and where to go now.
            with self.page.expect_response("**/cart/add"):
                self.press(form.locator("button"))
            expect(form).not_to_have_attribute("aria-busy", "true")
            self.press(self.page.locator("main .said a").first)
        else:
            self.press(form.locator("button"))
        self.page.wait_for_url("**/cart")

    def go_to_checkout(self) -> None:
        self.press(self.page.locator("main a[href$='/checkout']"))
        self.page.wait_for_url("**/checkout")

    def fill_in(self) -> None:
        """Fill in what the checkout asks of a guest."""
        self.page.locator("main [name=email]").fill(self.email)

    @property
    def place_button(self) -> Locator:
        return self.page.locator("main form[action$='/checkout'] button.main")

    def place(self) -> str:
        """Place the order and return the address of its page."""
        self.fill_in()
        self.press(self.place_button)
        self.page.wait_for_url("**/orders/*")
        return self.page.url

    @property
    def pay_button(self) -> Locator:
        return self.page.locator("main form[action*='/pay'] button.main")

    def begin_payment(self, method: str = "sandbox.page") -> None:
        """Choose a way to pay and press the button."""
        self.page.locator(f"main [name=method][value='{method}']").check()
        self.press(self.pay_button)

    def choose_by_arrows(self, method: str) -> None:
        """Choose among the ways to pay, one of which has the focus, with the arrow keys."""
        way = self.page.locator(f"main [name=method][value='{method}']")
        for _way in range(self.page.locator("main [name=method]").count()):
            if way.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        expect(way).to_be_checked()

    def pay_at_sandbox(self) -> None:
        """Pay on the provider's own page, and come back from it."""
        # The page that leads there by itself may be left while it is still loading.
        self.page.locator("input[name=cvc]").wait_for(timeout=PATIENCE_MS)
        for name, text in CARD.items():
            self.page.locator(f"[name={name}]").fill(text)
        self.press(self.page.locator("form button").first)
        self.page.wait_for_url("**/pay/return*", timeout=PATIENCE_MS)

    def is_at(self, address: str) -> bool:
        """Whether the page is that of an address, in whatever language and currency."""
        return _PLACE.sub("/", urlsplit(self.page.url).path) == _PLACE.sub("/", urlsplit(address).path)

    def sees(self, text: str) -> None:
        """Find a text of the pages' own in the heading."""
        expect(self.page.locator("h1")).to_have_text(re.compile(re.escape(self.said(text))), timeout=PATIENCE_MS)


@dataclass(slots=True, kw_only=True)
class Door:
    """Where visitors come in, each with a context of his own that is watched until the test ends."""

    browser: Browser
    home: str
    guard: Guard
    _leave: list[Callable[[], None]] = field(default_factory=list)

    def __call__(
        self, *, size: Size = Size.DESKTOP, language: str = "en", script: bool = True, home: str = "", **options: Any
    ) -> Visitor:
        """Let a visitor in."""
        context = self.browser.new_context(
            **{
                "locale": _LOCALES[language],
                "java_script_enabled": script,
                # Colours are looked at, and must not be half way between two.
                "reduced_motion": "reduce",
                **_DEVICES[size],
                **options,
            }
        )
        self._leave.append(context.close)
        context.set_default_timeout(PATIENCE_MS)
        self.guard.watch(context)
        return Visitor(page=context.new_page(), home=home or self.home, language=language, size=size, has_script=script)

    def close(self) -> None:
        """Send everybody home."""
        while self._leave:
            self._leave.pop()()
