"""The room of the audit trail: searched by what the address says, read as a difference, taken out on record."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import json
import re
from typing import Any

import pytest
from django.http import HttpResponse

from evertill.domains import trail
from evertill.domains.trail import Actor, ActorKind, Outcome, Search, Subject
from evertill.journeys import read_trail as reading
from evertill.journeys.verify_trail import verify_and_alert
from evertill.kernel import clock, config, db, ids, tables
from evertill.kernel.workbooks import read_workbook
from tests.desk.clerks import Clerk, clerk, signed_in, text_of

pytestmark = pytest.mark.usefixtures("committed_db")

ORDER = ids.to_number(4711)


def rows_of(answer: HttpResponse) -> list[str]:
    """What was done, of each row of the list."""
    return re.findall(r'data-label="What was done"><code>([^<]+)</code>', answer.content.decode())


def write(operation: str, *, by: str = "OPERATOR:root", on: str = f"order:{ORDER}", **more: Any) -> int:
    kind, _, number = by.partition(":")
    subject, _, name = on.partition(":")
    with db.write():
        record = trail.write(
            actor=Actor(kind=ActorKind(kind), id=number, roles=("support",), factors=("PASSKEY",)),
            operation=operation,
            subject=Subject(kind=subject, id=name),
            now=more.pop("now", clock.now()),
            **more,
        )
    return record.id


class TestSearch:
    def test_is_for_those_who_may(self) -> None:
        assert clerk("support").get("trail/").status_code == 403
        assert clerk("auditor").get("trail/").status_code == 200

    def test_is_narrowed_by_the_address(self) -> None:
        eye, began = clerk("auditor"), clock.now()
        write("orders.refund", by="STAFF:17", why="came broken")
        write("orders.read", by="STAFF:18", outcome=Outcome.REFUSED)
        write("keys.rotate", on="keys:all")

        for asked, found in (
            ("", ["keys.rotate", "orders.read", "orders.refund"]),
            ("?what=orders.", ["orders.read", "orders.refund"]),
            ("?what=keys.rotate", ["keys.rotate"]),
            ("?who=STAFF:17", ["orders.refund"]),
            ("?who=staff", ["orders.read", "orders.refund"]),
            (f"?who={ids.to_number(18)}", ["orders.read"]),
            (f"?on={ORDER.lower()}", ["orders.read", "orders.refund"]),
            ("?on=keys", ["keys.rotate"]),
            ("?outcome=REFUSED", ["orders.read"]),
            ("?who=STAFF:17&what=keys.rotate", []),
            (
                f"?since={began:%Y-%m-%d}&until={clock.now():%Y-%m-%d}",
                ["keys.rotate", "orders.read", "orders.refund"],
            ),
            ("?until=2020-01-01", []),
            ("?since=0001-01-01&until=9999-12-31", ["keys.rotate", "orders.read", "orders.refund"]),
        ):
            assert rows_of(eye.get(f"trail/{asked}")) == found, asked

    def test_says_what_it_cannot_read_and_shows_the_rest(self) -> None:
        page = clerk("auditor").get("trail/?who=the%20new%20one&since=tomorrow&older=nonsense~x&on=%01")

        assert page.status_code == 200
        assert "Nobody is called so." in text_of(page)

    def test_goes_on_where_a_page_ended(self) -> None:
        eye = clerk("auditor")
        for number in range(120):
            write("orders.read", on=f"order:{number}", now=clock.now() - dt.timedelta(seconds=number // 2))

        seen: list[str] = []
        path = "trail/?what=orders.read"
        for _ in range(3):
            page = eye.get(path).content.decode()
            seen += re.findall(r'\?on=order%3A(\d+)"', page)
            older = re.search(r'rel="next" href="(\?[^"]+)"', page)
            path = "trail/" + older[1].replace("&amp;", "&") if older else ""

        assert path == ""
        assert sorted(map(int, seen)) == list(range(120))

    def test_says_who_it_was_by_name(self) -> None:
        eye = clerk("auditor")
        write("orders.read", by=f"STAFF:{eye.account_id}")

        assert "Ada" in text_of(eye.get("trail/"))
        assert "审计记录" in text_of(eye.get("trail/", language="zh-hans"))
        assert "查看任何订单" in text_of(eye.get("trail/?what=orders.read", language="zh-hans"))


class TestRecord:
    def test_is_shown_with_what_it_changed(self) -> None:
        record_id = write(
            "catalog.edit",
            before={"title": "Tea", "shown": True},
            after={"title": "Green <tea>", "shown": True, "stock": 4},
            why="better",
        )

        page = clerk("auditor").get(f"trail/{ids.to_number(record_id)}/").content.decode()

        assert "<del>Tea</del>" in page
        assert "<ins>Green &lt;tea&gt;</ins>" in page
        assert "<ins>4</ins>" in page
        assert "<del>true</del>" not in page
        assert "better" in page

    @pytest.mark.parametrize("number", ["nobody", "0F3K-8ZQM-2RTVC"])
    def test_that_there_is_not_has_no_page(self, number: str) -> None:
        assert clerk("auditor").get(f"trail/{number}/").status_code == 404


class TestStanding:
    def test_is_told_with_the_last_look(self) -> None:
        eye = clerk("auditor")
        assert "not yet; it is done every night" in text_of(eye.get("trail/"))

        assert verify_and_alert(now=clock.now()) == 0

        assert "every record as it was written" in text_of(eye.get("trail/"))


class TestExport:
    def export(self, who: Clerk, **fields: str) -> Any:
        return who.post("trail/export", **{"why": "the yearly audit", **fields})

    def test_is_on_record_and_has_what_fits(self) -> None:
        boss = clerk("administrator")
        write("orders.refund", why="=cmd|' /C calc'!A0")
        write("keys.rotate", on="keys:all")

        answer = self.export(boss, what="orders.", kind="csv")

        (row,) = csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig")))
        assert (row["operation"], row["why"]) == ("orders.refund", "'=cmd|' /C calc'!A0")
        (record,) = trail.read_records(search=Search(operation="trail.export"), limit=9)
        assert (record.actor_id, record.why) == (str(boss.account_id), "the yearly audit")
        assert json.loads(record.after) == {"search": {"operation": "orders."}}

    def test_is_a_workbook_for_excel(self) -> None:
        write("orders.refund", why="=1+1")

        answer = self.export(clerk("owner"), what="orders.refund", kind="xlsx")

        (_, names), (_, row) = read_workbook(io.BytesIO(b"".join(answer)), limits=tables.limits())
        assert answer.headers["Content-Disposition"].endswith('"audit-trail.xlsx"')
        assert (row[names.index("operation")], row[names.index("why")]) == ("orders.refund", "=1+1")

    def test_is_one_document_a_line(self) -> None:
        write("orders.refund")

        lines = b"".join(self.export(clerk("owner"), what="orders.refund", kind="json")).splitlines()

        assert [json.loads(line)["operation"] for line in lines] == ["orders.refund"]

    def test_is_not_for_those_who_only_look(self) -> None:
        eye = clerk("auditor")

        assert self.export(eye).status_code == 403
        assert "Take these records out" not in text_of(eye.get("trail/"))
        assert "Take these records out" in text_of(clerk("owner").get("trail/"))

    def test_has_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        small = dataclasses.replace(config.get(), trail_export_max=1)
        monkeypatch.setattr("evertill.kernel.config.get", lambda: small)
        for _ in range(2):
            write("orders.refund")

        answer = self.export(clerk("owner"), what="orders.refund")

        assert answer.status_code == 413
        assert reading.ExportTooLarge.code in text_of(answer)
        assert not trail.read_records(search=Search(operation="trail.export"), limit=9)


class TestWho:
    def test_nobody_passes_for_a_colleague_or_for_the_machine_by_what_he_calls_himself(self) -> None:
        ada, twin = signed_in(name="Ada Wu", roles=("owner",)), signed_in(name="ADA  wu", roles=("support",))
        machine, bob = signed_in(name="Operator of the machine root", staff=True), signed_in(name="Bob", staff=True)
        for one in (ada, twin, machine, bob):
            write("orders.note", by=f"STAFF:{one.account_id}")

        told = re.findall(r'data-label="Who"><a [^>]*>([^<]+)</a>', ada.get("trail/").content.decode())

        assert told == [
            "Bob",
            f"Operator of the machine root ({ids.to_number(machine.account_id)})",
            f"ADA  wu ({ids.to_number(twin.account_id)})",
            f"Ada Wu ({ids.to_number(ada.account_id)})",
        ]


class TestWhere:
    def test_is_where_it_was_done_from_and_not_where_the_session_began(self) -> None:
        eye = clerk("support")
        eye.browser.defaults["REMOTE_ADDR"] = "198.51.100.7"
        assert eye.session.place == "203.0.113.0/24"

        eye.get("orders/")

        (record,) = trail.read_records(search=Search(operation="orders.read"), limit=2)
        assert record.place == "198.51.0.0/16"
