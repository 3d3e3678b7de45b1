"""The browser of these tests: the Chromium that the machine has, never one that something downloads."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

# As the usual systems call it.
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_MISSING = (
    "These tests need a browser, and there is no Chromium on this machine. Install it once, with a font for Chinese:"
    " sudo apt install chromium fonts-wqy-microhei"
)
_WORDS = (
    "--headless=new",
    # Its sandbox needs rights that root in a container does not have. It meets no page but ours.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    # It calls nobody by itself, and loads again only what its visitor loads again.
    "--disable-auto-reload",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The shop listens on one address only, whatever the machine takes localhost for.
    "--host-resolver-rules=MAP localhost 127.0.0.1",
)


def find() -> str:
    """This function will return where Chromium is; fails the test with what to do when there is none."""
    found = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if found is None:
        pytest.fail(_MISSING, pytrace=False)
    return found


@contextmanager
def running() -> Iterator[Browser]:
    """A browser while the block runs.

    While it does, an event loop counts as running in this thread, and Django refuses to touch the database from it:
    what runs inside looks at the shop as its visitors do, or by a connection of psycopg's own.
    """
    program = find()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_WORDS))
        try:
            yield browser
        finally:
            browser.close()
