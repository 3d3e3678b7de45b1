"""The room of customers: found, looked at on record, helped as the rules allow and no further."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evertill.domains import identity, messages, trail
from evertill.domains.access import Permission
from evertill.domains.trail import Search
from evertill.journeys import decide_approvals as deciding
from evertill.journeys.delete_customer import ask_to_delete_customer
from evertill.kernel import clock, ids
from tests.desk.clerks import Clerk, clerk, signed_in, text_of

pytestmark = pytest.mark.usefixtures("committed_db")


def page_of(one: Clerk) -> str:
    return f"customers/{ids.to_number(one.account_id)}/"


def is_open(one: Clerk) -> bool:
    return bool(identity.sessions.list_open(account_id=one.account_id, now=clock.now()))


class TestLooking:
    def test_is_for_those_who_may(self) -> None:
        eve = signed_in(mail="eve@example.com", name="Eve")

        assert clerk("fulfilment").get("customers/").status_code == 403
        assert clerk("fulfilment").get(page_of(eve)).status_code == 403

    def test_finds_and_shows_a_customer_in_both_languages(self) -> None:
        helper, eve = clerk("support"), signed_in(mail="eve@example.com", name="Eve Miller")

        found = helper.get("customers/?q=miller").content.decode()
        assert f"/en/desk/{page_of(eve)}" in found
        assert "e•••@example.com" in found
        assert "eve@example.com" not in found
        shown = helper.get(page_of(eve)).content.decode()
        assert "Eve Miller" in shown
        assert "Firefox on Linux" in shown
        assert "eve@example.com" not in shown
        assert "登录情况" in text_of(helper.get(page_of(eve), language="zh-hans"))
        assert "No account fits." in text_of(helper.get("customers/?q=nobody"))

    def test_shows_addresses_to_who_says_why_and_records_it(self) -> None:
        helper, eve = clerk("support"), signed_in(mail="eve@example.com", name="Eve")

        shown = helper.post(f"{page_of(eve)}addresses", why="she asked where her mail goes")
        silent = helper.post(f"{page_of(eve)}addresses", why=" ")

        assert "eve@example.com" in shown.content.decode()
        assert "eve@example.com" not in silent.content.decode()
        records = trail.read_records(search=Search(operation="customers.read", subject_kind="account"), limit=9)
        assert [(one.why, one.after) for one in records] == [
            ("", ""),
            ("she asked where her mail goes", '{"addresses":1}'),
        ]

    @pytest.mark.parametrize("number", ["nobody", "0000-0000-00000"])
    def test_there_is_no_page_of_nobody(self, number: str) -> None:
        assert clerk("support").get(f"customers/{number}/").status_code == 404


class TestHelping:
    def test_signs_a_customer_out_everywhere(self) -> None:
        helper, eve = clerk("support"), signed_in()

        answer: Any = helper.post(f"{page_of(eve)}sign-out", why="she lost her phone")

        assert answer.headers["Location"].endswith("?done=signed-out")
        assert not is_open(eve)
        (record,) = trail.read_records(search=Search(operation="account.end_sessions"), limit=9)
        assert (record.actor_id, record.why, json.loads(record.after)) == (
            str(helper.account_id),
            "she lost her phone",
            {"ended": 1},
        )

    def test_signs_nobody_out_who_works_here_nor_for_those_who_only_look(self) -> None:
        boss, eve = clerk("owner"), signed_in()

        assert clerk("support").post(f"{page_of(boss)}sign-out", why="x").status_code == 409
        assert clerk("auditor").post(f"{page_of(eve)}sign-out", why="x").status_code == 403
        assert (is_open(boss), is_open(eve)) == (True, True)

    def test_stops_nothing_where_nothing_is_under_way(self) -> None:
        eve = signed_in()

        answer: Any = clerk("support").post(f"{page_of(eve)}stop-recovery")

        assert answer.headers["Location"].endswith("?done=not-stopped")


class TestExport:
    def test_takes_another_person_and_a_proof_and_tells_the_customer(self) -> None:
        boss, owner, eve = clerk("administrator"), clerk("owner"), signed_in(mail="eve@example.com", name="Eve")
        path = f"{page_of(eve)}export"
        assert "Ask for approval" in text_of(boss.post(path, why="her letter"))
        boss.post(path, why="her letter", ask="1", why_ask="her letter")
        (approval,) = deciding.list_waiting(asker=owner.asker, now=clock.now(), limit=9)
        deciding.decide(asker=owner.asker, approval_id=approval.id, is_approved=True, why="", now=clock.now())
        unproved: Any = boss.post(path, why="her letter")
        assert "/account/prove" in unproved.headers["Location"]
        boss.prove(Permission.DATA_EXPORT, f"account:{eve.account_id}")

        answer: Any = boss.post(path, why="her letter")

        file = json.loads(b"".join(answer))
        assert file["addresses"][0]["address"] == "eve@example.com"
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        (record,) = trail.read_records(search=Search(operation="data.export"), limit=9)
        assert (record.subject_id, record.why) == (str(eve.account_id), "her letter")
        (told,) = messages.read_of_account(account_id=eve.account_id, limit=9)
        assert told.facts["device"] == "the shop's own desk, at your request"

    def test_is_not_for_support(self) -> None:
        eve = signed_in()

        assert clerk("support").post(f"{page_of(eve)}export", why="x").status_code == 403
        assert "Take his data out" not in text_of(clerk("support").get(page_of(eve)))


class TestMentions:
    def test_are_shown_to_who_may_delete_and_told_of_afterwards(self) -> None:
        boss, owner, eve = clerk("administrator"), clerk("owner"), signed_in(mail="eve@example.com", name="Eve Miller")
        assert "Nothing that staff typed there names him." in text_of(boss.get(f"{page_of(eve)}mentions"))
        clerk("support").post(f"{page_of(eve)}sign-out", why="Mrs Miller has lost her telephone")

        shown = text_of(boss.get(f"{page_of(eve)}mentions"))

        assert "Mrs Miller has lost her telephone" in shown
        assert "It stays" in shown
        assert "员工文字中提到该顾客之处" in text_of(boss.get(f"{page_of(eve)}mentions", language="zh-hans"))
        assert clerk("support").get(f"{page_of(eve)}mentions").status_code == 403
        assert boss.get(f"customers/{ids.to_number(7)}/mentions").status_code == 404
        asked = ask_to_delete_customer(
            asker=boss.asker, account_id=eve.account_id, request="her letter", why="", now=clock.now()
        )
        deciding.decide(asker=owner.asker, approval_id=asked.id, is_approved=True, why="", now=clock.now())
        boss.prove(Permission.CUSTOMERS_DELETE, f"account:{eve.account_id}")
        done: Any = boss.post(f"{page_of(eve)}delete", request="her letter")
        assert done.headers["Location"].endswith("/desk/customers/?done=deleted-named")
        (record,) = trail.read_records(search=Search(operation="customers.delete", outcome="DONE"), limit=2)
        (number,) = json.loads(record.after)["named_in"]
        assert "Mrs Miller has lost her telephone" in text_of(clerk("auditor").get(f"trail/{number}/"))


class TestDelete:
    def test_takes_another_person_the_same_words_and_a_proof(self) -> None:
        boss, owner, eve = clerk("administrator"), clerk("owner"), signed_in(mail="eve@example.com", name="Eve")
        path = f"{page_of(eve)}delete"
        assert "What stays, as the law wants" in text_of(boss.get(page_of(eve)))
        assert "It was not said how" in text_of(boss.post(path, request=" "))
        assert "Ask for approval" in text_of(boss.post(path, request="her letter"))
        boss.post(path, request="her letter", ask="1", why_ask="please")
        (approval,) = deciding.list_waiting(asker=owner.asker, now=clock.now(), limit=9)
        deciding.decide(asker=owner.asker, approval_id=approval.id, is_approved=True, why="", now=clock.now())
        way = f"{page_of(eve)}?approval={ids.to_number(approval.id)}"
        assert f"/desk/{way}" in boss.get(f"approvals/{ids.to_number(approval.id)}/").content.decode()
        assert 'value="her letter" readonly' in boss.get(way).content.decode()
        unproved: Any = boss.post(path, request="her letter")
        assert "/account/prove" in unproved.headers["Location"]
        boss.prove(Permission.CUSTOMERS_DELETE, f"account:{eve.account_id}")

        done: Any = boss.post(path, request="her letter")

        assert done.headers["Location"].endswith("/desk/customers/?done=deleted")
        assert boss.get(page_of(eve)).status_code == 404

    def test_is_not_for_support(self) -> None:
        eve = signed_in()

        assert clerk("support").post(f"{page_of(eve)}delete", request="x").status_code == 403
        assert "Delete his account" not in text_of(clerk("support").get(page_of(eve)))
