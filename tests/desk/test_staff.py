"""The room of staff and roles: who works here, given by whom; nothing is given by one person alone."""

from __future__ import annotations

from typing import Any

import pytest

from evertill.domains import access, identity
from evertill.domains.access import Permission
from evertill.kernel import clock, db, ids
from tests.desk.clerks import Clerk, approve, clerk, signed_in, text_of
from tests.people import app_code

pytestmark = pytest.mark.usefixtures("committed_db")


def roles_of(one: Clerk) -> list[str]:
    return [role.name for role in access.read_holder(account_id=one.account_id).roles]


class TestList:
    def test_is_for_those_who_may_see_who_works_here(self) -> None:
        assert clerk("support").get("staff/").status_code == 403
        page = text_of(clerk("auditor").get("staff/"))
        assert "Who works for the shop" in page
        assert "Somebody new" not in page

    def test_says_who_works_here_in_both_languages(self) -> None:
        boss = clerk("administrator")

        page = text_of(boss.get("staff/"))
        assert f"{boss.account_id}@example.com" in page
        assert "Administrator" in page
        assert "Passkey" in page
        assert "谁在店铺工作" in text_of(boss.get("staff/", language="zh-hans"))

    def test_takes_somebody_new_who_has_what_staff_need(self) -> None:
        boss, new = clerk("administrator"), signed_in(mail="eve@example.com", name="Eve")
        weak = boss.post("staff/new", address="eve@example.com")
        assert weak.status_code == 409
        assert "neither a passkey nor an authenticator app" in text_of(weak)
        now = clock.now()
        with db.write():
            secret = identity.totp.begin(account_id=new.account_id, now=now)
            assert identity.totp.confirm(account_id=new.account_id, code=app_code(secret, now), now=now)

        unproved: Any = boss.post("staff/new", address="eve@example.com")
        assert "/account/prove" in unproved.headers["Location"]
        boss.prove(Permission.ACCESS_GRANT, f"account:{new.account_id}")
        done: Any = boss.post("staff/new", address="eve@example.com")

        assert done.headers["Location"] == f"/en/desk/staff/{ids.to_number(new.account_id)}/?done=added"
        assert access.is_staff(account_id=new.account_id)
        assert "This account has no role yet" in text_of(boss.get(f"staff/{ids.to_number(new.account_id)}/"))

    def test_tells_of_an_address_that_nobody_has(self) -> None:
        answer = clerk("administrator").post("staff/new", address="nobody@example.com")

        assert answer.status_code == 404
        assert 'value="nobody@example.com"' in answer.content.decode()


