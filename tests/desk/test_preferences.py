"""The room of settings: read, changed, gone back to; by two people where it matters."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from evertill.domains import preferences
from evertill.domains.access import Permission
from evertill.domains.preferences import DECLARED, Name
from evertill.entry.desk.preferences.words import GROUPS, SAYS, TITLES
from evertill.journeys import decide_approvals as deciding
from evertill.journeys.read_preference import shop_name
from evertill.kernel import clock
from tests.desk.clerks import clerk, text_of

pytestmark = pytest.mark.usefixtures("committed_db")


class TestWords:
    def test_name_everything_once_as_the_table_says_it(self) -> None:
        assert {name: str(says) for name, says in SAYS.items()} == {
            name: declared.says for name, declared in DECLARED.items()
        }
        assert set(TITLES) == set(Name)
        assert sorted(name for _, names in GROUPS for name in names) == sorted(Name)


class TestSettings:
    def test_are_for_those_who_may_change_them(self) -> None:
        assert clerk("support").get("preferences/").status_code == 403
        assert clerk("auditor").get("preferences/machine").status_code == 403
        assert clerk("administrator").get("preferences/").status_code == 200

    def test_show_what_holds_in_both_languages(self) -> None:
        ada = clerk("administrator")

        assert "Name of the shop" in text_of(ada.get("preferences/"))
        assert "店铺名称" in text_of(ada.get("preferences/", language="zh-hans"))
        assert "剩余件数不多于此数时" in text_of(ada.get("preferences/stock.low/", language="zh-hans"))

    def test_are_changed_at_once_and_gone_back_to(self) -> None:
        ada = clerk("administrator")

        answer: Any = ada.post("preferences/shop.name/", value="Tea House", why="our name", seen="0")
        assert answer.headers["Location"] == "/en/desk/preferences/shop.name/?done=changed"
        shown = text_of(ada.get("preferences/shop.name/?done=changed"))
        assert "It holds from now on." in shown
        assert "our name" in shown
        assert "Ada" in shown
        home: Any = Client().get("/en/")
        assert "Tea House" in text_of(home)

        ada.post("preferences/shop.name/", value="Tea Room", why="", seen="1")
        ada.post("preferences/shop.name/", value="Tea House", why="as it was in version 1", seen="2")
        assert shop_name() == "Tea House"
        assert preferences.read_one(Name.SHOP_NAME).version == 3

    def test_tell_what_cannot_be_saved_and_keep_what_was_typed(self) -> None:
        answer = clerk("administrator").post("preferences/stock.low/", value="many", why="", seen="0")

        assert answer.status_code == 422
        assert 'value="many"' in answer.content.decode()
        assert "This cannot be saved so." in text_of(answer)
        assert preferences.number(Name.STOCK_LOW) == 5

    def test_tell_whoever_was_slower(self) -> None:
        ada = clerk("administrator")
        ada.post("preferences/stock.low/", value="7", why="", seen="0")

        answer = ada.post("preferences/stock.low/", value="8", why="", seen="0")

        assert answer.status_code == 409
        assert preferences.number(Name.STOCK_LOW) == 7

    def test_do_not_exist_that_nobody_declared(self) -> None:
        assert clerk("administrator").get("preferences/shop.owner/").status_code == 404

    def test_that_guard_money_take_another_person_and_a_proof(self) -> None:
        ada, bob = clerk("administrator"), clerk("finance")
        path = "preferences/refunds.alone-max/"
        first = ada.post(path, value="90000", why="sale", seen="0")
        assert first.status_code == 403
        assert "Ask for approval" in text_of(first)
        asked: Any = ada.post(path, value="90000", why="sale", seen="0", ask="1", why_ask="sale")
        assert asked.headers["Location"] == f"/en/desk/{path}?done=asked&value=90000"
        assert 'value="90000"' in ada.get(f"{path}?done=asked&value=90000").content.decode()
        (approval,) = deciding.list_waiting(asker=bob.asker, now=clock.now(), limit=9)
        deciding.decide(asker=bob.asker, approval_id=approval.id, is_approved=True, why="", now=clock.now())

        unproved: Any = ada.post(path, value="90000", why="sale", seen="0")
        assert "/account/prove" in unproved.headers["Location"]
        assert preferences.number(Name.REFUND_ALONE_MAX) == 20_000
        ada.prove(Permission.SETTINGS_EDIT, "preference:refunds.alone-max")
        ada.post(path, value="90000", why="sale", seen="0")

        assert preferences.number(Name.REFUND_ALONE_MAX) == 90_000

    def test_of_the_machine_are_shown_without_what_opens_something(self) -> None:
        page = clerk("administrator").get("preferences/machine")

        assert "EVERTILL_ORDER_LINES_MAX" in text_of(page)
        assert "postgresql://" not in page.content.decode()
        assert text_of(page).count("Secret") >= 5
