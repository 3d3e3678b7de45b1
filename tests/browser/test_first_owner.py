"""The first evening of a shop's owner, as docs/guide/desk.md tells it: from a customer's account to the desk."""

from __future__ import annotations

from tests.browser.member import Letterbox, Member
from tests.browser.visitor import Door, Size
from tests.shop import Shop


def test_an_owner_is_made_at_the_machine_and_finds_the_desk(enter: Door, shop: Shop) -> None:
    letterbox = Letterbox(file=shop.folder / "messages" / "messages.jsonl")
    ada = Member(visitor=enter(language="en", size=Size.PHONE), letterbox=letterbox)
    ada.sign_up()
    refused = shop.run("staff", "add", ada.address)
    assert refused.returncode == 1
    assert "authenticator app" in refused.stderr
    ada.begin("totp")
    ada.prove_by_code()
    app = ada.app()
    ada.find("[name=code]").fill(app.digits())
    ada.press("form[action$='/totp/confirm'] button.main")
    ada.is_told_saved()

    for words in (("add", ada.address), ("grant", ada.address, "owner")):
        done = shop.run("staff", *words)
        assert done.returncode == 0, done.stderr

    ada.open()
    ada.is_out()
    ada.sign_in_by_code()
    ada.visitor.sees("One more step")
    ada.prove("TOTP", app.digits(ahead=1))
    ada.is_in()
    ada.press("a[href$='/desk/']")
    ada.visitor.sees("Today")
