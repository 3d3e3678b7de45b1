"""The desk in a real browser: an order is had reviewed, its customer is asked and answers, and its goods may go."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.clerk import hire
from tests.browser.exam import Exam
from tests.browser.visitor import Door
from tests.shop import Shop

SLUG = "night-shift-oolong"


def test_an_order_is_reviewed_and_its_customer_asked(enter: Door, shop: Shop, pictures: Path | None) -> None:
    ada = enter(language="en")
    ada.put(SLUG, quantity=2)
    ada.go_to_checkout()
    order = ada.place()
    found = re.search(r"/orders/([0-9A-Z-]+)", order)
    assert found is not None
    number = found.group(1)
    rae = hire(enter, shop, "risk-reviewer", mail=f"rae.{secrets.token_hex(3)}@example.com", language="en")
    exam = Exam(language="en", folder=pictures, of="desk-orders-")

    rae.open(f"orders/?q={number.lower()}")
    exam.look(rae.page, "search")
    rae.press("a[data-row] >> nth=0")
    rae.find("#why").fill("two of the best tea, to a new address")
    rae.press("button[formaction$='/review']")
    expect(rae.find("section.notice.wait")).to_contain_text("It waits for review")

    rae.open("reviews/")
    exam.look(rae.page, "reviews")
    rae.press(f"a[data-row][href*='{number}']")
    rae.press("form[action$='/take'] button")
    rae.is_told("You have this review now.")
    exam.look(rae.page, "review")
    rae.find("#question").fill("Which flat is the parcel for?")
    rae.press("form[action$='/ask'] button")
    rae.is_told("The customer is asked. The review waits for the answer; anybody may take and decide it meanwhile.")

    ada.page.goto(order)
    asked = ada.page.locator("[data-part=question]")
    expect(asked).to_contain_text("Which flat is the parcel for?")
    exam.look(ada.page, "question")
    ada.page.locator("#answer").fill("The third, at the back.")
    ada.press(ada.page.locator("form[action*='/answer'] button"))
    expect(asked).to_contain_text("Thank you. We look at it now.")

    rae.open(f"reviews/{number}/")
    expect(rae.find("[aria-labelledby=asked]")).to_contain_text("The third, at the back.")
    rae.press("form[action$='/take'] button")
    rae.find("#why").fill("he lives there")
    exam.look(rae.page, "answered")
    rae.press("button[value=APPROVE]")
    rae.is_told("Approved: the goods may go.")

    rae.open(f"orders/{number}/")
    expect(rae.find("section.notice.wait")).to_have_count(0)
    expect(rae.find("ol.story")).to_contain_text("The review approved it")
    exam.look(rae.page, "order")
    rae.open("today/")
    exam.look(rae.page, "today")
    assert not exam.faults, "\n".join(exam.faults)
