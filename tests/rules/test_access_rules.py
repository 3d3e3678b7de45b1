"""Who may do what, and what may be done to roles. No clock, no database: every case is stated."""

from __future__ import annotations

import pytest

from evertill.domains.access import rules
from evertill.domains.access.permissions import (
    ADMINISTRATOR,
    AUDITOR,
    BUILT_IN,
    CUSTOMER,
    FINANCE,
    FULFILMENT,
    GIVEN,
    GUEST,
    OWNER,
    PERMISSIONS,
    RISK_REVIEWER,
    STAFF_PERMISSIONS,
    SUPPORT,
    Permission,
    Reach,
)
from evertill.domains.access.types import Holder, Objection, Role, Scope, Thing

P = Permission
ADA, BOB, EVE = 1, 2, 3


def role(name: str, *permissions: Permission) -> Role:
    """A role that comes with the shop, or one of its own of these permissions."""
    if name in BUILT_IN:
        return Role(name=name, permissions=BUILT_IN[name])
    return Role(name=name, permissions=frozenset(permissions), is_built_in=False, version=1)


def person(account_id: int | None, *roles: str | Role) -> Holder:
    """Somebody who is a customer, as everybody is, and has these roles."""
    given = [one if isinstance(one, Role) else role(one) for one in roles]
    return Holder(account_id=account_id, roles=(role(CUSTOMER), *given))


MACHINE = rules.operator()


class TestForms:
    @pytest.mark.parametrize("text", ["a", "Z9", "a b.c_d-e", "9", "x" * 80])
    def test_of_a_token_name(self, text: str) -> None:
        assert rules.is_name(text)

    @pytest.mark.parametrize("text", ["", " a", "-a", "a\n", "ä", "x" * 81, "a;b"])
    def test_of_no_token_name(self, text: str) -> None:
        assert not rules.is_name(text)

    def test_of_a_secret(self) -> None:
        assert rules.is_secret("evt_" + "a" * 43)
        assert not rules.is_secret("evt_" + "a" * 42)
        assert not rules.is_secret("ev_" + "a" * 43)

    @pytest.mark.parametrize("text", ["a", "night-shift", "a1-2", "x" * 40])
    def test_of_a_role_name(self, text: str) -> None:
        assert rules.is_role_name(text)

    @pytest.mark.parametrize("text", ["", "-a", "a-", "a--b", "A", "1a", "a b", "x" * 41, "a\n"])
    def test_of_no_role_name(self, text: str) -> None:
        assert not rules.is_role_name(text)


class TestTable:
    def test_says_of_every_permission_what_it_allows(self) -> None:
        assert set(PERMISSIONS) == set(Permission)
        assert all(one.says[0].isupper() and one.says[-1] == "." for one in PERMISSIONS.values())
        assert len({one.says for one in PERMISSIONS.values()}) == len(PERMISSIONS)

    def test_names_as_approving_what_itself_needs_no_approval(self) -> None:
        approving = {one.approved_by for one in PERMISSIONS.values()} - {None}

        assert approving == {
            P.REFUNDS_APPROVE,
            P.REBUILDS_APPROVE,
            P.COMPENSATION_APPROVE,
            P.PRICES_APPROVE,
            P.EXPORTS_APPROVE,
            P.RESTORES_APPROVE,
            P.ACCESS_APPROVE,
            P.SETTINGS_APPROVE,
        }
        assert all(one is not None and PERMISSIONS[one].approved_by is None for one in approving)

    def test_roles_that_come_with_the_shop(self) -> None:
        assert {SUPPORT, FULFILMENT, FINANCE, RISK_REVIEWER, AUDITOR, ADMINISTRATOR, OWNER} == GIVEN
        assert all(PERMISSIONS[one].is_read for one in BUILT_IN[AUDITOR])
        assert {one for one in Permission if PERMISSIONS[one].is_read} == BUILT_IN[AUDITOR]
        assert BUILT_IN[OWNER] == STAFF_PERMISSIONS
        assert {one for one in Permission if PERMISSIONS[one].reach is Reach.OWN} < BUILT_IN[CUSTOMER]
        assert BUILT_IN[GUEST] < BUILT_IN[CUSTOMER]
        # Nobody but an owner makes an owner, because nobody else holds this.
        assert [name for name, has in BUILT_IN.items() if P.ACCESS_OWN in has] == [OWNER]

    def test_an_administrator_can_bring_in_whoever_works_in_the_shop_but_not_who_has_its_money(self) -> None:
        assert {name for name in GIVEN if BUILT_IN[name] <= BUILT_IN[ADMINISTRATOR]} == {
            SUPPORT,
            FULFILMENT,
            RISK_REVIEWER,
            AUDITOR,
            ADMINISTRATOR,
        }


