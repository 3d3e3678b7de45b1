"""Holds: whatever holds an order keeps its goods here, each reason for itself, also while somebody hands them over."""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from evertill.domains import orders
from evertill.domains.orders import Hold, HoldReason, State
from evertill.kernel import config, db
from tests import tables
from tests.builders import NOON, ask, make_product, place_one
from tests.kernel.waiting import until
from tests.threads import meanwhile

LATER = NOON + dt.timedelta(hours=1)


def pay(*order_ids: int) -> None:
    orders.change_state(order_ids=order_ids, to=State.PAID, actor="ada", now=NOON)


def hold(*order_ids: int, subject: str = "D1", reason: str = HoldReason.DISPUTE_OPEN) -> set[int]:
    return orders.hold(order_ids=order_ids, reason=reason, subject=subject, actor="ada", now=NOON)


def release(*order_ids: int, subject: str = "D1") -> set[int]:
    return orders.release_holds(order_ids=order_ids, subject=subject, actor="bob", now=LATER)


@pytest.fixture
def ids(db: None) -> list[int]:
    """Three paid orders."""
    make_product("TEA")
    placed = [place_one(ask(key)).order.id for key in "abc"]
    pay(*placed)
    return sorted(placed)


class TestHold:
    def test_keeps_who_and_why(self, ids: list[int]) -> None:
        assert hold(ids[0], ids[1]) == {ids[0], ids[1]}

        found = orders.find_holds(order_ids=ids)
        assert found == {
            order_id: [Hold(order_id=order_id, reason="DISPUTE_OPEN", subject="D1", actor="ada", held_at=NOON)]
            for order_id in ids[:2]
        }

    def test_counts_once_for_a_reason_and_a_subject(self, ids: list[int]) -> None:
        hold(ids[0])

        assert hold(*ids) == {ids[1], ids[2]}

        assert tables.count("orders_hold") == 3

    def test_holds_no_order_that_there_is_not(self, ids: list[int]) -> None:
        assert hold(77) == set()

        assert tables.count("orders_hold") == 0


class TestRelease:
    def test_ends_every_hold_of_a_subject_and_no_other(self, ids: list[int]) -> None:
        hold(*ids)
        hold(ids[0], reason=HoldReason.DISPUTE_LOST)
        hold(ids[0], subject="D2")

        assert release(ids[0], ids[1]) == {ids[0], ids[1]}

        found = orders.find_holds(order_ids=ids)
        assert {order_id: [one.subject for one in held] for order_id, held in found.items()} == {
            ids[0]: ["D2"],
            ids[2]: ["D1"],
        }

    def test_is_kept_with_who_and_when(self, ids: list[int]) -> None:
        hold(ids[0])
        release(ids[0])

        ((_, order_id, *_, released_at, released_by),) = tables.rows("orders_hold")
        assert (order_id, released_at, released_by) == (ids[0], LATER, "bob")

    def test_happens_once(self, ids: list[int]) -> None:
        hold(ids[0])
        release(ids[0])

        assert release(ids[0]) == set()

    def test_lets_an_order_be_held_anew(self, ids: list[int]) -> None:
        hold(ids[0])
        release(ids[0])

        assert hold(ids[0]) == {ids[0]}


class TestReadyToFulfil:
    def test_is_what_is_paid_and_held_by_nothing(self, ids: list[int]) -> None:
        unpaid = place_one(ask("d")).order.id
        hold(ids[0])
        hold(ids[1])
        release(ids[1])

        assert orders.ready_to_fulfil(order_ids=[*ids, unpaid, 77]) == {ids[1], ids[2]}

    def test_is_not_what_one_of_two_still_holds(self, ids: list[int]) -> None:
        hold(ids[0])
        hold(ids[0], subject="D2")
        release(ids[0])

        assert orders.ready_to_fulfil(order_ids=[ids[0]]) == set()

    def test_is_not_what_was_given_back_whole(self, ids: list[int]) -> None:
        orders.change_state(order_ids=[ids[0]], to=State.REFUNDED, actor="ada", now=NOON)

        assert orders.ready_to_fulfil(order_ids=[ids[0]]) == set()


class TestHoldingWhileSomebodyHandsOver:
    @pytest.fixture
    def order_id(self, committed_db: None) -> int:
        make_product("TEA")
        order_id = place_one().order.id
        pay(order_id)
        return order_id

    def test_is_seen_by_whoever_waits_for_it(self, order_id: int) -> None:
        def ready() -> set[int]:
            with db.write():
                return orders.ready_to_fulfil(order_ids=[order_id])

        with ExitStack() as stack:
            with transaction.atomic():
                hold(order_id)
                asked = stack.enter_context(meanwhile(ready))
                until(is_somebody_waiting)

            assert asked.result(timeout=60) == set()


def is_somebody_waiting() -> bool:
    with psycopg.connect(config.get().database_url) as other:
        row = other.execute(
            "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        ).fetchone()
    return row is not None


class TestConstraints:
    @pytest.mark.parametrize(
        ("change", "name"),
        [
            ("set subject = 'D1'", "orders_hold_once"),
            ("set subject = ''", "orders_hold_named"),
            ("set released_at = now()", "orders_hold_released_by_somebody"),
            ("set released_by = 'bob'", "orders_hold_released_by_somebody"),
        ],
    )
    def test_refuse_what_cannot_be(self, ids: list[int], change: str, name: str) -> None:
        hold(ids[0])
        hold(ids[0], subject="D2")

        with pytest.raises(IntegrityError, match=name), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"update orders_hold {change} where subject = 'D2'")
