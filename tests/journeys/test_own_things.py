"""Staff are customers too: nobody has a power as staff over what is his own, nor approves what is about himself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from evertill.domains import claims, orders, payments, trail
from evertill.domains.access import Objection
from evertill.domains.claims import About, Decision
from evertill.domains.payments import Intent
from evertill.domains.trail import Search
from evertill.journeys import decide_approvals as deciding
from evertill.journeys.confirm_payment import ConfirmPayment, confirm_payment
from evertill.journeys.confirm_refund import confirm_refund
from evertill.journeys.decide_claim import answer_claim, look_again
from evertill.journeys.file_claim import AskedClaim, file_claim
from evertill.journeys.handle_order import cancel_as_staff, hold_order, release_order
from evertill.journeys.permitted import Asker, Forbidden
from evertill.journeys.place_orders import Placed
from evertill.journeys.rebuild_order import RebuildOrder, ask_to_rebuild, rebuild_order, release_rebuilt
from evertill.journeys.refund_again import refund_again
from evertill.journeys.refund_as_staff import ask_to_refund
from evertill.journeys.refund_order import RefundOrder
from evertill.journeys.restock_lost import restock_lost
from evertill.journeys.settle_disputes import settle_disputes
from evertill.journeys.watch_disputes import note_evidence
from evertill.kernel import db
from evertill.outside.offline_provider import OfflineProvider
from tests.askers import MACHINE, staff
from tests.builders import NOON, ask, make_product, place_one
from tests.disputing import make_twin, tell
from tests.losing import lose
from tests.paying import PRICE, refund, settle, start, start_whole, state_of
from tests.twin import Twin

pytestmark = pytest.mark.usefixtures("committed_db")

EVE, ADA, BOB = 7, 8, 9


@pytest.fixture(autouse=True)
def twin() -> Iterator[Twin]:
    made = make_twin()
    payments.register(made, OfflineProvider(name="transfer", instructions="Pay {amount}.", patience_s=120 * 3600))
    yield made
    payments.register()


@pytest.fixture
def eve() -> Asker:
    """An owner of the shop, who may do everything, and has bought something there."""
    return staff(EVE, "owner")


def eves_order() -> Placed:
    make_product("TEA")
    return place_one(ask("eves", {"TEA": 1}, email="eve@example.com", account_id=EVE))


def eves_payment(twin: Twin) -> Intent:
    intent = start(eves_order())
    twin.pay(intent)
    return settle(intent)


def assert_refused(act: Callable[[], object], *, permission: str) -> None:
    with pytest.raises(Forbidden) as refused:
        act()
    assert refused.value.objection is Objection.SELF
    (record,) = trail.read_records(search=Search(outcome="REFUSED"), limit=9)
    assert (record.operation, record.actor_id, record.why) == (permission, str(EVE), Objection.SELF.value)


class TestOrders:
    def test_of_ones_own_are_not_paid_by_ones_own_word(self, eve: Asker) -> None:
        order = eves_order()
        intent = start_whole(order, method="transfer.offline").intent
        came = ConfirmPayment(intent_id=intent.id, money=intent.expected, reference="bank-1")

        assert_refused(lambda: confirm_payment(asked=came, asker=eve, now=NOON), permission="payments.confirm")

        assert state_of(order) is orders.State.PLACED
        confirm_payment(asked=came, asker=staff(ADA, "finance"), now=NOON)
        assert state_of(order) is orders.State.PAID

    def test_of_ones_own_are_not_let_go_of(self, eve: Asker) -> None:
        order = eves_order()
        hold_order(asker=staff(ADA, "fulfilment"), order_id=order.order.id, why="strange", now=NOON)

        assert_refused(
            lambda: release_order(asker=eve, order_id=order.order.id, why="it is fine", now=NOON),
            permission="orders.fulfil",
        )

        assert [one.reason for one in orders.find_holds(order_ids=[order.order.id])[order.order.id]] == ["STAFF"]

    def test_of_ones_own_are_cancelled_as_a_customer_alone(self, eve: Asker) -> None:
        order = eves_order()

        assert_refused(
            lambda: cancel_as_staff(asker=eve, order_id=order.order.id, why="mine", now=NOON),
            permission="orders.cancel",
        )

    def test_of_ones_own_are_not_put_back_nor_let_go_of_then(self, eve: Asker) -> None:
        order = eves_order()
        lose(order)
        asked = RebuildOrder(text=order.receipt, email="eve@example.com", account_id=EVE, why="lost")

        assert_refused(lambda: ask_to_rebuild(asker=eve, asked=asked, now=NOON), permission="orders.rebuild")
        with pytest.raises(Forbidden):
            rebuild_order(asker=eve, asked=asked, now=NOON)
        rebuild_order(asker=MACHINE, asked=asked, now=NOON)
        with pytest.raises(Forbidden):
            release_rebuilt(order_id=order.order.id, asker=eve, why="it is fine", now=NOON)


class TestMoney:
    def test_that_was_refused_ones_own_order_is_not_asked_for_again(self, eve: Asker, twin: Twin) -> None:
        intent = eves_payment(twin)
        twin.refuses.add("refund")
        failed = refund(intent, PRICE)
        assert failed.state is payments.RefundState.FAILED

        assert_refused(lambda: refund_again(refund_id=failed.id, asker=eve, now=NOON), permission="orders.refund")

    def test_is_not_said_to_have_been_sent_to_oneself(self, eve: Asker) -> None:
        intent = start_whole(eves_order(), method="transfer.offline").intent
        came = ConfirmPayment(intent_id=intent.id, money=intent.expected, reference="bank-1")
        confirm_payment(asked=came, asker=MACHINE, now=NOON)
        owed = refund(intent, PRICE)

        assert_refused(
            lambda: confirm_refund(refund_id=owed.id, reference="back-1", asker=eve, now=NOON),
            permission="payments.confirm",
        )

    @pytest.mark.parametrize("standing", ["OPEN", "LOST"])
    def test_that_one_disputes_oneself_is_handled_by_others(self, eve: Asker, twin: Twin, standing: str) -> None:
        intent = eves_payment(twin)
        tell(twin, intent, standing)
        settle_disputes(intent_id=intent.id, actor="webhook", now=NOON)

        act = note_evidence if standing == "OPEN" else restock_lost
        more = {"note": "sent"} if standing == "OPEN" else {}
        assert_refused(lambda: act(name="twin:D1", asker=eve, now=NOON, **more), permission="disputes.handle")


class TestClaims:
    def test_of_ones_own_are_answered_by_others(self, eve: Asker) -> None:
        order = eves_order()
        asked = AskedClaim(about=About.LOST_ORDER, contact="eve@example.com", number=order.number, language="en")
        filed = file_claim(asked=asked, session=None, caller="x", now=NOON)
        db.execute("update claims_claim set account_id = %s where id = %s", (EVE, filed.id))

        assert_refused(
            lambda: answer_claim(
                asker=eve,
                claim_id=filed.id,
                decision=Decision.SHOWN,
                order_id=order.order.id,
                answer="Yes.",
                now=NOON,
            ),
            permission="claims.handle",
        )
        with pytest.raises(Forbidden):
            look_again(asker=eve, claim_id=filed.id, now=NOON)
        assert claims.queries.find(claim_id=filed.id).state is not claims.State.ANSWERED  # type: ignore[union-attr]


class TestApproving:
    def test_a_refund_of_ones_own_order_is_for_others(self, eve: Asker, twin: Twin) -> None:
        intent = eves_payment(twin)
        asked = RefundOrder(order_id=intent.order_id, reason="broken", caller="staff", key=b"1")
        approval = ask_to_refund(asker=staff(ADA, "support"), asked=asked, why="she says so", now=NOON)

        assert_refused(
            lambda: deciding.decide(asker=eve, approval_id=approval.id, is_approved=True, why="", now=NOON),
            permission="refunds.approve",
        )

        bob = staff(BOB, "finance")
        assert deciding.look_at(asker=bob, approval_id=approval.id, now=NOON).touched == (EVE,)
        deciding.decide(asker=bob, approval_id=approval.id, is_approved=True, why="", now=NOON)
