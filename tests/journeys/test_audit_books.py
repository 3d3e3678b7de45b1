"""The audit: silent on a sound shop, and it finds every kind of tampering that we could think of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import IntegrityError, connection

from evertill.domains import payments
from evertill.domains.payments import Intent, State
from evertill.journeys.audit_books import Check, Finding, audit_books
from evertill.journeys.cancel_order import cancel_order
from evertill.journeys.expire_reservations import expire_reservations
from evertill.journeys.refund_order import AskedReturn, RefundOrder, refund_order
from evertill.kernel import ids
from tests import tables
from tests.builders import NOON, ask, make_product, place_one
from tests.ledgers import paid, post, spend, top_up
from tests.paying import placed_order, refund, settle, start
from tests.twin import Twin

pytestmark = pytest.mark.usefixtures("committed_db")

ALTERED = "it is not what was acknowledged: its time, lines, total or currency were altered"


def tamper(statement: str, *params: int | str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        assert cursor.rowcount != 0, "The tampering itself did nothing."


@pytest.fixture
def order_id(committed_db: None) -> int:
    """A shop in which an order was cancelled, one expired, and this one stands: 3 TEA of 10, and 1 CUP of 5."""
    make_product("TEA", prices={"GBP": 250}, pieces=10)
    make_product("CUP", prices={"GBP": 900}, pieces=5)
    make_product("CODE", prices={"GBP": 100}, pieces=None)
    cancelled = place_one(ask("cancelled", {"TEA": 1, "CODE": 7}))
    cancel_order(order_id=cancelled.order.id, actor="customer", now=NOON)
    place_one(ask("expired", {"TEA": 2}), now=NOON - dt.timedelta(days=1))
    expire_reservations(now=NOON)
    return place_one(ask("stands", {"TEA": 3, "CUP": 1, "CODE": 4})).order.id


@pytest.mark.usefixtures("order_id")
class TestASoundShop:
    def test_has_no_difference(self) -> None:
        findings = audit_books()

        assert findings == []

    def test_is_told_of_every_check(self) -> None:
        told: list[Check] = []

        audit_books(tell=told.append)

        assert told == list(Check)


class TestTampering:
    def test_finds_pieces_that_appeared_on_the_shelf(self, order_id: int) -> None:
        tamper("update stock_item set on_hand = on_hand + 1 where sku = 'TEA'")

        findings = audit_books()

        detail = "on hand 11, by movements 10; reserved 3, by movements 3"
        assert findings == [Finding(check=Check.BALANCES, subject="TEA", detail=detail)]

    def test_finds_a_reservation_that_nobody_made(self, order_id: int) -> None:
        tamper("update stock_item set reserved = reserved + 1 where sku = 'TEA'")

        findings = audit_books()

        detail = "on hand 10, by movements 10; reserved 4, by movements 3"
        assert findings == [Finding(check=Check.BALANCES, subject="TEA", detail=detail)]

    def test_finds_a_balance_that_vanished(self, order_id: int) -> None:
        tamper("delete from stock_item where sku = 'TEA'")

        findings = audit_books()

        detail = "on hand 0, by movements 10; reserved 0, by movements 3"
        assert findings == [Finding(check=Check.BALANCES, subject="TEA", detail=detail)]

    def test_finds_a_movement_that_vanished(self, order_id: int) -> None:
        tamper("delete from stock_movement where sku = 'CUP' and kind = 'RESERVED'")

        findings = audit_books()

        number = ids.to_number(order_id)
        assert findings == [
            Finding(
                check=Check.BALANCES,
                subject="CUP",
                detail="on hand 5, by movements 5; reserved 1, by movements 0",
            ),
            Finding(check=Check.RESERVATIONS, subject=number, detail="holds 1 of CUP, reserved for it 0"),
        ]

    def test_finds_a_movement_that_was_moved_to_another_order(self, order_id: int) -> None:
        tamper("update stock_movement set order_id = 77 where order_id = %s and sku = 'CUP'", order_id)

        findings = audit_books()

        assert findings == [
            Finding(check=Check.RESERVATIONS, subject=ids.to_number(77), detail="holds 0 of CUP, reserved for it 1"),
            Finding(
                check=Check.RESERVATIONS,
                subject=ids.to_number(order_id),
                detail="holds 1 of CUP, reserved for it 0",
            ),
        ]

    def test_finds_an_oversold_shelf(self, order_id: int) -> None:
        tamper("alter table stock_item drop constraint stock_item_not_oversold")
        try:
            tamper("update stock_item set on_hand = 2 where sku = 'TEA'")

            findings = audit_books()

            assert [finding.check for finding in findings] == [Check.BALANCES, Check.OVERSOLD]
            assert findings[1] == Finding(check=Check.OVERSOLD, subject="TEA", detail="on hand 2, reserved 3")
        finally:
            tamper("update stock_item set on_hand = 10 where sku = 'TEA'")
            tamper(
                "alter table stock_item add constraint stock_item_not_oversold"
                " check (kind = 'UNLIMITED' or on_hand >= reserved)"
            )

    def test_finds_a_changed_total(self, order_id: int) -> None:
        tamper("update orders_order set total = 1 where id = %s", order_id)

        findings = audit_books()

        assert findings == [
            Finding(check=Check.TOTALS, subject=ids.to_number(order_id), detail="total 1, by its lines 2050"),
            Finding(check=Check.RECEIPTS, subject=ids.to_number(order_id), detail=ALTERED),
        ]

    def test_finds_a_changed_line(self, order_id: int) -> None:
        tamper("update orders_line set quantity = 2 where order_id = %s and sku = 'TEA'", order_id)

        findings = audit_books()

        number = ids.to_number(order_id)
        assert findings == [
            Finding(check=Check.TOTALS, subject=number, detail="total 2050, by its lines 1800"),
            Finding(check=Check.RESERVATIONS, subject=number, detail="holds 2 of TEA, reserved for it 3"),
            Finding(check=Check.RECEIPTS, subject=number, detail=ALTERED),
        ]

    def test_finds_an_order_that_lost_its_lines(self, order_id: int) -> None:
        tamper("delete from orders_line where order_id = %s", order_id)

        findings = audit_books()

        number = ids.to_number(order_id)
        assert findings == [
            Finding(check=Check.TOTALS, subject=number, detail="total 2050, by its lines None"),
            Finding(check=Check.RESERVATIONS, subject=number, detail="holds 0 of CODE, reserved for it 4"),
            Finding(check=Check.RESERVATIONS, subject=number, detail="holds 0 of CUP, reserved for it 1"),
            Finding(check=Check.RESERVATIONS, subject=number, detail="holds 0 of TEA, reserved for it 3"),
            Finding(check=Check.RECEIPTS, subject=number, detail=ALTERED),
        ]

    def test_finds_an_order_that_vanished(self, order_id: int) -> None:
        tamper("delete from orders_order where id = %s", order_id)

        findings = audit_books()

        number = ids.to_number(order_id)
        assert findings[:2] == [
            Finding(check=Check.TOTALS, subject=number, detail="total None, by its lines 2050"),
            Finding(check=Check.HISTORIES, subject=number, detail="state None, last event order.placed"),
        ]
        assert {finding.check for finding in findings[2:-1]} == {Check.RESERVATIONS}
        assert findings[-1] == Finding(check=Check.RECEIPTS, subject=number, detail="it was acknowledged, and is lost")

    def test_finds_an_order_without_a_first_event(self, order_id: int) -> None:
        tamper("delete from orders_event where order_id = %s", order_id)

        findings = audit_books()

        assert findings == [
            Finding(check=Check.HISTORIES, subject=ids.to_number(order_id), detail="state PLACED, last event None")
        ]

    def test_finds_a_gap_in_a_history(self, order_id: int) -> None:
        tamper("update orders_event set position = 7 where kind = 'order.expired'")

        findings = audit_books()

        assert [finding.check for finding in findings] == [Check.HISTORIES]
        assert findings[0].detail == "state EXPIRED, last event order.expired"

    def test_finds_a_state_that_was_set_by_hand(self, order_id: int) -> None:
        tamper("update orders_order set state = 'CANCELLED' where id = %s", order_id)

        findings = audit_books()

        number = ids.to_number(order_id)
        assert findings[0] == Finding(
            check=Check.HISTORIES, subject=number, detail="state CANCELLED, last event order.placed"
        )
        assert {finding.check for finding in findings[1:]} == {Check.RESERVATIONS}
        assert len(findings) == 4


def of_the_ledger() -> list[Finding]:
    """What the audit says of the ledger by itself; the payments behind these entries are not part of the scene."""
    checks = {Check.TRANSACTIONS, Check.ACCOUNTS, Check.PREPAID}
    return [finding for finding in audit_books() if finding.check in checks]


class TestTamperingWithTheLedger:
    @pytest.fixture(autouse=True)
    def books(self, committed_db: None) -> None:
        """Ada prepaid 10.00 and spent 3.00 of it; two other orders were paid by card."""
        post(top_up("t", 1000), spend("9", 300), *paid("1", 2500), *paid("2", 100))
        assert of_the_ledger() == []

    def test_finds_a_balance_that_was_raised(self) -> None:
        tamper("update ledger_balance set balance = -9900 where account = 'CUSTOMER_BALANCE:ada'")

        findings = of_the_ledger()

        detail = "balance -9900, by entries -700"
        assert findings == [Finding(check=Check.ACCOUNTS, subject="CUSTOMER_BALANCE:ada GBP", detail=detail)]

    def test_finds_a_transaction_that_vanished(self) -> None:
        with tables.unguarded():
            tamper("delete from ledger_transaction where kind = 'SALE' and reference = '1'")

        findings = of_the_ledger()

        detail = "balance -2600, by entries -100"
        assert findings == [Finding(check=Check.ACCOUNTS, subject="REVENUE GBP", detail=detail)]

    def test_finds_a_payment_that_somebody_slipped_in(self) -> None:
        tamper(
            "insert into ledger_transaction (kind, reference, currency, accounts, amounts, posted_at) values"
            " ('BALANCE_PAYMENT', 'x', 'GBP', '{CUSTOMER_BALANCE:ada,ORDER_RECEIVABLE:7}', '{701,-701}', now())"
        )

        findings = of_the_ledger()

        assert findings == [
            Finding(check=Check.ACCOUNTS, subject="CUSTOMER_BALANCE:ada GBP", detail="balance -700, by entries 1"),
            Finding(check=Check.PREPAID, subject="CUSTOMER_BALANCE:ada GBP", detail="prepaid balance -1"),
        ]

    def test_finds_amounts_that_no_longer_sum_to_zero(self) -> None:
        constraint = "constraint ledger_transaction_sums_to_zero"
        with connection.cursor() as cursor:
            cursor.execute("select pg_get_constraintdef(oid) from pg_constraint where conname = %s", (constraint[11:],))
            (definition,) = cursor.fetchone()
        tamper(f"alter table ledger_transaction drop {constraint}")
        try:
            with tables.unguarded():
                tamper("update ledger_transaction set amounts = '{90,-100}' where reference = 'pi_2'")

            findings = of_the_ledger()
        finally:
            with tables.unguarded():
                tamper("truncate ledger_transaction")
            tamper(f"alter table ledger_transaction add {constraint} {definition}")

        assert findings == [
            Finding(check=Check.TRANSACTIONS, subject="CAPTURE pi_2", detail="2 postings that sum to -10"),
            Finding(
                check=Check.ACCOUNTS,
                subject="PROVIDER_CLEARING:stripe GBP",
                detail="balance 3600, by entries 3590",
            ),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Payments for 2.50: one bought, one was overpaid by 0.50, one refunded in part, one cancelled."""

    bought: Intent
    overpaid: Intent
    refunded: Intent
    cancelled: Intent
    refund: payments.Refund


