"""Goods at the desk in a real browser: a price is changed and taken back; a product is edited by two at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.clerk import hire
from tests.browser.exam import LANGUAGES, Exam
from tests.browser.guard import Guard
from tests.browser.visitor import Door
from tests.shop import Shop


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_price_is_changed_and_taken_back(enter: Door, shop: Shop, pictures: Path | None, language: str) -> None:
    ada = hire(enter, shop, "administrator", mail=f"ada.goods.{language}@example.com", language=language)
    exam = Exam(language=language, folder=pictures, of="desk-", is_translation=language != "en")
    ada.open("prices/?currency=GBP")
    exam.look(ada.page, "prices")
    field = ada.find("input.amount").first
    before = field.input_value()
    after = f"{float(before) + 0.1:.2f}"

    field.fill(after)
    ada.press("section.save button.main")

    ada.is_told("The prices are changed. Every order from now on pays them.")
    expect(ada.find("input.amount").first).to_have_value(after)

    ada.press(".head .actions a[href*=history]")
    exam.look(ada.page, "prices-history")
    ada.press("td button.plain >> nth=0")
    ada.is_told("The price is what it was before that change.")
    ada.open("prices/?currency=GBP")
    expect(ada.find("input.amount").first).to_have_value(before)
    assert not exam.faults, "\n".join(exam.faults)


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_people_edit_one_product(
    enter: Door, shop: Shop, guard: Guard, pictures: Path | None, language: str
) -> None:
    ada = hire(enter, shop, "administrator", mail=f"eve.goods.{language}@example.com", language=language)
    exam = Exam(language=language, folder=pictures, of="desk-", is_translation=language != "en")
    ada.open("catalogue/")
    exam.look(ada.page, "products")
    ada.press("a[data-row] >> nth=0")
    exam.look(ada.page, "product")
    other = ada.page.context.new_page()
    other.goto(ada.page.url)
    title = other.locator(f"main input[lang='{language}']").first
    before = title.input_value()

    title.fill(f"{before} 1")
    other.locator("main form.goods button.main").click()
    expect(other.locator("main section.notice.good")).to_be_visible()
    ada.find(f"input[lang='{language}']").first.fill(f"{before} 2")
    with guard.expecting(409):
        ada.press("form.goods button.main")
        ada.is_refused("Somebody else has changed this since you opened it.")

    expect(ada.find(".theirs").first).to_have_text(f"{before} 1")
    exam.look(ada.page, "product-twice")
    ada.press("form.goods button.main")
    ada.is_told("It is saved. Customers see it within a minute.")
    ada.press(".head .actions a[href$='history']")
    exam.look(ada.page, "product-history")
    ada.press(".story li:first-child button")
    ada.press(".story li:nth-child(3) button")
    ada.open("catalogue/")
    expect(ada.find("a[data-row]").first).to_have_text(before)

    ada.open("stock/")
    exam.look(ada.page, "stock")
    ada.press("a[data-row] >> nth=0")
    ada.find("#pieces").fill("3")
    ada.press("form.panel button.main")
    ada.is_told("It is noted, and the stock is what you said.")
    exam.look(ada.page, "shelf")
    ada.press(".story li:first-child button")
    ada.is_told("It is taken back by a movement against it.")
    ada.open("codes/upload")
    exam.look(ada.page, "codes-upload")
    assert not exam.faults, "\n".join(exam.faults)


def test_products_go_out_to_excel_and_come_back(
    enter: Door, shop: Shop, guard: Guard, pictures: Path | None, tmp_path: Path
) -> None:
    ada = hire(enter, shop, "administrator", mail="ada.tables@example.com", language="en")
    exam = Exam(language="en", folder=pictures, of="desk-")
    ada.open("catalogue/")
    ada.press(".head .actions a[href*=table]")
    exam.look(ada.page, "products-table")

    for form in ("xlsx", "csv"):
        with ada.page.expect_download() as saved:
            ada.find(f"a[download][href*={form}]").click()
        path = tmp_path / saved.value.suggested_filename
        saved.value.save_as(path)
        ada.find("#file").set_input_files(path)
        with guard.expecting(422):
            ada.press("form[enctype] button.main")
            ada.is_refused("The table says what the shop has already.")

    path.write_bytes(path.read_bytes().replace(b"ACTIVE", b"DRAFT", 1))
    ada.find("#file").set_input_files(path)
    ada.press("form[enctype] button.main")

    expect(ada.find("table")).to_contain_text("status: DRAFT")
    exam.look(ada.page, "products-table-looked-at")
    ada.open("categories/")
    exam.look(ada.page, "categories")
    ada.press("a[data-row] >> nth=0")
    exam.look(ada.page, "category")
    assert not exam.faults, "\n".join(exam.faults)
