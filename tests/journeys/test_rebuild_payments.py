"""The money of a rebuilt order: taken over from a bill, from a backup or from what is still here, and never twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import connection

from evertill.domains import ledger, orders, payments, receipts
from evertill.domains.payments import BillKind, BillLine, Capability, Intent
from evertill.journeys.audit_books import audit_books
from evertill.journeys.follow_payments import poll_payments
from evertill.journeys.place_orders import Placed
from evertill.journeys.rebuild_order import (
    BilledBooked,
    BilledDiffers,
    BilledTaken,
    BilledUnknown,
    Kept,
    KeptPayment,
    MoneyReturned,
    PlacedAgain,
    RebuildOrder,
    Rebuilt,
    rebuild_order,
)
from evertill.journeys.reconcile_bill import reconcile_bill
from evertill.kernel.money import Money
from tests import tables
from tests.askers import MACHINE
from tests.builders import NOON, ask, balance, make_product, place_one
from tests.losing import lose
from tests.paying import clearing, owed, refund, settle, start, state_of
from tests.twin import Twin

DAY = NOON.date()
MORNING = dt.datetime.combine(DAY + dt.timedelta(days=1), dt.time(6, 20), tzinfo=dt.UTC)
LATER = MORNING + dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def twin(committed_db: None) -> Iterator[Twin]:
    receipts.forget_signer()
    provider = Twin(capabilities=Capability.PAGE | Capability.PARTIAL_REFUND | Capability.BILL)
    payments.register(provider)
    make_product("TEA", pieces=10)
    yield provider
    payments.register()
    receipts.forget_signer()


def paid(twin: Twin, *, fee: int = 24) -> tuple[Placed, Intent]:
    """An order of 2.50 that was paid."""
    placed = place_one(ask("one", {"TEA": 1}))
    intent = start(placed)
    twin.pay(intent, fee=fee)
    return placed, settle(intent)


def billed(twin: Twin, intent: Intent, *, amount: int = 250, reference: str | None = None) -> str:
    """The name of the line of the bill that tells of a payment, once it was fetched."""
    line = BillLine(
        kind=BillKind.CAPTURE,
        reference=intent.number if reference is None else reference,
        provider_id=intent.provider_id,
        amount=Money(amount=amount, currency="GBP"),
        at=NOON,
    )
    fee = BillLine(
        kind=BillKind.FEE,
        reference=line.reference,
        provider_id=intent.provider_id,
        amount=Money(amount=-24, currency="GBP"),
        at=NOON,
    )
    twin.bills[DAY] = [line, fee]
    reconcile_bill(provider="twin", date=DAY, now=MORNING)
    return f"twin {DAY} line 1"


def rebuild(placed: Placed, *, paid: str = "", kept: Kept | None = None) -> Rebuilt:
    asked = RebuildOrder(text=placed.receipt, email="ada@example.com", paid=paid, kept=kept, why="lost by a restore")
    return rebuild_order(asker=MACHINE, asked=asked, now=LATER)


def kept(placed: Placed, intent: Intent) -> Kept:
    """What a backup has of an order and its payment."""
    keys = orders.read_keys(order_ids=[placed.order.id])[placed.order.id]
    payment = KeptPayment(
        id=intent.id,
        provider=intent.provider,
        way=intent.way,
        expected=intent.expected,
        key_digest=payments.read_keys(intent_ids=[intent.id])[intent.id],
        body_digest=intent.body_digest,
    )
    return Kept(
        source="20261122T000000Z-full-000000 of 12:30",
        key_digest=keys[0],
        body_digest=keys[1],
        titles={"TEA": "Tea as it was"},
        payments=(payment,),
    )


def entries(kind: ledger.Kind) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from ledger_transaction where kind = %s", [kind.value])
        (count,) = cursor.fetchone()
    return int(count)


class TestFromTheBill:
    def test_is_in_the_books_once_whatever_comes_later(self, twin: Twin) -> None:
        placed, intent = paid(twin)
        lose(placed, intent)
        line = billed(twin, intent)

        rebuilt = rebuild(placed, paid=line)
        settle(intent, now=LATER)
        run = reconcile_bill(provider="twin", date=DAY, now=LATER)

        assert rebuilt.order.state is orders.State.PAID
        (known,) = payments.read_intents_of_orders(order_ids=[placed.order.id])[placed.order.id]
        assert (known.id, known.provider_id, known.captured) == (intent.id, intent.provider_id, intent.captured)
        assert (clearing(), owed(placed)) == (250 - 24, 0)
        assert (entries(ledger.Kind.CAPTURE), entries(ledger.Kind.SALE), entries(ledger.Kind.FEE)) == (1, 1, 1)
        assert (run.matched, run.differences) == (2, 0)
        assert balance("TEA") == (9, 0)
        assert audit_books() == []

    def test_is_found_by_the_providers_id_where_the_bill_has_no_number_of_ours(self, twin: Twin) -> None:
        placed, intent = paid(twin)
        lose(placed, intent)
        line = billed(twin, intent, reference="")

        rebuilt = rebuild(placed, paid=line)
        run = reconcile_bill(provider="twin", date=DAY, now=LATER)

        assert rebuilt.order.state is orders.State.PAID
        assert payments.find_by_provider_id(provider="twin", provider_id=intent.provider_id) is not None
        assert (run.differences, entries(ledger.Kind.CAPTURE)) == (0, 1)
        assert audit_books() == []

    def test_is_not_taken_for_two_orders(self, twin: Twin) -> None:
        placed, intent = paid(twin)
        other = place_one(ask("two", {"TEA": 1}))
        lose(placed, intent)
        lose(other)
        line = billed(twin, intent)
        rebuild(placed, paid=line)

        with pytest.raises(BilledTaken):
            rebuild(other, paid=line)

        assert orders.read_orders(order_ids=[other.order.id]) == {}
        assert audit_books() == []

    def test_is_refused_where_it_does_not_fit(self, twin: Twin) -> None:
        placed, intent = paid(twin)
        lose(placed, intent)
        line = billed(twin, intent, amount=251)

        with pytest.raises(BilledDiffers):
            rebuild(placed, paid=line)
        for name in ("twin 2026-11-22 line 2", "twin 2026-11-21 line 1", "nonsense", "twin 2026-13-45 line 1"):
            with pytest.raises(BilledUnknown):
                rebuild(placed, paid=name)

        assert orders.read_orders(order_ids=[placed.order.id]) == {}

    def test_is_refused_where_a_correction_has_it_in_the_books(self, twin: Twin) -> None:
        placed, intent = paid(twin)
        line = billed(twin, intent)
        with connection.cursor() as cursor, tables.unguarded():
            cursor.execute("delete from payments_move where intent_id = %s", [intent.id])
            cursor.execute("delete from payments_intent where id = %s", [intent.id])
        lose(placed)

        with pytest.raises(BilledBooked):
            rebuild(placed, paid=line)

        assert orders.read_orders(order_ids=[placed.order.id]) == {}


class TestFromWhatIsHere:
    def test_an_order_whose_payment_was_not_lost_is_paid(self, twin: Twin) -> None:
        placed, intent = paid(twin)
        lose(placed)

        rebuilt = rebuild(placed)

        assert rebuilt.order.state is orders.State.PAID
        assert (clearing(), owed(placed), entries(ledger.Kind.SALE)) == (250 - 24, 0, 1)
        assert settle(intent, now=LATER).state is payments.State.CAPTURED
        assert audit_books() == []

    def test_an_order_whose_money_went_back_is_settled_by_hand(self, twin: Twin) -> None:
        placed, intent = paid(twin)
        refund(intent, 100)
        lose(placed)

        with pytest.raises(MoneyReturned):
            rebuild(placed)

        assert orders.read_orders(order_ids=[placed.order.id]) == {}


class TestFromABackup:
    def test_the_provider_is_asked_as_of_any_payment(self, twin: Twin) -> None:
        placed, intent = paid(twin)
        before = kept(placed, intent)
        lose(placed, intent)

        rebuilt = rebuild(placed, kept=before)
        waits = state_of(placed)
        poll_payments(now=LATER + dt.timedelta(minutes=1))
        poll_payments(now=LATER + dt.timedelta(minutes=2))

        assert rebuilt.order.lines[0].title == "Tea as it was"
        assert (waits, state_of(placed)) == (orders.State.PLACED, orders.State.PAID)
        assert orders.read_keys(order_ids=[placed.order.id])[placed.order.id] == (
            before.key_digest,
            before.body_digest,
        )
        assert (clearing(), owed(placed), entries(ledger.Kind.CAPTURE)) == (250 - 24, 0, 1)
        assert audit_books() == []

    def test_money_of_the_bill_and_of_the_backup_is_the_same(self, twin: Twin) -> None:
        placed, intent = paid(twin)
        before = kept(placed, intent)
        lose(placed, intent)
        line = billed(twin, intent)

        rebuilt = rebuild(placed, kept=before, paid=line)
        poll_payments(now=LATER + dt.timedelta(minutes=1))

        assert rebuilt.order.state is orders.State.PAID
        assert len(payments.read_intents_of_orders(order_ids=[placed.order.id])[placed.order.id]) == 1
        assert (clearing(), entries(ledger.Kind.CAPTURE)) == (250 - 24, 1)
        assert audit_books() == []

    def test_an_order_that_was_placed_again_meanwhile_is_not_doubled(self, twin: Twin) -> None:
        placed, intent = paid(twin)
        before = kept(placed, intent)
        lose(placed, intent)
        again = place_one(ask("one", {"TEA": 1}), now=LATER)

        with pytest.raises(PlacedAgain, match=again.number):
            rebuild(placed, kept=before)

        assert tables.count("orders_order") == 1
