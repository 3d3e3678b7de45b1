"""`evertill alerts`: what an operator reads, and how he says that he has done something about it."""

from __future__ import annotations

import subprocess

import pytest

from evertill.domains import incidents
from evertill.kernel import db
from tests.builders import NOON
from tests.contracts import command

pytestmark = pytest.mark.usefixtures("committed_db")


def alerts(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return command.run(env, "alerts", *words)


class TestAlerts:
    def test_are_listed_with_what_to_do_and_closed_for_good(self, shop_env: dict[str, str]) -> None:
        with db.write():
            incidents.raise_alert(kind="REFUND_REFUSED", subject="R1", detail="GBP 5.00", now=NOON)
            incidents.raise_alert(kind="REFUND_REFUSED", subject="R1", detail="GBP 5.00", now=NOON)
        (alert,) = incidents.read_open_alerts(limit=2)

        listed = alerts(shop_env)
        closed = alerts(shop_env, "close", str(alert.id), "--why", "paid by hand")
        after = alerts(shop_env, "list")

        assert listed.stdout.splitlines() == [
            f"{alert.id}  REFUND_REFUSED R1  since 2026-11-22 12:00 UTC, seen 2 times, last 2026-11-22 12:00 UTC",
            "    GBP 5.00",
            f"    {incidents.remedy('REFUND_REFUSED')}",
        ], listed.stderr
        assert closed.stdout == f"Alert {alert.id} is closed.\n", closed.stderr
        assert after.stdout == "There are no open alerts.\n"

    def test_one_that_is_not_open_is_told_in_plain_words(self, shop_env: dict[str, str]) -> None:
        ended = alerts(shop_env, "close", "77", "--why", "paid by hand")

        assert ended.returncode == 1
        assert ended.stderr.splitlines()[0] == "evertill: There is no open alert 77."
