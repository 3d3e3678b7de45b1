"""A visitor with an account: signs up and in, proves who he is, and reads what the shop sends him."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect

from evertill.domains.identity.rules import hotp
from tests.browser.visitor import PATIENCE_MS, Visitor
from tests.kernel.waiting import until
from tests.pages.test_account import secret_bytes

PASSWORD = "seven lamps at night"
_NAME = "Ada"
# A letter has it on a line of its own, an SMS at its beginning.
_CODE = re.compile(r"^(?: {4})?(\d{6})(?!\d)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterbox:
    """What the shop sent, in the file that stands in for a mail server and a gateway."""

    file: Path

    def codes(self, to: str) -> list[str]:
        """Every code that went to an address, in the order of sending."""
        if not self.file.exists():
            return []
        # Behind the last line there may be one that is being written.
        *lines, _ = self.file.read_text(encoding="utf-8").split("\n")
        letters = map(json.loads, lines)
        found = [_CODE.search(letter["body"]) for letter in letters if letter["to"] == to]
        return [code.group(1) for code in found if code]


@dataclass(slots=True, kw_only=True)
class Member:
    """One person with one account, in front of one of his browsers."""

    visitor: Visitor
    letterbox: Letterbox
    address: str = field(default="")

    def __post_init__(self) -> None:
        self.address = self.address or self.visitor.email

    @property
    def page(self) -> Page:
        return self.visitor.page

    def find(self, what: str) -> Locator:
        """Something in the middle of the page."""
        return self.page.locator(f"main {what}")

    def press(self, what: str) -> None:
        self.visitor.press(self.find(what))

    def open(self, path: str = "") -> None:
        """Open one of the account's own pages."""
        self.visitor.open(f"/account/{path}")

    def is_in(self) -> None:
        """Be shown the account's first page."""
        greeting = self.visitor.said("Hello, %(name)s") % {"name": _NAME}
        expect(self.page.locator("h1")).to_have_text(greeting, timeout=PATIENCE_MS)

    def is_out(self) -> None:
        """Be asked to sign in."""
        self.visitor.sees("Sign in")

    def is_refused(self, text: str) -> None:
        """Be told of a failure."""
        expect(self.find("section.trouble h2")).to_have_text(self.visitor.said(text), timeout=PATIENCE_MS)

    def is_told_saved(self) -> None:
        self.find("section.notice.good[role=status]").wait_for()

    def code_by(self, what: str, *, to: str = "") -> str:
        """Press what sends a code, and read the one that comes."""
        address = to or self.address
        before = len(self.letterbox.codes(address))
        self.press(what)
        return until(lambda: self.letterbox.codes(address)[before:], seconds=PATIENCE_MS / 1000)[-1]

    def ask_for_code(self) -> str:
        """Enter the address, and be sent a code."""
        self.open("sign-in")
        self.find("form[action$='/sign-in'] [name=address]").fill(self.address)
        code = self.code_by("form[action$='/sign-in'] button[value=code]")
        self.visitor.sees("Enter the code")
        return code

    def enter_code(self, code: str) -> None:
        self.find("form[action$='/sign-in/code'] [name=code]").fill(code)
        self.press("form[action$='/sign-in/code'] button.main")

    def sign_in_by_code(self) -> None:
        self.enter_code(self.ask_for_code())

    def open_account(self, *, password: str = "") -> None:
        """Say one's name after the first code, and be in."""
        self.visitor.sees("Open your account")
        self.find("[name=name]").fill(_NAME)
        self.find("[name=password]").fill(password)
        self.press("form[action$='/sign-in/open'] button.main")
        self.is_in()

    def sign_up(self, *, password: str = "") -> None:
        self.sign_in_by_code()
        self.open_account(password=password)

    def sign_up_by_passkey(self) -> None:
        self.press("details.more-of summary")
        form = "form[data-passkey=create]"
        self.find(f"{form} [name=name]").fill(_NAME)
        self.press(f"{form} button")
        self.is_in()

    def use_passkey(self) -> None:
        self.press("form[data-passkey=get] button")

    def sign_in_by_password(self) -> None:
        self.open("sign-in")
        form = "form[action$='/sign-in']"
        self.find(f"{form} [name=address]").fill(self.address)
        self.find(f"{form} [name=password]").fill(PASSWORD)
        self.press(f"{form} button.main")

    def sign_out(self) -> None:
        """Sign out, and be out."""
        self.open()
        self.press("form.leave button")
        self.page.wait_for_url(lambda url: "/account" not in url)
        self.open()
        self.is_out()

    def begin(self, action: str, *, at: str = "security") -> None:
        """Press the button of something that is asked a proof for."""
        self.open(at)
        self.press(f"form[action$='/account/{action}'] button")
        self.visitor.sees("Prove that it is you")

    def have_code_sent(self, factor: str = "EMAIL_CODE", *, to: str = "") -> None:
        """Have a code sent and type it, as a proof or as the second step."""
        code = self.code_by(f"button[value='send:{factor}']", to=to)
        self.find(f"#text-{factor}").fill(code)

    def prove(self, factor: str, text: str = "") -> None:
        """Give a proof, or what was typed already."""
        if text:
            self.find(f"#text-{factor}").fill(text)
        self.press(f"button[value='prove:{factor}']")

    def prove_by_code(self) -> None:
        self.have_code_sent()
        self.prove("EMAIL_CODE")

    def recovery_codes(self) -> list[str]:
        """The codes that the page shows this once."""
        self.visitor.sees("Your recovery codes")
        return self.find("ol.codes code").all_inner_texts()

    def app(self) -> App:
        """The authenticator app that scans what the page shows."""
        self.find(".code svg").wait_for()
        uri = self.find("[name=uri]").input_value()
        return App(secret=secret_bytes(parse_qs(urlsplit(uri).query)["secret"][0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An authenticator app."""

    secret: bytes

    def digits(self, *, ahead: int = 0) -> str:
        """What it shows now, or so many half minutes later: the shop takes each once, and forgives clocks a little."""
        return hotp(self.secret, int(time.time()) // 30 + ahead)
