"""One operation on many things: looked at, begun once, each done once, stopped in the middle, taken up after a kill."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from threading import Event
from typing import Any

import pytest

from evertill.domains import access, bulk, trail
from evertill.domains.access import Permission
from evertill.domains.approvals import ApprovalRequired
from evertill.domains.bulk import Bulk, BulkNotOpen, ItemState, Progress, State
from evertill.domains.trail import Search
from evertill.journeys import bulk_operations, decide_approvals
from evertill.journeys import make_bulk as making
from evertill.journeys import run_bulk as running
from evertill.journeys import view_bulk as viewing
from evertill.journeys.bulk_item import BulkOperation, Forecast, Target, Task
from evertill.journeys.permitted import Asker, Forbidden, permitted
from evertill.kernel import config, db, ids
from evertill.kernel.errors import EvertillError
from tests import tables
from tests.askers import MACHINE, staff
from tests.builders import NOON
from tests.kernel.waiting import until
from tests.threads import together

pytestmark = pytest.mark.usefixtures("committed_db")

ADA, BOB = 1, 2
SECOND = dt.timedelta(seconds=1)
Install = Callable[..., None]


class Odd(EvertillError):
    code = "ODD"


class Away(EvertillError):
    code = "AWAY"
    status = "unavailable"


def preview(*, asker: Asker, targets: Sequence[Target], options: Mapping[str, Any], now: dt.datetime) -> list[Forecast]:
    return [
        Forecast(refused_code="ODD", refused="It is odd.") if target.subject.startswith("odd") else Forecast(after="x")
        for target in targets
    ]


def note(task: Task) -> str:
    """Leave a trace of each time that it is done, in the caller's transaction."""
    subject = trail.Subject(kind="thing", id=task.subject)
    with permitted(asker=task.asker, permission=Permission.ORDERS_CANCEL, subject=subject, now=task.now):
        trail.write(actor=task.asker.actor, operation="things.note", subject=subject, now=task.now)
    if task.subject.startswith("bad"):
        raise Odd("It went wrong.")
    if task.subject.startswith("fault"):
        raise ZeroDivisionError
    if task.subject.startswith("away"):
        raise Away("The provider is away.")
    return f"did {task.subject}"


OPERATION = BulkOperation(
    name="things.note",
    says="Note things",
    kind="thing",
    permission=Permission.ORDERS_CANCEL,
    preview=preview,
    apply=note,
)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    def put(**changed: Any) -> None:
        monkeypatch.setattr(bulk_operations, "OPERATIONS", (dataclasses.replace(OPERATION, **changed),))

    put()
    return put


@pytest.fixture
def ada(install: Install) -> Asker:
    return staff(ADA, "support")


def make(asker: Asker, *subjects: str, now: dt.datetime = NOON) -> Bulk:
    targets = [Target(subject=subject, content={"of": subject}) for subject in subjects]
    return making.make_bulk(asker=asker, operation="things.note", targets=targets, why="spring", now=now)


def begin(asker: Asker, *subjects: str) -> Bulk:
    return making.confirm_bulk(asker=asker, bulk_id=make(asker, *subjects).id, now=NOON)


def run(made: Bulk, *, now: dt.datetime = NOON) -> None:
    while running.run_one(bulk_id=made.id, now=now):
        pass


def run_next(made: Bulk, *, limit: int = 100, now: dt.datetime = NOON) -> None:
    while running.run_next(bulk_id=made.id, limit=limit, now=now):
        pass


def is_waiting_for_a_lock() -> bool:
    waiting = (
        "select 1 from pg_locks as lock join pg_database as here on here.oid = lock.database"
        " where not lock.granted and here.datname = current_database()"
    )
    return bool(db.fetch(waiting))


def holds_somebody_up() -> bool:
    """Whether somebody waits for what this thread's transaction holds."""
    return bool(db.fetch("select 1 from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))"))


def done() -> list[str]:
    found = trail.read_records(search=Search(operation="things.note"), limit=100)
    return sorted(record.subject_id for record in found)


def items(made: Bulk) -> list[tuple[str, str, str, str]]:
    found = bulk.read_items(bulk_id=made.id, limit=100)
    return [(item.subject, item.state.value, item.code, item.note) for item in found]


def stand(made: Bulk) -> State:
    return making.find_bulk(made.id).state


