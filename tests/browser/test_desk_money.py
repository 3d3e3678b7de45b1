"""The desk in a real browser: money given back with another person, and an order made for who could not order."""

from __future__ import annotations

import json
import re
import secrets
import uuid
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import expect

from tests.browser.books import Books, Written
from tests.browser.clerk import hire
from tests.browser.exam import LANGUAGES, Exam
from tests.browser.guard import Guard
from tests.browser.visitor import Door, Size
from tests.shop import Shop

SKU, SLUG = "TEA-001", "night-shift-oolong"


def bought(enter: Door, *, language: str) -> tuple[str, str]:
    """An order that a guest has paid: its number, and his address."""
    ada = enter(language=language)
    ada.put(SLUG, quantity=2)
    ada.go_to_checkout()
    order = ada.place()
    ada.begin_payment()
    ada.pay_at_sandbox()
    ada.sees("Paid. Thank you!")
    found = re.search(r"/orders/([0-9A-Z-]+)", order)
    assert found is not None
    return found.group(1), ada.email


def failed(shop: Shop, mail: str) -> None:
    """A checkout that failed, as the pages keep it: two of the oolong, a penny cheaper than today."""
    with psycopg.connect(shop.database_url) as database:
        found = database.execute(
            "select v.title, p.amount from catalog_variant v join catalog_price p on p.variant_id = v.id"
            " where v.sku = %s and p.currency = 'GBP'",
            (SKU,),
        ).fetchone()
        assert found is not None
        title, amount = found
        line = {"sku": SKU, "title": title, "quantity": 2, "unit_price": amount - 1}
        database.execute(
            """
            insert into submissions_submission (
                id, state, key_digest, body_digest, code, email, phone, language, account_id, currency, total, lines,
                consent_version, consent_text, first_failed_at, failed_at, remove_at, ended_by, note
            )
            values (
                %s, 'OPEN', %s, %s, 'DATABASE_BUSY', %s, '', 'en', null, 'GBP', %s, %s, '2026-11', 'We keep it.',
                now(), now(), now() + interval '30 days', '', ''
            )
            """,
            (secrets.randbits(59), uuid.uuid4(), uuid.uuid4(), mail, 2 * (amount - 1), json.dumps([line])),
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_money_goes_back_with_another_person(
    enter: Door, shop: Shop, books: Books, guard: Guard, pictures: Path | None, language: str
) -> None:
    shop.run("preferences", "set", "refunds.alone-max", "100")
    number, mail = bought(enter, language="en")
    sue = hire(enter, shop, "support", mail=f"sue.{secrets.token_hex(3)}@example.com", language=language)
    fin = hire(enter, shop, "finance", mail=f"fin.{secrets.token_hex(3)}@example.com", language=language)
    exam = Exam(language=language, folder=pictures, of="desk-money-", is_translation=language != "en")

    sue.open(f"refunds/order/{number}/")
    exam.look(sue.page, "refund")
    sue.find("#whole").check()
    sue.find("#restock").check()
    sue.find("#reason").fill("all of it broken")
    with guard.expecting(403):
        sue.press("form.panel button.main")
        sue.visitor.sees("Another person has to approve this")
    sue.find("#why_ask").fill("The parcel was soaked.")
    sue.press("button[name=ask]")
    sue.is_told("Your request waits for another person. Come back here once it is approved.")

    fin.open("approvals/")
    exam.look(fin.page, "approvals")
    fin.approve(asked="The parcel was soaked.", why="seen the photo", look=lambda shown: exam.look(shown, "approval"))

    sue.open("approvals/")
    sue.press("a[data-row] >> nth=0")
    sue.press("section.notice a.button")
    exam.look(sue.page, "approved")
    sue.press("form.panel button.main")
    sue.is_told("The money is on its way back.")

    (written,) = books.orders_of(mail)
    assert written.state == "REFUNDED"
    sue.open("refunds/")
    exam.look(sue.page, "refunds")
    assert not exam.faults, "\n".join(exam.faults)


def test_refusing_a_paid_order_gives_the_money_back(
    enter: Door, shop: Shop, books: Books, pictures: Path | None
) -> None:
    shop.run("preferences", "set", "refunds.alone-max", "100000")
    number, mail = bought(enter, language="en")
    rae = hire(enter, shop, "risk-reviewer", mail=f"rae.{secrets.token_hex(3)}@example.com")
    exam = Exam(language="en", folder=pictures, of="desk-money-")

    rae.open(f"orders/{number}/")
    rae.find("#why").fill("a stolen card, says the bank")
    rae.press("button[formaction$='/review']")
    rae.open(f"reviews/{number}/")
    rae.press("form[action$='/take'] button")
    rae.is_told("You have this review now.")
    rae.find("#why").fill("the bank has confirmed it")
    rae.find("#restock").check()
    exam.look(rae.page, "refusing")
    rae.press("button[value=REFUSE]")
    rae.is_told("Refused: the goods stay here, and the money is on its way back.")

    expect(rae.find("[aria-labelledby=back]")).to_contain_text("Given back")
    (written,) = books.orders_of(mail)
    assert written.state == "REFUNDED"
    assert not exam.faults, "\n".join(exam.faults)


@pytest.mark.parametrize(
    ("language", "size"), [("en", Size.DESKTOP), pytest.param("zh-hans", Size.PHONE, marks=pytest.mark.drill)]
)
def test_an_order_is_made_for_who_could_not(
    enter: Door, shop: Shop, books: Books, pictures: Path | None, language: str, size: Size
) -> None:
    mail = f"eve.{secrets.token_hex(4)}@example.com"
    failed(shop, mail)
    sue = hire(enter, shop, "support", mail=f"sue.{secrets.token_hex(3)}@example.com", language=language, size=size)
    exam = Exam(language=language, folder=pictures, of="desk-submissions-", is_translation=language != "en")

    sue.open("submissions/")
    exam.look(sue.page, "list")
    row = sue.find("tr").filter(has_text=mail)
    sue.press(row.locator("a[data-row]"))
    sue.press("form[action$='/take'] button")
    sue.is_told("You have it now. Others see that.")
    exam.look(sue.page, "one")
    sue.find("#shown").check()
    sue.find("#how").select_option("PHONE")
    sue.find("#minutes_ago").fill("5")
    sue.find("#note").fill("called back, wants it at the old price")
    sue.find("#agreed").check()
    sue.press("form[action$='/make'] button.main")
    sue.is_told("The order is made, and the customer is told how to pay it.")

    assert books.orders_of(mail) == [Written(state="PLACED", pieces={SKU: 2}, captured=0)]
    sue.open("submissions/new")
    exam.look(sue.page, "new")
    for room in ("payments", "alerts", "bulk"):
        sue.open(f"{room}/")
        exam.look(sue.page, room)
    assert not exam.faults, "\n".join(exam.faults)
