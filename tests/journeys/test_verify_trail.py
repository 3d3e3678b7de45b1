"""Where the trail stands is written down outside the database, so that its end cannot be cut off unseen."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pytest

from evertill.domains import incidents, trail
from evertill.domains.trail import Actor, ActorKind, Fault, Search, Subject
from evertill.journeys import anchor_trail as anchoring
from evertill.journeys import verify_trail as verifying
from evertill.journeys.anchor_trail import AnchorUnreadable, NothingCut, TrailCut
from evertill.journeys.read_trail import export_trail
from evertill.journeys.verify_trail import Line
from evertill.kernel import db
from tests import tables
from tests.askers import MACHINE
from tests.builders import NOON

pytestmark = pytest.mark.usefixtures("committed_db")

ROOT = Actor(kind=ActorKind.OPERATOR, id="root")
LATER = NOON + dt.timedelta(minutes=1)


def write(count: int = 1) -> list[trail.Record]:
    with db.write():
        return [
            trail.write(actor=ROOT, operation="orders.refund", subject=Subject(kind="order", id=str(n)), now=NOON)
            for n in range(count)
        ]


def cut(records: list[trail.Record]) -> None:
    """Cut off the last one, and set its chain back, as one who has the whole database can."""
    with tables.unguarded():
        db.execute("delete from trail_record where id = %s", (records[-1].id,))
        db.execute("update trail_chain set seq = %s, mac = %s where chain = 1", (records[-2].seq, records[-2].mac))


def line(*heads: trail.Record, at: dt.datetime = NOON) -> Line:
    return Line(heads=[(head.chain, head.seq, head.mac.hex()) for head in heads], timestamp=at)


def open_alerts() -> list[str]:
    return [alert.kind for alert in incidents.read_open_alerts(limit=9)]


class TestAnchor:
    def test_is_written_when_there_is_something_new(self) -> None:
        first = write()

        assert anchoring.anchor_trail(now=NOON)
        assert not anchoring.anchor_trail(now=LATER)
        anchor = anchoring.read_anchor()
        assert anchor is not None
        assert (anchor.at, anchor.heads) == (NOON, [(1, 1, first[0].mac.hex())])

        write()
        assert anchoring.anchor_trail(now=LATER)

    def test_of_a_trail_that_was_cut_stays_and_raises_an_alert(self) -> None:
        records = write(3)
        anchoring.anchor_trail(now=NOON)
        before = anchoring.read_anchor()
        cut(records)

        with pytest.raises(TrailCut) as told:
            anchoring.anchor_trail(now=LATER)

        assert told.value.detail == "The end of the trail was cut off: record 1-3 is gone or was replaced."
        assert anchoring.read_anchor() == before
        assert open_alerts() == ["TRAIL_BROKEN"]

    def test_notices_that_others_were_put_in_the_place_of_what_was_cut_off(self) -> None:
        records = write(3)
        anchoring.anchor_trail(now=NOON)
        cut(records)
        # The shop itself writes on, with its own key: now nothing is wrong in the database.
        write(2)
        assert trail.count_records() == 4

        with pytest.raises(TrailCut):
            anchoring.anchor_trail(now=LATER)

    @pytest.mark.parametrize(
        "broken", ["{}", '{"at": "2026-11-26T00:00:00Z", "heads": [[1, 1, "no hash"]]}'], ids=["empty", "no hash"]
    )
    def test_that_cannot_be_read_is_told_and_never_overwritten(self, broken: str) -> None:
        write()
        anchoring.anchor_path().write_text(broken, encoding="utf-8")

        for look in (anchoring.anchor_trail, verifying.verify_and_alert):
            with pytest.raises(AnchorUnreadable):
                look(now=NOON)

        assert anchoring.anchor_path().read_text(encoding="utf-8") == broken
        assert open_alerts() == ["TRAIL_BROKEN"]


class TestVerify:
    def test_finds_nothing_in_a_trail_that_nobody_bent(self) -> None:
        records = write(3)
        anchoring.anchor_trail(now=NOON)
        write()

        found = verifying.verify_trail(lines=[line(records[0]), line(records[1])])

        assert (found.findings, found.records, found.chains, found.anchors) == ([], 4, 1, 3)
        assert (found.anchored_at, found.lost, found.breaks) == (NOON, 0, [])

    def test_finds_a_cut_end_by_the_anchor_and_by_a_log(self) -> None:
        records = write(3)
        assert verifying.verify_trail().anchored_at is None
        cut(records)

        assert verifying.verify_trail().findings == []
        (by_log,) = verifying.verify_trail(lines=[line(records[2])]).findings

        assert (by_log.fault, by_log.chain, by_log.seq) == (Fault.CUT, 1, 3)

    def test_raises_an_alert_once_a_day(self) -> None:
        write(3)
        assert verifying.verify_and_alert(now=NOON) == 0
        assert open_alerts() == []
        with tables.unguarded():
            db.execute("update trail_record set why = 'bent' where seq = 2")

        assert verifying.verify_and_alert(now=LATER) == 1

        (alert,) = incidents.read_open_alerts(limit=9)
        assert alert.kind == "TRAIL_BROKEN"
        assert alert.detail == "1 findings; the first: this record is not what was written here (1-2)"


class TestAcceptCut:
    def test_after_a_restore_the_trail_goes_on_and_the_cut_stays_told(self) -> None:
        records = write(3)
        anchoring.anchor_trail(now=NOON)
        cut(records)
        with pytest.raises(TrailCut):
            anchoring.anchor_trail(now=LATER)

        accepted = anchoring.accept_cut(why="restored from Tuesday's backup", actor=ROOT, now=LATER)

        assert accepted.lost == [(1, 3, records[2].mac.hex())]
        assert open_alerts() == []
        write()
        assert anchoring.anchor_trail(now=LATER + dt.timedelta(minutes=1))
        # An old log still knows both: what is there, and what went with the cut.
        found = verifying.verify_trail(lines=[line(records[1]), line(records[2])])
        assert (found.findings, found.lost, found.breaks) == ([], 1, [accepted])
        (record,) = trail.read_records(search=Search(operation="trail.accept_cut"), limit=9)
        assert (record.actor_id, record.why) == ("root", "restored from Tuesday's backup")

    def test_is_refused_when_nothing_is_gone(self) -> None:
        write(2)
        anchoring.anchor_trail(now=NOON)

        with pytest.raises(NothingCut):
            anchoring.accept_cut(why="to be sure", actor=ROOT, now=LATER)

        assert trail.count_records() == 2

    def test_does_not_forgive_what_is_cut_later(self) -> None:
        records = write(3)
        anchoring.anchor_trail(now=NOON)
        cut(records)
        anchoring.accept_cut(why="restored", actor=ROOT, now=LATER)
        newer = write(2)
        logged = line(newer[-1], at=LATER + dt.timedelta(seconds=1))
        cut(newer)

        (found,) = verifying.verify_trail(lines=[logged]).findings

        assert found.fault is Fault.CUT


class TestExport:
    def test_is_recorded_before_anything_is_given(self, tmp_path: Path) -> None:
        (first,) = write()

        given = list(
            export_trail(asker=MACHINE, search=Search(operation="orders."), why="the tax office asked", now=LATER)
        )

        assert given == [first]
        (record,) = trail.read_records(search=Search(operation="trail.export"), limit=2)
        assert msgspec.json.decode(record.after) == {"search": {"operation": "orders."}}
        assert (record.actor_id, record.why) == ("root", "the tax office asked")
