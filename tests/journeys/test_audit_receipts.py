"""Receipts and the journal under the audit: a sound shop has no finding, and whatever is bent is named."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from evertill.domains import incidents, orders, receipts, recovery
from evertill.journeys.anchor_journal import gather_noted, note_head, send_head
from evertill.journeys.audit_books import Check, audit_books
from evertill.journeys.cancel_order import cancel_order
from evertill.journeys.expire_reservations import expire_reservations
from evertill.journeys.place_orders import Placed
from evertill.journeys.publish_keys import rotate_receipt_key
from evertill.journeys.seal_receipts import adopt_all, adopt_orders, open_journal, seal_receipts
from evertill.kernel import config, db, ids
from evertill.outside.open_target import open_target
from tests import tables
from tests.askers import MACHINE
from tests.builders import NOON, ask, make_product, place_one

LATER = NOON + dt.timedelta(hours=1)
ALTERED = "it is not what was acknowledged: its time, lines, total or currency were altered"


@pytest.fixture(autouse=True)
def fresh_key(committed_db: None) -> Iterator[None]:
    receipts.forget_signer()
    yield
    receipts.forget_signer()


def tamper(statement: str, *params: int | str | bytes) -> None:
    """Change what nobody can, not even the shop."""
    with tables.unguarded(), connection.cursor() as cursor:
        cursor.execute(statement, params)
        assert cursor.rowcount != 0, "The tampering itself did nothing."


def found(*checks: Check) -> list[tuple[str, str]]:
    """What these checks find, and that no others of receipts do."""
    ours = [one for one in audit_books() if one.check in (Check.RECEIPTS, Check.JOURNAL, Check.CHAIN)]
    assert {one.check for one in ours} <= set(checks)
    return [(one.subject, one.detail) for one in ours]


def seal_all(now: dt.datetime = LATER) -> int:
    while not open_journal(now=now):
        pass
    total = 0
    while done := seal_receipts(now=now):
        total += done
    return total


@pytest.fixture
def shop() -> list[Placed]:
    """Three seals: the opening; two orders, one cancelled; and a third order whose time ran out, with it."""
    make_product("TEA", pieces=100)
    open_journal(now=NOON)
    placed = [place_one(ask("1", {"TEA": 2})), place_one(ask("2", {"TEA": 3}))]
    cancel_order(order_id=placed[1].order.id, actor="customer", now=NOON)
    seal_receipts(now=NOON)
    placed.append(place_one(ask("3", {"TEA": 4})))
    expire_reservations(now=LATER)
    seal_receipts(now=LATER)
    return placed


class TestASoundShop:
    def test_has_no_finding_sealed_or_not(self, shop: list[Placed]) -> None:
        assert audit_books() == []
        place_one(ask("4"))
        cancel_order(order_id=place_one(ask("5")).order.id, actor="customer", now=LATER)
        assert audit_books() == []
        assert seal_all() == 3
        assert audit_books() == []
        assert [tables.count(name) for name in ("receipts_seal", "receipts_unsealed", "orders_unsealed")] == [4, 0, 0]

    def test_seals_nothing_where_there_is_nothing(self, shop: list[Placed]) -> None:
        assert seal_receipts(now=LATER) == 0
        assert tables.count("receipts_seal") == 3

    def test_goes_on_under_a_new_key(self, shop: list[Placed]) -> None:
        rotate_receipt_key(asker=MACHINE, now=LATER)
        place_one(ask("4"))

        assert audit_books() == []
        assert seal_all() == 1
        assert audit_books() == []

    def test_goes_on_when_a_customer_has_himself_deleted(self) -> None:
        make_product("TEA")
        place_one(ask(account_id=5))
        orders.pseudonymise(account_id=5, limit=10)

        assert found() == []


class TestOpening:
    def test_gives_receipts_to_orders_from_before(self) -> None:
        make_product("TEA", pieces=100)
        old = [place_one(ask(str(n), {"TEA": n})) for n in range(1, 4)]
        cancel_order(order_id=old[0].order.id, actor="customer", now=NOON)
        with connection.cursor() as cursor, tables.unguarded():
            cursor.execute("update orders_order set receipt_batch = null")
            cursor.execute("truncate receipts_batch, receipts_unsealed, orders_unsealed")

        assert found() == []
        assert [open_journal(now=LATER) for _ in range(3)] == [False, True, True]
        assert found() == []
        assert seal_all() == 2
        assert found() == []
        assert orders.read_receipt_batches(order_ids=[one.order.id for one in old]).keys() == {
            one.order.id for one in old
        }

    def test_is_once(self, shop: list[Placed]) -> None:
        tamper("update orders_order set receipt_batch = null where id = %s", shop[0].order.id)

        assert open_journal(now=LATER)

        assert found(Check.RECEIPTS) == [
            (shop[0].number, "it names another batch of receipts than the one that holds it")
        ]

    def test_adopts_nothing_when_there_is_nothing(self, shop: list[Placed]) -> None:
        assert adopt_orders(now=LATER) == 0

    def test_is_done_again_by_who_says_why(self, shop: list[Placed]) -> None:
        with connection.cursor() as cursor, tables.unguarded():
            # As a node of the release before would have placed and cancelled it.
            order_id = place_one(ask("4")).order.id
            cancel_order(order_id=order_id, actor="customer", now=LATER)
            cursor.execute("update orders_order set receipt_batch = null where id = %s", (order_id,))
            cursor.execute("delete from receipts_batch where id = %s", (order_id,))
            cursor.execute("truncate receipts_unsealed, orders_unsealed")
        assert [detail for _, detail in found(Check.RECEIPTS, Check.JOURNAL)] == [
            "the shop never acknowledged it: it has no receipt",
            "it was never journalled",
        ]

        assert adopt_all(asker=MACHINE, why="an upgrade", now=LATER) == (1, 0)

        assert found() == []
        assert seal_all() == 2
        assert found() == []

    def test_adopts_events_alone(self, shop: list[Placed]) -> None:
        tamper(
            "insert into orders_event (order_id, position, kind, actor, happened_at)"
            " values (%s, 2, 'refund.requested', 'ada', now())",
            shop[1].order.id,
        )

        assert adopt_all(asker=MACHINE, why="an upgrade", now=LATER) == (0, 1)

        assert found() == []


class TestOrders:
    def test_that_are_lost_are_named(self, shop: list[Placed]) -> None:
        tamper("delete from orders_order where id = %s", shop[1].order.id)

        assert (shop[1].number, "it was acknowledged, and is lost") in found(Check.RECEIPTS)

    @pytest.mark.parametrize(
        "statement",
        [
            "update orders_order set total = total + 1 where id = %s",
            "update orders_order set currency = 'USD' where id = %s",
            "update orders_order set placed_at = placed_at + interval '1 microsecond' where id = %s",
            "update orders_line set quantity = quantity + 1 where order_id = %s",
            "update orders_line set unit_price = unit_price + 1 where order_id = %s",
            "update orders_line set sku = 'CUP' where order_id = %s",
            "delete from orders_line where order_id = %s",
            (
                "insert into orders_line (order_id, position, sku, title, quantity, unit_price)"
                " values (%s, 1, 'CUP', 'Cup', 1, 0)"
            ),
        ],
    )
    def test_that_are_altered_are_named(self, shop: list[Placed], statement: str) -> None:
        tamper(statement, shop[0].order.id)

        assert found(Check.RECEIPTS) == [(shop[0].number, ALTERED)]

    def test_that_are_somebody_elses_are_named(self, shop: list[Placed]) -> None:
        tamper("update orders_order set email = 'eve@example.com' where id = %s", shop[0].order.id)

        assert found(Check.RECEIPTS) == [
            (shop[0].number, "its address or telephone number is not the one it was placed with")
        ]

    @pytest.mark.parametrize("batch", [0, 7])
    def test_that_are_invented_are_named(self, shop: list[Placed], batch: int) -> None:
        tamper(
            "insert into orders_order (id, key_digest, receipt_batch, state, currency, total, email, phone, language,"
            " placed_at, reserved_until, body_digest) select id + 1, gen_random_uuid(), nullif(%s, 0), state, currency,"
            " total, email, phone, language, placed_at, reserved_until, body_digest from orders_order where id = %s",
            batch,
            shop[0].order.id,
        )

        assert found(Check.RECEIPTS) == [
            (ids.to_number(shop[0].order.id + 1), "the shop never acknowledged it: it has no receipt")
        ]


class TestEvents:
    def test_that_are_lost_are_named(self, shop: list[Placed]) -> None:
        tamper("delete from orders_event where order_id = %s and position = 1", shop[1].order.id)

        assert found(Check.JOURNAL) == [(f"{shop[1].number} event 1", "it was journalled, and is lost")]

    @pytest.mark.parametrize(
        "change", ["kind = 'order.paid'", "actor = 'eve'", "happened_at = happened_at - interval '1 day'"]
    )
    def test_that_are_altered_are_named(self, shop: list[Placed], change: str) -> None:
        tamper(f"update orders_event set {change} where order_id = %s and position = 1", shop[1].order.id)  # noqa: S608

        assert found(Check.JOURNAL) == [(f"{shop[1].number} event 1", "it is not what seal 2 holds")]

    def test_that_are_invented_are_named(self, shop: list[Placed]) -> None:
        tamper(
            "insert into orders_event (order_id, position, kind, actor, happened_at)"
            " values (%s, 2, 'refund.succeeded', 'eve', now())",
            shop[1].order.id,
        )

        assert found(Check.JOURNAL) == [(f"{shop[1].number} event 2", "it was never journalled")]

    def test_that_are_taken_out_of_the_queue_are_named(self, shop: list[Placed]) -> None:
        order_id = place_one(ask("4")).order.id
        cancel_order(order_id=order_id, actor="customer", now=LATER)
        tamper("delete from orders_unsealed where order_id = %s", order_id)

        assert found(Check.JOURNAL) == [(f"{ids.to_number(order_id)} event 1", "it was never journalled")]

    def test_that_are_journalled_twice_are_named(self, shop: list[Placed]) -> None:
        tamper("insert into orders_unsealed (order_id, position) values (%s, 1)", shop[1].order.id)

        detail = "seal 2 holds it, and it is journalled again"
        assert found(Check.JOURNAL) == [(f"{shop[1].number} event 1", detail)]


class TestTheChain:
    def test_misses_a_seal(self, shop: list[Placed]) -> None:
        tamper("delete from receipts_seal where number = 2")

        wrong = found(Check.CHAIN, Check.JOURNAL)

        assert ("seal 3", "1 before it are missing") in wrong
        assert (f"{shop[1].number} event 1", "it was never journalled") in wrong
        assert (f"batch {shop[0].number}", "0 seals hold it") in wrong

    def test_misses_its_last_seal(self, shop: list[Placed]) -> None:
        tamper("delete from receipts_seal where number = 3")

        assert (f"batch {shop[2].number}", "0 seals hold it") in found(Check.CHAIN, Check.JOURNAL)

    def test_finds_seals_in_another_sequence(self, shop: list[Placed]) -> None:
        tamper("update receipts_seal set number = 9 where number = 2")
        tamper("update receipts_seal set number = 2 where number = 3")
        tamper("update receipts_seal set number = 3 where number = 9")

        wrong = found(Check.CHAIN, Check.JOURNAL)

        assert ("seal 2", "it does not follow the one before it") in wrong
        assert ("seal 2", "its signature is not the shop's") in wrong
        assert ("seal 3", "it does not follow the one before it") in wrong

    @pytest.mark.parametrize(
        ("change", "detail"),
        [
            ("signature = decode(repeat('ab', 64), 'hex')", "its signature is not the shop's"),
            ("root = decode(repeat('ab', 32), 'hex')", "its leaves are not those that were signed"),
            ("sealed_at = sealed_at - interval '1 second'", "its signature is not the shop's"),
            ("previous = decode(repeat('ab', 32), 'hex')", "it does not follow the one before it"),
            ("key_id = 7", "its signature is not the shop's"),
        ],
    )
    def test_finds_a_seal_that_was_changed(self, shop: list[Placed], change: str, detail: str) -> None:
        tamper(f"update receipts_seal set {change} where number = 3")  # noqa: S608 — from above.

        assert ("seal 3", detail) in found(Check.CHAIN)

    @pytest.mark.parametrize(
        "change",
        [
            "signature = decode(repeat('ab', 64), 'hex')",
            "root = decode(repeat('ab', 32), 'hex')",
            "key_id = 7",
            "sealed_at = sealed_at - interval '1 second'",
        ],
    )
    def test_finds_a_batch_that_was_changed(self, shop: list[Placed], change: str) -> None:
        tamper(f"update receipts_batch set {change} where id = %s", shop[0].order.id)  # noqa: S608 — from above.

        assert found(Check.CHAIN) == [(f"batch {shop[0].number}", "it is not what seal 2 holds")]

    def test_finds_leaves_that_were_changed(self, shop: list[Placed]) -> None:
        tamper("update receipts_batch set leaves = decode(repeat('ab', 32), 'hex') where id = %s", shop[0].order.id)

        wrong = found(Check.CHAIN, Check.RECEIPTS)

        assert (f"batch {shop[0].number}", "its leaves are not those that were signed") in wrong
        assert (shop[0].number, ALTERED) in wrong

    def test_finds_a_batch_that_vanished(self, shop: list[Placed]) -> None:
        tamper("delete from receipts_batch where id = %s", shop[0].order.id)

        assert found(Check.CHAIN, Check.RECEIPTS) == [
            (shop[0].number, "the shop never acknowledged it: it has no receipt"),
            (f"batch {shop[0].number}", "seal 2 holds it, and it is not there"),
        ]

    def test_finds_a_batch_that_was_changed_before_it_was_sealed(self, shop: list[Placed]) -> None:
        placed = place_one(ask("4"))
        tamper("update receipts_batch set signature = decode(repeat('ab', 64), 'hex') where id = %s", placed.order.id)

        assert found(Check.CHAIN) == [(f"batch {placed.number}", "its signature is not the shop's")]

    def test_vouches_for_no_batch_that_the_shop_has_not_signed(self, shop: list[Placed]) -> None:
        """Who has the database alone would else only have to wait until the next seal makes his order genuine."""
        invented, honest = place_one(ask("4")), place_one(ask("5"))
        tamper("update receipts_batch set signature = decode(repeat('ab', 64), 'hex') where id = %s", invented.order.id)

        assert seal_receipts(now=LATER) > 0
        assert seal_receipts(now=LATER) == 0

        assert found(Check.CHAIN) == [(f"batch {invented.number}", "its signature is not the shop's")]
        assert tables.count("receipts_unsealed") == 1
        last = receipts.read_last_seal()
        assert last is not None
        assert last.batch_ids == [honest.order.id]

    def test_finds_a_batch_that_waits_though_it_was_sealed(self, shop: list[Placed]) -> None:
        tamper("insert into receipts_unsealed (batch_id) values (%s)", shop[0].order.id)

        assert found(Check.CHAIN) == [(f"batch {shop[0].number}", "1 seals hold it, and it waits to be sealed")]

    def test_finds_a_key_that_somebody_put_there(self, shop: list[Placed]) -> None:
        tamper(
            "insert into receipts_key (id, generation, public, made_at, vouched)"
            " select 7, 2, decode(repeat('ab', 32), 'hex'), made_at, vouched from receipts_key"
        )

        assert found(Check.CHAIN) == [("key 2", "nobody who is trusted vouches for it")]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder with a line of backups, and where that goes."""
    ours = replace(config.get(), data=tmp_path)
    monkeypatch.setattr(config, "get", lambda: ours)
    line = recovery.place.Place(tmp_path).begin_line(system="1", segment_bytes=16 << 20, now=NOON)
    copies = tmp_path / "copies"
    (copies / line.id).mkdir(parents=True)
    recovery.register(lambda: open_target(str(copies), folder=tmp_path, timeout_s=1))
    yield copies
    recovery.register(None)


