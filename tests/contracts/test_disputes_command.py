"""`evertill disputes`: what an operator reads and notes."""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Iterator

import pytest

from evertill.domains import payments
from evertill.domains.payments import Intent
from evertill.journeys.place_orders import Placed
from tests.contracts import command
from tests.disputing import DUE, ask, history, make_twin, paid, tell
from tests.twin import Twin

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def twin(committed_db: None) -> Iterator[Twin]:
    provider = make_twin()
    payments.register(provider)
    yield provider
    payments.register()


def run(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return command.run(env, "disputes", *words)


def line(order: Placed, intent: Intent, state: str) -> str:
    return (
        f"twin:D1  {state}  2.50 GBP  order {order.number}  payment {intent.number}  fraudulent"
        "  evidence due 2026-11-29 12:00 UTC\n"
    )


class TestDisputes:
    def test_are_listed_with_what_is_due_and_noted(self, twin: Twin, shop_env: dict[str, str]) -> None:
        order, intent = paid(twin)
        tell(twin, intent, due=DUE)
        ask(intent)

        listed = run(shop_env)
        noted = run(shop_env, "evidence-sent", "twin:D1", "--note", "parcel 77")

        assert listed.stdout == line(order, intent, "EVIDENCE_DUE"), listed.stderr
        assert noted.stdout == line(order, intent, "EVIDENCE_SENT"), noted.stderr
        assert history()[-1] == ("EVIDENCE_SENT", f"OPERATOR:{getpass.getuser()}", "parcel 77")

    def test_that_are_lost_leave_goods_to_put_back(self, twin: Twin, shop_env: dict[str, str]) -> None:
        _, intent = paid(twin)
        tell(twin, intent, "LOST")
        ask(intent)

        listed = run(shop_env, "list")
        restocked = run(shop_env, "restock", "twin:D1")

        assert listed.stdout == "There are no open disputes.\n", listed.stderr
        assert restocked.stdout == "1 pieces are back on sale.\n", restocked.stderr

    def test_are_checked_with_a_provider_that_is_there(self, twin: Twin, shop_env: dict[str, str]) -> None:
        _, intent = paid(twin)

        gone = run(shop_env, "check", intent.number)
        mistyped = run(shop_env, "check", "nonsense")

        assert (gone.returncode, mistyped.returncode) == (1, 2)
        assert gone.stderr.startswith("evertill: The payment provider 'twin' is not set up here.\n")