class TestMay:
    def test_only_what_is_among_the_roles(self) -> None:
        assert rules.may(person(ADA, SUPPORT), P.ORDERS_READ)
        assert not rules.may(person(ADA, SUPPORT), P.ORDERS_REVIEW)
        assert not rules.may(person(ADA), P.ORDERS_READ)
        assert rules.may(person(ADA, SUPPORT, FULFILMENT), P.STOCK_EDIT)
        assert not rules.may(Holder(account_id=ADA, roles=()), P.SHOP_ORDER)

    def test_a_customer_reaches_what_is_his(self) -> None:
        assert rules.may(person(ADA), P.OWN_ORDERS, Thing(kind="order", id="7", owner=ADA))
        assert not rules.may(person(ADA), P.OWN_ORDERS, Thing(kind="order", id="7", owner=BOB))
        assert not rules.may(person(ADA), P.OWN_ORDERS, Thing(kind="order", id="7"))
        assert not rules.may(person(ADA), P.OWN_ORDERS)

    def test_a_guest_reaches_what_his_token_opens_and_nothing_that_nobody_owns(self) -> None:
        guest = rules.guest(opens=["order:7"])

        assert rules.may(guest, P.OWN_ORDERS, Thing(kind="order", id="7"))
        assert rules.may(guest, P.OWN_ORDERS, Thing(kind="order", id="7", owner=BOB))
        assert not rules.may(guest, P.OWN_ORDERS, Thing(kind="order", id="8"))
        assert not rules.may(guest, P.OWN_PAYMENTS, Thing(kind="payment", id="7"))
        assert not rules.may(guest, P.OWN_ACCOUNT, Thing(kind="order", id="7"))

    def test_staff_do_not_decide_about_what_is_their_own(self) -> None:
        own, other = Thing(kind="order", id="7", owner=ADA), Thing(kind="order", id="8", owner=BOB)

        assert rules.may(person(ADA, SUPPORT), P.ORDERS_REFUND, other)
        assert rules.may(person(ADA, SUPPORT), P.ORDERS_REFUND, Thing(kind="order", id="9"))
        assert rules.may(person(ADA, SUPPORT), P.ORDERS_REFUND)
        assert not rules.may(person(ADA, SUPPORT), P.ORDERS_REFUND, own)
        assert not rules.may(person(ADA, OWNER), P.ORDERS_REFUND, own)
        # To look at it is no decision.
        assert rules.may(person(ADA, SUPPORT), P.ORDERS_READ, own)

    def test_the_operator_may_what_staff_may(self) -> None:
        assert all(rules.may(MACHINE, one) for one in STAFF_PERMISSIONS)
        assert rules.may(MACHINE, P.ORDERS_REFUND, Thing(kind="order", id="7"))
        assert not rules.may(MACHINE, P.OWN_ACCOUNT, Thing(kind="account", id="7"))

    @pytest.mark.parametrize("permission", sorted(STAFF_PERMISSIONS))
    @pytest.mark.parametrize("name", [CUSTOMER, GUEST])
    def test_nobody_is_staff_by_himself(self, permission: Permission, name: str) -> None:
        assert not rules.may(Holder(account_id=ADA, roles=(role(name),)), permission)

    def test_an_auditor_reads_all_and_changes_nothing(self) -> None:
        auditor = Holder(account_id=ADA, roles=(role(AUDITOR),))

        assert {one for one in Permission if rules.may(auditor, one)} == {
            one for one in Permission if PERMISSIONS[one].is_read
        }


