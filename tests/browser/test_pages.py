"""Every page of the shop in a real browser: axe finds nothing, nothing sticks out. `make pages` keeps pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.exam import Exam
from tests.browser.guard import Guard
from tests.browser.visitor import Door, Visitor
from tests.shop import Shop

LANGUAGES = ("en", "zh-hans")


@pytest.fixture(params=LANGUAGES)
def exam(request: pytest.FixtureRequest, pictures: Path | None) -> Exam:
    return Exam(language=request.param, folder=pictures, is_translation=request.param != "en")


def test_everything_that_a_guest_meets(enter: Door, exam: Exam, guard: Guard, shop: Shop) -> None:
    ada = enter(language=exam.language)

    look_at_the_shelves(ada, exam, guard)
    order = look_at_buying(ada, exam)
    look_at_paying(ada, exam, order)
    look_at_what_goes_wrong(enter(language=exam.language), exam, guard, shop)

    assert not exam.faults, "\n".join(exam.faults)


def look_at_the_shelves(ada: Visitor, exam: Exam, guard: Guard) -> None:
    ada.open("/")
    exam.look(ada.page, "home")
    ada.open("/categories/to-drink")
    exam.look(ada.page, "category")
    ada.open("/products")
    exam.look(ada.page, "products")
    ada.open("/products?q=tea")
    exam.look(ada.page, "search")
    ada.open("/products?q=zzzz")
    exam.look(ada.page, "search-nothing")
    ada.open("/products/night-shift-oolong")
    exam.look(ada.page, "product")
    with guard.expecting(404):
        ada.open("/nothing")
        exam.look(ada.page, "not-found")
    ada.open("/cart")
    exam.look(ada.page, "cart-empty")
    ada.open("/orders/find")
    exam.look(ada.page, "order-find")
    ada.page.locator("main [name=number]").fill("0E9W-9MHZ-4G9XQ")
    ada.page.locator("main [name=contact]").fill(f"lost.{exam.language}@example.com")
    ada.press(ada.page.locator("main form[action$='/orders/find'] button.main"))
    ada.page.wait_for_selector("main [name=code]")
    exam.look(ada.page, "order-find-code")


def look_at_buying(ada: Visitor, exam: Exam) -> str:
    ada.put("small-hours-coffee")
    ada.put("night-shift-oolong", quantity=2)
    exam.look(ada.page, "cart")
    ada.go_to_checkout()
    exam.look(ada.page, "checkout")
    order = ada.place()
    exam.look(ada.page, "order-waiting")
    return order


def look_at_paying(ada: Visitor, exam: Exam, order: str) -> None:
    ada.begin_payment("sandbox.qr")
    ada.page.wait_for_url("**/payments/**")
    exam.look(ada.page, "pay-by-code")
    ada.page.goto(order)
    ada.begin_payment()
    ada.page.wait_for_url("**/pay/pay_*")
    exam.look(ada.page, "sandbox-card")
    ada.pay_at_sandbox()
    ada.sees("Paid. Thank you!")
    exam.look(ada.page, "payment-made")
    ada.page.goto(order)
    exam.look(ada.page, "order-paid")
    ada.press(ada.page.locator("main a[href*='/receipt']"))
    ada.page.wait_for_url("**/receipt*")
    exam.look(ada.page, "receipt")
    ada.page.goto(order)
    ada.press(ada.page.locator("main a[href*='/proof']"))
    ada.page.wait_for_url("**/proof*")
    exam.look(ada.page, "proof")


def look_at_what_goes_wrong(ada: Visitor, exam: Exam, guard: Guard, shop: Shop) -> None:
    scarce = f"SCARCE-{exam.language.upper()}"
    shop.stock_up([(scarce, 2)])
    ada.put(f"title-of-{scarce.lower()}-{scarce.lower()}", quantity=2)
    ada.go_to_checkout()
    shop.stock_up([(scarce, 1)])
    ada.fill_in()
    with guard.expecting(409):
        ada.press(ada.place_button)
        ada.page.wait_for_selector("[role=alert]")
        exam.look(ada.page, "cart-sold-out")
    ada.put("chamomile-at-three")
    ada.go_to_checkout()
    order = ada.place()
    ada.page.locator("details.cancel summary").click()
    exam.look(ada.page, "order-cancelling")
    ada.press(ada.page.locator("form[action*='/cancel'] button"))
    ada.sees("Cancelled")
    assert ada.is_at(order)
    exam.look(ada.page, "order-cancelled")
