"""The job worker as a process: what it does, how it ends, and what becomes of its work when it is killed."""

from __future__ import annotations

import datetime as dt
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import psycopg.sql
import pytest
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from evertill.domains import bulk, catalog, incidents, submissions, trail
from evertill.domains.catalog import ProductDraft, Text, VariantDraft
from evertill.domains.catalog.models import Change
from evertill.domains.orders.models import Order, OrderEvent
from evertill.entry.worker import jobs as _jobs  # noqa: F401 — imported so that the timetable is filled.
from evertill.journeys.audit_books import audit_books
from evertill.journeys.bulk_item import Target
from evertill.journeys.edit_many_products import edit_of
from evertill.journeys.make_bulk import confirm_bulk, make_bulk
from evertill.kernel import clock, config, db, jobs, sql
from tests import nursery
from tests.askers import MACHINE
from tests.builders import ask, make_product, place_one
from tests.kernel.waiting import until
from tests.server import environment
from tests.submitting import failed

pytestmark = pytest.mark.usefixtures("committed_db")

_YESTERDAY = clock.now() - dt.timedelta(days=1)
# Where nobody was killed, a worker that was silent for so long is looked for as a dead one.
SILENT = dt.timedelta(seconds=2)


@contextmanager
def worker(
    log: Path, *, has_timetable: bool = False, threads: int = 2, stalled_s: int = 60
) -> Iterator[nursery.Process]:
    """A worker process, which a machine that pauses does not make a dead one; `bury` does.

    Mostly without the timetable, so that a minute that begins in the middle of a test does not add a run of its own.
    """
    words = ["--timetable"] if has_timetable else []
    quick = {
        "EVERTILL_JOB_HEARTBEAT_S": "1",
        "EVERTILL_JOB_STALLED_S": str(stalled_s),
        "EVERTILL_EXPIRE_BATCH_MAX": "1",
        "EVERTILL_LOCK_TIMEOUT_MS": "30000",
        "EVERTILL_STATEMENT_TIMEOUT_MS": "30000",
        "EVERTILL_BULK_CLAIM_S": "1",
        "EVERTILL_JOB_THREADS": str(threads),
        "EVERTILL_DATA": str(log.parent),
    }
    with log.open("ab") as output:
        env = environment(config.get().database_url) | quick
        process = nursery.begin("tests.worker.one_worker", *words, env=env, stderr=output)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def bury(process: nursery.Process) -> None:
    """Kill a worker, and have it be silent for long."""
    process.kill()
    process.wait()
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_workers set last_heartbeat = last_heartbeat - interval '1 hour'")


def defer_expiry() -> int:
    return app.configure_task("expire_reservations", queueing_lock="expire_reservations").defer(timestamp=0)


def set_job(job_id: int, **changed: object) -> None:
    assert ProcrastinateJob.objects.filter(id=job_id).update(**changed) == 1


def heartbeat_of(job_id: int) -> dt.datetime:
    """When the worker that does a job was heard of last."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select last_heartbeat from procrastinate_workers as worker"
            " join procrastinate_jobs as job on job.worker_id = worker.id where job.id = %s",
            (job_id,),
        )
        ((at,),) = cursor.fetchall()
    assert isinstance(at, dt.datetime)
    return at


def rescues_nobody(job_id: int) -> bool:
    """Look for the dead once the worker of a job has just been heard of, and say whether that was so."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select now()")
        ((now,),) = cursor.fetchall()
        if now - heartbeat_of(job_id) >= SILENT:
            return False
        rescue = sql.load("evertill.entry.worker", "rescue")
        cursor.execute(rescue, {"stalled_s": SILENT.total_seconds(), "jobs_max": 10})
        assert cursor.fetchall() == []
    return True


def states() -> dict[str, int]:
    return {state: Order.objects.filter(state=state).count() for state in ("PLACED", "EXPIRED")}


def is_waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
        return cursor.fetchone() is not None


@contextmanager
def locked(sku: str) -> Iterator[None]:
    """Another transaction that holds a balance, so that a job stops in its middle, at a place we know."""
    with psycopg.connect(config.get().database_url) as other:
        other.execute("select 1 from stock_item where sku = %s for update", (sku,))
        yield


