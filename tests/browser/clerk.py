"""Somebody who works for the shop, in front of the desk in a real browser, with his authenticator app beside him."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b32decode
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.member import App
from tests.browser.visitor import PATIENCE_MS, Door, Visitor
from tests.kernel.waiting import ROOT
from tests.shop import Shop

# What somebody wants to see of a page while he is there.
Look = Callable[[Page], object]


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

    def press(self, what: str | Locator) -> None:
        """Press what leads to another page, and be there: at the desk each link and each button does."""
        # Whoever looks at once would see what is left of the page before, or the beginning of the next.
        with self.page.expect_navigation(timeout=PATIENCE_MS):
            self.visitor.press(self.find(what) if isinstance(what, str) else what)

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

    def approve(self, *, asked: str, why: str, look: Look = lambda _page: None) -> None:
        """Approve what waits for another person, of whom it is read what it was `asked` for; `look` at its page."""
        self.open("approvals/")
        self.press("a[data-row] >> nth=0")
        expect(self.find("dl.facts")).to_contain_text(asked)
        look(self.page)
        self.find("#why").fill(why)
        self.press("button[value=approve]")
        self.prove()
        self.is_told("It is approved. Who asked for it can do it now, once, and nothing else.")

    def is_told(self, text: str) -> None:
        """Be told what was just done."""
        told = self.find("section.notice.good[role=status] h2")
        expect(told).to_have_text(self.visitor.said(text), timeout=PATIENCE_MS)

    def is_refused(self, text: str) -> None:
        """Be told of a failure."""
        expect(self.find("section.trouble h2")).to_have_text(self.visitor.said(text), timeout=PATIENCE_MS)


def hire(enter: Door, shop: Shop, *roles: str, mail: str, **options: object) -> Clerk:
    """This function will let somebody in who works for the shop in these roles; `options` are those of a visitor."""
    office = _office(shop)
    assert office.stdin
    assert office.stdout
    office.stdin.write(" ".join([mail, *roles]) + "\n")
    office.stdin.flush()
    said = json.loads(office.stdout.readline())
    visitor = enter(**options)  # type: ignore[arg-type]
    visitor.page.context.add_cookies([{"name": "session", "value": said["session"], "url": visitor.home}])
    return Clerk(visitor=visitor, account_id=said["account_id"], mail=mail, app=App(secret=b32decode(said["app"])))


def close(shop: Shop) -> None:
    """This function will end the process that hires for a shop, if there is one."""
    office = _OFFICES.pop(shop.folder, None)
    if office is not None:
        office.communicate(timeout=60)


def _office(shop: Shop) -> subprocess.Popen[str]:
    # One for all who are hired: it takes longer to begin than to hire.
    if shop.folder not in _OFFICES:
        _OFFICES[shop.folder] = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.hire", str(shop.folder)],
            cwd=ROOT,
            env=shop.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    return _OFFICES[shop.folder]


_OFFICES: dict[Path, subprocess.Popen[str]] = {}