class TestGoesTogether:
    @pytest.mark.parametrize(
        ("names", "is_fine"),
        [
            ([], True),
            ([SUPPORT, FULFILMENT, RISK_REVIEWER], True),
            ([ADMINISTRATOR, SUPPORT], True),
            ([SUPPORT, FINANCE], False),
            ([ADMINISTRATOR, FINANCE], False),
            ([OWNER], True),
            ([OWNER, FINANCE], True),
            ([OWNER, SUPPORT], True),
            # Two roles that do not go together stay so beside a third that may all.
            ([OWNER, SUPPORT, FINANCE], False),
            ([AUDITOR], True),
            ([AUDITOR, SUPPORT], False),
            ([AUDITOR, OWNER], False),
        ],
    )
    def test_of_roles_that_come_with_the_shop(self, names: list[str], is_fine: bool) -> None:
        assert rules.goes_together(map(role, names)) is is_fine

    @pytest.mark.parametrize("asks", [one for one in Permission if PERMISSIONS[one].approved_by])
    def test_never_to_ask_and_to_approve(self, asks: Permission) -> None:
        approves = PERMISSIONS[asks].approved_by
        assert approves is not None

        assert not rules.goes_together([role("x", asks, approves)])
        assert not rules.goes_together([role("x", asks), role("y", approves)])
        assert rules.goes_together([role("x", asks, P.ORDERS_READ)])
        assert rules.goes_together([role("x", approves, P.ORDERS_READ)])

    def test_an_auditor_may_have_more_to_look_at(self) -> None:
        assert rules.goes_together([role(AUDITOR), role("reader", P.ORDERS_READ)])
        assert not rules.goes_together([role(AUDITOR), role("reader", P.ORDERS_READ, P.ALERTS_CLOSE)])


class TestGrant:
    @staticmethod
    def objection(asker: Holder, given: str | Role, receiver: Holder) -> Objection | None:
        given = given if isinstance(given, Role) else role(given)
        return rules.objection_to_grant(asker=asker, role=given, receiver=receiver)

    def test_of_what_one_holds_to_somebody_else(self) -> None:
        assert self.objection(person(ADA, ADMINISTRATOR), SUPPORT, person(BOB)) is None
        assert self.objection(person(ADA, OWNER), FINANCE, person(BOB)) is None
        assert self.objection(person(ADA, OWNER), OWNER, person(BOB)) is None
        assert self.objection(person(ADA, ADMINISTRATOR), SUPPORT, person(BOB, FULFILMENT)) is None
        assert self.objection(MACHINE, OWNER, person(BOB)) is None

    def test_needs_leave_to_grant(self) -> None:
        assert self.objection(person(ADA, FINANCE), FINANCE, person(BOB)) is Objection.NOT_ALLOWED
        assert self.objection(person(ADA), SUPPORT, person(BOB)) is Objection.NOT_ALLOWED

    def test_is_never_of_more_than_one_holds(self) -> None:
        assert self.objection(person(ADA, ADMINISTRATOR), FINANCE, person(BOB)) is Objection.NOT_HELD
        assert self.objection(person(ADA, ADMINISTRATOR), OWNER, person(BOB)) is Objection.NOT_HELD
        own = role("x", P.ORDERS_READ, P.BOOKS_RECONCILE)
        assert self.objection(person(ADA, ADMINISTRATOR), own, person(BOB)) is Objection.NOT_HELD
        assert self.objection(person(ADA, ADMINISTRATOR), role("x", P.ORDERS_READ), person(BOB)) is None

    def test_is_never_to_oneself(self) -> None:
        assert self.objection(person(ADA, ADMINISTRATOR), SUPPORT, person(ADA, ADMINISTRATOR)) is Objection.SELF
        assert self.objection(person(ADA, OWNER), FINANCE, person(ADA, OWNER)) is Objection.SELF

    def test_is_no_second_time(self) -> None:
        assert self.objection(person(ADA, OWNER), SUPPORT, person(BOB, SUPPORT)) is Objection.HELD

    def test_keeps_apart_what_does_not_go_together(self) -> None:
        assert self.objection(person(ADA, OWNER), FINANCE, person(BOB, SUPPORT)) is Objection.TOGETHER
        assert self.objection(person(ADA, OWNER), SUPPORT, person(BOB, AUDITOR)) is Objection.TOGETHER
        assert self.objection(MACHINE, FINANCE, person(BOB, ADMINISTRATOR)) is Objection.TOGETHER
        # Being a customer beside does not make an auditor one who changes things.
        assert self.objection(person(ADA, OWNER), AUDITOR, person(BOB)) is None

    @pytest.mark.parametrize("name", [CUSTOMER, GUEST])
    def test_is_not_of_what_everybody_has(self, name: str) -> None:
        assert self.objection(MACHINE, name, person(BOB)) is Objection.NOT_GIVABLE


