"""Visitors who are refused: on record, and never so many that the trail fills."""

from __future__ import annotations

import pytest

from evertill.domains import trail
from evertill.journeys import refuse_visitor as refusing
from evertill.kernel import ids
from evertill.kernel.rarely import Rarely
from tests.builders import NOON

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody was refused yet; the first of the list is what the clock says."""
    moment = [0.0]
    monkeypatch.setattr(refusing, "_VISITORS", Rarely(every_s=60, clock=lambda: moment[0]))
    return moment


def ask(number: str, place: str = "203.0.0.0/16") -> None:
    if refusing.is_to_be_recorded(kind="order", number=number, who=place):
        refusing.refuse_visitor(kind="order", number=number, session=None, place=place, now=NOON)


def recorded() -> list[trail.Record]:
    return trail.read_records(search=trail.Search(outcome="REFUSED"), limit=1000)


class TestRefuse:
    def test_records_what_was_tried_and_from_where_once_a_minute(self, fresh: list[float]) -> None:
        for _ in range(5):
            ask("0EFK-2X43-10MV5")
        fresh[0] = 60.0
        ask("0EFK-2X43-10MV5")

        records = recorded()
        assert len(records) == 2
        assert {(one.actor_kind, one.operation, one.subject_kind, one.subject_id, one.place) for one in records} == {
            ("GUEST", "own.orders", "order", "0EFK-2X43-10MV5", "203.0.0.0/16")
        }

    def test_of_a_flood_adds_no_more_than_there_are_slots(self) -> None:
        for number in range(3_000):
            ask(ids.to_number(number + 1), place=f"198.51.{number % 256}.0/24")

        assert len(recorded()) == 64
