"""`evertill payments …`: what staff read and say about money that comes and goes by hand."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import pytest
import typer

from evertill.domains import orders, payments
from evertill.domains.payments import RefundState
from evertill.entry.cli.payments import read_money
from evertill.journeys.list_waiting import list_waiting
from evertill.kernel import config
from evertill.kernel.errors import ConfigError
from evertill.kernel.money import InvalidMoney, Money
from evertill.outside.keys import read_secrets
from evertill.outside.offline_provider import OfflineProvider
from tests.contracts import command
from tests.paying import are_books_sound, placed_order, start, state_of


@pytest.fixture
def env(shop_env: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A shop that takes transfers, and has keys of Stripe's."""
    (tmp_path / "stripe.key").write_text("sk_test_1\n", encoding="utf-8")
    (tmp_path / "stripe.hooks").write_text("whsec_1\nwhsec_2\n", encoding="utf-8")
    return shop_env | {
        "EVERTILL_TRANSFER_INSTRUCTIONS": "Pay to Tea Ltd.",
        "EVERTILL_STRIPE_SECRET_KEY_FILE": str(tmp_path / "stripe.key"),
        "EVERTILL_STRIPE_WEBHOOK_SECRETS_FILE": str(tmp_path / "stripe.hooks"),
    }


def run(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return command.run(env, "payments", *words)


@pytest.mark.usefixtures("committed_db")
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

    def test_goes_on_without_a_provider_whose_key_cannot_be_read(self, env: dict[str, str]) -> None:
        ended = run(env | {"EVERTILL_STRIPE_SECRET_KEY_FILE": "/nowhere/stripe.key"}, "waiting")

        said = "EVERTILL_STRIPE_SECRET_KEY_FILE: /nowhere/stripe.key cannot be read (FileNotFoundError)."
        assert (ended.returncode, said in ended.stdout + ended.stderr) == (0, True)


class TestAmounts:
    @pytest.mark.parametrize("amount", ["250", "2.5", "2.500", " 2.50", "2.5e0"])
    def test_are_written_with_all_their_decimals(self, amount: str) -> None:
        with pytest.raises((typer.BadParameter, InvalidMoney)):
            read_money(amount, "GBP")

    def test_are_read_as_the_bank_writes_them(self) -> None:
        assert read_money("2.50", "GBP") == Money(amount=250, currency="GBP")
        assert read_money("250", "JPY") == Money(amount=250, currency="JPY")


class TestKeysOfOthers:
    def read(self, folder: Path, text: str, *, most: int) -> list[str]:
        (folder / "key").write_text(text, encoding="utf-8")
        settings = dataclasses.replace(config.get(), data=folder, stripe_secret_key_file="key")
        return read_secrets(settings, "stripe_secret_key_file", most=most)

    def test_are_the_lines_of_their_file(self, tmp_path: Path) -> None:
        assert self.read(tmp_path, "whsec_old\n\n  whsec_new\n", most=2) == ["whsec_old", "whsec_new"]

    @pytest.mark.parametrize("text", ["", "\n \n", "sk_first\nsk_second\n"])
    def test_are_as_many_as_they_may_be_and_are_not_shown(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(ConfigError) as refusal:
            self.read(tmp_path, text, most=1)

        assert "sk_" not in repr(refusal.value)

    def test_are_none_where_nothing_is_set(self) -> None:
        assert read_secrets(config.get(), "stripe_secret_key_file", most=1) == []