class TestRevoke:
    @staticmethod
    def objection(asker: Holder, taken: str, bearer: Holder, *, owners: int = 2) -> Objection | None:
        return rules.objection_to_revoke(asker=asker, role=role(taken), bearer=bearer, owners=owners)

    def test_of_what_one_holds_from_somebody_else(self) -> None:
        assert self.objection(person(ADA, ADMINISTRATOR), SUPPORT, person(BOB, SUPPORT)) is None
        assert self.objection(person(ADA, OWNER), OWNER, person(BOB, OWNER)) is None
        assert self.objection(MACHINE, FINANCE, person(BOB, FINANCE)) is None

    def test_needs_leave_and_what_is_taken(self) -> None:
        assert self.objection(person(ADA, SUPPORT), SUPPORT, person(BOB, SUPPORT)) is Objection.NOT_ALLOWED
        assert self.objection(person(ADA, ADMINISTRATOR), FINANCE, person(BOB, FINANCE)) is Objection.NOT_HELD
        assert self.objection(person(ADA, ADMINISTRATOR), OWNER, person(BOB, OWNER)) is Objection.NOT_HELD

    def test_of_ones_own_is_free(self) -> None:
        assert self.objection(person(ADA, SUPPORT), SUPPORT, person(ADA, SUPPORT)) is None
        assert self.objection(person(ADA, OWNER), OWNER, person(ADA, OWNER)) is None

    def test_leaves_an_owner_whoever_asks(self) -> None:
        for asker in (person(ADA, OWNER), person(BOB, OWNER), MACHINE):
            assert self.objection(asker, OWNER, person(BOB, OWNER), owners=1) is Objection.LAST_OWNER
        assert self.objection(MACHINE, SUPPORT, person(BOB, SUPPORT), owners=1) is None
        assert self.objection(MACHINE, OWNER, person(BOB, OWNER), owners=2) is None

    def test_is_of_one_role_among_others_and_of_the_shops_own_too(self) -> None:
        own = role("x", P.ORDERS_READ)
        bearer = person(BOB, SUPPORT, own)

        assert self.objection(person(ADA, OWNER), SUPPORT, bearer) is None
        assert rules.objection_to_revoke(asker=person(ADA, OWNER), role=own, bearer=bearer, owners=1) is None

    def test_is_of_what_was_given(self) -> None:
        assert self.objection(person(ADA, OWNER), SUPPORT, person(BOB, FINANCE)) is Objection.NOT_GIVEN
        assert self.objection(MACHINE, CUSTOMER, person(BOB, FINANCE)) is Objection.NOT_GIVEN


