"""What staff do: each needs its permission, is refused without it before anything is looked at, and is recorded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evertill.domains import access, trail
from evertill.domains.access import Permission
from evertill.domains.trail import Search
from evertill.journeys import manage_roles
from evertill.journeys.confirm_payment import ConfirmPayment, confirm_payment
from evertill.journeys.confirm_refund import confirm_refund
from evertill.journeys.end_difference import accept_difference, book_difference
from evertill.journeys.give_up_delivery import give_up_delivery
from evertill.journeys.keep_balance import block_balance, open_balance, top_up_balance, unblock_balance
from evertill.journeys.manage_tokens import issue_token, revoke_token
from evertill.journeys.permitted import Asker, Forbidden
from evertill.journeys.read_trail import export_trail, read_trail
from evertill.journeys.refund_again import refund_again
from evertill.journeys.refund_as_staff import RefundOrder, refund_as_staff
from evertill.journeys.restock_lost import restock_lost
from evertill.journeys.rotate_keys import begin
from evertill.journeys.send_messages import retry_message
from evertill.journeys.watch_alerts import close_alert
from evertill.journeys.watch_disputes import note_evidence
from evertill.kernel.errors import EvertillError
from evertill.kernel.money import Money
from tests.askers import MACHINE, customer, staff
from tests.builders import NOON

pytestmark = pytest.mark.usefixtures("committed_db")

P = Permission
POUND = Money(amount=100, currency="GBP")
REFUND = RefundOrder(order_id=7, reason="broken", caller="staff", key=b"1")

# Every journey that changes something for others, and what it needs. None of these things exist.
ACTS: list[tuple[Permission, Callable[[Asker], object]]] = [
    (P.ALERTS_CLOSE, lambda asker: close_alert(alert_id=7, asker=asker, why="done", now=NOON)),
    (P.DISPUTES_HANDLE, lambda asker: note_evidence(name="twin:7", note="sent", asker=asker, now=NOON)),
    (P.DISPUTES_HANDLE, lambda asker: restock_lost(name="twin:7", asker=asker, now=NOON)),
    (P.BOOKS_RECONCILE, lambda asker: accept_difference(difference_id=7, asker=asker, why="so", now=NOON)),
    (P.BOOKS_RECONCILE, lambda asker: book_difference(difference_id=7, asker=asker, why="so", now=NOON)),
    (
        P.PAYMENTS_CONFIRM,
        lambda asker: confirm_payment(
            asked=ConfirmPayment(intent_id=7, money=POUND, reference="x"), asker=asker, now=NOON
        ),
    ),
    (P.PAYMENTS_CONFIRM, lambda asker: confirm_refund(refund_id=7, reference="x", asker=asker, now=NOON)),
    (P.ORDERS_REFUND, lambda asker: refund_again(refund_id=7, asker=asker, now=NOON)),
    (P.ORDERS_REFUND, lambda asker: refund_as_staff(asker=asker, asked=REFUND, now=NOON)),
    (P.ORDERS_REFUND, lambda asker: give_up_delivery(order_id=7, reason="lost", asker=asker, now=NOON)),
    (P.BALANCES_MANAGE, lambda asker: open_balance(currency="GBP", asker=asker, now=NOON)),
    (
        P.BALANCES_MANAGE,
        lambda asker: top_up_balance(balance_id=7, amount=POUND, by="cash", reference="x", asker=asker, now=NOON),
    ),
    (P.BALANCES_MANAGE, lambda asker: block_balance(balance_id=7, asker=asker, now=NOON)),
    (P.BALANCES_MANAGE, lambda asker: unblock_balance(balance_id=7, asker=asker, now=NOON)),
    (P.KEYS_ROTATE, lambda asker: begin(asker=asker, now=NOON)),
    (P.MESSAGES_RESEND, lambda asker: retry_message(key="x", asker=asker, now=NOON)),
    (P.TRAIL_READ, lambda asker: read_trail(asker=asker, search=Search(), limit=1, now=NOON)),
    (P.TRAIL_EXPORT, lambda asker: export_trail(asker=asker, search=Search(), why="tax", now=NOON)),
    (P.TOKENS_MANAGE, lambda asker: issue_token(asker=asker, name="till", scopes=[], now=NOON)),
    (P.TOKENS_MANAGE, lambda asker: revoke_token(asker=asker, name="till", now=NOON)),
    (
        P.ACCESS_GRANT,
        lambda asker: manage_roles.grant_role(asker=asker, account_id=7, role="support", why="", now=NOON),
    ),
    (
        P.ACCESS_GRANT,
        lambda asker: manage_roles.revoke_role(asker=asker, account_id=7, role="support", why="", now=NOON),
    ),
    (
        P.ACCESS_DEFINE,
        lambda asker: manage_roles.define_role(
            asker=asker, name="night", says="", permissions=[], seen=None, why="", now=NOON
        ),
    ),
]


def _name(value: object) -> str:
    return value.value if isinstance(value, Permission) else ""


class TestAct:
    @pytest.mark.parametrize(("permission", "act"), ACTS, ids=_name)
    def test_is_refused_to_whoever_has_everything_else_and_on_record(
        self, permission: Permission, act: Callable[[Asker], object]
    ) -> None:
        everything_else = sorted(access.BUILT_IN["owner"] - {permission, P.ACCESS_OWN})
        with_the_rest = staff(1)
        _define("nearly-all", everything_else)
        _give(1, "nearly-all")

        for asker in (with_the_rest, customer(2), staff(3)):
            with pytest.raises(Forbidden) as refused:
                act(asker)
            assert refused.value.facts["permission"] == permission.value

        found = trail.read_records(search=Search(outcome="REFUSED"), limit=9)
        assert sorted((one.operation, one.actor_id) for one in found) == [
            (permission.value, "1"),
            (permission.value, "2"),
            (permission.value, "3"),
        ]
        assert trail.count_records() == 3

    @pytest.mark.parametrize(("permission", "act"), ACTS, ids=_name)
    def test_is_let_through_to_whoever_has_the_permission(
        self, permission: Permission, act: Callable[[Asker], object]
    ) -> None:
        _define("just-this", [permission])
        asker = staff(1)
        _give(1, "just-this")

        try:
            act(asker)
        except EvertillError as error:
            # There is no such thing, or another person has to approve; but he may.
            assert not isinstance(error, Forbidden)  # noqa: PT017 — any other refusal will do.

        assert trail.read_records(search=Search(outcome="REFUSED"), limit=9) == []


def _define(name: str, permissions: list[Permission]) -> None:
    # Past the rules: no person is to have all of this.
    from evertill.kernel import db

    with db.write():
        access.define_role(name=name, says="", permissions=permissions, by=MACHINE.name, now=NOON)


def _give(account_id: int, role: str) -> None:
    from evertill.kernel import db

    with db.write():
        access.grant_role(account_id=account_id, role=role, by=MACHINE.name, why="", now=NOON)
