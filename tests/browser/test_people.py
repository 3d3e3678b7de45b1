"""Those who look after people, roles and the record of it all, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from evertill.kernel import ids
from tests.browser.clerk import Clerk, hire
from tests.browser.exam import Exam
from tests.browser.guard import Guard
from tests.browser.visitor import PATIENCE_MS, Door, Size
from tests.shop import Shop


def approve(shop: Shop) -> None:
    """The operator of the machine, who is the second pair of eyes in a small shop, approves what waits."""

    def run(*words: str) -> str:
        done = shop.run("approvals", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("approve", run("list").split()[0], "--why", "she starts today")


def give_support(boss: Clerk, number: str) -> None:
    """Choose the role on the page of a colleague, and send the form."""
    boss.open(f"staff/{number}/")
    boss.find("#role-support").check()
    boss.find("#why").fill("new")
    boss.press("form[action$='/grant'] button.main")


@pytest.mark.parametrize(("language", "size"), [("en", Size.DESKTOP), ("zh-hans", Size.PHONE)])
def test_a_role_is_given_by_two_people_and_a_proof(
    enter: Door, guard: Guard, shop: Shop, pictures: Path | None, language: str, size: Size
) -> None:
    boss = hire(enter, shop, "administrator", mail=f"boss.people.{language}@example.com", language=language, size=size)
    eve = hire(enter, shop, mail=f"eve.people.{language}@example.com", language=language)
    number = ids.to_number(eve.account_id)
    exam = Exam(language=language, folder=pictures, of="desk-staff-", is_translation=language != "en")

    boss.open("staff/")
    exam.look(boss.page, "list")
    with guard.expecting(403):
        give_support(boss, number)
        boss.visitor.sees("Another person has to approve this")
    exam.look(boss.page, "approval")
    boss.find("#why_ask").fill("she starts today")
    boss.press("button[name=ask]")
    boss.is_told("Another person is asked to approve this. Once it is approved, do it here again.")
    approve(shop)

    give_support(boss, number)
    boss.prove()

    boss.is_told("The role is given.")
    exam.look(boss.page, "member")
    eve.open("me/")
    expect(eve.find("p .badge.good")).to_have_text(boss.visitor.said("Support"), timeout=PATIENCE_MS)
    boss.open("staff/roles/support/")
    exam.look(boss.page, "role")
    boss.open("staff/roles/new")
    exam.look(boss.page, "compose")
    assert not exam.faults, "\n".join(exam.faults)


@pytest.mark.parametrize(
    ("language", "size"), [("en", Size.DESKTOP), pytest.param("zh-hans", Size.PHONE, marks=pytest.mark.drill)]
)
def test_the_trail_is_searched_and_tells_what_was_decided(
    enter: Door, shop: Shop, pictures: Path | None, language: str, size: Size
) -> None:
    boss = hire(enter, shop, "owner", mail=f"owner.people.{language}@example.com", language=language, size=size)
    exam = Exam(language=language, folder=pictures, of="desk-", is_translation=language != "en")
    boss.open("preferences/")
    exam.look(boss.page, "preferences-list")
    boss.open("preferences/stock.low/")
    value = {"en": "7", "zh-hans": "9"}[language]
    boss.find("#value").fill(value)
    boss.find("#why").fill(f"Christmas {language}")
    boss.press("form.panel button.main")
    boss.is_told("It holds from now on.")
    exam.look(boss.page, "preferences-one")

    boss.open("trail/")
    boss.find("#what").fill("settings.")
    boss.find("#on").fill("preference:stock.low")
    boss.press("form.filters button.main")
    first = boss.find("tbody tr").first
    expect(first).to_contain_text(f"Christmas {language}", timeout=PATIENCE_MS)
    assert "what=settings." in boss.page.url
    exam.look(boss.page, "trail-list")
    boss.press(first.locator("a[data-row]"))

    expect(boss.find(".change ins").first).to_have_text(value, timeout=PATIENCE_MS)
    exam.look(boss.page, "trail-record")
    boss.open(f"customers/?q={boss.mail}")
    exam.look(boss.page, "customers-list")
    boss.open(f"customers/{ids.to_number(boss.account_id)}/")
    exam.look(boss.page, "customers-one")
    boss.open("preferences/machine")
    exam.look(boss.page, "preferences-machine")
    assert not exam.faults, "\n".join(exam.faults)
