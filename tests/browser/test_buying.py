"""A guest buys in a real browser: at every size, in every language, without a script, and by the keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.books import Books, Written
from tests.browser.keys import Keys
from tests.browser.visitor import CARD, PATIENCE_MS, Door, Size


class TestBuying:
    @pytest.mark.parametrize(
        ("size", "language", "script"),
        [
            (Size.PHONE, "en", True),
            (Size.PHONE, "zh-hans", True),
            (Size.DESKTOP, "en", True),
            (Size.DESKTOP, "zh-hans", True),
            (Size.PHONE, "zh-hans", False),
            (Size.DESKTOP, "en", False),
        ],
    )
    def test_goes_from_the_shelf_to_paid(
        self, enter: Door, books: Books, size: Size, language: str, script: bool
    ) -> None:
        ada = enter(size=size, language=language, script=script)

        ada.open("/")
        ada.press(ada.page.locator("a[href$='/categories/to-drink']").first)
        ada.page.wait_for_url("**/categories/*")
        ada.press(ada.page.locator("main a[href$='/products/night-shift-oolong']").first)
        ada.page.wait_for_url("**/products/*")
        ada.put_this(quantity=2)
        ada.go_to_checkout()
        order = ada.place()
        ada.sees("Waiting to be paid")
        ada.begin_payment()
        ada.pay_at_sandbox()
        ada.sees("Paid. Thank you!")
        ada.press(ada.page.locator("main a.main"))
        ada.sees("Paid. Thank you!")

        assert ada.is_at(order)
        assert ada.page.locator("html").get_attribute("lang") == language
        assert books.orders_of(ada.email) == [Written(state="PAID", pieces={"TEA-001": 2}, captured=1)]
        expect(ada.pay_button).to_have_count(0)

    def test_needs_no_more_than_a_keyboard(self, enter: Door, books: Books) -> None:
        ada = enter()
        keys = Keys(page=ada.page)

        ada.open("/")
        keys.go_to("a.skip")
        ada.page.keyboard.press("Enter")
        keys.press("a[href$='/categories/to-drink']", to="**/categories/*")
        keys.press("a[href$='/products/small-hours-coffee']", to="**/products/*")
        keys.type_into("[name=quantity]", "3")
        ada.page.keyboard.press("Enter")
        ada.page.locator("main .said a").wait_for()
        keys.press("main .said a", to="**/cart")
        keys.press("a[href$='/checkout']", to="**/checkout")
        keys.type_into("[name=email]", ada.email)
        keys.press("form[action$='/checkout'] button.main", to="**/orders/*")
        # A group of ways is one stop; arrows choose among them.
        keys.go_to("[name=method]")
        ada.choose_by_arrows("sandbox.page")
        keys.press("form[action*='/pay'] button.main", to="**/pay/pay_*")
        for name, text in CARD.items():
            keys.type_into(f"[name={name}]", text)
        keys.press("form button", "Space", to="**/pay/return*")
        ada.sees("Paid. Thank you!")

        assert books.orders_of(ada.email) == [Written(state="PAID", pieces={"COF-001-B": 3}, captured=1)]


class TestPressingTwice:
    @pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
    def test_places_one_order_and_begins_one_payment(self, enter: Door, books: Books, script: bool) -> None:
        ada = enter(script=script)
        ada.put("chamomile-at-three")
        ada.go_to_checkout()
        ada.fill_in()

        ada.place_button.dblclick()
        # The second press may break off the way to the page that the first one began.
        expect(ada.page).to_have_url(re.compile("/orders/"), timeout=PATIENCE_MS)
        ada.page.locator("[name=method][value='sandbox.page']").check()
        ada.pay_button.dblclick()
        ada.pay_at_sandbox()
        ada.sees("Paid. Thank you!")

        assert books.orders_of(ada.email) == [Written(state="PAID", pieces={"TEA-003": 1}, captured=1)]
        assert books.payments_of(ada.email) == 1


class TestGoingBack:
    def test_after_ordering_orders_nothing_more(self, enter: Door, books: Books) -> None:
        ada = enter()
        ada.put("chamomile-at-three")
        ada.go_to_checkout()

        order = ada.place()
        ada.page.reload()
        ada.page.go_back()

        # The way back leads before the review, to a cart that is empty by now.
        expect(ada.page.locator("main form[action$='/checkout']")).to_have_count(0)
        ada.page.go_forward()
        assert ada.is_at(order)
        assert books.orders_of(ada.email) == [Written(state="PLACED", pieces={"TEA-003": 1}, captured=0)]
