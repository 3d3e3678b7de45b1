"""`evertill submissions`: what support does about a checkout that failed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from evertill.domains import submissions
from evertill.kernel import clock, db, ids
from tests import tables
from tests.builders import ask, make_product, place_one
from tests.contracts import command
from tests.submitting import failed

pytestmark = pytest.mark.usefixtures("committed_db")


def evertill(env: dict[str, str], folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return command.run(env, "submissions", *words, "--data", folder)


@pytest.fixture
def kept() -> submissions.Failed:
    one = failed(ask(lines={"TEA": 2}, language="zh-hans"), at=clock.now())
    with db.write():
        submissions.keep(failed=one)
    return one


def reference(one: submissions.Failed) -> str:
    return ids.to_number(one.id)


class TestList:
    def test_shows_what_is_open(self, shop_env: dict[str, str], tmp_path: Path, kept: submissions.Failed) -> None:
        ended = evertill(shop_env, tmp_path)

        assert ended.returncode == 0, ended.stderr
        assert ended.stdout == (
            f"{reference(kept)}  {kept.failed_at:%Y-%m-%d %H:%M} UTC  DATABASE_BUSY  5.00 GBP  ada@example.com: OPEN\n"
        )

    def test_shows_what_the_customer_did_himself(
        self, shop_env: dict[str, str], tmp_path: Path, kept: submissions.Failed
    ) -> None:
        make_product("TEA")
        placed = place_one(ask(lines={"TEA": 2}))

        assert evertill(shop_env, tmp_path, "list").stdout == "No failed checkout is open.\n"
        assert f": order {placed.number}\n" in evertill(shop_env, tmp_path, "list", "--all").stdout

    def test_brings_in_what_this_machine_kept(self, shop_env: dict[str, str], tmp_path: Path) -> None:
        one = failed(at=clock.now())
        submissions.spool.append(folder=tmp_path, failed=one, bytes_max=1 << 20)
        tmp_path.chmod(0o700)

        assert reference(one) in evertill(shop_env, tmp_path).stdout
        assert not submissions.spool.is_used(folder=tmp_path)


class TestShow:
    def test_tells_all_that_support_needs(
        self, shop_env: dict[str, str], tmp_path: Path, kept: submissions.Failed
    ) -> None:
        told = evertill(shop_env, tmp_path, "show", reference(kept).lower().replace("-", "")).stdout.splitlines()

        assert told[1:4] == [
            "  2 × TEA  Title of TEA  2.50 GBP",
            "  total 5.00 GBP, in zh-hans",
            "  to be reached at ada@example.com",
        ]
        assert told[-1] == "  the customer agreed to this (2026-11): We keep it for up to 30 days."

    def test_says_where_else_to_look(self, shop_env: dict[str, str], tmp_path: Path) -> None:
        ended = evertill(shop_env, tmp_path, "show", reference(failed()))

        assert ended.returncode == 1
        assert ended.stderr.splitlines() == [
            f"No failed checkout is kept under {reference(failed())}.",
            (
                "The reference was given at 2026-11-22 12:00 UTC. If the shop was at fault, its log has a line of that"
                f' minute with "reference": "{reference(failed())}", which says what failed.'
            ),
        ]

    def test_of_no_reference_is_refused(self, shop_env: dict[str, str], tmp_path: Path) -> None:
        assert evertill(shop_env, tmp_path, "show", "0E9W-9MHZ-4G9XX").returncode == 2


class TestFinish:
    def test_places_one_order(self, shop_env: dict[str, str], tmp_path: Path, kept: submissions.Failed) -> None:
        make_product("TEA", prices={"GBP": 300})

        refused = evertill(shop_env, tmp_path, "finish", reference(kept))
        placed = evertill(shop_env, tmp_path, "finish", reference(kept), "--at-shown-prices", "--keep-hours", "48")
        again = evertill(shop_env, tmp_path, "finish", reference(kept))

        assert refused.returncode == 1
        assert refused.stderr.startswith("evertill: The total is 600 now, not 500.\n")
        assert placed.returncode == 0, placed.stderr
        assert " for 5.00 GBP: placed; its goods wait until " in placed.stdout
        assert again.returncode == 1
        assert "already" in again.stderr
        assert tables.count("orders_order") == 1


class TestClose:
    def test_keeps_why(self, shop_env: dict[str, str], tmp_path: Path, kept: submissions.Failed) -> None:
        ended = evertill(shop_env, tmp_path, "close", reference(kept), "--why", "bought elsewhere")

        assert ended.stdout == "Closed.\n", ended.stderr
        assert evertill(shop_env, tmp_path).stdout == "No failed checkout is open.\n"
        assert "  closed because: bought elsewhere\n" in evertill(shop_env, tmp_path, "show", reference(kept)).stdout