class TestDefine:
    @staticmethod
    def objection(
        asker: Holder,
        after: set[Permission],
        *,
        before: set[Permission] | None = None,
        bearers: tuple[Holder, ...] = (),
        name: str = "x",
    ) -> Objection | None:
        return rules.objection_to_define(
            asker=asker, name=name, before=frozenset(before or ()), after=frozenset(after), bearers=bearers
        )

    def test_of_what_one_holds(self) -> None:
        assert self.objection(person(ADA, ADMINISTRATOR), {P.ORDERS_READ, P.STOCK_EDIT}) is None
        assert self.objection(MACHINE, {P.BOOKS_RECONCILE}) is None

    def test_needs_leave(self) -> None:
        assert self.objection(person(ADA, SUPPORT), {P.ORDERS_READ}) is Objection.NOT_ALLOWED

    @pytest.mark.parametrize("name", sorted(BUILT_IN))
    def test_never_changes_what_comes_with_the_shop(self, name: str) -> None:
        assert self.objection(MACHINE, {P.ORDERS_READ}, name=name) is Objection.NAME_TAKEN

    @pytest.mark.parametrize("permission", [P.ACCESS_OWN, P.OWN_ORDERS, P.SHOP_ORDER])
    def test_never_of_what_is_an_owners_or_everybodys(self, permission: Permission) -> None:
        assert self.objection(person(ADA, OWNER), {P.ORDERS_READ, permission}) is Objection.NOT_GIVABLE

    def test_moves_only_what_one_holds(self) -> None:
        boss = person(ADA, ADMINISTRATOR)
        had = {P.BOOKS_RECONCILE, P.ORDERS_READ}

        assert self.objection(boss, {P.BOOKS_RECONCILE}) is Objection.NOT_HELD
        # Neither given nor taken.
        assert self.objection(boss, had | {P.STOCK_EDIT}, before=had) is None
        assert self.objection(boss, {P.BOOKS_RECONCILE}, before=had) is None
        assert self.objection(boss, {P.ORDERS_READ}, before=had) is Objection.NOT_HELD

    def test_may_be_of_all_that_one_holds(self) -> None:
        only = Holder(account_id=ADA, roles=(role("y", P.ACCESS_DEFINE, P.ORDERS_READ),))
        all_that_can_be = STAFF_PERMISSIONS - {P.ACCESS_OWN}

        assert self.objection(only, {P.ACCESS_DEFINE, P.ORDERS_READ}) is None
        # Refused for what does not go together, and for nothing before that.
        assert self.objection(person(ADA, OWNER), set(all_that_can_be)) is Objection.TOGETHER

    def test_never_of_a_role_that_one_has(self) -> None:
        mine = role("x", P.ORDERS_READ)
        boss = person(ADA, ADMINISTRATOR, mine)

        for after in ({P.ORDERS_READ, P.STOCK_EDIT}, set[Permission]()):
            found = self.objection(boss, after, before={P.ORDERS_READ}, bearers=(person(BOB, mine), boss))
            assert found is Objection.SELF

    def test_keeps_apart_what_does_not_go_together(self) -> None:
        approves = role("x", P.ORDERS_READ)

        assert self.objection(person(ADA, OWNER), {P.ORDERS_REFUND, P.REFUNDS_APPROVE}) is Objection.TOGETHER
        for bearer, found in (
            (person(BOB, SUPPORT, approves), Objection.TOGETHER),
            (person(BOB, FINANCE, approves), None),
            (person(BOB, AUDITOR, approves), Objection.TOGETHER),
        ):
            bearers = (person(EVE, approves), bearer)
            after = {P.ORDERS_READ, P.REFUNDS_APPROVE}
            assert self.objection(MACHINE, after, before={P.ORDERS_READ}, bearers=bearers) is found

    def test_judges_a_bearer_by_what_the_role_becomes_not_by_what_it_was(self) -> None:
        both = role("x", P.REFUNDS_APPROVE)
        bearer = person(BOB, role("y", P.ORDERS_REFUND), both)

        assert self.objection(MACHINE, {P.ORDERS_READ}, before={P.REFUNDS_APPROVE}, bearers=(bearer,)) is None