@pytest.fixture
def scene(committed_db: None) -> Iterator[Scene]:
    twin = Twin()
    payments.register(twin)
    make_product("TEA", pieces=100)
    orders = [place_one(ask(f"order {number}")) for number in range(4)]
    bought, overpaid, refunded, cancelled = (start(order) for order in orders)
    twin.pay(bought)
    twin.pay(overpaid, amount=300)
    twin.pay(refunded)
    twin.end(cancelled, State.CANCELLED)
    settled = [settle(intent) for intent in (bought, overpaid, refunded, cancelled)]
    made = refund(refunded, 100)
    bought, overpaid, refunded, cancelled = settled
    yield Scene(bought=bought, overpaid=overpaid, refunded=refunded, cancelled=cancelled, refund=made)
    payments.register()


class TestTamperingWithPayments:
    @pytest.fixture(autouse=True)
    def sound(self, scene: Scene) -> None:
        assert audit_books() == []

    def test_finds_a_state_that_was_set_by_hand(self, scene: Scene) -> None:
        tamper("update payments_intent set state = 'FAILED' where id = %s", scene.cancelled.id)

        findings = audit_books()

        detail = "state FAILED, last move CANCELLED"
        assert findings == [Finding(check=Check.PAYMENTS, subject=scene.cancelled.number, detail=detail)]

    def test_finds_a_move_that_vanished(self, scene: Scene) -> None:
        tamper("delete from payments_move where intent_id = %s and position = 0", scene.bought.id)

        findings = audit_books()

        detail = "state CAPTURED, last move CAPTURED"
        assert findings == [Finding(check=Check.PAYMENTS, subject=scene.bought.number, detail=detail)]

    def test_finds_a_payment_that_vanished(self, scene: Scene) -> None:
        tamper("delete from payments_intent where id = %s", scene.cancelled.id)

        findings = audit_books()

        detail = "state None, last move CANCELLED"
        assert findings == [Finding(check=Check.PAYMENTS, subject=scene.cancelled.number, detail=detail)]

    def test_finds_a_capture_of_another_amount(self, scene: Scene) -> None:
        tamper("update payments_intent set captured = 251 where id = %s", scene.bought.id)

        findings = audit_books()

        detail = "captured 2.51 GBP, in the ledger 2.50 GBP"
        assert findings == [Finding(check=Check.CAPTURES, subject=scene.bought.number, detail=detail)]

    def test_finds_a_capture_in_another_currency(self, scene: Scene) -> None:
        tamper("update payments_intent set captured_currency = 'USD' where id = %s", scene.bought.id)

        findings = audit_books()

        detail = "captured 2.50 USD, in the ledger 2.50 GBP"
        assert findings == [Finding(check=Check.CAPTURES, subject=scene.bought.number, detail=detail)]

    def test_finds_a_capture_that_the_ledger_lost(self, scene: Scene) -> None:
        with tables.unguarded():
            tamper("delete from ledger_transaction where kind = 'CAPTURE' and reference = %s", scene.bought.number)

        findings = audit_books()

        detail = "captured 2.50 GBP, in the ledger nothing"
        assert Finding(check=Check.CAPTURES, subject=scene.bought.number, detail=detail) in findings
        assert {finding.check for finding in findings} == {Check.ACCOUNTS, Check.CAPTURES}

    def test_finds_a_paid_order_without_money(self, scene: Scene) -> None:
        tamper("update payments_intent set ending = 'PAID_TWICE' where id = %s", scene.bought.id)

        findings = audit_books()

        detail = "paid 2.50 GBP, by its payment nothing"
        assert findings == [Finding(check=Check.BOUGHT, subject=ids.to_number(scene.bought.order_id), detail=detail)]

    def test_finds_money_that_bought_an_order_twice(self, scene: Scene) -> None:
        tamper("update payments_intent set order_id = %s where id = %s", scene.overpaid.order_id, scene.bought.id)

        findings = audit_books()

        # In the order of the orders, whose ids are drawn.
        assert sorted(findings, key=lambda finding: finding.detail) == [
            Finding(
                check=Check.BOUGHT,
                subject=ids.to_number(scene.bought.order_id),
                detail="paid 2.50 GBP, by its payment nothing",
            ),
            Finding(
                check=Check.BOUGHT,
                subject=ids.to_number(scene.overpaid.order_id),
                detail="paid nothing, by its payment 2.50 GBP",
            ),
        ]

    def test_finds_an_order_that_somebody_called_paid(self, scene: Scene) -> None:
        tamper("update orders_order set state = 'PAID' where id = %s", scene.cancelled.order_id)

        findings = audit_books()

        number = ids.to_number(scene.cancelled.order_id)
        detail = "paid 2.50 GBP, by its payment nothing"
        assert Finding(check=Check.BOUGHT, subject=number, detail=detail) in findings
        assert {finding.subject for finding in findings} == {number}

    def test_finds_more_promised_back_than_its_refunds(self, scene: Scene) -> None:
        tamper("update payments_intent set refunded = 101 where id = %s", scene.refunded.id)

        findings = audit_books()

        detail = "captured 250, refunded 101, by refunds 100"
        assert findings == [Finding(check=Check.REFUNDS, subject=scene.refunded.number, detail=detail)]

    def test_finds_more_promised_back_than_was_captured(self, scene: Scene) -> None:
        constraint = "payments_intent_refunded_within_captured"
        tamper(f"alter table payments_intent drop constraint {constraint}")
        try:
            tamper("update payments_intent set captured = 99 where id = %s", scene.refunded.id)

            findings = audit_books()
        finally:
            tamper("update payments_intent set captured = 250 where id = %s", scene.refunded.id)
            tamper(
                f"alter table payments_intent add constraint {constraint}"
                " check (refunded >= 0 and refunded <= captured)"
            )

        assert [finding.check for finding in findings] == [Check.CAPTURES, Check.REFUNDS]
        assert findings[1].detail == "captured 99, refunded 100, by refunds 100"

    def test_finds_a_refund_of_another_amount(self, scene: Scene) -> None:
        tamper("update payments_refund set amount = 99 where id = %s", scene.refund.id)

        findings = audit_books()

        assert findings == [
            Finding(
                check=Check.REFUNDS,
                subject=scene.refunded.number,
                detail="captured 250, refunded 100, by refunds 99",
            ),
            Finding(
                check=Check.RETURNED,
                subject=scene.refund.number,
                detail="given back 0.99 GBP, in the ledger 1.00 GBP",
            ),
        ]

    def test_finds_a_refund_that_nobody_sent(self, scene: Scene) -> None:
        tamper("update payments_refund set state = 'REQUESTED' where id = %s", scene.refund.id)

        findings = audit_books()

        detail = "given back nothing, in the ledger 1.00 GBP"
        assert findings == [Finding(check=Check.RETURNED, subject=scene.refund.number, detail=detail)]

    def test_finds_a_refund_that_the_ledger_lost(self, scene: Scene) -> None:
        with tables.unguarded():
            tamper("delete from ledger_transaction where reference = %s", scene.refund.number)

        findings = audit_books()

        detail = "given back 1.00 GBP, in the ledger nothing"
        assert Finding(check=Check.RETURNED, subject=scene.refund.number, detail=detail) in findings
        assert {finding.check for finding in findings} == {Check.ACCOUNTS, Check.RETURNED}