def write_anew(placed: list[Placed]) -> None:
    """What who has the database and the shop's key can do: make it cheaper, and all of the journal to fit that."""
    order_id = placed[0].order.id
    tamper("update orders_line set unit_price = 1 where order_id = %s", order_id)
    tamper("update orders_order set total = 2 where id = %s", order_id)
    tamper("update orders_order set receipt_batch = null")
    with tables.unguarded(), connection.cursor() as cursor:
        cursor.execute("truncate receipts_seal, receipts_batch, receipts_unsealed, orders_unsealed")
    seal_all()
    # As long as it was.
    place_one(ask("4"))
    seal_all()


class TestWhatIsNotedElsewhere:
    def test_finds_a_chain_that_was_written_anew_from_its_beginning(self, shop: list[Placed], elsewhere: Path) -> None:
        assert note_head(now=LATER)
        assert send_head()
        logged = head_of_last()
        line = (
            f'{{"number": {logged.number}, "hash": "{logged.hash.hex()}", "event": "receipts sealed", "level": "info"}}'
        )
        seal_name = f"seal {logged.number}"
        assert moved() == []

        write_anew(shop)

        # In the database everything fits.
        assert found() == []
        ((subject, detail),) = moved()
        assert subject == seal_name
        assert detail.startswith("it is not the one that was noted (in the data folder; at the target, as ")
        (elsewhere.parent / "journal-anchor.json").unlink()
        assert [subject for subject, _ in moved()] == [seal_name]
        shutil.rmtree(elsewhere)
        elsewhere.mkdir()
        assert moved() == []
        assert moved(line) == [(seal_name, "it is not the one that was noted (in the log): the chain was written anew")]

    def test_raises_an_alert_and_is_not_written_over(self, shop: list[Placed], elsewhere: Path) -> None:
        note_head(now=LATER)
        before = (elsewhere.parent / "journal-anchor.json").read_bytes()
        write_anew(shop)

        assert not note_head(now=LATER)

        assert (elsewhere.parent / "journal-anchor.json").read_bytes() == before
        assert [alert.kind for alert in incidents.read_open_alerts(limit=9)] == ["JOURNAL_BROKEN"]

    def test_finds_a_chain_whose_end_was_cut_off(self, shop: list[Placed], elsewhere: Path) -> None:
        send_head()
        tamper("delete from receipts_seal where number = 3")

        ((subject, detail),) = moved()

        assert subject == "seal 3"
        assert detail.startswith("it was noted (at the target, as ")
        assert detail.endswith("), and is gone with all behind it")

    def test_goes_on_with_the_chain_and_is_sent_once(self, shop: list[Placed], elsewhere: Path) -> None:
        assert (note_head(now=LATER), send_head()) == (True, True)
        assert (note_head(now=LATER), send_head()) == (False, False)
        place_one(ask("4"))
        seal_all()

        assert (note_head(now=LATER), send_head()) == (True, True)
        assert moved() == []
        assert len(list(elsewhere.glob("*/heads/*"))) == 2

    def test_is_not_believed_of_just_anybody(self, shop: list[Placed], elsewhere: Path) -> None:
        send_head()
        (ours,) = elsewhere.glob("*/heads/*")
        forged = ours.name[:17] + "0" * 64 + ours.name[17 + 64 :]
        shutil.copy(ours, ours.with_name(forged))

        assert moved() == []

    def test_is_not_upset_by_names_of_seals_that_cannot_be(self, shop: list[Placed], elsewhere: Path) -> None:
        send_head()
        (ours,) = elsewhere.glob("*/heads/*")
        for number in ("F" * 16, "7" + "F" * 15, "8" + "0" * 15):
            shutil.copy(ours, ours.with_name(number + ours.name[16:]))

        assert moved() == []
        assert not send_head()

    def test_is_not_forgotten_for_others_that_somebody_has_put_there(
        self, shop: list[Placed], elsewhere: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who may only write there could else have the shop itself remove what speaks against him."""
        monkeypatch.setattr("evertill.journeys.anchor_journal._KEPT", 3)
        send_head()
        (ours,) = elsewhere.glob("*/heads/*")
        for number in range(9):
            shutil.copy(ours, ours.with_name(f"{number + 20:016X}{ours.name[16:]}"))
        place_one(ask("4"))
        seal_all()

        assert send_head()

        assert ours.exists()

    def test_is_forgotten_when_it_is_old(
        self, shop: list[Placed], elsewhere: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        send_head()
        (first,) = elsewhere.glob("*/heads/*")
        place_one(ask("4"))
        seal_all()
        monkeypatch.setattr("evertill.journeys.anchor_journal._KEPT", 0)

        assert send_head()

        assert not first.exists()
        assert len(list(elsewhere.glob("*/heads/*"))) == 1


def head_of_last() -> receipts.Head:
    last = receipts.read_last_seal()
    assert last is not None
    return receipts.head_of(last)


def moved(*lines: str) -> list[tuple[str, str]]:
    """What the audit finds by what was noted elsewhere."""
    noted, unasked = gather_noted(lines=lines)
    assert unasked == ""
    return [(one.subject, one.detail) for one in audit_books(noted=noted) if one.check is Check.ANCHORED]


class TestCanonicalBytes:
    @given(
        lines=st.lists(
            st.tuples(
                st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=64),
                st.integers(1, 2**31 - 1),
                st.integers(0, 10**15),
            ),
            min_size=1,
            max_size=4,
        ),
        micros=st.integers(0, 10**16),
        total=st.integers(0, 10**15),
    )
    @settings(max_examples=30)
    def test_are_the_same_here_and_in_the_database(
        self, lines: list[tuple[str, int, int]], micros: int, total: int
    ) -> None:
        placed_at = receipts.rules.from_micros(micros)
        order = orders.Order(
            id=7,
            state=orders.State.PLACED,
            currency="CNY",
            total=total,
            email="ada@example.com",
            placed_at=placed_at,
            reserved_until=NOON,
            lines=tuple(orders.Line(sku=sku, title=sku, quantity=n, unit_price=price) for sku, n, price in lines),
        )
        keyed = orders.Keyed(order=order, key_digest=bytes(16), body_digest=bytes(16))
        facts = receipts.Facts(order_id=7, placed_at=placed_at, currency="CNY", total=total, lines=order.lines)

        with db.write():
            orders.record(keyed=[keyed], placed_at=placed_at, reserved_until=NOON, receipt_batch=7)
            (told,) = orders.stream_facts()
            with connection.cursor() as cursor:
                cursor.execute("delete from orders_line")
                cursor.execute("delete from orders_event")
                cursor.execute("delete from orders_order")

        assert told.facts == receipts.rules.facts_bytes(facts)

    def test_of_events_are_too(self, shop: list[Placed]) -> None:
        with db.write():
            told = {place[:2]: place[3] for place in orders.stream_journal()}
        kept = [
            receipts.EventFact(order_id=order_id, position=1, kind=kind, actor=actor, happened_at=at)
            for order_id, kind, actor, at in db.fetch(
                "select order_id, kind, actor, happened_at from orders_event where position = 1"
            )
        ]

        assert len(kept) == 3
        for event in kept:
            content = told[event.order_id, 1]
            assert receipts.tree.hash_leaf(content) == receipts.rules.event_leaf(event)
