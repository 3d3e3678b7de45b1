"""One real shop and one real browser for all of these tests; a browser context for each visitor."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium
from tests.browser.books import Books
from tests.browser.exam import Exam, Examiner
from tests.browser.guard import Guard
from tests.browser.visitor import Door
from tests.contracts.test_up import free_port
from tests.kernel.waiting import open_folder, until
from tests.shop import READY_SECONDS, Shop, shop_in


# Not for the session: a shop and a browser are heavy, and beside the latter Django's database cannot be used.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium.running() as browser:
        yield browser


@pytest.fixture(scope="package")
def shop(browser: Browser) -> Iterator[Shop]:
    """A shop with the demo catalogue and Sandbox, in processes of its own, as customers meet it."""
    port = free_port()
    # By name: passkeys belong to names, and no address of numbers is one. All visitors come from one machine.
    settings = {"public_url": f"http://localhost:{port}", "code_caller_hour_max": "1000", "reservation_s": "1800"}
    with open_folder() as folder, shop_in(folder / "data", demo=True, sandbox=True, settings=settings) as shop:
        shop.port = port
        shop.start()
        # It takes orders before Sandbox takes payments.
        until(lambda: _listens(shop.sandbox_port), seconds=READY_SECONDS)
        yield shop

        from tests.browser import clerk  # models are loaded by now.

        clerk.close(shop)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=20):
        return True
    return False


@pytest.fixture
def books(shop: Shop) -> Books:
    return Books(url=shop.database_url)


@pytest.fixture
def guard(shop: Shop) -> Iterator[Guard]:
    """What looks at every page of the test. Anything that it saw fails it, and so does an error in the shop's log."""
    before = shop.log.stat().st_size
    homes = {f"http://localhost:{shop.port}", f"http://127.0.0.1:{shop.sandbox_port}"}
    guard = Guard(homes=frozenset(homes))
    yield guard
    assert guard.troubles == []
    with shop.log.open("rb") as log:
        log.seek(before)
        said = log.read().decode()
    assert "Traceback" not in said, said
    assert '"level": "error"' not in said, said


@pytest.fixture
def enter(browser: Browser, shop: Shop, guard: Guard) -> Iterator[Door]:
    """Lets visitors in; at the end everybody leaves, before the guard is asked."""
    door = Door(browser=browser, home=f"http://localhost:{shop.port}", guard=guard)
    try:
        yield door
    finally:
        door.close()


@pytest.fixture(scope="session")
def pictures(pytestconfig: pytest.Config) -> Path | None:
    """Where pictures of pages go; None when nobody wants any."""
    asked: str | None = pytestconfig.getoption("pages")
    if asked is None:
        return None
    folder = Path(asked)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def exam_in(pictures: Path | None) -> Examiner:
    """Makes exams of the account pages."""
    return lambda language: Exam(language=language, folder=pictures, of="account-")