class TestIssue:
    def test_of_what_one_may_oneself(self) -> None:
        boss = person(ADA, ADMINISTRATOR)

        assert rules.objection_to_issue(asker=boss, scopes=[Scope.ORDERS_READ, Scope.ORDERS_REFUND]) is None
        assert rules.objection_to_issue(asker=boss, scopes=[]) is None
        assert rules.objection_to_issue(asker=MACHINE, scopes=list(Scope)) is None

    def test_needs_leave(self) -> None:
        asked = rules.objection_to_issue(asker=person(ADA, SUPPORT), scopes=[Scope.ORDERS_READ])

        assert asked is Objection.NOT_ALLOWED

    @pytest.mark.parametrize(
        ("scope", "needs"),
        [
            (Scope.ORDERS_READ, P.ORDERS_READ),
            (Scope.ORDERS_CANCEL, P.ORDERS_CANCEL),
            (Scope.ORDERS_PAY, P.ORDERS_MAKE),
            (Scope.ORDERS_REFUND, P.ORDERS_REFUND),
            (Scope.ORDERS_PRICE, P.PRICES_EDIT),
        ],
    )
    def test_each_scope_needs_what_it_allows(self, scope: Scope, needs: Permission) -> None:
        with_it = person(ADA, role("x", P.TOKENS_MANAGE, needs))
        without = person(ADA, role("x", *(STAFF_PERMISSIONS - {needs})))

        assert rules.objection_to_issue(asker=with_it, scopes=[scope]) is None
        assert rules.objection_to_issue(asker=without, scopes=[scope]) is Objection.NOT_HELD

    def test_may_be_of_all_that_one_holds(self) -> None:
        only = Holder(account_id=ADA, roles=(role("x", P.TOKENS_MANAGE),))

        assert rules.objection_to_issue(asker=only, scopes=[]) is None

    def test_every_scope_is_among_them(self) -> None:
        assert rules.objection_to_issue(asker=person(ADA, OWNER), scopes=list(Scope)) is None


class TestApprove:
    @staticmethod
    def objection(
        approver: Holder,
        permission: Permission = P.ORDERS_REFUND,
        *,
        touched: tuple[int, ...] = (),
        at_stake: frozenset[Permission] = frozenset(),
    ) -> Objection | None:
        return rules.objection_to_approve(
            approver=approver, permission=permission, asked_by=ADA, touched=touched, at_stake=at_stake
        )

    def test_by_another_person_who_may(self) -> None:
        assert self.objection(person(BOB, FINANCE)) is None
        assert self.objection(person(BOB, OWNER)) is None
        assert self.objection(MACHINE) is None
        assert self.objection(person(BOB, FINANCE), P.PRICES_EDIT) is None

    def test_by_nobody_else(self) -> None:
        assert self.objection(person(BOB, SUPPORT)) is Objection.NOT_ALLOWED
        assert self.objection(person(BOB, FINANCE), P.ACCESS_GRANT) is Objection.NOT_ALLOWED
        # What needs no approval cannot be approved.
        assert self.objection(person(BOB, OWNER), P.ORDERS_READ) is Objection.NOT_ALLOWED
        assert self.objection(MACHINE, P.ORDERS_CANCEL) is Objection.NOT_ALLOWED

    def test_never_by_whoever_asked_or_whom_it_is_about(self) -> None:
        assert self.objection(person(ADA, OWNER)) is Objection.SELF
        assert self.objection(person(BOB, OWNER), P.ACCESS_GRANT, touched=(EVE, BOB)) is Objection.SELF
        assert self.objection(person(BOB, OWNER), P.ACCESS_GRANT, touched=(EVE,)) is None

    def test_holds_what_is_at_stake(self) -> None:
        approver = Holder(account_id=BOB, roles=(role("x", P.ACCESS_APPROVE, P.ORDERS_READ),))

        whole = frozenset({P.ACCESS_APPROVE, P.ORDERS_READ})
        assert self.objection(approver, P.ACCESS_GRANT, at_stake=whole) is None
        assert self.objection(approver, P.ACCESS_GRANT, at_stake=frozenset({P.ORDERS_READ})) is None
        assert self.objection(approver, P.ACCESS_GRANT, at_stake=frozenset({P.STOCK_EDIT})) is Objection.NOT_HELD


class TestNobody:
    def test_is_the_same_as_nobody_else(self) -> None:
        # Two who have no account are not one person for that.
        assert rules.objection_to_grant(asker=MACHINE, role=role(SUPPORT), receiver=person(None)) is None
        nobodys = Thing(kind="order", id="1", owner=None)
        assert not rules.may(Holder(account_id=None, roles=(role(CUSTOMER),)), P.OWN_ORDERS, nobodys)
        assert rules.may(MACHINE, P.ORDERS_REFUND, nobodys)
