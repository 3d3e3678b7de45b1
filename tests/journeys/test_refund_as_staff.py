"""Refunds by staff: alone up to a limit, beyond it exactly what another person has approved."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import pytest

from evertill.domains import orders, payments, trail
from evertill.domains.access import Objection
from evertill.domains.approvals import ApprovalRequired
from evertill.domains.trail import Search
from evertill.journeys import decide_approvals as deciding
from evertill.journeys.permitted import Asker, Forbidden
from evertill.journeys.place_orders import Placed
from evertill.journeys.refund_again import ask_to_refund_again, refund_again
from evertill.journeys.refund_as_staff import RefundOrder, ask_to_refund, refund_as_staff
from evertill.journeys.refund_order import AskedReturn
from evertill.kernel import config, db, ids
from tests import tables
from tests.askers import customer, staff
from tests.builders import NOON
from tests.paying import are_books_sound, placed_order, settle, start
from tests.twin import Twin

pytestmark = pytest.mark.usefixtures("committed_db")

ADA, BOB = 1, 2


@pytest.fixture
def twin() -> Iterator[Twin]:
    provider = Twin()
    payments.register(provider)
    yield provider
    payments.register()


@pytest.fixture
def order(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> Placed:
    """A paid order of 4 TEA at 2.50, in a shop whose staff give back 5.00 alone."""
    small = dataclasses.replace(config.get(), refund_alone_max=500)
    monkeypatch.setattr("evertill.kernel.config.get", lambda: small)
    placed = placed_order(wanted=4)
    intent = start(placed)
    twin.pay(intent)
    settle(intent)
    return placed


def asked(order: Placed, *, pieces: int | None = None, amount: int | None = None, key: str = "1") -> RefundOrder:
    lines = [AskedReturn(sku="TEA", quantity=pieces)] if pieces else ()
    return RefundOrder(
        order_id=order.order.id, lines=lines, amount=amount, reason="broken", caller="staff", key=key.encode()
    )


def refund(asker: Asker, wanted: RefundOrder) -> int:
    return refund_as_staff(asker=asker, asked=wanted, now=NOON).refund.amount


def approve(wanted: RefundOrder, *, asker: Asker, approver: Asker) -> None:
    approval = ask_to_refund(asker=asker, asked=wanted, why="", now=NOON)
    deciding.decide(asker=approver, approval_id=approval.id, is_approved=True, why="", now=NOON)


class TestAlone:
    def test_up_to_the_limit_and_recorded(self, order: Placed) -> None:
        assert refund(staff(ADA, "support"), asked(order, pieces=2)) == 500

        (record,) = trail.read_records(search=Search(operation="orders.refund"), limit=2)
        told = json.loads(record.after)
        assert (told["amount"], told["currency"], record.why) == (500, "GBP", "broken")
        assert (record.subject_id, record.actor_id) == (ids.to_number(order.order.id), str(ADA))
        assert are_books_sound()

    def test_all_refunds_of_an_order_count_together(self, order: Placed) -> None:
        ada = staff(ADA, "support")
        refund(ada, asked(order, amount=300, key="1"))

        with pytest.raises(ApprovalRequired):
            refund(ada, asked(order, amount=300, key="2"))

        assert refund(ada, asked(order, amount=200, key="3")) == 200

    def test_is_not_for_who_may_not_nor_for_ones_own_order(self, order: Placed) -> None:
        with pytest.raises(Forbidden):
            refund(customer(ADA), asked(order, amount=1))
        with pytest.raises(Forbidden):
            refund(staff(BOB, "finance"), asked(order, amount=1))
        with db.write():
            db.execute("update orders_order set account_id = 5 where id = %s", (order.order.id,))
        with pytest.raises(Forbidden) as refused:
            refund(staff(5, "support"), asked(order, amount=1))

        assert refused.value.objection is Objection.SELF
        assert tables.count("payments_refund") == 0
        found = trail.read_records(search=Search(outcome="REFUSED", operation="orders.refund"), limit=9)
        assert sorted(record.actor_id for record in found) == ["1", "2", "5"]


class TestAgain:
    def test_what_was_refused_counts_with_what_was_given_back_meanwhile(self, order: Placed, twin: Twin) -> None:
        ada, bob = staff(ADA, "support"), staff(BOB, "finance")
        twin.refuses.add("refund")
        refund(ada, asked(order, amount=300, key="1"))
        twin.refuses.clear()
        refund(ada, asked(order, amount=300, key="2"))
        ((failed, _at),) = payments.list_refunds(states=[payments.RefundState.FAILED], behind=None, limit=2)

        with pytest.raises(ApprovalRequired):
            refund_again(refund_id=failed.id, asker=ada, now=NOON)
        assert tables.count("payments_refund") == 2
        approval = ask_to_refund_again(asker=ada, refund_id=failed.id, why="", now=NOON)
        deciding.decide(asker=bob, approval_id=approval.id, is_approved=True, why="", now=NOON)

        assert refund_again(refund_id=failed.id, asker=ada, now=NOON).state is payments.RefundState.SUCCEEDED
        (record,) = trail.read_records(search=Search(operation="orders.refund_again"), limit=2)
        assert json.loads(record.after)["approved_by"] == "STAFF:2"
        assert are_books_sound()

    def test_what_was_refused_and_is_within_the_limit_needs_nobody_else(self, order: Placed, twin: Twin) -> None:
        ada = staff(ADA, "support")
        twin.refuses.add("refund")
        refund(ada, asked(order, amount=300))
        twin.refuses.clear()
        ((failed, _at),) = payments.list_refunds(states=[payments.RefundState.FAILED], behind=None, limit=2)

        assert refund_again(refund_id=failed.id, asker=ada, now=NOON).amount == 300


class TestApproved:
    def test_beyond_the_limit_by_another_person_exactly_that(self, order: Placed) -> None:
        ada, bob = staff(ADA, "support"), staff(BOB, "finance")
        with pytest.raises(ApprovalRequired):
            refund(ada, asked(order, pieces=3))
        assert tables.count("payments_refund") == 0
        approve(asked(order, pieces=3), asker=ada, approver=bob)
        assert tables.count("payments_refund") == 0

        for other in (asked(order, pieces=4), asked(order, amount=750), asked(order)):
            with pytest.raises(ApprovalRequired):
                refund(ada, other)
        assert refund(ada, asked(order, pieces=3)) == 750

        (record,) = trail.read_records(search=Search(operation="orders.refund"), limit=2)
        assert json.loads(record.after)["approved_by"] == "STAFF:2"
        assert are_books_sound()

    def test_never_by_who_asked(self, order: Placed) -> None:
        owner = staff(ADA, "owner")
        approval = ask_to_refund(asker=owner, asked=asked(order), why="", now=NOON)

        with pytest.raises(Forbidden) as refused:
            deciding.decide(asker=owner, approval_id=approval.id, is_approved=True, why="", now=NOON)

        assert refused.value.objection is Objection.SELF

    def test_a_repeat_under_the_same_key_needs_no_second_approval(self, order: Placed) -> None:
        ada, bob = staff(ADA, "support"), staff(BOB, "finance")
        approve(asked(order), asker=ada, approver=bob)
        refund(ada, asked(order))

        assert refund_as_staff(asker=ada, asked=asked(order), now=NOON).is_repeat
        assert orders.read_orders(order_ids=[order.order.id])[order.order.id].state is orders.State.REFUNDED
