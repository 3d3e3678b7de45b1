"""The room of bulks: what would become of each thing, begun, watched, stopped, and taken along as a file."""

from __future__ import annotations

import inspect
import io
import re
import sys
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import translation

from evertill.domains import bulk, incidents, trail
from evertill.domains.bulk import Bulk, Item, ItemState
from evertill.domains.trail import Search
from evertill.entry.desk.bulk.words import note_of
from evertill.journeys import bulk_operations, run_bulk
from evertill.journeys.bulk_item import BulkOperation, Target
from evertill.journeys.make_bulk import make_bulk
from evertill.kernel import clock, db, ids
from evertill.kernel.errors import EvertillError
from tests.desk.clerks import Clerk, clerk, text_of

pytestmark = pytest.mark.usefixtures("committed_db")

Make = Callable[..., str]


@pytest.fixture
def fin() -> Clerk:
    return clerk("finance")


def raised(count: int) -> list[str]:
    """So many open alerts, by their numbers."""
    with db.write():
        for number in range(count):
            incidents.raise_alert(kind="TEST", subject=f"thing {number}", detail="", now=clock.now())
    return sorted((str(alert.id) for alert in incidents.read_open_alerts(limit=500)), key=int)


def made(who: Clerk, *numbers: str) -> Bulk:
    return make_bulk(
        asker=who.asker,
        operation="alerts.close-many",
        targets=[Target(subject=number) for number in numbers],
        why="all seen",
        now=clock.now(),
    )


def path(one: Bulk, rest: str = "") -> str:
    return f"bulk/{ids.to_number(one.id)}/{rest}"


def run(one: Bulk, *, things: int = 1000) -> None:
    for _ in range(things):
        if not run_bulk.run_one(bulk_id=one.id, now=clock.now()):
            break


class TestLooking:
    def test_shows_each_thing_before_anything_is_done(self, fin: Clerk) -> None:
        one = made(fin, *raised(2), "999")

        shown = text_of(fin.get(path(one)))

        assert "TEST thing 0" in shown
        assert "This alert is not open." in shown
        assert "Will be done 2 Will not be tried 1" in shown
        assert "Begin" in shown

    def test_is_for_who_may_do_it(self, fin: Clerk) -> None:
        one = made(fin, *raised(1))
        other = clerk("fulfilment")

        assert other.get(path(one)).status_code == 403
        assert ids.to_number(one.id) not in other.get("bulk/").content.decode()
        assert ids.to_number(one.id) in fin.get("bulk/").content.decode()
        auditor = clerk("auditor").get(path(one))
        assert auditor.status_code == 200
        assert "/begin" not in auditor.content.decode()

    def test_goes_by_pages_and_states(self, fin: Clerk) -> None:
        one = made(fin, *raised(120), "999")

        first = fin.get(path(one)).content.decode()
        (older,) = re.findall(r'rel="next" href="\?older=(\d+)"', first)
        rest = fin.get(path(one, f"?older={older}")).content.decode()
        refused = fin.get(path(one, "?state=REFUSED")).content.decode()

        assert (first.count("<tr><th scope"), rest.count('<tr><th scope="row"')) == (101, 21)
        assert refused.count('<tr><th scope="row"') == 1

    @pytest.mark.parametrize("number", ["0000-0000-00000", "x", "%01"])
    def test_knows_no_other(self, fin: Clerk, number: str) -> None:
        assert fin.get(f"bulk/{number}/").status_code == 404

    def test_is_told_in_chinese(self, fin: Clerk) -> None:
        one = made(fin, *raised(1))

        assert "先看清单，再开始" in text_of(fin.get(path(one), language="zh-hans"))


