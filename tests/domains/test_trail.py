"""The trail: written with the change, chained, never changed, and telling when it was all the same."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from django.db import IntegrityError, connection, transaction

from evertill.domains import trail
from evertill.domains.trail import Actor, ActorKind, Entry, Fault, Outcome, Search, Subject
from evertill.domains.trail.queries import find_missing_guards
from evertill.kernel import db
from tests import tables
from tests.builders import NOON
from tests.kernel.waiting import until
from tests.threads import meanwhile, together

# A superuser takes the guards' force and leaves them their names.
NO_REFUSAL = (
    "create or replace function trail_refuse_change() returns trigger language plpgsql as 'begin return null; end'"
)
ANOTHER = """
create or replace trigger trail_{0} before {1} on trail_{2} for each {3} execute function trail_{4}();
alter table trail_{2} enable always trigger trail_{0};
"""
BOSS = Actor(
    kind=ActorKind.STAFF,
    id="17",
    roles=("administrator", "finance"),
    factors=("PASSKEY",),
    place="203.0.113.0/24",
    session_id=5,
)
ORDER = Subject(kind="order", id="0F3K-8ZQM-2RTVC")


def entry(operation: str = "orders.refund", *, after: Mapping[str, Any] | None = None, why: str = "broken") -> Entry:
    return Entry(actor=BOSS, operation=operation, subject=ORDER, before={"paid": 500}, after=after, why=why)


def write(operation: str = "orders.refund", *, now: dt.datetime = NOON) -> trail.Record:
    with db.write():
        (record,) = trail.write_all(entries=[entry(operation, after={"paid": 0})], now=now)
    return record


def write_and_fail() -> None:
    with db.write():
        trail.write(actor=BOSS, operation="orders.refund", subject=ORDER, now=NOON)
        raise ZeroDivisionError


def verify(**given: Any) -> list[tuple[Fault, int, int]]:
    with db.snapshot():
        return [(found.fault, found.chain, found.seq) for found in trail.verify(**given)]


@pytest.mark.usefixtures("committed_db")
class TestWriting:
    def test_keeps_who_what_and_why(self) -> None:
        with db.write():
            trail.write(
                actor=BOSS,
                operation="orders.refund",
                subject=ORDER,
                before={"paid": 500},
                after={"paid": 0},
                why="broken",
                outcome=Outcome.REFUSED,
                now=NOON,
            )

        (record,) = trail.read_records(search=Search(), limit=2)
        told = msgspec.structs.asdict(record)
        assert {name: told[name] for name in ("chain", "seq", "at", "session_id", "actor_kind", "actor_id")} == {
            "chain": 1,
            "seq": 1,
            "at": NOON,
            "session_id": 5,
            "actor_kind": "STAFF",
            "actor_id": "17",
        }
        assert (record.roles, record.factors, record.place) == ("administrator,finance", "PASSKEY", "203.0.113.0/24")
        assert (record.operation, record.subject_kind, record.subject_id) == ("orders.refund", "order", ORDER.id)
        assert (json.loads(record.before), json.loads(record.after)) == ({"paid": 500}, {"paid": 0})
        assert (record.why, record.outcome) == ("broken", "REFUSED")

    def test_many_at_once_follow_each_other_in_their_sequence(self) -> None:
        with db.write():
            records = trail.write_all(entries=[entry(f"orders.step{n}") for n in range(5)], now=NOON)

        assert [record.seq for record in records] == [1, 2, 3, 4, 5]
        assert trail.read_heads() == [trail.Head(1, 5, records[-1].mac)]
        assert verify() == []

    def test_is_undone_with_the_change_that_it_tells_of(self) -> None:
        with pytest.raises(ZeroDivisionError):
            write_and_fail()

        assert trail.count_records() == 0
        assert tables.count("trail_record") == 0
        assert verify() == []

    def test_is_refused_apart_from_a_transaction(self) -> None:
        with pytest.raises(trail.NotInTransaction):
            trail.write(actor=BOSS, operation="orders.refund", subject=ORDER, now=NOON)

        assert tables.count("trail_record") == 0

    @pytest.mark.parametrize(
        "operation", ["", "refund", "orders.", "Orders.refund", "orders refund", "orders.refund\n"]
    )
    def test_refuses_what_names_no_operation(self, operation: str) -> None:
        with pytest.raises(ValueError, match="operation"):
            write(operation)

    def test_refuses_contents_beyond_what_a_record_holds(self) -> None:
        with pytest.raises(trail.RecordTooLarge), db.write():
            trail.write_all(entries=[entry(after={"text": "x" * 16_000})], now=NOON)

        assert tables.count("trail_record") == 0

    def test_keeps_what_strangers_type_within_what_the_database_can_hold(self) -> None:
        odd = Actor(kind=ActorKind.GUEST, place="a\0b\ud800" + "é" * 200)

        with db.write():
            record = trail.write(actor=odd, operation="orders.read", subject=ORDER, why="\0" * 9 + "界" * 600, now=NOON)

        assert (len(record.place), record.place[:4], record.why) == (100, "ab?é", "界" * 500)
        assert verify() == []

    def test_tells_the_log_where_the_chain_stands_once_it_is_committed(self) -> None:
        said: list[Any] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("evertill.domains.trail.operations._log", _Listener(said))
            with db.write():
                record = trail.write(actor=BOSS, operation="orders.refund", subject=ORDER, now=NOON)
                assert said == []
            with pytest.raises(ZeroDivisionError):
                write_and_fail()

        assert said == [[[1, 1, record.mac.hex()]]]


class _Listener:
    def __init__(self, said: list[Any]) -> None:
        self._said = said

    def info(self, _event: str, *, heads: Any) -> None:
        self._said.append(heads)


@pytest.mark.usefixtures("committed_db")
class TestTogether:
    def test_a_long_transaction_keeps_nobody_waiting(self) -> None:
        write()
        with db.write():
            first = trail.write(actor=BOSS, operation="orders.refund", subject=ORDER, now=NOON)
            # On a connection of its own, while this transaction goes on.
            (second,) = together(write)
            third = trail.write(actor=BOSS, operation="orders.refund", subject=ORDER, now=NOON)

        assert [(record.chain, record.seq) for record in (first, second, third)] == [(1, 2), (2, 1), (1, 3)]
        assert verify() == []

    def test_many_at_once_from_the_very_first_leave_no_gap(self) -> None:
        together(*[lambda: [write() for _ in range(20)]] * 8)

        assert trail.count_records() == tables.count("trail_record") == 160
        assert verify() == []

    def test_one_waits_only_when_every_chain_is_held(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("evertill.domains.trail.rules.CHAINS", 1)
        write()
        is_held = threading.Event()

        def write_once_it_is_held() -> trail.Record:
            assert is_held.wait(timeout=60)
            return write()

        with meanwhile(write_once_it_is_held) as waiting:
            with db.write():
                first = trail.write(actor=BOSS, operation="orders.refund", subject=ORDER, now=NOON)
                is_held.set()
                until(lambda: db.fetch("select 1 from pg_locks where not granted order by pid limit 1"))
                assert not waiting.done()
            second = waiting.result(timeout=60)

        assert [(record.chain, record.seq) for record in (first, second)] == [(1, 2), (1, 3)]
        assert verify() == []


@pytest.mark.usefixtures("committed_db")
class TestGuards:
    @pytest.mark.parametrize(
        ("statement", "guard"),
        [
            ("update trail_record set why = 'nothing'", "trail_record_immutable"),
            ("delete from trail_record", "trail_record_immutable"),
            ("truncate trail_record", "trail_record_immutable"),
            ("delete from trail_chain", "trail_chain_kept"),
            ("truncate trail_chain", "trail_chain_kept"),
            ("update trail_chain set seq = seq - 1 where seq > 0", "trail_chain_forward_only"),
            ("update trail_chain set mac = '' where chain = 1", "trail_chain_forward_only"),
            ("update trail_chain set chain = 99, seq = 99 where chain = 1", "trail_chain_forward_only"),
        ],
    )
    def test_refuse_what_would_change_the_past(self, statement: str, guard: str) -> None:
        write()

        with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

        cause: Any = refused.value.__cause__
        assert cause.diag.constraint_name == guard
        assert verify() == []

    def test_that_are_switched_off_are_missed(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("alter table trail_record disable trigger trail_record_immutable")
            try:
                with db.snapshot():
                    (found,) = trail.verify()
            finally:
                cursor.execute("alter table trail_record enable always trigger trail_record_immutable")

        assert (found.fault, found.detail) == (
            Fault.UNGUARDED,
            "the trigger trail_record_immutable is missing or switched off",
        )

    @pytest.mark.parametrize(
        ("bent", "guard", "told"),
        [
            (NO_REFUSAL, "trail_chain_kept", "not what it was"),
            (ANOTHER.format("record_immutable", "truncate", "record", "statement", "refuse_change"),
             "trail_record_immutable", "not what it was"),
            (ANOTHER.format("chain_forward_only", "update", "chain", "row when (false)", "only_forward"),
             "trail_chain_forward_only", "missing"),
            (ANOTHER.format("chain_forward_only", "update of chain", "chain", "row", "only_forward"),
             "trail_chain_forward_only", "missing"),
            ("alter table trail_record enable trigger trail_record_immutable", "trail_record_immutable", "missing"),
        ],
    )  # fmt: skip
    def test_that_are_others_under_the_same_name_are_missed(self, bent: str, guard: str, told: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(bent)
            missed = find_missing_guards()
            transaction.set_rollback(True)

        assert any(one.startswith(f"the trigger {guard} is {told}") for one in missed), missed
        assert find_missing_guards() == []


@pytest.mark.usefixtures("committed_db")
class TestReading:
    def test_finds_by_every_field_newest_first(self) -> None:
        later = NOON + dt.timedelta(hours=1)
        other = Actor(kind=ActorKind.OPERATOR, id="root")
        with db.write():
            first = trail.write(actor=BOSS, operation="orders.refund", subject=ORDER, now=NOON)
            second = trail.write(actor=other, operation="orders.cancel", subject=ORDER, now=later)
            third = trail.write(
                actor=BOSS,
                operation="access.grant",
                subject=Subject(kind="account", id="9"),
                outcome=Outcome.REFUSED,
                now=later,
            )

        def found(**asked: Any) -> list[int]:
            return [record.id for record in trail.read_records(search=Search(**asked), limit=10)]

        newest = sorted((second, third), key=lambda record: -record.id)
        assert found() == [newest[0].id, newest[1].id, first.id]
        assert found(id=second.id) == [second.id]
        assert found(actor_kind="OPERATOR") == [second.id]
        assert found(actor_kind="STAFF", actor_id="17", subject_kind="order") == [first.id]
        assert found(operation="access.grant") == [third.id]
        assert set(found(operation="orders.")) == {first.id, second.id}
        assert found(subject_kind="account", subject_id="9") == [third.id]
        assert found(outcome="REFUSED") == [third.id]
        assert found(until=later) == [first.id]
        assert set(found(since=later)) == {second.id, third.id}
        assert found(older_than=(later, newest[0].id)) == [newest[1].id, first.id]
        assert found(older_than=(later, newest[1].id)) == [first.id]

    def test_streams_oldest_first(self) -> None:
        first, second = write(), write(now=NOON + dt.timedelta(hours=1))

        with db.snapshot():
            assert list(trail.stream_records(search=Search())) == [first, second]


@pytest.mark.usefixtures("committed_db")
class TestSecrets:
    def test_of_before_are_told_apart_from_tampering(self, monkeypatch: pytest.MonkeyPatch) -> None:
        record = write()
        old = b"another secret of thirty-two bytes"
        from evertill.domains.trail import rules
        from evertill.kernel import crypto

        key = crypto.derive_key("trail", secret=old)
        monkeypatch.setattr("evertill.domains.trail.operations.crypto.derive_key", lambda _purpose: key)
        write()
        monkeypatch.undo()
        newest = write()

        assert newest.seq == 3
        assert verify() == [(Fault.OTHER_SECRET, 1, 2)]
        assert verify(other_secrets=[old]) == []
        assert record.key_mark == newest.key_mark == rules.key_of(crypto.derive_key("trail"))[0]