class TestWorker:
    def test_leaves_the_processor_to_customers_first(self, tmp_path: Path) -> None:
        mine = os.getpriority(os.PRIO_PROCESS, 0)

        with worker(tmp_path / "log") as process:
            until(lambda: os.getpriority(os.PRIO_PROCESS, process.pid) == min(mine + 5, 19))

    def test_does_what_waits_and_stops_when_told(self, tmp_path: Path) -> None:
        make_product("TEA")
        place_one(ask("old", {"TEA": 1}), now=_YESTERDAY)
        job_id = defer_expiry()

        with worker(tmp_path / "log") as process:
            until(lambda: ProcrastinateJob.objects.filter(id=job_id, status="succeeded").exists())
            process.send_signal(signal.SIGTERM)

            code = process.wait(timeout=60)

        assert code == 0, (tmp_path / "log").read_text()
        assert states() == {"PLACED": 0, "EXPIRED": 1}

    def test_brings_in_what_its_machine_kept_while_the_database_was_away(self, tmp_path: Path) -> None:
        kept = [failed(ask(str(n)), reference=n, at=clock.now()) for n in (1, 2)]
        submissions.spool.append(folder=tmp_path, failed=kept[0], bytes_max=1 << 20)

        with worker(tmp_path / "log"):
            until(lambda: submissions.count_open() == 1)
            submissions.spool.append(folder=tmp_path, failed=kept[1], bytes_max=1 << 20)
            until(lambda: submissions.count_open() == 2)
            # They are in the database before they leave the file.
            until(lambda: not submissions.spool.is_used(folder=tmp_path))

    def test_finishes_the_job_under_way_before_it_stops(self, tmp_path: Path) -> None:
        make_product("TEA")
        place_one(ask("old", {"TEA": 1}), now=_YESTERDAY)
        job_id = defer_expiry()

        with worker(tmp_path / "log") as process:
            with locked("TEA"):
                until(is_waiting_for_a_lock)
                process.send_signal(signal.SIGTERM)
                until(lambda: "worker stopping" in (tmp_path / "log").read_text())
            code = process.wait(timeout=60)

        assert code == 0, (tmp_path / "log").read_text()
        assert ProcrastinateJob.objects.get(id=job_id).status == "succeeded"
        assert states() == {"PLACED": 0, "EXPIRED": 1}

    def test_a_killed_workers_job_is_done_once_by_another(self, tmp_path: Path) -> None:
        make_product("CUP")
        make_product("TEA")
        first = place_one(ask("first", {"CUP": 2}), now=_YESTERDAY).order.id
        second = place_one(ask("second", {"TEA": 3}), now=_YESTERDAY + dt.timedelta(seconds=1)).order.id
        job_id = defer_expiry()
        with worker(tmp_path / "log") as process:
            with locked("TEA"):
                until(lambda: states() == {"PLACED": 1, "EXPIRED": 1} and is_waiting_for_a_lock())
                bury(process)
            assert ProcrastinateJob.objects.get(id=job_id).status == "doing"

            with worker(tmp_path / "log"):
                until(lambda: ProcrastinateJob.objects.filter(id=job_id, status="succeeded").exists())

        assert ProcrastinateJob.objects.get(id=job_id).attempts == 2
        assert list(OrderEvent.objects.order_by("order_id", "position").values_list("order_id", "kind")) == sorted(
            [(first, "order.placed"), (first, "order.expired"), (second, "order.placed"), (second, "order.expired")],
            key=lambda event: (event[0], event[1] == "order.expired"),
        )
        assert audit_books() == []

    def test_a_killed_workers_job_is_dropped_when_the_same_waits_already(self, tmp_path: Path) -> None:
        job_id = defer_expiry()
        set_job(job_id, status="doing")
        successor = defer_expiry()
        # It is to wait still when somebody looks after the dead.
        set_job(successor, scheduled_at=clock.now() + dt.timedelta(hours=1))

        with worker(tmp_path / "log"):
            until(lambda: ProcrastinateJob.objects.filter(id=job_id, status="aborted").exists())
            set_job(successor, scheduled_at=None)
            until(lambda: ProcrastinateJob.objects.filter(id=successor, status="succeeded").exists())

        assert "dropped" in (tmp_path / "log").read_text()

    def test_does_not_take_work_from_the_living(self, tmp_path: Path) -> None:
        make_product("TEA")
        place_one(ask("old", {"TEA": 1}), now=_YESTERDAY)
        job_id = defer_expiry()
        with worker(tmp_path / "first"), worker(tmp_path / "second"):
            with locked("TEA"):
                until(is_waiting_for_a_lock)
                # It gives signs of life in the middle of a job, for longer than a silent one is believed to live.
                before = heartbeat_of(job_id)
                until(lambda: heartbeat_of(job_id) - before > SILENT)
                until(partial(rescues_nobody, job_id))
            until(lambda: ProcrastinateJob.objects.filter(id=job_id, status="succeeded").exists())

        assert ProcrastinateJob.objects.get(id=job_id).attempts == 1
        assert states() == {"PLACED": 0, "EXPIRED": 1}

    def test_ends_with_an_error_when_the_database_goes_away(self, tmp_path: Path) -> None:
        # Whoever looks for the dead so often notices soon.
        with worker(tmp_path / "log", stalled_s=2) as process:
            job_id = defer_expiry()
            until(lambda: ProcrastinateJob.objects.filter(id=job_id, status="succeeded").exists())
            with _database_gone():
                until(lambda: process.poll() is not None, seconds=60)

        assert process.returncode == 1


