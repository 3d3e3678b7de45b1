"""A line that breaks at each step of buying: the cart stays, and whoever tries again has one order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest
from playwright.sync_api import Error, expect

from tests.browser.books import Books, Written
from tests.browser.guard import Guard
from tests.browser.line import Cut, Line
from tests.browser.visitor import Door, Size, Visitor
from tests.shop import Shop

LINE_CUT = "The line was cut. Whether it is in your cart, your cart tells."
ONCE = [Written(state="PLACED", pieces={"TEA-003": 3}, captured=0)]
PAID = [Written(state="PAID", pieces={"TEA-003": 3}, captured=1)]


@dataclass(slots=True, kw_only=True)
class Trouble:
    """A way in which a line breaks: cut on one side of a request, or no connection at all."""

    line: Line
    guard: Guard
    cut: Cut | None

    @contextmanager
    def at(self, ada: Visitor, method: str, path: str) -> Iterator[None]:
        """Lose the requests of a method and path while the block runs, and be connected again afterwards."""
        with self.guard.bad_line():
            if self.cut is None:
                ada.page.context.set_offline(True)
            else:
                self.line.cut(method, path, self.cut)
            yield
            # What is still under way fails before the line is whole again.
            ada.page.wait_for_timeout(100)
            self.line.mend()
            ada.page.context.set_offline(False)
        if self.cut is not None:
            assert self.line.lost, f"nothing was lost at {method} {path}"


@pytest.fixture(params=[Cut.BEFORE, Cut.AFTER, None], ids=["before", "after", "offline"])
def trouble(request: pytest.FixtureRequest, shop: Shop, guard: Guard) -> Iterator[Trouble]:
    line = Line(port_there=shop.port)
    guard.homes |= {f"http://localhost:{line.port}"}
    line.start()
    yield Trouble(line=line, guard=guard, cut=request.param)
    line.close()


def cut_off(ada: Visitor, does: Callable[[], object]) -> None:
    """Do something whose page does not come, and be shown the browser's own page of that."""
    # Pressing something leads nowhere without a word; loading a page again says why it did not come.
    with suppress(Error):
        does()
    ada.page.locator("#main-frame-error").wait_for()


class TestALineThatBreaks:
    def test_at_each_step_leaves_one_order(self, enter: Door, books: Books, trouble: Trouble) -> None:
        ada = enter(size=Size.PHONE, home=f"http://localhost:{trouble.line.port}")
        page = ada.page

        ada.open("/products/chamomile-at-three")
        put = page.locator("main form[action$='/cart/add']")
        put.locator("[name=quantity]").fill("3")
        with trouble.at(ada, "POST", "/cart/add"):
            ada.press(put.locator("button"))
            expect(page.locator("main .said")).to_contain_text(LINE_CUT)
        ada.put_this(quantity=3)

        with trouble.at(ada, "GET", "/checkout"):
            cut_off(ada, lambda: ada.press(page.locator("main a[href$='/checkout']")))
        page.go_back()
        expect(page.locator("main [name^='quantity-']")).to_have_value("3")
        ada.go_to_checkout()
        ada.fill_in()
        assert books.orders_of(ada.email) == []

        with trouble.at(ada, "POST", "/checkout"):
            cut_off(ada, lambda: ada.press(ada.place_button))
        assert books.orders_of(ada.email) == (ONCE if trouble.cut is Cut.AFTER else [])
        # The error stands where the review stood, so back leads to the cart. It knows of an order that came to be.
        page.go_back()
        if trouble.cut is Cut.AFTER:
            ada.press(page.locator("main .notice a.main"))
            ada.sees("Waiting to be paid")
            order = page.url
        else:
            ada.go_to_checkout()
            order = ada.place()
        assert books.orders_of(ada.email) == ONCE

        with trouble.at(ada, "POST", "/orders/.*/pay"):
            cut_off(ada, ada.begin_payment)
        page.go_back()
        assert ada.is_at(order)
        with trouble.at(ada, "GET", "/orders/[^/ ]*"):
            cut_off(ada, page.reload)
        page.reload()
        ada.sees("Waiting to be paid")
        ada.begin_payment()
        ada.pay_at_sandbox()
        ada.sees("Paid. Thank you!")

        assert books.orders_of(ada.email) == PAID

    @pytest.mark.parametrize("trouble", [Cut.AFTER], indirect=True)
    def test_and_is_loaded_again_leads_to_the_one_order(self, enter: Door, books: Books, trouble: Trouble) -> None:
        ada = enter(home=f"http://localhost:{trouble.line.port}")
        ada.put("chamomile-at-three", quantity=3)
        ada.go_to_checkout()
        ada.fill_in()

        with trouble.at(ada, "POST", "/checkout"):
            cut_off(ada, lambda: ada.press(ada.place_button))
        # The browser sends the form once more.
        ada.page.reload()
        ada.sees("Waiting to be paid")

        assert books.orders_of(ada.email) == ONCE