class TestGiving:
    def test_takes_another_person_and_a_proof(self) -> None:
        boss, owner, eve = clerk("administrator"), clerk("owner"), clerk()
        number = ids.to_number(eve.account_id)
        form = {"role": "support", "why": "new", "seen": "customer"}

        first = boss.post(f"staff/{number}/grant", **form)
        assert (first.status_code, "Ask for approval" in text_of(first)) == (403, True)
        asked: Any = boss.post(f"staff/{number}/grant", **form, ask="1", why_ask="new")
        assert asked.headers["Location"] == f"/en/desk/staff/{number}/?done=asked"
        approve(owner)
        unproved: Any = boss.post(f"staff/{number}/grant", **form)
        assert "/account/prove" in unproved.headers["Location"]
        assert roles_of(eve) == ["customer"]
        boss.prove(Permission.ACCESS_GRANT, f"account:{eve.account_id}")
        boss.post(f"staff/{number}/grant", **form)

        assert roles_of(eve) == ["customer", "support"]
        page = text_of(boss.get(f"staff/{number}/"))
        assert "Given by whom, and why" in page
        assert "new" in page

    def test_says_why_a_role_cannot_be_given(self) -> None:
        boss, eve = clerk("administrator"), clerk()

        page = boss.get(f"staff/{ids.to_number(eve.account_id)}/").content.decode()

        assert 'id="role-owner" name="role" value="owner" required disabled' in page
        assert "Nobody gives, takes or approves what he does not hold himself." in page
        assert 'id="role-support" name="role" value="support" required>' in page

    def test_nobody_gives_himself_a_role(self) -> None:
        boss = clerk("administrator")

        page = text_of(boss.get(f"staff/{ids.to_number(boss.account_id)}/"))
        answer = boss.post(f"staff/{ids.to_number(boss.account_id)}/grant", role="support", why="", seen="")

        assert "Give a role" not in page
        assert answer.status_code == 403

    def test_tells_whoever_saw_older_roles(self) -> None:
        boss, eve = clerk("administrator"), clerk("fulfilment")

        answer = boss.post(f"staff/{ids.to_number(eve.account_id)}/grant", role="support", why="", seen="customer")

        assert answer.status_code == 409
        assert roles_of(eve) == ["customer", "fulfilment"]

    def test_one_gives_up_ones_own_alone(self) -> None:
        boss = clerk("administrator", "fulfilment")
        number = ids.to_number(boss.account_id)

        assert "Give it up" in text_of(boss.get(f"staff/{number}/"))
        boss.prove(Permission.ACCESS_GRANT, f"account:{boss.account_id}")
        boss.post(f"staff/{number}/revoke", role="fulfilment", why="enough", seen="")

        assert roles_of(boss) == ["customer", "administrator"]

    def test_an_account_is_a_customers_again_once_it_has_no_role(self) -> None:
        boss, eve, dan = clerk("administrator"), clerk("support"), clerk()
        refused = boss.post(f"staff/{ids.to_number(eve.account_id)}/remove")
        assert refused.status_code == 409
        boss.prove(Permission.ACCESS_GRANT, f"account:{dan.account_id}")

        boss.post(f"staff/{ids.to_number(dan.account_id)}/remove")

        assert not access.is_staff(account_id=dan.account_id)
        assert access.is_staff(account_id=eve.account_id)

    @pytest.mark.parametrize("number", ["nobody", "0000-0000-00000", "0F3K-8ZQM-2RTVC"])
    def test_there_is_no_page_of_nobody(self, number: str) -> None:
        assert clerk("administrator").get(f"staff/{number}/").status_code == 404


class TestRoles:
    def test_say_what_they_allow(self) -> None:
        boss = clerk("administrator")

        assert "comes with the shop" in text_of(boss.get("staff/roles/"))
        assert "Compose a role" in text_of(boss.get("staff/roles/"))
        assert "Compose a role" not in text_of(clerk("auditor").get("staff/roles/"))
        page = text_of(boss.get("staff/roles/support/"))
        assert "Make an order by hand for a customer." in page
        assert "为顾客人工创建订单。" in text_of(boss.get("staff/roles/support/", language="zh-hans"))
        assert boss.get("staff/roles/king/").status_code == 404

    def test_are_composed_shown_as_a_difference_approved_and_made(self) -> None:
        boss, owner = clerk("administrator"), clerk("owner")
        form = {"name": "night-shift", "says": "At night.", "permission": ["orders.read", "stock.edit"]}
        assert 'value="access.own"' not in boss.get("staff/roles/new").content.decode()
        look = text_of(boss.post("staff/roles/new", **form, step="look"))
        assert "It would allow" in look
        assert "See any order, with what its customer left to be reached by." in look
        assert boss.post("staff/roles/new", **form, step="save").status_code == 403
        boss.post("staff/roles/new", **form, step="save", ask="1", why_ask="nights")
        approve(owner)
        boss.prove(Permission.ACCESS_DEFINE, "role:night-shift")

        done: Any = boss.post("staff/roles/new", **form, step="save", why="nights")

        assert done.headers["Location"] == "/en/desk/staff/roles/night-shift/?done=defined"
        assert access.read_role(name="night-shift").permissions == {"orders.read", "stock.edit"}
        changed = text_of(
            boss.post(
                "staff/roles/night-shift/change", says="At night.", permission=["orders.read"], seen="1", step="look"
            )
        )
        assert "It would no longer allow" in changed
        assert "It would allow" not in changed

    def test_that_come_with_the_shop_are_not_changed(self) -> None:
        assert clerk("owner").get("staff/roles/support/change").status_code == 404

    def test_carry_every_permission_through_a_proof(self) -> None:
        boss, owner = clerk("administrator"), clerk("owner")
        form = {"name": "night", "says": "", "permission": ["orders.read", "stock.edit"], "step": "save"}
        boss.post("staff/roles/new", **form, ask="1", why_ask="nights")
        approve(owner)

        led: Any = boss.post("staff/roles/new", **form, why="nights")
        errand = boss.browser.get(led.headers["Location"]).content.decode()

        assert "errand" in errand
        assert led.status_code == 303