class TestTamperingWithReturns:
    @pytest.fixture
    def given_back(self, committed_db: None) -> Iterator[str]:
        """An order of 2 TEA of which one came back to the shelf."""
        twin = Twin()
        payments.register(twin)
        order = placed_order(wanted=2)
        intent = start(order)
        twin.pay(intent)
        settle(intent)
        tea = AskedReturn(sku="TEA", quantity=1)
        asked = RefundOrder(order_id=order.order.id, lines=[tea], reason="", restock=True, caller="ada", key=b"1")
        refund_order(asked=asked, actor="ada", now=NOON)
        assert audit_books() == []
        yield order.number
        payments.register()

    def test_finds_pieces_that_were_given_back_by_nobody(self, given_back: str) -> None:
        tamper("update orders_line set returned = 2")

        assert audit_books() == [
            Finding(check=Check.PIECES, subject=f"{given_back} line 0", detail="returned 2, by refunds 1")
        ]

    def test_finds_goods_that_did_not_come_back(self, given_back: str) -> None:
        tamper("update orders_return set restock = false")

        assert audit_books() == [
            Finding(check=Check.RESTOCKED, subject=given_back, detail="put back 0 of TEA, came back 1")
        ]

    def test_cannot_be_more_than_was_bought(self, given_back: str) -> None:
        with pytest.raises(IntegrityError, match="orders_line_returned_within_quantity"):
            tamper("update orders_line set returned = 3")
