"""Rebuilding a lost order from its receipt: what it was, once, and not before somebody may and another one agrees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import connection

from evertill.domains import orders, receipts, stock
from evertill.domains.stock.models import StockMovement
from evertill.journeys import decide_approvals
from evertill.journeys.audit_books import audit_books
from evertill.journeys.permitted import Forbidden
from evertill.journeys.place_orders import Placed
from evertill.journeys.rebuild_order import (
    ApprovalRequired,
    ContactDiffers,
    GoodsGone,
    LinesMissing,
    NotRebuilt,
    OrderKept,
    RebuildOrder,
    Rebuilt,
    ask_to_rebuild,
    rebuild_order,
    release_rebuilt,
)
from evertill.journeys.verify_receipt import Standing, verify_receipt
from evertill.kernel.errors import EvertillError
from tests import tables
from tests.askers import MACHINE, customer, staff
from tests.builders import NOON, ask, balance, make_product, place_one

LATER = NOON + dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def fresh_key(committed_db: None) -> Iterator[None]:
    receipts.forget_signer()
    yield
    receipts.forget_signer()


def lose(placed: Placed, *, with_batch: bool = True) -> None:
    """Take an order away with all that belongs to it, as a restore to the moment before it does."""
    order_id = placed.order.id
    with connection.cursor() as cursor, tables.unguarded():
        for line in placed.order.lines:
            cursor.execute("update stock_item set reserved = reserved - %s where sku = %s", (line.quantity, line.sku))
        cursor.execute("delete from stock_movement where order_id = %s", (order_id,))
        cursor.execute("delete from orders_line where order_id = %s", (order_id,))
        cursor.execute("delete from orders_event where order_id = %s", (order_id,))
        cursor.execute("delete from orders_order where id = %s", (order_id,))
        if with_batch:
            cursor.execute("delete from receipts_batch where id = %s", (order_id,))
            cursor.execute("delete from receipts_unsealed where batch_id = %s", (order_id,))


@pytest.fixture
def lost() -> Placed:
    """An order of 3 TEA that the shop does not know any more."""
    make_product("TEA", pieces=10, title="Tea")
    placed = place_one(ask(lines={"TEA": 3}, email="ada@example.com", phone="+8613800138000", account_id=5))
    lose(placed)
    return placed


def asked(lost: Placed, **changed: object) -> RebuildOrder:
    told: dict[str, object] = {"email": "ada@example.com", "phone": "+8613800138000", "language": "", "account_id": 5}
    return RebuildOrder(text=lost.receipt, why="lost by a restore", **told | changed)  # type: ignore[arg-type]


def rebuild(lost: Placed, **changed: object) -> Rebuilt:
    return rebuild_order(asker=MACHINE, asked=asked(lost, **changed), now=LATER)


def assert_nothing_happened() -> None:
    assert [tables.count(name) for name in ("orders_order", "orders_line", "orders_event", "receipts_batch")] == [0] * 4
    assert balance("TEA") == (10, 0)


class TestRebuilding:
    def test_brings_back_what_was_acknowledged(self, lost: Placed) -> None:
        rebuilt = rebuild(lost)

        order = lost.order
        (kept,) = orders.read_orders(order_ids=[order.id]).values()
        assert rebuilt.number == lost.number
        assert rebuilt.access_token == lost.access_token
        assert kept == rebuilt.order
        assert (kept.lines, kept.total, kept.currency) == (order.lines, order.total, order.currency)
        assert (kept.placed_at, kept.email, kept.phone) == (order.placed_at, order.email, order.phone)
        assert kept.state is orders.State.PLACED
        assert kept.reserved_until == LATER + dt.timedelta(days=14)
        assert balance("TEA") == (10, 3)
        assert list(StockMovement.objects.filter(order_id=order.id).values_list("kind", "reason")) == [
            ("RESERVED", "rebuilt")
        ]

    def test_is_told_by_its_history_and_by_the_trail(self, lost: Placed) -> None:
        rebuild(lost)

        events = orders.read_events(after={lost.order.id: -1}, limit=9)[lost.order.id].events
        assert [(event.kind, event.happened_at) for event in events] == [
            ("order.placed", NOON),
            ("receipt.rebuilt", LATER),
        ]
        (told,) = tables.rows("trail_record")
        assert "orders.rebuild" in told
        assert "lost by a restore" in told

    def test_leaves_the_books_sound_and_the_receipt_good(self, lost: Placed) -> None:
        rebuilt = rebuild(lost)

        assert audit_books() == []
        assert [verify_receipt(text=text).standing for text in (lost.receipt, rebuilt.receipt)] == [Standing.KEPT] * 2

    def test_goes_back_into_its_own_batch_where_that_is_kept(self) -> None:
        make_product("TEA")
        placed = place_one(ask(lines={"TEA": 3}))
        lose(placed, with_batch=False)

        rebuilt = rebuild(placed, phone="", account_id=None)

        assert rebuilt.receipt == placed.receipt
        assert tables.count("receipts_batch") == 1
        assert audit_books() == []

    def test_holds_it_until_somebody_has_looked_at_it(self, lost: Placed) -> None:
        rebuild(lost)
        (held,) = orders.find_holds(order_ids=[lost.order.id])[lost.order.id]

        release_rebuilt(order_id=lost.order.id, asker=MACHINE, why="the provider's record shows it", now=LATER)

        assert (held.reason, held.subject) == ("REBUILT", "receipt")
        assert orders.find_holds(order_ids=[lost.order.id]) == {}
        with pytest.raises(NotRebuilt):
            release_rebuilt(order_id=lost.order.id, asker=MACHINE, why="again", now=LATER)

    def test_gives_away_what_cost_nothing(self) -> None:
        make_product("TEA", prices={"GBP": 0})
        placed = place_one(ask(lines={"TEA": 2}))
        with connection.cursor() as cursor:
            cursor.execute("update stock_item set on_hand = 10, reserved = 2 where sku = 'TEA'")
        lose(placed)

        rebuilt = rebuild(placed, phone="", account_id=None)

        assert rebuilt.order.state is orders.State.PAID
        assert balance("TEA") == (8, 0)
        assert audit_books() == []

    def test_names_goods_that_are_no_longer_for_sale_by_their_sku(self, lost: Placed) -> None:
        with connection.cursor() as cursor:
            cursor.execute("update catalog_variant set is_active = false")

        rebuilt = rebuild(lost)

        assert [line.title for line in rebuilt.order.lines] == ["TEA"]
        assert verify_receipt(text=lost.receipt).standing is Standing.KEPT


class TestRefusals:
    def test_of_an_order_that_exists(self, lost: Placed) -> None:
        rebuild(lost)

        with pytest.raises(OrderKept):
            rebuild(lost)

        assert tables.count("orders_order") == 1
        assert balance("TEA") == (10, 3)

    @pytest.mark.parametrize(
        "changed",
        [{"email": "eve@example.com"}, {"phone": ""}, {"phone": "+8613800138001"}, {"email": "", "phone": ""}],
    )
    def test_of_another_customer(self, lost: Placed, changed: dict[str, object]) -> None:
        with pytest.raises(ContactDiffers):
            rebuild(lost, **changed)

        assert_nothing_happened()

    def test_of_goods_that_others_have_by_now(self, lost: Placed) -> None:
        stock.move(movements=[stock.Movement(sku="TEA", kind=stock.MovementKind.CORRECTED, quantity=-8)], now=NOON)

        with pytest.raises(GoodsGone) as refused:
            rebuild(lost)

        assert refused.value.facts == {"short": [{"sku": "TEA", "asked": 3, "left": 2}]}
        assert tables.count("orders_order") == 0

    def test_of_the_short_form(self) -> None:
        make_product("TEA", pieces=None)
        for place in range(60):
            make_product(f"A-LONG-SKU-{place:04}", pieces=None)
        placed = place_one(ask(lines={f"A-LONG-SKU-{place:04}": 1 for place in range(60)}))
        batch = receipts.read_batches(batch_ids=[placed.order.id])[placed.order.id]
        facts = receipts.Facts(
            order_id=placed.order.id,
            placed_at=NOON,
            currency="GBP",
            total=placed.order.total,
            lines=placed.order.lines,
        )
        short = receipts.texts.write_short(batch, facts=facts, index=0)
        lose(placed)

        with pytest.raises(LinesMissing):
            rebuild_order(asker=MACHINE, asked=RebuildOrder(text=short, email="ada@example.com", why="lost"), now=LATER)

    def test_of_what_is_no_receipt(self, lost: Placed) -> None:
        for text in ("", lost.receipt[:-1], lost.receipt.replace("A", "B", 1)):
            with pytest.raises(EvertillError):
                rebuild_order(asker=MACHINE, asked=RebuildOrder(text=text, email="ada@example.com", why=""), now=LATER)

        assert_nothing_happened()


class TestFourEyes:
    def test_nobody_does_it_alone(self, lost: Placed) -> None:
        with pytest.raises(Forbidden):
            rebuild_order(asker=customer(9), asked=asked(lost), now=LATER)
        with pytest.raises(Forbidden):
            rebuild_order(asker=staff(8, "finance"), asked=asked(lost), now=LATER)
        with pytest.raises(ApprovalRequired):
            rebuild_order(asker=staff(7, "support"), asked=asked(lost), now=LATER)

        assert_nothing_happened()

    def test_another_person_approves_exactly_this(self, lost: Placed) -> None:
        support, finance = staff(7, "support"), staff(8, "finance")
        approval = ask_to_rebuild(asker=support, asked=asked(lost), now=LATER)
        decide_approvals.decide(asker=finance, approval_id=approval.id, is_approved=True, why="seen", now=LATER)

        with pytest.raises(ApprovalRequired):
            rebuild_order(asker=support, asked=asked(lost, account_id=6), now=LATER)
        rebuilt = rebuild_order(asker=support, asked=asked(lost), now=LATER)

        assert rebuilt.number == lost.number
        assert audit_books() == []
