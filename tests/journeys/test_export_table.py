"""Tables that somebody takes along: recorded, and personal data only when another person has approved exactly that."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Sequence

import pytest

from evertill.domains import trail
from evertill.domains.access import Permission
from evertill.domains.approvals import ApprovalRequired
from evertill.domains.trail import Search
from evertill.journeys import decide_approvals
from evertill.journeys.export_table import (
    Cell,
    Exported,
    Filters,
    Form,
    Table,
    TooManyRows,
    ask_to_export,
    export_table,
)
from evertill.journeys.permitted import Asker, Forbidden
from evertill.kernel import config
from tests import tables
from tests.askers import staff
from tests.builders import NOON

pytestmark = pytest.mark.usefixtures("committed_db")

ADA, BOB, EVE = 1, 2, 3


def read(filters: Filters, most: int) -> Iterable[Sequence[Cell]]:
    rows: list[list[Cell]] = [["ada@example.com", 1], ["=cmd|' /C calc'!A0", 2]]
    return rows[:most]


CUSTOMERS = Table(
    name="customers",
    permission=Permission.CUSTOMERS_READ,
    is_personal=True,
    columns=("email", "orders"),
    read=read,
)
GOODS = dataclasses.replace(CUSTOMERS, name="goods", is_personal=False)


def export(asker: Asker, table: Table = CUSTOMERS, *, form: Form = "csv", why: str = "a mailing") -> Exported:
    return export_table(asker=asker, table=table, filters={"since": "2026"}, form=form, why=why, now=NOON)


def records() -> list[trail.Record]:
    return trail.read_records(search=Search(operation="data.export"), limit=9)


class TestPersonalData:
    def test_goes_out_once_when_another_person_has_approved_exactly_that(self) -> None:
        ada, bob = staff(ADA, "administrator"), staff(BOB, "owner")
        with pytest.raises(ApprovalRequired):
            export(ada)
        asked = ask_to_export(asker=ada, table=CUSTOMERS, filters={"since": "2026"}, why="a mailing", now=NOON)
        decide_approvals.decide(asker=bob, approval_id=asked.id, is_approved=True, why="", now=NOON)

        with pytest.raises(ApprovalRequired):
            export(ada, why="another mailing")
        file = export(ada)
        with pytest.raises(ApprovalRequired):
            export(ada)

        assert file.name == "customers-2026-11-22.csv"
        assert file.content.decode("utf-8-sig").splitlines() == [
            "email,orders",
            "ada@example.com,1",
            "'=cmd|' /C calc'!A0,2",
        ]
        (record,) = records()
        assert json.loads(record.after) == {
            "filters": {"since": "2026"},
            "rows": 2,
            "form": "csv",
            "sha256": hashlib.sha256(file.content).hexdigest(),
            "approved_by": "STAFF:2",
        }

    def test_is_for_who_may_look_and_may_export(self) -> None:
        for asker in (staff(EVE, "support"), staff(BOB, "finance")):
            with pytest.raises(Forbidden):
                export(asker)

        assert len(trail.read_records(search=Search(outcome="REFUSED"), limit=9)) == 2

    def test_that_was_looked_for_by_a_name_leaves_no_name_in_the_trail(self) -> None:
        ada, bob = staff(ADA, "administrator"), staff(BOB, "owner")
        filters = {"q": "carol@example.com 2.50", "state": "PAID"}
        asked = ask_to_export(asker=ada, table=CUSTOMERS, filters=filters, why="a mailing", now=NOON)
        decide_approvals.decide(asker=bob, approval_id=asked.id, is_approved=True, why="", now=NOON)
        export_table(asker=ada, table=CUSTOMERS, filters=filters, form="csv", why="a mailing", now=NOON)

        assert "carol" not in repr(tables.rows("trail_record"))
        (record,) = records()
        kept = json.loads(record.after)["filters"]
        assert (kept["state"], kept["q"][:17]) == ("PAID", "words: 2, digest:")
        # Whoever is to approve it sees what it is.
        assert decide_approvals.look_at(asker=bob, approval_id=asked.id, now=NOON).content["filters"] == filters


class TestOther:
    def test_needs_nobody_else_and_is_recorded(self) -> None:
        file = export(staff(EVE, "support"), GOODS, form="xlsx")

        assert (file.rows, file.content[:2]) == (2, b"PK")
        assert [record.actor_id for record in records()] == ["3"]

    def test_that_comes_back_has_no_more_rows_than_may_come_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        small = dataclasses.replace(config.get(), table_rows_max=1)
        monkeypatch.setattr(config, "get", lambda: small)

        eve = staff(EVE, "support")

        assert export(eve, GOODS).rows == 2
        with pytest.raises(TooManyRows):
            export(eve, dataclasses.replace(GOODS, comes_back=True))

    def test_has_a_bound(self, monkeypatch: pytest.MonkeyPatch) -> None:
        small = dataclasses.replace(config.get(), export_rows_max=1)
        monkeypatch.setattr(config, "get", lambda: small)

        with pytest.raises(TooManyRows):
            export(staff(EVE, "support"), GOODS)

        assert records() == []
