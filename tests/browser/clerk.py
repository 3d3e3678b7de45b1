"""Somebody who works for the shop, in front of the desk in a real browser, with his authenticator app beside him."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b32decode
from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page, expect

from tests.browser.member import App
from tests.browser.visitor import PATIENCE_MS, Door, Visitor
from tests.kernel.waiting import ROOT
from tests.shop import Shop


@dataclass(slots=True, kw_only=True)
class Clerk:
    """A member of staff who is signed in."""

    visitor: Visitor
    account_id: int
    mail: str
    app: App
    _ahead: int = field(default=0)

    @property
    def page(self) -> Page:
        return self.visitor.page

    def find(self, what: str) -> Locator:
        """Something in the middle of the page."""
        return self.page.locator(f"main {what}")

    def press(self, what: str) -> None:
        self.visitor.press(self.find(what))

    def open(self, path: str = "") -> None:
        """Open a page of the desk."""
        self.visitor.open(f"/desk/{path}")

    def prove(self) -> None:
        """Prove anew that it is he, as the page asks now, by the app. The form that asked goes on by itself."""
        self.visitor.sees("Prove that it is you")
        # The shop takes each code once, and those of the next half minute too.
        self.find("#text-TOTP").fill(self.app.digits(ahead=self._ahead))
        self._ahead += 1
        self.press("button[value='prove:TOTP']")

    def is_told(self, text: str) -> None:
        """Be told what was just done."""
        told = self.find("section.notice.good[role=status] h2")
        expect(told).to_have_text(self.visitor.said(text), timeout=PATIENCE_MS)

    def is_refused(self, text: str) -> None:
        """Be told of a failure."""
        expect(self.find("section.trouble h2")).to_have_text(self.visitor.said(text), timeout=PATIENCE_MS)


def hire(enter: Door, shop: Shop, *roles: str, mail: str, **options: object) -> Clerk:
    """This function will let somebody in who works for the shop in these roles; `options` are those of a visitor."""
    words = [sys.executable, "-m", "tests.browser.hire", str(shop.folder), mail, *roles]
    done = subprocess.run(words, cwd=ROOT, env=shop.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    visitor = enter(**options)  # type: ignore[arg-type]
    visitor.page.context.add_cookies([{"name": "session", "value": said["session"], "url": visitor.home}])
    return Clerk(visitor=visitor, account_id=said["account_id"], mail=mail, app=App(secret=b32decode(said["app"])))
