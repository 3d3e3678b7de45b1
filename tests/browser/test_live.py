"""An order's pages keep themselves current, and leave alone what somebody is doing on them."""

from __future__ import annotations

import re
from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import expect

from evertill.kernel import ids
from tests.browser.guard import Guard
from tests.browser.visitor import Door, Visitor
from tests.shop import Shop

# A browser whose clock is a year behind.
LATE = "const now = Date.now; Date.now = () => now() - 366 * 86400 * 1000;"


@pytest.fixture
def ada(enter: Door) -> Visitor:
    return enter()


@pytest.fixture
def order(ada: Visitor) -> str:
    """The address of an order that Ada has placed, and looks at."""
    ada.put("chamomile-at-three")
    ada.go_to_checkout()
    return ada.place()


@pytest.fixture
def hurry(shop: Shop, order: str) -> Callable[[int], None]:
    """Lets the order have only so many seconds left to be paid."""

    def let(seconds: int) -> None:
        number = order.partition("?")[0].rpartition("/")[2]
        with psycopg.connect(shop.database_url) as connection:
            connection.execute(
                "update orders_order set reserved_until = now() + %s * interval '1 second' where id = %s",
                (seconds, ids.from_number(number)),
            )

    return let


def cancel(bob: Visitor, order: str) -> None:
    bob.page.goto(order)
    bob.press(bob.page.locator("details.cancel summary"))
    bob.press(bob.page.locator("form[action*='/cancel'] button"))
    bob.sees("Cancelled")


class TestOrderPage:
    def test_tells_by_itself_what_happens_elsewhere(self, enter: Door, ada: Visitor, order: str) -> None:
        ada.page.evaluate("window.kept = true")

        cancel(enter(), order)

        ada.sees("Cancelled")
        expect(ada.pay_button).to_have_count(0)
        expect(ada.page.locator("details.cancel")).to_have_count(0)
        expect(ada.page.locator("[data-told]")).to_have_text("Cancelled")
        expect(ada.page).to_have_title(re.compile("^Cancelled · Order "))
        assert ada.page.evaluate("window.kept")

    def test_leaves_alone_what_is_being_filled_in(self, enter: Door, ada: Visitor, order: str) -> None:
        ada.page.locator("[name=method][value='balance.instant']").check()
        ada.page.locator("[name=balance_token]").fill("half a tok")
        key = ada.page.locator("form[action*='/pay'] [name=key]").input_value()

        bob = enter()
        bob.page.goto(order)
        bob.begin_payment("sandbox.qr")

        expect(ada.page.locator("#money")).to_be_visible()
        expect(ada.page.locator("[name=balance_token]")).to_have_value("half a tok")
        expect(ada.page.locator("[name=balance_token]")).to_be_focused()
        expect(ada.page.locator("form[action*='/pay'] [name=key]")).to_have_value(key)

    def test_counts_down_by_the_shops_clock(self, enter: Door, order: str, hurry: Callable[[int], None]) -> None:
        hurry(1800)
        bob = enter()
        bob.page.add_init_script(LATE)

        bob.page.goto(order)

        timer = bob.page.locator("[role=timer]")
        expect(timer).to_have_text(re.compile(r"^(29:\d\d|30:00)$"))
        before = timer.inner_text()
        expect(timer).not_to_have_text(before)
        expect(timer).to_have_text(re.compile(r"^29:\d\d$"))

    def test_says_by_itself_that_the_time_is_over(self, ada: Visitor, order: str, hurry: Callable[[int], None]) -> None:
        hurry(5)
        ada.page.goto(order)

        ada.sees("The time to pay is over")
        expect(ada.pay_button).to_have_count(0)
        expect(ada.page.locator("[role=timer]")).to_have_count(0)

    def test_says_that_the_line_is_lost_and_goes_on_once_it_is_back(
        self, enter: Door, ada: Visitor, order: str, guard: Guard
    ) -> None:
        lost = ada.page.locator("[data-line]")
        expect(lost).to_be_hidden()

        with guard.bad_line():
            ada.page.context.set_offline(True)
            expect(lost).to_have_text("The connection was lost. This page goes on trying; your order is safe.")
            cancel(enter(), order)
            ada.sees("Waiting to be paid")
            ada.page.context.set_offline(False)
            ada.sees("Cancelled")

        expect(lost).to_be_hidden()

    def test_without_scripts_says_all_and_can_be_asked_again(
        self, enter: Door, order: str, hurry: Callable[[int], None]
    ) -> None:
        hurry(1800)
        bob = enter(script=False)
        bob.page.goto(order)
        bob.sees("Waiting to be paid")
        expect(bob.page.locator(".clock")).to_have_text(re.compile(r"Time left to pay: (29|30) minutes"))
        expect(bob.page.locator(".standing time")).to_have_text(re.compile(r"UTC$"))

        cancel(enter(), order)
        bob.press(bob.page.locator(".afresh a"))

        bob.sees("Cancelled")


class TestPaymentPages:
    def test_show_by_themselves_that_a_code_was_paid(self, enter: Door, ada: Visitor, order: str) -> None:
        ada.begin_payment("sandbox.qr")
        ada.page.wait_for_url("**/payments/*")
        scanned = ada.page.locator("main a.main").get_attribute("href")
        assert scanned

        bob = enter()
        bob.page.goto(scanned)
        bob.press(bob.page.locator("form button").first)

        ada.sees("Paid. Thank you!")
        expect(ada.page.locator(".code")).to_have_count(0)
        ada.press(ada.page.locator("main a.main"))
        assert ada.is_at(order)
        ada.sees("Paid. Thank you!")

    def test_lead_back_to_the_payment_that_is_under_way_and_begin_another_only_when_asked(
        self, ada: Visitor, order: str
    ) -> None:
        ada.begin_payment("sandbox.qr")
        ada.page.wait_for_url("**/payments/*")
        first = ada.page.url.partition("?")[0]
        ada.page.goto(order)
        ada.begin_payment("sandbox.qr")
        ada.page.wait_for_url("**/payments/*")
        again = ada.page.url.partition("?")[0]
        ada.press(ada.page.locator("details.anew summary"))
        ada.press(ada.page.locator("details.anew button"))
        ada.page.wait_for_url(lambda address: "/payments/" in address and not address.startswith(first))

        assert again == first


class TestReceipt:
    def test_has_nothing_on_paper_but_itself(self, enter: Door, ada: Visitor, order: str) -> None:
        ada.begin_payment()
        ada.pay_at_sandbox()
        ada.page.goto(order)
        ada.press(ada.page.locator("a[href*='/receipt']"))
        ada.sees("Receipt")
        expect(ada.page.locator("[data-print]")).to_be_visible()

        ada.page.emulate_media(media="print")

        expect(ada.page.locator(".receipt")).to_be_visible()
        for other in ("header.top", "footer", ".back", "[data-print]"):
            expect(ada.page.locator(other)).to_be_hidden()
        assert b"/Type /Page" in ada.page.pdf(format="A4")

    def test_of_what_is_not_paid_says_so(self, ada: Visitor, order: str) -> None:
        address, query = order.split("?")

        ada.page.goto(f"{address}/receipt?{query}")

        ada.sees("Order, not paid")
        expect(ada.page.locator(".notice h2")).to_have_text("This is not a receipt")
