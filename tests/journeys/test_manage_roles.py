"""Roles: given and taken within what one holds, approved by another person, recorded, and never lost silently."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

import pytest
from django.db import transaction
from psycopg.errors import CheckViolation

from evertill.domains import access, trail
from evertill.domains.access import Objection, Permission, Thing
from evertill.domains.approvals import ApprovalNotOpen, ApprovalRequired, TooManyAsked
from evertill.domains.trail import Search, Subject
from evertill.journeys import decide_approvals as deciding
from evertill.journeys import manage_roles as roles
from evertill.journeys.manage_staff import NotStaff
from evertill.journeys.manage_tokens import ask_to_issue_token, issue_token
from evertill.journeys.permitted import Asker, Forbidden, Wish, approved, permitted
from evertill.journeys.step_up import StepUpRequired
from evertill.kernel import config, db
from evertill.kernel.versions import ChangedMeanwhile
from tests import tables
from tests.askers import MACHINE, customer, proves, staff
from tests.builders import NOON
from tests.threads import together

pytestmark = pytest.mark.usefixtures("committed_db")

ADA, BOB, EVE, DAN = 1, 2, 3, 4
LATER = NOON + dt.timedelta(minutes=5)
P = Permission


def names(account_id: int) -> list[str]:
    return [role.name for role in access.read_holder(account_id=account_id).roles]


def recorded(**asked: str) -> list[tuple[str, str, str, str]]:
    found = trail.read_records(search=Search(**asked), limit=50)  # type: ignore[arg-type]
    in_turn = sorted(found, key=lambda one: (one.chain, one.seq))
    return [(one.operation, one.subject_id, one.outcome, one.actor_id) for one in in_turn]


def decide(asker: Asker, approval_id: int, *, is_approved: bool = True, now: dt.datetime = NOON) -> None:
    deciding.decide(asker=asker, approval_id=approval_id, is_approved=is_approved, why="", now=now)


class TestHolder:
    def test_has_what_was_given_and_what_everybody_has(self) -> None:
        staff(ADA, "support", "fulfilment")

        assert sorted(names(ADA)) == ["customer", "fulfilment", "support"]
        assert access.may(access.read_holder(account_id=ADA), P.STOCK_EDIT)
        assert names(BOB) == ["customer"]

    def test_has_nothing_any_more_once_it_is_no_longer_staff(self) -> None:
        staff(ADA, "owner")
        with db.write():
            access.remove_staff(account_id=ADA)

        assert names(ADA) == ["customer"]
        assert access.count_owners() == 0

    def test_has_nothing_of_a_role_that_is_gone(self) -> None:
        staff(ADA)
        with db.write():
            access.grant_role(account_id=ADA, role="of-a-later-release", by="OPERATOR:root", why="", now=NOON)

        assert names(ADA) == ["customer"]


class TestByTheOperator:
    def test_needs_nobody_else_and_is_recorded(self) -> None:
        staff(ADA)

        roles.grant_role(asker=MACHINE, account_id=ADA, role="owner", why="opens the shop", now=NOON)

        assert names(ADA) == ["customer", "owner"]
        (grant,) = roles.list_grants(account_id=ADA)
        assert (grant.role, grant.granted_by, grant.why) == ("owner", "OPERATOR:root", "opens the shop")
        (record,) = trail.read_records(search=Search(operation="access.grant_role"), limit=2)
        assert (record.subject_id, json.loads(record.before), json.loads(record.after)) == (
            str(ADA),
            {"roles": ["customer"]},
            {"roles": ["customer", "owner"]},
        )

    def test_is_only_to_those_who_work_for_the_shop(self) -> None:
        with pytest.raises(NotStaff):
            roles.grant_role(asker=MACHINE, account_id=ADA, role="support", why="", now=NOON)

        assert tables.count("access_role_grant") == 0

    def test_leaves_an_owner(self) -> None:
        staff(ADA, "owner")

        with pytest.raises(Forbidden) as refused:
            roles.revoke_role(asker=MACHINE, account_id=ADA, role="owner", why="", now=NOON)

        assert refused.value.objection is Objection.LAST_OWNER
        assert names(ADA) == ["customer", "owner"]
        assert recorded() == [("access.grant", str(ADA), "REFUSED", "root")]

    def test_tells_what_is_so_already(self) -> None:
        staff(ADA, "support")

        with pytest.raises(roles.RoleUnchanged):
            roles.grant_role(asker=MACHINE, account_id=ADA, role="support", why="", now=NOON)
        with pytest.raises(roles.RoleUnchanged):
            roles.revoke_role(asker=MACHINE, account_id=ADA, role="finance", why="", now=NOON)
        with pytest.raises(access.UnknownRole):
            roles.grant_role(asker=MACHINE, account_id=ADA, role="king", why="", now=NOON)

        assert recorded() == []


class TestByStaff:
    def test_is_asked_for_approved_by_another_and_then_done_once(self) -> None:
        boss, owner = staff(ADA, "administrator"), staff(BOB, "owner")
        staff(EVE)
        with pytest.raises(ApprovalRequired):
            roles.grant_role(asker=boss, account_id=EVE, role="support", why="new", now=NOON)

        asked = roles.ask_to_grant_role(asker=boss, account_id=EVE, role="support", why="new", now=NOON)
        again = roles.ask_to_grant_role(asker=boss, account_id=EVE, role="support", why="new", now=LATER)
        decide(owner, asked.id)
        with pytest.raises(StepUpRequired):
            roles.grant_role(asker=boss, account_id=EVE, role="support", why="new", now=LATER)
        proves(boss, P.ACCESS_GRANT, f"account:{EVE}", now=LATER)
        roles.grant_role(asker=boss, account_id=EVE, role="support", why="new", now=LATER)

        assert again.id == asked.id
        assert names(EVE) == ["customer", "support"]
        (grant,) = roles.list_grants(account_id=EVE)
        assert grant.granted_by == "STAFF:1"
        assert recorded() == [
            ("approvals.ask", str(asked.id), "DONE", "1"),
            ("approvals.approve", str(asked.id), "DONE", "2"),
            ("access.grant_role", str(EVE), "DONE", "1"),
        ]
        (record,) = trail.read_records(search=Search(operation="access.grant_role"), limit=2)
        assert json.loads(record.after) == {"roles": ["customer", "support"], "approved_by": "STAFF:2"}
        # Spent: taking the role away and giving it once more needs another approval.
        roles.revoke_role(asker=MACHINE, account_id=EVE, role="support", why="", now=LATER)
        with pytest.raises(ApprovalRequired):
            roles.grant_role(asker=boss, account_id=EVE, role="support", why="new", now=LATER)

    def test_an_approval_is_of_one_role_for_one_account_by_one_asker(self) -> None:
        boss, other, owner = staff(ADA, "administrator"), staff(DAN, "administrator"), staff(BOB, "owner")
        staff(EVE)
        staff(5)
        decide(owner, roles.ask_to_grant_role(asker=boss, account_id=EVE, role="support", why="", now=NOON).id)

        for asker, account_id, role in ((boss, EVE, "fulfilment"), (boss, 5, "support"), (other, EVE, "support")):
            with pytest.raises(ApprovalRequired):
                roles.grant_role(asker=asker, account_id=account_id, role=role, why="", now=NOON)

        proves(boss, P.ACCESS_GRANT, f"account:{EVE}")
        roles.grant_role(asker=boss, account_id=EVE, role="support", why="", now=NOON)

    @pytest.mark.parametrize(
        ("role", "account_id", "objection"),
        [
            ("finance", EVE, Objection.NOT_HELD),
            ("owner", EVE, Objection.NOT_HELD),
            ("support", ADA, Objection.SELF),
            ("customer", EVE, Objection.NOT_GIVABLE),
        ],
    )
    def test_what_may_not_be_cannot_even_be_asked_for(self, role: str, account_id: int, objection: Objection) -> None:
        boss = staff(ADA, "administrator")
        staff(EVE)

        for act in (roles.ask_to_grant_role, roles.grant_role):
            with pytest.raises(Forbidden) as refused:
                act(asker=boss, account_id=account_id, role=role, why="", now=NOON)
            assert refused.value.objection is objection

        assert tables.count("approvals_approval") == 0
        assert recorded() == [("access.grant", str(account_id), "REFUSED", "1")] * 2

    @pytest.mark.parametrize("asker", [lambda: staff(ADA, "support"), lambda: customer(ADA)])
    def test_needs_leave(self, asker: Callable[[], Asker]) -> None:
        staff(EVE)

        with pytest.raises(Forbidden):
            roles.grant_role(asker=asker(), account_id=EVE, role="support", why="", now=NOON)

        (record,) = trail.read_records(search=Search(outcome="REFUSED"), limit=2)
        assert (record.operation, record.subject_kind, record.subject_id) == ("access.grant", "account", str(EVE))

    def test_one_gives_up_ones_own_alone_but_no_thief_of_a_session_does(self) -> None:
        boss = staff(ADA, "administrator", "support")
        with pytest.raises(StepUpRequired):
            roles.revoke_role(asker=boss, account_id=ADA, role="support", why="enough", now=NOON)
        assert names(ADA) == ["customer", "administrator", "support"]

        proves(boss, P.ACCESS_GRANT, f"account:{ADA}")
        roles.revoke_role(asker=boss, account_id=ADA, role="support", why="enough", now=NOON)

        assert names(ADA) == ["customer", "administrator"]

    def test_taking_needs_approval_by_somebody_whom_it_is_not_about(self) -> None:
        one, other, third = staff(ADA, "owner"), staff(BOB, "owner"), staff(EVE, "owner")
        asked = roles.ask_to_revoke_role(asker=one, account_id=BOB, role="owner", why="left", now=NOON)
        for nobody in (one, other):
            with pytest.raises(Forbidden) as refused:
                decide(nobody, asked.id)
            assert refused.value.objection is Objection.SELF

        decide(third, asked.id)
        proves(one, P.ACCESS_GRANT, f"account:{BOB}")
        roles.revoke_role(asker=one, account_id=BOB, role="owner", why="left", now=NOON)

        assert names(BOB) == ["customer"]


class TestApproval:
    @staticmethod
    def asked() -> tuple[Asker, Asker, int]:
        boss, owner = staff(ADA, "administrator"), staff(BOB, "owner")
        staff(EVE)
        asked = roles.ask_to_grant_role(asker=boss, account_id=EVE, role="support", why="", now=NOON)
        return boss, owner, asked.id

    def test_that_is_refused_helps_nobody(self) -> None:
        boss, owner, approval_id = self.asked()

        decide(owner, approval_id, is_approved=False)

        with pytest.raises(ApprovalRequired):
            roles.grant_role(asker=boss, account_id=EVE, role="support", why="", now=NOON)
        with pytest.raises(ApprovalNotOpen):
            decide(owner, approval_id)
        assert recorded(operation="approvals.refuse") == [("approvals.refuse", str(approval_id), "DONE", "2")]

    def test_grows_too_old_before_and_after_it_is_given(self) -> None:
        boss, owner, approval_id = self.asked()
        old = NOON + dt.timedelta(hours=config.get().approval_h)
        with pytest.raises(ApprovalNotOpen):
            decide(owner, approval_id, now=old)
        decide(owner, approval_id, now=old - dt.timedelta(seconds=1))

        with pytest.raises(ApprovalRequired):
            roles.grant_role(asker=boss, account_id=EVE, role="support", why="", now=old)

        assert names(EVE) == ["customer"]
        anew = roles.ask_to_grant_role(asker=boss, account_id=EVE, role="support", why="", now=old)
        assert anew.id != approval_id

    def test_is_worth_nothing_when_who_gave_it_may_no_longer(self) -> None:
        boss, owner, approval_id = self.asked()
        decide(owner, approval_id)
        staff(DAN, "owner")
        roles.revoke_role(asker=MACHINE, account_id=BOB, role="owner", why="left", now=NOON)

        with pytest.raises(ApprovalRequired):
            roles.grant_role(asker=boss, account_id=EVE, role="support", why="", now=NOON)

        # Not spent, either: should he be an owner again, it counts.
        roles.grant_role(asker=MACHINE, account_id=BOB, role="owner", why="back", now=NOON)
        proves(boss, P.ACCESS_GRANT, f"account:{EVE}")
        roles.grant_role(asker=boss, account_id=EVE, role="support", why="", now=NOON)

    def test_is_worth_nothing_when_who_asked_may_no_longer(self) -> None:
        boss, owner, approval_id = self.asked()
        decide(owner, approval_id)
        roles.revoke_role(asker=MACHINE, account_id=ADA, role="administrator", why="left", now=NOON)

        with pytest.raises(Forbidden):
            roles.grant_role(asker=boss, account_id=EVE, role="support", why="", now=NOON)

    def test_is_not_given_to_a_role_that_was_changed_meanwhile(self) -> None:
        boss, owner = staff(ADA, "administrator"), staff(BOB, "owner")
        staff(EVE)
        roles.define_role(
            asker=MACHINE, name="night", says="", permissions=[P.ORDERS_READ], seen=None, why="", now=NOON
        )
        decide(owner, roles.ask_to_grant_role(asker=boss, account_id=EVE, role="night", why="", now=NOON).id)
        roles.define_role(
            asker=MACHINE,
            name="night",
            says="",
            permissions=[P.ORDERS_READ, P.CUSTOMERS_READ],
            seen=roles.find_role(name="night"),
            why="",
            now=NOON,
        )

        with pytest.raises(ApprovalRequired):
            roles.grant_role(asker=boss, account_id=EVE, role="night", why="", now=NOON)

    def test_is_spent_once_however_many_come_at_once(self) -> None:
        boss, owner = staff(ADA, "administrator"), staff(BOB, "owner")
        wish = Wish(permission=P.BACKUPS_RESTORE, subject=Subject(kind="backup", id="7"), content={"to": "live"})
        lone = staff(DAN, "administrator")
        decide(owner, deciding.ask(asker=boss, wish=wish, why="", now=NOON).id)

        def spend() -> str:
            try:
                with db.write():
                    return approved(asker=boss, wish=wish, now=NOON)
            except ApprovalRequired:
                return "refused"

        assert sorted(together(*[spend] * 8)) == ["STAFF:2", *["refused"] * 7]
        with pytest.raises(ApprovalRequired), db.write():
            approved(asker=lone, wish=wish, now=NOON)

    def test_is_undone_with_what_it_was_spent_for(self) -> None:
        boss, owner = staff(ADA, "administrator"), staff(BOB, "owner")
        wish = Wish(permission=P.BACKUPS_RESTORE, subject=Subject(kind="backup", id="7"), content={})
        decide(owner, deciding.ask(asker=boss, wish=wish, why="", now=NOON).id)

        def fail() -> None:
            with db.write():
                approved(asker=boss, wish=wish, now=NOON)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        with db.write():
            assert approved(asker=boss, wish=wish, now=NOON) == "STAFF:2"

    def test_waits_only_so_often(self, monkeypatch: pytest.MonkeyPatch) -> None:
        boss = staff(ADA, "administrator")
        wishes = [
            Wish(permission=P.BACKUPS_RESTORE, subject=Subject(kind="backup", id=str(n)), content={}) for n in range(51)
        ]
        for wish in wishes[:50]:
            deciding.ask(asker=boss, wish=wish, why="", now=NOON)

        with pytest.raises(TooManyAsked):
            deciding.ask(asker=boss, wish=wishes[50], why="", now=NOON)

    def test_can_be_withdrawn_by_who_asked_alone(self) -> None:
        boss, owner, approval_id = self.asked()
        with pytest.raises(ApprovalNotOpen):
            deciding.withdraw(asker=owner, approval_id=approval_id, now=NOON)

        deciding.withdraw(asker=boss, approval_id=approval_id, now=NOON)

        with pytest.raises(ApprovalNotOpen):
            decide(owner, approval_id)

    def test_is_listed_to_those_who_may_decide_it_and_to_who_asked(self) -> None:
        boss, owner, approval_id = self.asked()
        others = [staff(5, "finance"), staff(6, "administrator"), customer(EVE)]

        for asker in (boss, owner, MACHINE):
            assert [one.id for one in deciding.list_waiting(asker=asker, now=NOON, limit=9)] == [approval_id]
        for asker in others:
            assert deciding.list_waiting(asker=asker, now=NOON, limit=9) == []

    def test_is_not_hidden_behind_a_heap_of_others(self) -> None:
        boss, support, finance = staff(ADA, "administrator"), staff(EVE, "support"), staff(BOB, "finance")
        for n in range(5):
            heap = Wish(permission=P.BACKUPS_RESTORE, subject=Subject(kind="backup", id=str(n)), content={})
            deciding.ask(asker=boss, wish=heap, why="", now=NOON)
        wish = Wish(permission=P.ORDERS_REFUND, subject=Subject(kind="order", id="R1"), content={"amount": 9_000})
        asked = deciding.ask(asker=support, wish=wish, why="", now=LATER)

        found = deciding.list_waiting(asker=finance, now=LATER, limit=3)

        assert [one.id for one in found] == [asked.id]
        assert len(deciding.list_waiting(asker=boss, now=LATER, limit=3)) == 3

    def test_by_who_asked_is_refused_by_the_database_too(self) -> None:
        _boss, _owner, approval_id = self.asked()

        with pytest.raises(CheckViolation, match="approvals_approval_four_eyes"), transaction.atomic():
            db.execute(
                "update approvals_approval set state = 'APPROVED', decided_by = asked_by, decided_at = now()"
                " where id = %s",
                (approval_id,),
            )


class TestDefine:
    def test_a_role_of_the_shops_own_is_composed_and_given(self) -> None:
        boss, owner = staff(ADA, "administrator"), staff(BOB, "owner")
        staff(EVE)
        wanted = [P.ORDERS_READ, P.STOCK_EDIT]
        asked = roles.ask_to_define_role(
            asker=boss, name="night-shift", says="At night.", permissions=wanted, why="", now=NOON
        )
        decide(owner, asked.id)
        proves(boss, P.ACCESS_DEFINE, "role:night-shift")

        made = roles.define_role(
            asker=boss, name="night-shift", says="At night.", permissions=wanted, seen=None, why="", now=NOON
        )

        assert (made.permissions, made.says, made.version) == (frozenset(wanted), "At night.", 1)
        roles.grant_role(asker=MACHINE, account_id=EVE, role="night-shift", why="", now=NOON)
        assert access.may(access.read_holder(account_id=EVE), P.STOCK_EDIT)
        assert [role.name for role in roles.list_roles()][-2:] == ["owner", "night-shift"]

    def test_a_change_reaches_those_who_have_it_so_nobody_changes_his_own(self) -> None:
        boss = staff(ADA, "administrator")
        define = lambda *allowed, asker=MACHINE: roles.define_role(  # noqa: E731
            asker=asker,
            name="night",
            says="",
            permissions=allowed,
            seen=roles.find_role(name="night"),
            why="",
            now=NOON,
        )
        define(P.ORDERS_READ)
        roles.grant_role(asker=MACHINE, account_id=ADA, role="night", why="", now=NOON)

        with pytest.raises(Forbidden) as refused:
            define(P.ORDERS_READ, P.STOCK_EDIT, asker=boss)

        assert refused.value.objection is Objection.SELF
        define(P.ORDERS_READ, P.STOCK_EDIT)
        assert access.may(access.read_holder(account_id=ADA), P.STOCK_EDIT)

    @pytest.mark.parametrize("name", ["Night", "night shift", "", "x" * 41])
    def test_refuses_names_that_do_not_print_well(self, name: str) -> None:
        with pytest.raises(access.RoleNameInvalid):
            roles.define_role(asker=MACHINE, name=name, says="", permissions=[], seen=None, why="", now=NOON)


class TestTwoAtOnce:
    def test_the_second_is_told_what_the_first_has_changed_and_nothing_is_lost(self) -> None:
        roles.define_role(
            asker=MACHINE, name="night", says="", permissions=[P.ORDERS_READ], seen=None, why="", now=NOON
        )
        seen = roles.find_role(name="night")

        def change(*allowed: Permission) -> str:
            try:
                roles.define_role(
                    asker=MACHINE, name="night", says="", permissions=allowed, seen=seen, why="", now=NOON
                )
            except ChangedMeanwhile as told:
                return str(told.facts["changes"]["permissions"][1])
            return "done"

        said = together(lambda: change(P.ORDERS_READ, P.STOCK_EDIT), lambda: change(P.ORDERS_READ, P.CUSTOMERS_READ))

        now = roles.find_role(name="night")
        assert now is not None
        assert max(said) == "done"
        # Who came second reads what it is now, which is what the first one wanted.
        assert min(said) == str(sorted(now.permissions))
        assert now.version == 2
        assert len(recorded(operation="access.define_role")) == 2

    def test_two_who_make_the_same_new_role_are_told_apart(self) -> None:
        def make(*allowed: Permission) -> bool:
            try:
                roles.define_role(
                    asker=MACHINE, name="night", says="", permissions=allowed, seen=None, why="", now=NOON
                )
            except ChangedMeanwhile:
                return False
            return True

        made = together(lambda: make(P.ORDERS_READ), lambda: make(P.STOCK_EDIT))

        assert sorted(made) == [False, True]

    def test_roles_of_one_account_are_compared_with_what_was_seen(self) -> None:
        staff(ADA)
        roles.grant_role(asker=MACHINE, account_id=ADA, role="support", why="", seen=["customer"], now=NOON)

        with pytest.raises(ChangedMeanwhile) as told:
            roles.grant_role(asker=MACHINE, account_id=ADA, role="fulfilment", why="", seen=["customer"], now=NOON)

        assert told.value.facts["changes"] == {"roles": (["customer"], ["customer", "support"])}
        assert names(ADA) == ["customer", "support"]

    def test_two_owners_who_leave_at_once_leave_one(self) -> None:
        one, other = staff(ADA, "owner"), staff(BOB, "owner")
        for asker in (one, other):
            proves(asker, P.ACCESS_GRANT, f"account:{asker.account_id}")

        def leave(asker: Asker) -> str:
            try:
                roles.revoke_role(asker=asker, account_id=asker.account_id or 0, role="owner", why="", now=NOON)
            except Forbidden as refused:
                return refused.objection.name
            return "left"

        assert sorted(together(lambda: leave(one), lambda: leave(other))) == ["LAST_OWNER", "left"]
        assert access.count_owners() == 1

    def test_two_grants_that_do_not_go_together_end_with_one(self) -> None:
        staff(EVE)

        def grant(role: str) -> str:
            try:
                roles.grant_role(asker=MACHINE, account_id=EVE, role=role, why="", now=NOON)
            except Forbidden as refused:
                return refused.objection.name
            return "given"

        assert sorted(together(lambda: grant("support"), lambda: grant("finance"))) == ["TOGETHER", "given"]
        assert len(names(EVE)) == 2


class TestPermitted:
    def test_does_and_undoes_all_together(self) -> None:
        boss = staff(ADA, "support")
        subject = Subject(kind="order", id="7")

        def fail() -> None:
            with permitted(asker=boss, permission=P.ORDERS_CANCEL, subject=subject, now=NOON):
                trail.write(actor=boss.actor, operation="orders.cancel", subject=subject, now=NOON)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()

        assert recorded() == []

    def test_a_refusal_of_the_block_itself_leaves_the_record_and_nothing_else(self) -> None:
        boss = staff(ADA, "support")
        subject = Subject(kind="order", id="7")

        def refuse() -> None:
            with permitted(asker=boss, permission=P.ORDERS_CANCEL, subject=subject, now=NOON):
                trail.write(actor=boss.actor, operation="orders.cancel", subject=subject, now=NOON)
                raise Forbidden(Objection.TOGETHER, permission=P.ORDERS_CANCEL)

        with pytest.raises(Forbidden):
            refuse()

        (record,) = trail.read_records(search=Search(), limit=2)
        assert (record.operation, record.outcome, record.why) == (
            "orders.cancel",
            "REFUSED",
            Objection.TOGETHER.value,
        )
        assert (record.roles, record.factors) == ("support", "PASSKEY")

    def test_staff_do_not_decide_about_their_own_order(self) -> None:
        boss = staff(ADA, "support")

        def cancel(owner: int) -> None:
            thing = Thing(kind="order", id="7", owner=owner)
            subject = Subject(kind="order", id="7")
            with permitted(asker=boss, permission=P.ORDERS_CANCEL, subject=subject, thing=thing, now=NOON):
                pass

        cancel(BOB)
        with pytest.raises(Forbidden):
            cancel(ADA)


class TestTokens:
    def test_are_issued_by_staff_within_what_they_may_and_once_approved(self) -> None:
        boss, owner = staff(ADA, "administrator"), staff(BOB, "owner")
        issue = lambda *scopes: issue_token(asker=boss, name="till", scopes=scopes, now=NOON)  # noqa: E731
        with pytest.raises(ApprovalRequired):
            issue(access.Scope.ORDERS_READ)

        asked = ask_to_issue_token(asker=boss, name="till", scopes=[access.Scope.ORDERS_READ], why="", now=NOON)
        decide(owner, asked.id)
        with pytest.raises(ApprovalRequired):
            issue(access.Scope.ORDERS_READ, access.Scope.ORDERS_CANCEL)
        with pytest.raises(StepUpRequired):
            issue(access.Scope.ORDERS_READ)
        proves(boss, P.TOKENS_MANAGE, "token:till")
        secret = issue(access.Scope.ORDERS_READ)

        assert access.authenticate(secret=secret).scopes == {access.Scope.ORDERS_READ}
        assert recorded(operation="tokens.issue") == [("tokens.issue", "till", "DONE", "1")]

    def test_are_never_for_more_than_their_issuer_may(self) -> None:
        roles.define_role(
            asker=MACHINE, name="clerk", says="", permissions=[P.TOKENS_MANAGE], seen=None, why="", now=NOON
        )
        clerk = staff(ADA, "clerk")

        with pytest.raises(Forbidden) as refused:
            issue_token(asker=clerk, name="till", scopes=[access.Scope.ORDERS_REFUND], now=NOON)

        assert refused.value.objection is Objection.NOT_HELD
        assert access.list_tokens() == []
