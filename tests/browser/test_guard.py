"""The exam is examined: what the guard and the exam are there to find, they find."""

from __future__ import annotations

import time

from playwright.sync_api import Page

from tests.browser.exam import Exam
from tests.browser.guard import Guard
from tests.browser.visitor import PATIENCE_MS, Door


def noticed(guard: Guard, page: Page, *wanted: str) -> str:
    """What the guard has noticed once it has noticed all of these, or after long enough; it is forgiven then."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not all(one in "\n".join(guard.troubles) for one in wanted) and time.monotonic() < deadline:
        # What happens in the browser is told only while something is asked of it.
        page.wait_for_timeout(50)
    told, guard.troubles[:] = "\n".join(guard.troubles), []
    return told


class TestGuard:
    def test_notices_what_a_page_does_behind_its_visitors_back(self, enter: Door, guard: Guard) -> None:
        ada = enter()
        ada.open("/")

        ada.page.evaluate("console.error('lost')")
        ada.page.evaluate("setTimeout(() => { throw new Error('broken') })")
        ada.page.evaluate("fetch('/nothing')")
        ada.page.evaluate("document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.1:9/x.png' }))")

        wanted = (
            *("console error on ", "lost", "script: broken", "404: GET ", "Content Security Policy"),
            # What the policy stops is asked for and fails, which is told apart from why.
            *("request to elsewhere: GET http://127.0.0.1:9/x.png", "failed: GET http://127.0.0.1:9/x.png: csp"),
        )
        told = noticed(guard, ada.page, *wanted)
        assert [one for one in wanted if one not in told] == [], told

    def test_notices_requests_to_elsewhere(self, enter: Door, guard: Guard) -> None:
        ada = enter(bypass_csp=True)
        ada.open("/")

        ada.page.evaluate("document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.1:9/x.png' }))")

        wanted = (
            "request to elsewhere: GET http://127.0.0.1:9/x.png",
            "failed: GET http://127.0.0.1:9/x.png: net::ERR",
        )
        told = noticed(guard, ada.page, *wanted)
        assert [one for one in wanted if one not in told] == [], told

    def test_lets_through_what_a_test_is_about(self, enter: Door, guard: Guard) -> None:
        ada = enter()

        with guard.expecting(404):
            ada.open("/nothing")

        assert guard.troubles == []


class TestExam:
    def test_finds_what_is_wrong_with_a_page(self, enter: Door) -> None:
        ada = enter()
        exam = Exam(language="en", folder=None)
        ada.open("/")
        exam.look(ada.page, "before")
        ada.page.evaluate(
            """() => {
              const one = document.createElement("p");
              one.textContent = "Hardly to be read, and far too wide.";
              one.style.cssText = "color: #999; background: #aaa; width: 2000px";
              document.querySelector("main").append(one, document.createElement("h1"));
            }"""
        )

        exam.look(ada.page, "after")

        found = "\n".join(exam.faults)
        assert "before" not in found
        assert "after: has 2 headings of the first level" in found
        assert "after (phone, light, en): color-contrast" in found
        assert "after (desktop, dark, en): color-contrast" in found
        assert "after: sticks out by " in found
