"""`evertill payments …`: what staff read and say about money that comes and goes by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from evertill.domains import orders, payments
from evertill.domains.payments import RefundState
from evertill.journeys.list_waiting import list_waiting
from evertill.outside.offline_provider import OfflineProvider
from tests.paying import are_books_sound, intent_of, placed_order, start, state_of

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def env(shop_env: dict[str, str]) -> dict[str, str]:
    return shop_env | {"EVERTILL_TRANSFER_INSTRUCTIONS": "Pay to Tea Ltd."}


def run(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    evertill = Path(sys.executable).with_name("evertill")
    return subprocess.run([evertill, "payments", *words], env=env, capture_output=True, text=True, timeout=60)


class TestByHand:
    def test_is_listed_confirmed_and_given_back(self, env: dict[str, str]) -> None:
        payments.register(OfflineProvider(name="transfer", instructions="Pay to Tea Ltd.", patience_s=3600))
        order = placed_order()
        intent = start(order, method="transfer.offline")

        confirmed = run(
            env, "confirm", intent.number, "--amount=2.60", "--currency=GBP", "--reference=IN-1", "--by=ada"
        )
        assert confirmed.stdout.splitlines()[0] == f"Payment {intent.number} of 2.60 GBP: OVERPAID", confirmed.stderr
        assert state_of(order) is orders.State.PAID
        ((owed,),) = (list_waiting(limit=10)[1],)

        waiting = run(env, "waiting").stdout
        assert waiting.splitlines() == [
            "0 payments to be confirmed",
            "1 refund to be sent",
            f"  {owed.refund.number}  0.10 GBP  of payment {intent.number}, which came as 'IN-1': OVERPAID",
        ]

        assert run(env, "refunded", owed.refund.number, "--reference=OUT-1").returncode == 0
        assert payments.read_refunds(refund_ids=[owed.refund.id])[owed.refund.id].state is RefundState.SUCCEEDED
        assert are_books_sound()
        payments.register()

    @pytest.mark.parametrize("amount", ["250", "2.5", "2.500"])
    def test_wants_amounts_with_all_their_decimals(self, env: dict[str, str], amount: str) -> None:
        payments.register(OfflineProvider(name="transfer", instructions="Pay to Tea Ltd.", patience_s=3600))
        intent = start(placed_order(), method="transfer.offline")

        ended = run(env, "confirm", intent.number, f"--amount={amount}", "--currency=GBP", "--reference=IN-1")

        assert ended.returncode != 0
        assert intent_of(intent).state is payments.State.PENDING
        payments.register()
