"""`evertill audit-trail`: what an operator reads, takes out, and verifies."""

from __future__ import annotations

import csv
import getpass
import json
import subprocess
from pathlib import Path

import pytest

from evertill.domains import trail
from evertill.domains.trail import Actor, ActorKind, Outcome, Subject
from evertill.journeys import anchor_trail as anchoring
from evertill.kernel import db
from tests import tables
from tests.builders import NOON
from tests.contracts import command

pytestmark = pytest.mark.usefixtures("committed_db")

BOSS = Actor(kind=ActorKind.STAFF, id="17", roles=("finance",), factors=("PASSKEY",), place="203.0.113.0/24")


def evertill(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return command.run(env, "audit-trail", *words)


@pytest.fixture
def records() -> list[trail.Record]:
    with db.write():
        return [
            trail.write(
                actor=BOSS,
                operation="orders.refund",
                subject=Subject(kind="order", id=f"R{n}"),
                before={"paid": n},
                why="=broken" if n == 2 else "broken",
                outcome=Outcome.REFUSED if n else Outcome.DONE,
                now=NOON,
            )
            for n in range(3)
        ]


class TestShow:
    def test_tells_each_record_in_plain_lines(self, shop_env: dict[str, str], records: list[trail.Record]) -> None:
        shown = evertill(shop_env, "show", "--subject", "order:R1", "--actor", "STAFF:17")
        none = evertill(shop_env, "show", "--operation", "access.", "--since", "2026-11-22")

        assert shown.stdout.splitlines() == [
            "2026-11-22 12:00:00 UTC  1-2  orders.refund REFUSED  order:R1",
            "    STAFF:17 as finance by PASSKEY from 203.0.113.0/24",
            '    before: {"paid":1}',
            "    why: broken",
        ], shown.stderr
        assert none.stdout == "There are no such records.\n", none.stderr

    def test_moves_no_cursor_by_what_somebody_typed(self, shop_env: dict[str, str], committed_db: None) -> None:
        with db.write():
            trail.write(
                actor=BOSS,
                operation="orders.refund",
                subject=Subject(kind="order", id="R1"),
                why="fine\x1b[2K\x1b[1A\rnothing \x9b1A\u202ehere",
                now=NOON,
            )

        shown = evertill(shop_env, "show")

        assert shown.stdout.splitlines()[-1] == "    why: fine�[2K�[1A�nothing �1A�here"

    @pytest.mark.parametrize("words", [["--actor", "X:1"], ["--outcome", "MAYBE"], ["--since", "yesterday"]])
    def test_refuses_what_it_cannot_look_for(self, shop_env: dict[str, str], words: list[str]) -> None:
        assert evertill(shop_env, "show", *words).returncode == 2


class TestExport:
    def test_gives_json_lines_or_csv_and_records_both(
        self, shop_env: dict[str, str], records: list[trail.Record]
    ) -> None:
        lines = evertill(shop_env, "export", "--why", "for the auditor", "--outcome", "DONE", "--operation", "orders.")
        table = evertill(shop_env, "export", "--why", "for the auditor", "--csv", "--subject", "order")
        refused = evertill(shop_env, "export", "--why", " ")

        (line,) = [json.loads(line) for line in lines.stdout.splitlines()]
        assert (line["subject_id"], line["at"]) == ("R0", "2026-11-22T12:00:00.000000Z")
        assert line["mac"] == records[0].mac.hex()
        rows = [(row["subject_id"], row["why"]) for row in csv.DictReader(table.stdout.splitlines())]
        assert sorted(rows) == [("R0", "broken"), ("R1", "broken"), ("R2", "'=broken")]
        assert refused.returncode == 2
        newest = trail.read_records(search=trail.Search(operation="trail.export"), limit=9)
        assert [(record.actor_kind, record.actor_id) for record in newest] == [("OPERATOR", getpass.getuser())] * 2


class TestVerify:
    def test_says_that_all_is_well_and_what_it_cannot_say(
        self, shop_env: dict[str, str], records: list[trail.Record]
    ) -> None:
        before = evertill(shop_env, "verify")
        anchoring.anchor_trail(now=NOON)
        after = evertill(shop_env, "verify")

        assert before.returncode == after.returncode == 0, before.stderr + after.stderr
        assert before.stdout.splitlines() == [
            "3 records in 1 chains, 0 places compared with what was noted",
            "Nothing was noted here yet: whether the newest records were cut off cannot be told.",
            "The shop's database role owns these tables and could switch their guards off (docs/operate/database.md).",
            "Every record is as it was written.",
        ]
        assert after.stdout.splitlines()[1] == (
            "Noted here last: 2026-11-22 12:00:00 UTC; what is newer could be cut off unseen."
        )

    def test_finds_a_change_and_ends_with_1(self, shop_env: dict[str, str], records: list[trail.Record]) -> None:
        with tables.unguarded():
            db.execute("update trail_record set actor_id = '99' where seq = 2")

        found = evertill(shop_env, "verify")

        assert found.returncode == 1
        assert "✗ 1-2: this record is not what was written here" in found.stdout.splitlines()
        assert found.stdout.splitlines()[-1] == "1 findings. Nothing was changed; keep this list."

    def test_compares_with_what_was_kept_elsewhere(
        self, shop_env: dict[str, str], records: list[trail.Record], tmp_path: Path
    ) -> None:
        kept = tmp_path / "kept.jsonl"
        kept.write_text("not JSON\n" + evertill(shop_env, "head").stdout, encoding="utf-8")
        with tables.unguarded():
            db.execute("delete from trail_record where seq = 3")
            db.execute("update trail_chain set seq = 2, mac = %s where chain = 1", (records[1].mac,))

        unseen, seen = evertill(shop_env, "verify"), evertill(shop_env, "verify", "--anchor", str(kept))

        assert (unseen.returncode, seen.returncode) == (0, 1)
        assert "✗ 1-3: a record that stood here is gone, or was replaced" in seen.stdout

    def test_refuses_a_file_that_tells_nonsense(self, shop_env: dict[str, str], tmp_path: Path) -> None:
        (tmp_path / "kept").write_text('{"heads": [[1]]}\n', encoding="utf-8")

        ended = evertill(shop_env, "verify", "--anchor", str(tmp_path / "kept"))

        assert ended.returncode == 2


class TestAcceptCut:
    def test_says_what_is_gone(self, shop_env: dict[str, str], records: list[trail.Record]) -> None:
        anchoring.anchor_trail(now=NOON)
        with tables.unguarded():
            db.execute("delete from trail_record where seq = 3")
            db.execute("update trail_chain set seq = 2, mac = %s where chain = 1", (records[1].mac,))

        accepted = evertill(shop_env, "accept-cut", "--why", "restored")
        verified = evertill(shop_env, "verify")

        assert accepted.stdout == "Accepted: 1-3 was noted, and is gone.\n", accepted.stderr
        assert verified.returncode == 0, verified.stdout
        assert "Cut accepted" in verified.stdout
        assert f"by OPERATOR {getpass.getuser()}: restored" in verified.stdout