@contextmanager
def _database_gone() -> Iterator[None]:
    """Cut every connection but the test's own, and take none, as a server that does not come back would."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid(), current_database()")
        ((ours, name),) = cursor.fetchall()
    with psycopg.connect(config.get().database_url, dbname="postgres", autocommit=True) as other:
        change = psycopg.sql.SQL("alter database {} allow_connections {}")
        other.execute(change.format(psycopg.sql.Identifier(name), False))
        try:
            end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and pid <> %s"
            until(lambda: not other.execute(end, [name, ours]).fetchall())
            yield
        finally:
            other.execute(change.format(psycopg.sql.Identifier(name), True))


class TestTimetable:
    def test_is_begun_at_once(self, tmp_path: Path) -> None:
        make_product("TEA")
        place_one(ask("old", {"TEA": 1}), now=_YESTERDAY)

        with worker(tmp_path / "log", has_timetable=True):
            until(lambda: states() == {"PLACED": 0, "EXPIRED": 1})

    def test_expires_every_minute_follows_payments_and_cleans_up_every_day(self) -> None:
        planned = {key[0]: task.cron for key, task in app.periodic_registry.periodic_tasks.items()}

        assert planned == {
            "anchor_trail": "* * * * *",
            "begin_prices": "* * * * *",
            "count_alerts": "* * * * *",
            "deliver_codes": "* * * * * */10",
            "expire_reservations": "* * * * *",
            "find_orders": "* * * * *",
            "finish_deletions": "27 * * * *",
            "forget_old": "7 * * * *",
            "handle_events": "* * * * *",
            "index_products": "*/5 * * * *",
            "poll_disputes": "*/5 * * * *",
            "poll_payments": "* * * * * */10",
            "reconcile_bills": "20 6-23 * * *",
            "remove_old_bulks": "47 3 * * *",
            "remove_old_jobs": "17 3 * * *",
            "remove_old_messages": "37 3 * * *",
            "remove_old_submissions": "*/10 * * * *",
            "run_bulks": "* * * * * */5",
            "seal_receipts": "* * * * * */10",
            "search_claims": "* * * * *",
            "send_messages": "* * * * * */10",
            "send_sms": "* * * * * */10",
            "settle_submissions": "* * * * *",
            "tell_recoveries": "*/5 * * * *",
            "verify_trail": "7 4 * * *",
        }


class TestBulk:
    """What staff asked for in bulk, by workers that are killed in the middle of it."""

    def test_is_done_once_each_whoever_is_killed(self, tmp_path: Path) -> None:
        with db.write():
            for number in range(30):
                incidents.raise_alert(kind="TEST", subject=str(number), detail="", now=clock.now())
        numbers = sorted(alert.id for alert in incidents.read_open_alerts(limit=100))
        targets = [Target(subject=str(number)) for number in numbers]
        made = make_bulk(asker=MACHINE, operation="alerts.close-many", targets=targets, why="seen", now=clock.now())
        confirm_bulk(asker=MACHINE, bulk_id=made.id, now=clock.now())

        # One thread: else a rescued job goes on past what is held, beside the one that waits for it.
        for stopped_at in (10, 20):
            with worker(tmp_path / "log", threads=1) as process, held_alert(numbers[stopped_at]):
                until(partial(is_stopped, made.id, stopped_at))
                bury(process)
            jobs.ask_for("run_bulks")
        with worker(tmp_path / "log", has_timetable=True, threads=1):
            until(lambda: bulk.read_progress(bulk_id=made.id).waiting == 0, seconds=60)
            until(lambda: read_bulk(made.id) is bulk.State.DONE)

        closed = trail.read_records(search=trail.Search(operation="alerts.close"), limit=100)
        assert sorted(int(record.subject_id) for record in closed) == numbers
        tries = [item.tries for item in bulk.read_items(bulk_id=made.id, limit=100)]
        assert (tries[10], tries[20], sum(tries)) == (2, 2, 32)

    def test_is_done_once_each_also_where_fifty_are_done_together(self, tmp_path: Path) -> None:
        drafts = [
            ProductDraft(slug=f"cup-{n:02}", texts={"en": Text(title="Cup")}, variants=[VariantDraft(sku=f"CUP-{n}")])
            for n in range(60)
        ]
        with db.write():
            catalog.save_products(drafts=drafts, now=clock.now())
        slugs = [draft.slug for draft in drafts]
        cards = catalog.editing.read_cards(slugs=slugs)
        wanted = {"title:en": "Mug"}
        targets = [edit_of(subject=slug, slug=slug, label="", seen=cards[slug].values, wanted=wanted) for slug in slugs]
        made = make_bulk(asker=MACHINE, operation="catalog.edit-many", targets=targets, why="spring", now=clock.now())
        confirm_bulk(asker=MACHINE, bulk_id=made.id, now=clock.now())

        with worker(tmp_path / "log", threads=1) as process, held_text(cards[slugs[55]].id):
            until(partial(is_stopped, made.id, 50))
            bury(process)
        assert bulk.read_progress(bulk_id=made.id).done == 50
        jobs.ask_for("run_bulks")
        with worker(tmp_path / "log", has_timetable=True, threads=1):
            until(lambda: bulk.read_progress(bulk_id=made.id).waiting == 0, seconds=60)

        edited = trail.read_records(search=trail.Search(operation="catalog.edit"), limit=100)
        assert sorted(record.subject_id for record in edited) == sorted(slugs)
        assert list(Change.objects.values_list("number", flat=True)) == [1] * 60
        tries = [item.tries for item in bulk.read_items(bulk_id=made.id, limit=100)]
        assert tries == [1] * 50 + [2] * 10


@contextmanager
def held_alert(alert_id: int) -> Iterator[None]:
    with psycopg.connect(config.get().database_url) as other:
        other.execute("select 1 from incidents_alert where id = %s for update", (alert_id,))
        yield


@contextmanager
def held_text(product_id: int) -> Iterator[None]:
    with psycopg.connect(config.get().database_url) as other:
        other.execute("select 1 from catalog_product_text where product_id = %s for update", (product_id,))
        yield


def is_stopped(bulk_id: int, place: int) -> bool:
    (item,) = bulk.read_items(bulk_id=bulk_id, behind=place, limit=1)
    return item.tries == 1 and is_waiting_for_a_lock()


def read_bulk(bulk_id: int) -> bulk.State:
    found = bulk.find(bulk_id=bulk_id)
    assert found is not None
    return found.state
