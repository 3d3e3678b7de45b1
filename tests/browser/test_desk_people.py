"""The desk in a real browser: a customer is deleted at his request, by two people."""

from __future__ import annotations

import secrets
from pathlib import Path

import psycopg
from playwright.sync_api import expect

from tests.browser.clerk import hire
from tests.browser.exam import Exam
from tests.browser.guard import Guard
from tests.browser.visitor import Door
from tests.shop import Shop

LETTER = "letter of 26 November"


def customer(shop: Shop, *, name: str, mail: str) -> None:
    """Somebody who has an account, and works for nobody."""
    with psycopg.connect(shop.database_url) as database:
        database.execute(
            """
            with account as (
                insert into accounts_account (id, state, display_name, language, password, sms_second, created_at)
                values (%s, 'ACTIVE', %s, 'en', '', false, now())
                returning id
            )
            insert into accounts_address (account_id, kind, address, proved_at)
            select id, 'EMAIL', %s, now()
            from account
            """,
            (secrets.randbits(59), name, mail),
        )


def test_a_customer_is_deleted_by_two_people(enter: Door, shop: Shop, guard: Guard, pictures: Path | None) -> None:
    mail = f"zoe.{secrets.token_hex(4)}@example.com"
    customer(shop, name="Zoe Quince", mail=mail)
    boss = hire(enter, shop, "administrator", mail=f"boss.{secrets.token_hex(3)}@example.com")
    owner = hire(enter, shop, "owner", mail=f"owner.{secrets.token_hex(3)}@example.com")
    exam = Exam(language="en", folder=pictures, of="desk-customers-")

    boss.open(f"customers/?q={mail}")
    boss.press("a[data-row] >> nth=0")
    boss.find("details:has(#why-out) > summary").click()
    boss.find("#why-out").fill("Mrs Quince has lost her telephone")
    boss.press("form[action$='/sign-out'] button")
    boss.is_told("The customer is signed out everywhere, and no browser is trusted any more.")

    boss.find("details:has(#request) > summary").click()
    boss.press("a[href$='/mentions']")
    boss.visitor.sees("Where words of staff name him")
    expect(boss.find("tbody")).to_contain_text("Mrs Quince has lost her telephone")
    exam.look(boss.page, "mentions")
    boss.press("p.back a")
    boss.find("details:has(#request) > summary").click()
    boss.find("#request").fill(LETTER)
    with guard.expecting(403):
        boss.press("form[action$='/delete'] button")
        boss.visitor.sees("Another person has to approve this")
    boss.find("#why_ask").fill("The letter lies in the folder.")
    boss.press("button[name=ask]")
    boss.is_told("Your request waits for another person. Come back here once it is approved.")

    owner.approve(asked="The letter lies in the folder.", why="read it")

    boss.open("approvals/")
    boss.press("a[data-row] >> nth=0")
    boss.press("section.notice a.button")
    expect(boss.find("#request")).to_have_value(LETTER)
    boss.press("form[action$='/delete'] button")
    boss.prove()
    boss.is_told(
        "The account is deleted, and the customer is told. The audit trail has reasons that name him; the record of"
        " this deletion lists them."
    )

    boss.open(f"customers/?q={mail}")
    expect(boss.find("p.empty")).to_have_count(1)
    assert not exam.faults, "\n".join(exam.faults)
