"""`evertill orders`: giving back by hand, and the messages that an operator finds afterwards."""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from evertill.domains import incidents, messages, payments
from evertill.journeys.place_orders import Placed
from evertill.journeys.refund_payment import send_refund
from evertill.kernel import clock, db
from tests.builders import NOON
from tests.contracts import command
from tests.paying import placed_order, refund, settle, start
from tests.postbox import running
from tests.twin import Twin


def evertill(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    # To this process a twin is "cash"; to the command it is what staff give back by hand.
    whole = {**env, "EVERTILL_CASH_INSTRUCTIONS": "at the till"}
    return command.run(whole, *words)


@pytest.fixture
def twin(committed_db: None) -> Iterator[Twin]:
    provider = Twin(name="cash")
    payments.register(provider)
    yield provider
    payments.register()


@pytest.fixture
def bought(twin: Twin) -> tuple[Placed, payments.Intent]:
    """A paid order of 3 TEA at 2.50."""
    order = placed_order(wanted=3)
    intent = start(order, method="cash.page")
    twin.pay(intent)
    return order, settle(intent)


def latest(order: Placed) -> payments.Refund:
    return payments.find_order_refunds(order_id=order.order.id, limit=1)[0]


class TestRefund:
    def test_gives_back_lines_once_under_one_key(
        self, shop_env: dict[str, str], bought: tuple[Placed, payments.Intent]
    ) -> None:
        order, _ = bought
        words = ("orders", "refund", order.number, "--line", "TEA=2@250", "--restock", "--key", "k1")

        first, again = (evertill(shop_env, *words) for _ in range(2))

        made = latest(order)
        assert first.stdout == again.stdout == f"Refund {made.number} of 500: REQUESTED\n", first.stderr
        assert (made.reason, made.actor) == ("by the shop", f"OPERATOR:{getpass.getuser()}")

    def test_says_in_plain_words_what_cannot_be(
        self, shop_env: dict[str, str], bought: tuple[Placed, payments.Intent]
    ) -> None:
        order, _ = bought

        ended = evertill(shop_env, "orders", "refund", order.number, "--line", "TEA=4")

        assert ended.returncode == 1
        assert ended.stderr.startswith("evertill: 4 of 'TEA' cannot be given back; 3 are left to be.\n")

    def test_is_asked_for_again_after_a_refusal(
        self, shop_env: dict[str, str], bought: tuple[Placed, payments.Intent], twin: Twin
    ) -> None:
        order, intent = bought
        twin.refuses = {"refund"}
        failed = refund(intent, 100)

        ended = evertill(shop_env, "orders", "refund-again", failed.number)

        assert ended.stdout == f"Refund {latest(order).number} of 100: REQUESTED\n", ended.stderr
        assert incidents.read_open_alerts(limit=1) == []


class TestUndeliverable:
    def test_gives_back_all_and_tells_the_customer(
        self, shop_env: dict[str, str], bought: tuple[Placed, payments.Intent], tmp_path: Path
    ) -> None:
        order, _ = bought

        ended = evertill(shop_env, "orders", "undeliverable", order.number, "--reason", "lost")

        made = latest(order)
        assert ended.stdout == f"Refund {made.number} of 750: REQUESTED\n", ended.stderr
        send_refund(refund_id=made.id, now=NOON)

        waiting = evertill(shop_env, "messages", "list", "--texts")
        assert f"refunded:{made.number}  REFUNDED to ada@example.com: WAITING" in waiting.stdout
        assert f"    Order {order.number} cannot be delivered; your money is on its way back\n" in waiting.stdout
        assert waiting.stdout.endswith("There is no mail server, so messages wait. EVERTILL_SMTP_URL sets one up.\n")

        with running(tmp_path) as box:
            mail = {
                "EVERTILL_SMTP_URL": f"smtp+plain://127.0.0.1:{box.port}",
                "EVERTILL_MAIL_FROM": "shop@tea.example",
            }
            # They were written at a noon of long ago, and messages that old are given up.
            db.execute("update messages_message set written_at = %s", (clock.now(),))
            sent = evertill({**shop_env, **mail}, "messages", "send")
            assert sent.stdout == "2 messages were due. `evertill messages` shows what is left.\n", sent.stderr
            assert len(box.mails()) == 2
        assert messages.read_open(limit=1) == []

    def test_of_a_message_that_was_given_up_can_be_told_after_all(
        self, shop_env: dict[str, str], bought: tuple[Placed, payments.Intent]
    ) -> None:
        order, _ = bought
        key = f"paid:{order.number}"
        message = messages.find(key=key)
        assert message is not None
        messages.finish(message=message, state=messages.State.UNDELIVERABLE, error="550 no", now=NOON)

        ended = evertill(shop_env, "messages", "retry", key)

        assert ended.stdout == f"Message {key} will be sent.\n", ended.stderr
        assert [waiting.key for waiting in messages.read_open(limit=2)] == [key]
