"""`evertill reconcile`: what an operator reads at nine in the morning, and what a script decides by."""

from __future__ import annotations

import json
import subprocess

import pytest

from evertill.kernel import clock
from evertill.outside.sandbox_provider import SandboxProvider
from tests.contracts import command
from tests.contracts.test_up import free_port
from tests.paying import intent_of, placed_order, start_whole
from tests.sandbox.provider import Provider

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def env(shop_env: dict[str, str], sandbox: Provider) -> dict[str, str]:
    keys = sandbox.folder / "sandbox" / "sandbox-keys.json"
    return shop_env | {"EVERTILL_SANDBOX_URL": sandbox.url, "EVERTILL_SANDBOX_KEYS": str(keys), "COLUMNS": "200"}


def run(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return command.run(env, *words)


class TestReconcile:
    def test_leads_from_a_lost_payment_to_nothing_open(self, env: dict[str, str], sandbox: Provider) -> None:
        """A payment that nobody told us of, a line of a stranger; both end by the commands that are suggested."""
        from contextlib import closing

        from evertill.domains import payments
        from evertill.kernel import config

        keys = sandbox.folder / "sandbox" / "sandbox-keys.json"
        with closing(SandboxProvider(url=sandbox.url, keys=keys, settings=config.get())) as provider:
            payments.register(provider)
            intent = start_whole(placed_order(), method="sandbox.page", now=clock.now()).intent
            payments.register()
        sandbox.post(f"/v1/payments/{intent.provider_id}/simulate", {"card": "success"})
        # Asked for only now, so that there is no midnight in between but once in many years.
        today = clock.now().date().isoformat()
        strange = {"kind": "charge", "payment": "pay_x", "reference": "stranger", "amount": 5, "currency": "GBP"}
        sandbox.post("/v1/bill/plant", {"date": today, "add": [strange]})

        first = run(env, "reconcile", today, "--provider", "sandbox", "--json")
        told = json.loads(first.stdout)
        shown = run(env, "reconcile", "show", today, "--provider", "sandbox")
        commands = [one["command"] for one in told["differences"]]
        ended = [run(env, *_words(command)) for command in dict.fromkeys(commands)]
        again = run(env, "reconcile", today, "--provider", "sandbox")

        assert (first.returncode, told["open"], told["lines"]) == (1, {"MISSING_HERE": 3}, 3)
        assert [(one["about"], one["theirs"]["amount"]) for one in told["differences"]] == [
            ("CAPTURE", 250), ("CAPTURE", 5), ("FEE", -24),
        ]  # fmt: skip
        assert sorted(set(commands)) == sorted(
            {f"evertill payments settle {intent.number}", told["differences"][1]["command"]}
        )
        assert shown.returncode == 1
        assert f"    evertill payments settle {intent.number}\n" in shown.stdout
        assert f"missing here: CAPTURE {intent.number}, ours nothing, theirs 2.50 GBP\n" in shown.stdout
        assert [one.returncode for one in ended] == [0, 0], [one.stderr for one in ended]
        assert (again.returncode, "Nothing is open." in again.stdout) == (0, True), again.stdout + again.stderr
        assert intent_of(intent).state.value == "CAPTURED"
        assert run(env, "audit").returncode == 0

    def test_says_what_cannot_be(self, env: dict[str, str]) -> None:
        said = {
            "The payment provider 'nobody' is not set up here.": ("2026-01-31", "--provider", "nobody"),
            "2199-01-01 has not begun yet, as sandbox counts its days.": ("2199-01-01", "--provider", "sandbox"),
            "There is no bill of 'sandbox' for 2026-01-30 here.": ("show", "2026-01-30", "--provider", "sandbox"),
            "There is no such difference.": ("book", "0000-0000-00000"),
        }
        for words, wrong in said.items():
            ended = run(env, "reconcile", *wrong)

            assert (ended.returncode, ended.stderr.splitlines()[0]) == (1, f"evertill: {words}")

        for wrong in (("yesterday", "--provider", "sandbox"), ("2026-01-31",), ("book", "0000-0000-00001")):
            assert run(env, "reconcile", *wrong).returncode == 2

    def test_tells_when_the_provider_does_not_answer(self, env: dict[str, str]) -> None:
        away = env | {"EVERTILL_SANDBOX_URL": f"http://127.0.0.1:{free_port()}"}

        ended = run(away, "reconcile", clock.now().date().isoformat(), "--provider", "sandbox")

        assert ended.returncode == 1
        assert ended.stderr.splitlines()[1:] == [
            "  Nothing was changed.",
            "  Try again later; the timetable does so every hour of the day after.",
        ]


def _words(command: str) -> list[str]:
    """What a person types: the suggestion, with a reason in its place."""
    return command.removeprefix("evertill ").replace('"…"', "asked-them").split()