class TestRunning:
    def test_begins_shows_how_far_it_is_and_ends(self, fin: Clerk) -> None:
        one = made(fin, *raised(4))
        begun = fin.post(path(one, "begin"))
        assert begun.headers["Location"].endswith("?done=begun")
        run(one, things=1)

        under_way = fin.get(path(one))
        shown = under_way.content.decode()
        assert '<meta http-equiv="refresh" content="3">' in shown
        assert '<progress max="100" value="25">' in shown
        assert "Nobody can say yet how long the rest takes." in shown
        assert "desk/bulk/progress" in shown

        run(one)
        shown = fin.get(path(one)).content.decode()
        assert '<progress max="100" value="100">' in shown
        assert "http-equiv" not in shown
        assert incidents.read_open_alerts(limit=9) == []
        closed = trail.read_records(search=Search(operation="alerts.close"), limit=9)
        assert [record.why for record in closed] == ["all seen"] * 4

    def test_a_second_press_begins_nothing_anew(self, fin: Clerk) -> None:
        one = made(fin, *raised(1))
        fin.post(path(one, "begin"))

        answer = fin.post(path(one, "begin"))

        assert answer.status_code == 409
        assert "What was done stays as it is." in text_of(answer)

    def test_stops_in_the_middle(self, fin: Clerk) -> None:
        one = made(fin, *raised(3))
        fin.post(path(one, "begin"))
        run(one, things=1)

        fin.post(path(one, "cancel"))
        run(one)

        assert len(incidents.read_open_alerts(limit=9)) == 2
        assert "Done 1 Not done 2" in text_of(fin.get(path(one)))

    def test_what_was_looked_at_can_be_left(self, fin: Clerk) -> None:
        one = made(fin, *raised(1))

        fin.post(path(one, "cancel"))

        assert bulk.read_progress(bulk_id=one.id).cancelled == 1


class TestFile:
    def test_holds_what_became_of_each(self, fin: Clerk) -> None:
        one = made(fin, *raised(2))

        as_csv, as_excel = (fin.get(path(one, f"result.{form}")) for form in ("csv", "xlsx"))

        assert as_csv.headers["Content-Disposition"].startswith('attachment; filename="bulk-')
        assert len(as_csv.content.decode("utf-8-sig").splitlines()) == 3
        with zipfile.ZipFile(io.BytesIO(as_excel.content)) as package:
            assert b"TEST thing 0" in package.read("xl/worksheets/sheet1.xml")
        assert fin.get(path(one, "result.pdf")).status_code == 404
        assert clerk("fulfilment").get(path(one, "result.csv")).status_code == 403


class TestWords:
    """Why a thing was not done is said in every language: also what hardly ever happens."""

    @pytest.mark.parametrize("operation", bulk_operations.OPERATIONS, ids=lambda one: one.name)
    def test_say_what_each_operation_may_refuse(self, operation: BulkOperation) -> None:
        refused = {errors()[name] for name in named_by(operation.apply) if name in errors()}
        source = inspect.getsource(sys.modules[operation.preview.__module__])
        refused |= set(re.findall(r'refused_code="(\w+)"', source))

        # After these two it is tried again.
        refused -= {"DATABASE_UNAVAILABLE", "OUTCOME_UNKNOWN"}

        assert len(refused) > 1
        assert {code for code in refused if "日志" in said(operation, code)} == set()

    def test_say_something_of_every_failure_that_there_is(self) -> None:
        for operation in bulk_operations.OPERATIONS:
            for code in (*errors().values(), "INTERNAL"):
                assert re.search("[\u4e00-\u9fff]", said(operation, code))


def errors() -> dict[str, str]:
    """The code of every failure, by the name of its class."""
    found: dict[str, str] = {}
    todo: list[type[EvertillError]] = [EvertillError]
    while todo:
        todo += (one := todo.pop()).__subclasses__()
        found[one.__name__] = one.code
    return found


def named_by(function: Any, seen: set[Any] | None = None) -> set[str]:
    """What the journeys that a function calls say that they raise."""
    seen = seen if seen is not None else set()
    found: set[str] = set()
    called = [function.__globals__.get(name) for name in function.__code__.co_names]
    for one in called:
        if inspect.isfunction(one) and one.__module__.startswith("evertill.journeys") and one not in seen:
            seen.add(one)
            found |= set(re.findall(r"\b[A-Z][a-z]\w+", one.__doc__ or "")) | named_by(one, seen)
    return found


def said(operation: BulkOperation, code: str) -> str:
    item = Item(1, 1, 1, "a", "", "{}", "", "", ItemState.FAILED, code, "In English alone.", 1, None)
    with translation.override("zh-hans"):
        return note_of(item, kind=operation.kind, language="zh-hans")
