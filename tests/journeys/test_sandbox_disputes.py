"""Disputes through Sandbox as the process that it is: opened by a card and by its API, with webhooks of every kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from evertill.domains import orders, payments
from evertill.domains.payments import Intent
from evertill.journeys.follow_payments import handle_events, poll_disputes
from evertill.journeys.place_orders import Placed
from evertill.journeys.reconcile_bill import reconcile_bill
from evertill.journeys.refund_order import RefundOrder, RefundTooMuch, refund_order
from evertill.journeys.view_reconciliation import Shown, view_reconciliation
from evertill.kernel import clock
from tests import tables
from tests.contracts import command
from tests.disputing import alerts, balances, disputed, holds
from tests.disputing import ask as ask_at
from tests.journeys.test_sandbox_payments import (
    FEE,
    connected_to,
    deliver,
    faults,
    no_faults,
    pay,
    settle,
    soon,
    start,
)
from tests.kernel.waiting import until
from tests.paying import are_books_sound, placed_order, state_of
from tests.sandbox.provider import Provider, Receiver, receiving

KEPT = 250 - FEE


@pytest.fixture(autouse=True)
def connected(sandbox: Provider, committed_db: None) -> Iterator[None]:
    with connected_to(sandbox.url, sandbox.folder):
        yield
    no_faults(sandbox)
    assert are_books_sound()


@pytest.fixture
def receiver(sandbox: Provider) -> Iterator[Receiver]:
    with receiving() as made:
        assert sandbox.post("/v1/webhook-endpoint", {"url": made.url}).status_code == 200
        yield made


def paid(sandbox: Provider, *, card: str = "success") -> tuple[Placed, Intent]:
    order = placed_order()
    intent = start(order)
    pay(sandbox, intent, card=card)
    return order, settle(intent)


def dispute(sandbox: Provider, intent: Intent, **facts: object) -> str:
    """The customer disputes the payment at his bank; returns how Sandbox calls that."""
    answer = sandbox.post("/v1/disputes", {"payment": intent.provider_id, **facts})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def close(sandbox: Provider, name: str, outcome: str) -> None:
    assert sandbox.post(f"/v1/disputes/{name}/close", {"outcome": outcome}).status_code == 200


def ask(intent: Intent) -> list[str]:
    return ask_at(intent, now=clock.now())


class TestDisputes:
    def test_by_the_card_that_disputes_are_found_by_their_webhook(self, sandbox: Provider, receiver: Receiver) -> None:
        order, intent = paid(sandbox, card="4000 0000 0000 0259")
        until(lambda: "dispute.opened" in receiver.kinds(intent.provider_id))

        deliver(receiver, intent)
        handle_events(now=clock.now())

        (told,) = sandbox.payment(intent.provider_id)["disputes"]
        assert holds(order) == [("DISPUTE_OPEN", f"sandbox:{told['id']}")]
        assert (balances(provider="sandbox"), disputed(intent)) == ((-FEE, 250, 0), 250)
        assert alerts() == [("DISPUTE_OPENED", f"sandbox:{told['id']}")]

    @pytest.mark.parametrize(
        ("outcome", "held", "books"),
        [("won", [], (KEPT, 0, 0)), ("lost", ["DISPUTE_LOST"], (-FEE, 0, 250))],
    )
    def test_end_as_the_provider_says_and_both_books_agree(
        self, sandbox: Provider, outcome: str, held: list[str], books: tuple[int, int, int]
    ) -> None:
        order, intent = paid(sandbox)
        name = dispute(sandbox, intent)
        assert ask(intent) == ["OPENED"]
        close(sandbox, name, outcome)

        assert ask(intent) == [outcome.upper()]

        assert [reason for reason, _ in holds(order)] == held
        assert (balances(provider="sandbox"), state_of(order)) == (books, orders.State.PAID)
        assert sandbox.payment(intent.provider_id)["disputed"] == disputed(intent)

    def test_of_a_part_leave_the_rest_to_be_given_back_and_no_more(self, sandbox: Provider) -> None:
        _, intent = paid(sandbox)
        dispute(sandbox, intent, amount=200)
        ask(intent)

        def refund(amount: int) -> payments.Refund:
            asked = RefundOrder(
                order_id=intent.order_id, amount=amount, reason="", caller="ada", key=str(amount).encode()
            )
            return refund_order(asked=asked, actor="ada", now=clock.now()).refund

        with pytest.raises(RefundTooMuch):
            refund(51)
        assert refund(50).state is payments.RefundState.SUCCEEDED

        told = sandbox.payment(intent.provider_id)
        assert (told["refunded"], told["disputed"]) == (50, 200)

    def test_that_come_before_a_refund_is_sent_win_and_both_books_agree(self, sandbox: Provider) -> None:
        _, intent = paid(sandbox)
        dispute(sandbox, intent)
        asked = RefundOrder(order_id=intent.order_id, amount=100, reason="", caller="ada", key=b"1")

        refund = refund_order(asked=asked, actor="ada", now=clock.now()).refund
        ask(intent)

        assert refund.state is payments.RefundState.FAILED
        assert (balances(provider="sandbox"), disputed(intent)) == ((-FEE, 250, 0), 250)


class TestWebhooks:
    def test_that_are_all_lost_leave_the_end_to_the_poller(self, sandbox: Provider, receiver: Receiver) -> None:
        order, intent = paid(sandbox)
        name = dispute(sandbox, intent)
        ask(intent)
        faults(sandbox, "webhook_lost")
        close(sandbox, name, "won")

        poll_disputes(now=clock.now() + dt.timedelta(days=1))

        assert (holds(order), balances(provider="sandbox")) == ([], (KEPT, 0, 0))
        assert "dispute.won" not in receiver.kinds(intent.provider_id)

    def test_that_never_came_are_made_up_for_by_a_check(self, sandbox: Provider, shop_env: dict[str, str]) -> None:
        order, intent = paid(sandbox)
        name = dispute(sandbox, intent)
        env = shop_env | {"EVERTILL_SANDBOX_URL": sandbox.url}

        ended = command.run(env, "disputes", "check", intent.number, "--data", sandbox.folder)

        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.startswith(f"sandbox:{name}  OPENED  2.50 GBP  order {order.number}")
        assert holds(order) == [("DISPUTE_OPEN", f"sandbox:{name}")]

    def test_that_never_came_show_on_the_bill_until_somebody_checks(self, sandbox: Provider) -> None:
        began = clock.now().date()
        _, intent = paid(sandbox)
        name = dispute(sandbox, intent)

        def differences() -> list[tuple[str, str, str]]:
            shown: list[Shown] = []
            # Some of it may be of the day before.
            for date in sorted({began, clock.now().date()}):
                reconcile_bill(provider="sandbox", date=date, now=clock.now())
                shown += view_reconciliation(provider="sandbox", date=date, limit=100).shown
            told = [(one.difference.subject.name, one.difference.payment, one.ending.value) for one in shown]
            return [facts for facts in told if facts[1] == intent.number]

        assert differences() == [(f"sandbox:{name}", intent.number, "CHECK_DISPUTES")]

        ask(intent)

        assert differences() == []

    def test_that_are_doubled_and_overtake_each_other_are_applied_once(
        self, sandbox: Provider, receiver: Receiver
    ) -> None:
        order, intent = paid(sandbox)
        faults(sandbox, "webhook_doubled")
        name = dispute(sandbox, intent)
        no_faults(sandbox)
        close(sandbox, name, "won")
        until(lambda: receiver.kinds(intent.provider_id).count("dispute.opened") == 2)
        until(lambda: "dispute.won" in receiver.kinds(intent.provider_id))

        # In which order they come is not for us to say: here that of the worst case.
        deliver(receiver, intent, first="dispute.won")
        handle_events(now=clock.now())
        deliver(receiver, intent, first="dispute.won")
        handle_events(now=soon())

        assert tables.count("disputes_dispute") == 1
        assert tables.count("disputes_move") == 2
        assert (holds(order), alerts(), balances(provider="sandbox")) == ([], [], (KEPT, 0, 0))