class TestMaking:
    def test_looks_at_each_and_does_nothing(self, ada: Asker) -> None:
        made = make(ada, "a", "odd", "b")
        run(made)

        assert (made.state, made.total, made.refused, made.asked_by) == (State.DRAFT, 3, 1, "STAFF:1")
        assert items(made) == [
            ("a", "WAITING", "", ""),
            ("odd", "REFUSED", "ODD", "It is odd."),
            ("b", "WAITING", "", ""),
        ]
        assert done() == []

    def test_is_for_who_may_do_one(self, install: Install) -> None:
        with pytest.raises(Forbidden):
            make(staff(BOB, "finance"), "a")

        assert tables.count("bulk_bulk") == 0
        (refused,) = trail.read_records(search=Search(outcome="REFUSED"), limit=2)
        assert (refused.operation, refused.subject_kind) == ("orders.cancel", "thing")

    def test_has_limits(self, ada: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
        small = dataclasses.replace(config.get(), bulk_items_max=2, bulks_open_max=1)
        monkeypatch.setattr(config, "get", lambda: small)

        for wrong in ((), ("a", "a"), ("a", "b", "c")):
            with pytest.raises(making.TooManyItems):
                make(ada, *wrong)
        make(ada, "a")
        with pytest.raises(making.TooManyBulks):
            make(ada, "b")
        # One that was never begun does not stand in the way for ever.
        make(ada, "b", now=NOON + dt.timedelta(days=2))


class TestBeginning:
    def test_is_done_by_who_looked_at_it_once(self, ada: Asker) -> None:
        made = make(ada, "a")
        with pytest.raises(Forbidden):
            making.confirm_bulk(asker=staff(BOB, "support"), bulk_id=made.id, now=NOON)

        making.confirm_bulk(asker=ada, bulk_id=made.id, now=NOON)
        with pytest.raises(BulkNotOpen):
            making.confirm_bulk(asker=ada, bulk_id=made.id, now=NOON)

        (record,) = trail.read_records(search=Search(operation="bulk.confirm"), limit=2)
        told = json.loads(record.after)
        assert (told["operation"], told["things"], told["digest"], record.why) == (
            "things.note",
            1,
            made.digest.hex(),
            "spring",
        )

    def test_is_too_late_a_day_after_looking(self, ada: Asker) -> None:
        made = make(ada, "a")

        with pytest.raises(BulkNotOpen):
            making.confirm_bulk(asker=ada, bulk_id=made.id, now=NOON + dt.timedelta(hours=25))

    def test_waits_for_another_person_where_it_has_to(self, install: Install) -> None:
        told: list[str] = []

        def apply(task: Task) -> str:
            told.append(task.approved_by)
            return ""

        def is_large(targets: Sequence[Target], options: Mapping[str, Any]) -> bool:
            return len(targets) > 1

        install(permission=Permission.ORDERS_REFUND, approval=is_large, apply=apply)
        ada, bob = staff(ADA, "support"), staff(BOB, "finance")
        making.confirm_bulk(asker=ada, bulk_id=make(ada, "a").id, now=NOON)
        made = make(ada, "a", "b")
        with pytest.raises(ApprovalRequired):
            making.confirm_bulk(asker=ada, bulk_id=made.id, now=NOON)
        assert viewing.view_bulk(asker=bob, bulk_id=made.id, now=NOON).needs_approval

        asked = making.ask_to_confirm(asker=ada, bulk_id=made.id, why="", now=NOON)
        decide_approvals.decide(asker=bob, approval_id=asked.id, is_approved=True, why="", now=NOON)
        with pytest.raises(ApprovalRequired):
            # It was given for those things, and not for others.
            making.confirm_bulk(asker=ada, bulk_id=make(ada, "a", "c").id, now=NOON)
        begun = making.confirm_bulk(asker=ada, bulk_id=made.id, now=NOON)
        run(begun)

        assert begun.approved_by == "STAFF:2"
        assert told == ["STAFF:2", "STAFF:2"]


class TestRunning:
    def test_does_each_once_as_who_asked_and_then_ends(self, ada: Asker) -> None:
        made = begin(ada, "a", "odd", "b", "bad", "fault")
        run(made)

        assert items(made) == [
            ("a", "DONE", "", "did a"),
            ("odd", "REFUSED", "ODD", "It is odd."),
            ("b", "DONE", "", "did b"),
            ("bad", "FAILED", "ODD", "It went wrong."),
            ("fault", "FAILED", "INTERNAL", "The shop failed at this; its log says how."),
        ]
        # What failed left nothing behind.
        assert done() == ["a", "b"]
        assert stand(made) is State.DONE
        (record,) = trail.read_records(search=Search(operation="bulk.finish"), limit=2)
        assert (record.actor_kind, record.actor_id, record.roles) == ("STAFF", "1", "customer,support")
        assert json.loads(record.after) == {
            "operation": "things.note",
            "done": 2,
            "failed": 2,
            "refused": 1,
            "cancelled": 0,
        }

    def test_by_eight_at_once_does_each_once(self, ada: Asker) -> None:
        made = begin(ada, *(f"thing {n}" for n in range(40)))

        together(*[lambda: run(made)] * 8)
        run(made)

        assert done() == sorted(f"thing {n}" for n in range(40))
        assert stand(made) is State.DONE
        assert len(trail.read_records(search=Search(operation="bulk.finish"), limit=9)) == 1

    def test_tries_again_later_what_passes_and_not_for_ever(self, ada: Asker) -> None:
        made = begin(ada, "away", "a")
        run(made)
        assert items(made) == [("away", "WAITING", "AWAY", "The provider is away."), ("a", "DONE", "", "did a")]
        assert stand(made) is State.RUNNING

        for minute in range(1, 6):
            run(made, now=NOON + dt.timedelta(minutes=minute))

        assert items(made)[0] == ("away", "FAILED", "AWAY", "The provider is away.")
        assert bulk.read_items(bulk_id=made.id, limit=1)[0].tries == 5
        assert stand(made) is State.DONE

    def test_takes_up_what_a_dead_worker_had_claimed(self, ada: Asker) -> None:
        made = begin(ada, "a")
        lease = dt.timedelta(seconds=config.get().bulk_claim_s)
        with db.write():
            assert bulk.claim(bulk_id=made.id, until=NOON + lease, now=NOON) is not None

        run(made, now=NOON + lease - SECOND)
        assert (done(), stand(made)) == ([], State.RUNNING)
        run(made, now=NOON + lease)

        assert (done(), stand(made)) == (["a"], State.DONE)

    @pytest.mark.parametrize("fresh", [False, True])
    def test_claims_come_one_after_the_other(self, ada: Asker, *, fresh: bool) -> None:
        made = begin(ada, "a", "b")
        claimed: list[str] = []
        has_claimed = Event()

        def claim() -> list[bulk.Item]:
            if fresh:
                return bulk.claim_fresh(bulk_id=made.id, limit=1, until=NOON + SECOND, now=NOON)
            item = bulk.claim(bulk_id=made.id, until=NOON + SECOND, now=NOON)
            return [item] if item else []

        def first() -> None:
            with db.write():
                claimed.extend(item.subject for item in claim())
                has_claimed.set()
                # Whoever looked now would hold what is claimed here, as soon as that is committed.
                until(is_waiting_for_a_lock)

        def second() -> None:
            assert has_claimed.wait(60)
            with db.write():
                claimed.extend(item.subject for item in claim())

        together(first, second)

        assert claimed == ["a", "b"]

    def test_takes_nothing_from_who_is_still_at_it(self, install: Install) -> None:
        is_at_it, may_go_on = Event(), Event()

        def be_slow(task: Task) -> str:
            if task.subject == "slow":
                is_at_it.set()
                assert may_go_on.wait(60)
            return note(task)

        install(apply=be_slow)
        made = begin(staff(ADA, "support"), "slow", "a")

        def overtake() -> None:
            assert is_at_it.wait(60)
            # Its claim ran out long ago.
            run(made, now=NOON + dt.timedelta(hours=1))
            may_go_on.set()

        together(lambda: running.run_one(bulk_id=made.id, now=NOON), overtake)

        assert done() == ["a", "slow"]
        assert [item.tries for item in bulk.read_items(bulk_id=made.id, limit=9)] == [1, 1]

    def test_gives_up_what_kills_whoever_does_it(self, ada: Asker) -> None:
        made = begin(ada, "a")
        for _ in range(5):
            with db.write():
                assert bulk.claim(bulk_id=made.id, until=NOON, now=NOON) is not None

        run(made)

        assert [(subject, state, code) for subject, state, code, _ in items(made)] == [("a", "FAILED", "INTERNAL")]

    def test_asks_what_its_asker_may_at_that_moment_and_stops(self, ada: Asker) -> None:
        made = begin(ada, "a", "b", "c")
        running.run_one(bulk_id=made.id, now=NOON)
        with db.write():
            access.revoke_role(account_id=ADA, role="support", by=MACHINE.name, why="", now=NOON)

        run(made)

        assert [state for _, state, _, _ in items(made)] == ["DONE", "FAILED", "CANCELLED"]
        assert (done(), stand(made)) == (["a"], State.STOPPED)
        refused = trail.read_records(search=Search(outcome="REFUSED"), limit=9)
        assert [(one.operation, one.subject_id, one.actor_id) for one in refused] == [("orders.cancel", "b", "1")]

    def test_outside_is_tried_again_under_the_same_key(self, install: Install) -> None:
        keys: list[bytes] = []

        def call(task: Task) -> str:
            keys.append(task.key)
            if len(keys) == 1:
                raise db.OutcomeUnknown("The line broke.")
            return ""

        install(apply=call, calls_outside=True)
        made = begin(staff(ADA, "support"), "a", "b")
        with pytest.raises(db.OutcomeUnknown):
            running.run_one(bulk_id=made.id, now=NOON)
        run(made)
        run(made, now=NOON + dt.timedelta(hours=1))

        assert keys[0] == keys[2] != keys[1]
        assert stand(made) is State.DONE


class TestTogether:
    """An operation that knows how does several things in one transaction, or none of them."""

    def test_does_several_at_once_and_each_once(self, install: Install) -> None:
        sizes: list[int] = []

        def note_all(tasks: Sequence[Task]) -> list[str]:
            sizes.append(len(tasks))
            return [note(task) for task in tasks]

        install(apply_together=note_all)
        made = begin(staff(ADA, "support"), *(f"thing {n}" for n in range(120)))

        together(*[lambda: run_next(made)] * 8)
        run_next(made)

        assert (sum(sizes), max(sizes)) == (120, 50)
        assert {(item.state, item.note) for item in bulk.read_items(bulk_id=made.id, limit=200)} == {
            (ItemState.DONE, f"did thing {n}") for n in range(120)
        }
        assert stand(made) is State.DONE

    def test_does_each_by_itself_where_one_cannot_be_done(self, install: Install) -> None:
        install(apply_together=lambda tasks: [note(task) for task in tasks])
        made = begin(staff(ADA, "support"), "a", "bad", "b", "away", "fault")

        run_next(made)

        assert items(made) == [
            ("a", "DONE", "", "did a"),
            ("bad", "FAILED", "ODD", "It went wrong."),
            ("b", "DONE", "", "did b"),
            ("away", "WAITING", "AWAY", "The provider is away."),
            ("fault", "FAILED", "INTERNAL", "The shop failed at this; its log says how."),
        ]
        assert done() == ["a", "b"]
        assert [item.tries for item in bulk.read_items(bulk_id=made.id, limit=9)] == [1, 1, 1, 1, 1]

    def test_does_what_was_tried_before_by_itself(self, install: Install) -> None:
        sizes: list[int] = []

        def kill(tasks: Sequence[Task]) -> list[str]:
            sizes.append(len(tasks))
            raise db.OutcomeUnknown("The line broke.")

        install(apply_together=kill)
        made = begin(staff(ADA, "support"), "a", "b", "c")
        with pytest.raises(db.OutcomeUnknown):
            running.run_next(bulk_id=made.id, limit=2, now=NOON)
        assert done() == []

        def note_all(tasks: Sequence[Task]) -> list[str]:
            sizes.append(-len(tasks))
            return [note(task) for task in tasks]

        install(apply_together=note_all)
        run_next(made)
        assert done() == ["c"]
        run_next(made, now=NOON + dt.timedelta(seconds=config.get().bulk_claim_s))

        assert sizes == [2, -1]
        assert (done(), stand(made)) == (["a", "b", "c"], State.DONE)
        assert [item.tries for item in bulk.read_items(bulk_id=made.id, limit=9)] == [2, 2, 1]

    def test_stops_where_its_asker_may_not_any_more(self, install: Install) -> None:
        install(apply_together=lambda tasks: [note(task) for task in tasks])
        made = begin(staff(ADA, "support"), "a", "b", "c")
        with db.write():
            access.revoke_role(account_id=ADA, role="support", by=MACHINE.name, why="", now=NOON)

        run_next(made)

        assert [state for _, state, _, _ in items(made)] == ["FAILED", "CANCELLED", "CANCELLED"]
        assert (done(), stand(made)) == ([], State.STOPPED)
        refused = trail.read_records(search=Search(outcome="REFUSED"), limit=9)
        assert [(one.operation, one.subject_id) for one in refused] == [("orders.cancel", "a")]

    def test_that_is_cancelled_meanwhile_counts_each_as_it_is(self, install: Install) -> None:
        def note_all(tasks: Sequence[Task]) -> list[str]:
            if "thing 89" in [task.subject for task in tasks]:
                # It would be through before whoever cancels it is there.
                until(holds_somebody_up)
            return [note(task) for task in tasks]

        install(apply_together=note_all)
        ada = staff(ADA, "support")
        made = begin(ada, *(f"thing {n}" for n in range(90)))

        def stop() -> None:
            making.cancel_bulk(asker=ada, bulk_id=made.id, now=NOON)

        together(lambda: run_next(made, limit=10), lambda: run_next(made, limit=10), stop)

        progress = bulk.read_progress(bulk_id=made.id)
        assert progress.done == len(done())
        assert (progress.done + progress.cancelled, progress.waiting) == (90, 0)


class TestCancelling:
    def test_leaves_the_rest_undone(self, ada: Asker) -> None:
        made = begin(ada, "a", "b")
        running.run_one(bulk_id=made.id, now=NOON)

        making.cancel_bulk(asker=staff(BOB, "support"), bulk_id=made.id, now=NOON)
        run(made)

        assert [state for _, state, _, _ in items(made)] == ["DONE", "CANCELLED"]
        assert (done(), stand(made)) == (["a"], State.CANCELLED)
        with pytest.raises(BulkNotOpen):
            making.cancel_bulk(asker=ada, bulk_id=made.id, now=NOON)

    def test_while_it_runs_counts_each_as_it_is(self, install: Install) -> None:
        def note_late(task: Task) -> str:
            if task.subject == "thing 29":
                # As above.
                until(holds_somebody_up)
            return note(task)

        install(apply=note_late)
        ada = staff(ADA, "support")
        made = begin(ada, *(f"thing {n}" for n in range(30)))

        def stop() -> None:
            making.cancel_bulk(asker=ada, bulk_id=made.id, now=NOON)

        together(lambda: run(made), lambda: run(made), stop)

        progress = bulk.read_progress(bulk_id=made.id)
        assert progress.done == len(done())
        assert (progress.done + progress.cancelled, progress.waiting) == (30, 0)


class TestLooking:
    def test_is_for_who_does_it_and_who_audits(self, ada: Asker) -> None:
        made = begin(ada, "a")

        assert viewing.view_bulk(asker=staff(5, "auditor"), bulk_id=made.id, now=NOON).progress.waiting == 1
        with pytest.raises(Forbidden):
            viewing.view_bulk(asker=staff(BOB, "finance"), bulk_id=made.id, now=NOON)
        assert [one.id for one, _ in viewing.list_bulks(asker=ada, limit=9)] == [made.id]
        assert viewing.list_bulks(asker=staff(6, "finance"), limit=9) == []

    def test_all_of_it_comes_in_its_places(self, ada: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(viewing, "_PAGE", 2)
        made = make(ada, *"abcde")

        file = viewing.export_bulk(asker=ada, bulk_id=made.id, form="csv", now=NOON)

        assert file.name == f"bulk-{ids.to_number(made.id)}-2026-11-22.csv"
        lines = file.content.decode("utf-8-sig").splitlines()
        assert lines[:2] == ["place,subject,label,before,after,state,code,note,ended", "1,a,,,x,WAITING,,,"]
        assert len(lines) == 6
        (record,) = trail.read_records(search=Search(operation="data.export"), limit=2)
        assert json.loads(record.after)["rows"] == 5


class TestTimeLeft:
    @pytest.mark.parametrize(
        ("progress", "expected"),
        [
            (Progress(waiting=30, done=9, failed=1, last_at=NOON + 20 * SECOND), 60 * SECOND),
            (Progress(waiting=30, done=4, last_at=NOON + 20 * SECOND), None),
            (Progress(waiting=30, done=10, last_at=NOON - 11 * SECOND), None),
            (Progress(done=10, last_at=NOON - dt.timedelta(days=1)), 0 * SECOND),
        ],
        ids=["by the pace until now", "too early to say", "nothing for half a minute", "nothing left"],
    )
    def test_is_told_as_far_as_it_is_known(self, progress: Progress, expected: dt.timedelta | None) -> None:
        assert bulk.measure(progress, began_at=NOON, now=NOON + 20 * SECOND) == expected

    def test_a_hundred_percent_is_all_of_it(self) -> None:
        assert Progress(waiting=1, done=999).percent == 99
        assert Progress(done=5, refused=3).percent == 100


class TestRemoving:
    def test_takes_what_is_old_and_its_things(self, ada: Asker) -> None:
        begin(ada, "a")
        make(ada, "b")

        assert running.remove_old_bulks(now=NOON + dt.timedelta(days=89)) == 0
        assert running.remove_old_bulks(now=NOON + dt.timedelta(days=91)) == 1
        assert [tables.count(table) for table in ("bulk_bulk", "bulk_item")] == [1, 1]
