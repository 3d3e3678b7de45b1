"""A look at personal data leaves a record, written in the transaction that read, or it was none."""

from __future__ import annotations

import pytest

from evertill.domains import trail
from evertill.domains.access import Permission
from evertill.domains.trail import Record, Search, Subject
from evertill.journeys.permitted import Forbidden, looking
from tests.askers import MACHINE, customer, staff
from tests.builders import NOON

pytestmark = pytest.mark.usefixtures("committed_db")

ORDER = Subject(kind="order", id="ET-7")


def records() -> list[Record]:
    return trail.read_records(search=Search(subject_kind="order"), limit=10)


class TestLooking:
    def test_is_on_record_with_who_looked_and_what_at(self) -> None:
        asker = staff(7, "support")

        with looking(asker=asker, permission=Permission.ORDERS_READ, subject=ORDER, why="He called.", now=NOON) as look:
            look.note(found=3)

        (record,) = records()
        assert (record.actor_kind, record.actor_id, record.roles) == ("STAFF", "7", "support")
        assert (record.factors, record.place) == ("PASSKEY", "203.0.0.0/16")
        assert (record.operation, record.subject_id, record.outcome) == ("orders.read", "ET-7", "DONE")
        assert (record.after, record.why, record.at) == ('{"found":3}', "He called.", NOON)

    def test_of_the_operator_is_on_record_too(self) -> None:
        with looking(asker=MACHINE, permission=Permission.CUSTOMERS_READ, subject=ORDER, now=NOON):
            pass

        assert [(record.actor_id, record.operation, record.after) for record in records()] == [
            ("root", "customers.read", "")
        ]

    def test_that_is_refused_reads_nothing_and_is_on_record(self) -> None:
        for asker in (customer(8), staff(9, "fulfilment")):
            with (
                pytest.raises(Forbidden),
                looking(asker=asker, permission=Permission.CUSTOMERS_READ, subject=ORDER, now=NOON),
            ):
                pytest.fail("He saw something.")

        assert {(record.actor_id, record.operation, record.outcome) for record in records()} == {
            ("8", "customers.read", "REFUSED"),
            ("9", "customers.read", "REFUSED"),
        }

    def test_that_found_nothing_leaves_nothing(self) -> None:
        with (
            pytest.raises(LookupError),
            looking(asker=MACHINE, permission=Permission.ORDERS_READ, subject=ORDER, now=NOON),
        ):
            raise LookupError

        assert records() == []
