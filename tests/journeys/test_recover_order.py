"""Putting an order back from a backup: by two people, this order alone, and only what nobody else knows better."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

import msgspec
import pytest
from django.db import connection

from evertill.domains import accounts, orders, payments, receipts, recovery
from evertill.domains.claims import Clues
from evertill.domains.recovery import BackupSearch, SearchState
from evertill.journeys import decide_approvals
from evertill.journeys.ask_to_search import LostOrder, NoTarget, ask_to_search, forget_found, view_searches
from evertill.journeys.audit_books import audit_books
from evertill.journeys.permitted import Forbidden
from evertill.journeys.rebuild_order import AccountGone, OrderKept
from evertill.journeys.recover_order import (
    ApprovalRequired,
    OrderOver,
    ReceiptNotKept,
    RecoverOrder,
    SearchNotFound,
    ask_to_recover,
    recover_order,
)
from evertill.journeys.search_backups import moment_of
from evertill.kernel import db, ids
from tests.askers import MACHINE, customer, staff
from tests.builders import NOON, ask, balance, make_product, place_one
from tests.losing import copy_of, lose
from tests.paying import settle, start
from tests.twin import Twin

LATER = NOON + dt.timedelta(days=1)
SEARCH = 7 << 40


@pytest.fixture(autouse=True)
def twin(committed_db: None) -> Iterator[Twin]:
    receipts.forget_signer()
    provider = Twin()
    payments.register(provider)
    make_product("TEA", pieces=10)
    yield provider
    payments.register()
    receipts.forget_signer()


def found(*lost: LostOrder, search_id: int = SEARCH, claim_id: int | None = 9) -> BackupSearch:
    """A search that ended with these orders."""
    search = BackupSearch(
        id=search_id,
        number=ids.to_number(search_id),
        claim_id=claim_id,
        clues=msgspec.json.encode(Clues(number="x")).decode(),
        wanted_at=None,
        asked_by="STAFF:7",
        asked_at=NOON,
    )
    with db.write():
        recovery.searches.ask(new=search, most=9)
        taken = recovery.searches.take(now=NOON, search_id=search_id)
        assert taken is not None
        ended = msgspec.structs.replace(
            taken,
            state=SearchState.FOUND,
            backup="20261122T110000Z-full-000000",
            reached_at=NOON,
            found=msgspec.json.encode(lost).decode(),
        )
        recovery.searches.end(search=ended, now=NOON)
    return ended


def asked(lost: LostOrder, *, search_id: int = SEARCH) -> RecoverOrder:
    return RecoverOrder(search_id=search_id, order_id=lost.copied.order.id, why="lost by a restore")


def every_row() -> dict[str, Counter[str]]:
    """Every row of every table, as a text."""
    names = connection.introspection.table_names()
    rows: dict[str, Counter[str]] = {}
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"select t::text from {connection.ops.quote_name(name)} as t")  # noqa: S608 — a name of ours.
            rows[name] = Counter(text for (text,) in cursor.fetchall())
    return rows


class TestRecovering:
    def test_changes_nothing_of_anybody_else(self) -> None:
        placed = place_one(ask("one", {"TEA": 3}, email="ada@example.com", language="zh-hans", account_id=5))
        for name in ("bob", "cy"):
            place_one(ask(name, {"TEA": 1}, email=f"{name}@example.com"))
        lost = copy_of(placed)
        lose(placed)
        found(lost)
        before = every_row()

        recovered = recover_order(asker=MACHINE, asked=asked(lost), now=LATER)

        assert recovered.number == placed.number
        (order,) = orders.read_orders(order_ids=[placed.order.id]).values()
        assert (order.email, order.language, order.account_id) == ("ada@example.com", "zh-hans", 5)
        assert (order.lines, order.placed_at) == (placed.order.lines, placed.order.placed_at)
        after = every_row()
        changed = {name: sum((rows - after[name]).values()) for name, rows in before.items() if rows - after[name]}
        # The shelf that the goods are on.
        assert changed == {"stock_item": 1}
        added = {name for name, rows in after.items() if rows - before[name]}
        assert added <= {
            *changed, "trail_chain", "trail_record",
            "orders_order", "orders_line", "orders_event", "orders_unsealed", "orders_hold",
            "orders_found", "stock_movement", "receipts_batch", "receipts_unsealed", "receipts_key",
        }  # fmt: skip
        assert balance("TEA") == (10, 5)
        assert audit_books() == []

    def test_asks_the_provider_about_what_was_begun(self, twin: Twin) -> None:
        placed = place_one(ask())
        intent = start(placed)
        lost = copy_of(placed)
        lose(placed, intent)
        twin.pay(intent)
        found(lost)

        recover_order(asker=MACHINE, asked=asked(lost), now=LATER)
        settle(intent, now=LATER)

        assert orders.read_orders(order_ids=[placed.order.id])[placed.order.id].state is orders.State.PAID
        assert audit_books() == []

    def test_takes_two_people_who_agree_on_exactly_this(self) -> None:
        placed = place_one(ask())
        lost = copy_of(placed)
        lose(placed)
        found(lost)
        found(msgspec.structs.replace(lost, copied=lost.copied), search_id=SEARCH + 1)
        support, finance = staff(7, "support"), staff(8, "finance")
        with pytest.raises(Forbidden):
            recover_order(asker=customer(9), asked=asked(lost), now=LATER)
        with pytest.raises(Forbidden):
            recover_order(asker=finance, asked=asked(lost), now=LATER)
        with pytest.raises(ApprovalRequired):
            recover_order(asker=support, asked=asked(lost), now=LATER)

        approval = ask_to_recover(asker=support, asked=asked(lost), now=LATER)
        decide_approvals.decide(asker=finance, approval_id=approval.id, is_approved=True, why="seen", now=LATER)

        assert recover_order(asker=support, asked=asked(lost), now=LATER).number == placed.number
        with pytest.raises(OrderKept):
            recover_order(asker=MACHINE, asked=asked(lost), now=LATER)

    def test_is_refused_of_what_had_ended(self, twin: Twin) -> None:
        placed = place_one(ask())
        lost = copy_of(placed)
        lose(placed)
        over = msgspec.structs.replace(lost, copied=msgspec.structs.replace(lost.copied, is_over=True))
        bare = msgspec.structs.replace(lost, copied=msgspec.structs.replace(lost.copied, receipt=""))
        found(over)
        found(bare, search_id=SEARCH + 1)

        with pytest.raises(OrderOver):
            recover_order(asker=MACHINE, asked=asked(lost), now=LATER)
        with pytest.raises(ReceiptNotKept):
            recover_order(asker=MACHINE, asked=asked(lost, search_id=SEARCH + 1), now=LATER)
        with pytest.raises(SearchNotFound):
            recover_order(asker=MACHINE, asked=asked(lost, search_id=SEARCH + 2), now=LATER)
        assert orders.read_orders(order_ids=[placed.order.id]) == {}

    def test_is_refused_of_an_account_that_was_deleted(self) -> None:
        with db.write():
            accounts.open_account(account_id=5, display_name="Ada", language="en", now=NOON)
        placed = place_one(ask(account_id=5))
        lost = copy_of(placed)
        lose(placed)
        found(lost)
        with db.write():
            accounts.erase(account_id=5, now=LATER)

        with pytest.raises(AccountGone):
            recover_order(asker=MACHINE, asked=asked(lost), now=LATER)


class TestSearches:
    def test_show_what_is_missing_still_and_are_forgotten(self) -> None:
        placed = place_one(ask())
        lost = copy_of(placed)
        here = found(lost)
        assert [one.lost for one in view_searches(asker=MACHINE, claim_id=9, now=NOON)] == [()]
        lose(placed)
        (shown,) = view_searches(asker=MACHINE, claim_id=9, now=NOON)
        assert (shown.search.id, [one.finding.name for one in shown.lost]) == (here.id, [placed.number])
        with pytest.raises(Forbidden):
            view_searches(asker=staff(8, "finance"), claim_id=9, now=NOON)

        assert forget_found(now=NOON + dt.timedelta(days=6)) == 0
        assert forget_found(now=NOON + dt.timedelta(days=8)) == 1

        assert [one.lost for one in view_searches(asker=MACHINE, claim_id=9, now=NOON)] == [()]

    def test_need_backups(self) -> None:
        with pytest.raises(NoTarget):
            ask_to_search(asker=MACHINE, number="0E9V-2B7K-QQX3M", why="lost", now=NOON)

    def test_of_a_process_that_died_are_taken_again_and_not_for_ever(self) -> None:
        search = found(search_id=SEARCH)
        again = msgspec.structs.replace(search, id=SEARCH + 1, found="")
        with db.write():
            recovery.searches.ask(new=again, most=9)
            tries = [recovery.searches.take(now=NOON) for _ in range(4)]

        assert [one.tries if one else None for one in tries] == [1, 2, 3, None]
        ended = recovery.searches.read(search_id=SEARCH + 1)
        assert ended is not None
        assert (ended.state, ended.error) == (SearchState.FAILED, "It was cut off too often.")

    def test_that_could_not_be_begun_do_not_count_as_a_try(self) -> None:
        search = msgspec.structs.replace(found(), id=SEARCH + 1, found="")
        with db.write():
            recovery.searches.ask(new=search, most=9)
            for _ in range(5):
                recovery.searches.take(now=NOON)
                recovery.searches.put_back(search_id=search.id)

        waiting = recovery.searches.read(search_id=search.id)
        assert waiting is not None
        assert (waiting.state, waiting.tries) == (SearchState.WAITING, 0)

    def test_wait_once_for_each_claim_and_not_too_many(self) -> None:
        search = found()
        new = [msgspec.structs.replace(search, id=SEARCH + n, found="", claim_id=n) for n in (1, 1, 2, 3)]
        said = []
        for place, one in enumerate(new):
            try:
                with db.write():
                    recovery.searches.ask(new=msgspec.structs.replace(one, id=one.id + place * 100), most=2)
            except recovery.SearchWaits:
                said.append(place)

        assert said == [1, 3]

    @pytest.mark.parametrize(
        ("clues", "moment"),
        [
            (Clues(number=ids.to_number(ids.first_of(NOON))), NOON + dt.timedelta(hours=1)),
            (Clues(date=NOON.date() - dt.timedelta(days=2)), dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)),
            (Clues(number=ids.to_number(ids.first_of(LATER))), None),
            (Clues(email="ada@example.com"), None),
        ],
    )
    def test_are_as_of_soon_after_the_order_was_placed(self, clues: Clues, moment: dt.datetime | None) -> None:
        assert moment_of(clues, now=LATER) == moment
