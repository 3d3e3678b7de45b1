"""A claim in a real browser: a customer hands in his receipt, staff see what it proves and answer, he reads it.

And the backups that are searched for what the shop has lost: how far that is, and what was found.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import msgspec
import psycopg
import pytest
from playwright.sync_api import expect

from evertill.domains import orders
from evertill.domains.claims import Clue, Evidence, Finding, Match, Source
from evertill.journeys.ask_to_search import LostOrder
from evertill.journeys.look_into_copy import CopiedOrder
from evertill.kernel import ids
from tests.browser.clerk import hire
from tests.browser.exam import LANGUAGES, Exam
from tests.browser.visitor import Door
from tests.shop import Shop


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_receipt_is_handed_in_weighed_and_answered(
    enter: Door, shop: Shop, pictures: Path | None, language: str, tmp_path: Path
) -> None:
    exam = Exam(language=language, folder=pictures, of="claims-", is_translation=language != "en")
    ada = enter(language=language)
    ada.put("small-hours-coffee")
    ada.go_to_checkout()
    order = ada.place()
    number = re.search(r"/orders/([0-9A-Z-]+)", order)
    assert number
    file = tmp_path / "receipt.txt"
    _save_receipt(ada, order, file)

    # Another day: a browser that knows nothing of her.
    later = enter(language=language)
    later.open("/claims/new")
    later.page.locator("main [name=contact]").fill(ada.email)
    later.page.locator("main [name=receipt]").set_input_files(file)
    later.press(later.page.locator("main form button.main"))
    later.page.wait_for_url("**/claims/*access_token=*")
    claim = later.page.url
    expect(later.page.locator("main")).to_contain_text(number[1])
    exam.look(later.page, "filed")

    bob = hire(enter, shop, "support", mail=f"bob.claims.{language}@example.com", language=language)
    bob.open("claims/?all=1")
    bob.press(bob.find("tbody th a").first)
    expect(bob.find("section.panel").nth(1)).to_contain_text(number[1])
    expect(bob.find(".badge.good").first).to_be_visible()
    exam.look(bob.page, "evidence")
    bob.find("#order").select_option(number[1])
    bob.find("#answer").fill("It is here, and on its way.")
    bob.press("form[action$='/answer'] button.main")
    bob.is_told("The claim is answered; its customer reads it on the claim's page.")

    later.page.goto(claim)
    expect(later.page.locator("#answer")).to_be_visible()
    expect(later.page.locator("main")).to_contain_text("It is here, and on its way.")
    expect(later.page.locator("section[aria-labelledby=answer]")).to_contain_text(number[1])
    exam.look(later.page, "answered")
    _search(shop, ids.from_number(claim_number(claim)))
    bob.open(f"claims/{claim_number(claim)}/backups")
    bob.visitor.sees("Search the backups")
    exam.look(bob.page, "backups")

    assert not exam.faults, "\n".join(exam.faults)


def _save_receipt(ada: object, order: str, file: Path) -> None:
    page = ada.page  # type: ignore[attr-defined]  # a visitor.
    page.goto(order)
    page.locator("main a[href*='/proof']").first.click()
    with page.expect_download() as saved:
        page.locator("main a[download]").click()
    saved.value.save_as(file)


def claim_number(address: str) -> str:
    found = re.search(r"/claims/([0-9A-Z-]+)", address)
    assert found
    return found[1]


def _search(shop: Shop, claim_id: int) -> None:
    """Two searches, as the shop's own tables have them: one under way, one that found an order."""
    now = dt.datetime.now(dt.UTC)
    # Its own for each claim.
    lost = claim_id ^ 0xFFFFF0
    line = orders.Line(sku="TEA", title="Small hours coffee", quantity=2, unit_price=850)
    order = orders.Order(
        id=lost,
        state=orders.State.PAID,
        currency="GBP",
        total=1700,
        email="cy@example.com",
        placed_at=now,
        reserved_until=now,
        lines=(line,),
    )
    copied = CopiedOrder(
        order=order, receipt="EVERTILL1.x", key_digest=bytes(16), body_digest=bytes(16), payments=(), is_over=False
    )
    evidence = (
        Evidence(clue=Clue.NUMBER, match=Match.EXACT, points=60, kept=ids.to_number(lost)),
        Evidence(clue=Clue.AMOUNT, match=Match.AGAINST, points=-5, kept="17.00 GBP"),
    )
    finding = Finding(source=Source.BACKUP, name=ids.to_number(lost), order_id=lost, points=55, evidence=evidence)
    found = msgspec.json.encode((LostOrder(finding=finding, copied=copied),)).decode()
    insert = """
        insert into recovery_search
            (id, claim_id, clues, asked_by, asked_at, state, tries, step, done, whole, ended_at, backup, reached_at,
             found, error)
        values (%s, %s, '{}', 'STAFF:7', %s, %s, 1, %s, %s, %s, %s, %s, %s, %s, %s)
    """
    backup = "20261126T120000Z-full-3f9a01"
    with psycopg.connect(shop.database_url) as database:
        database.execute("delete from recovery_search where state = 'RUNNING'")
        for place, row in enumerate(
            (
                (now, "FOUND", "", 0, 0, now, backup, now, found, ""),
                (now, "FAILED", "", 0, 0, now, "", None, "", "A copy takes 900 MiB, 700 MiB are free, 2048 stay so."),
                (now, "RUNNING", "Fetching", 3, 8, None, "", None, "", ""),
            )
        ):
            database.execute(insert, (lost + place, claim_id, *row))
