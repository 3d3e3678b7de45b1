"""Paying through Sandbox as the process that it is, with every fault that it knows."""

from __future__ import annotations

import dataclasses
import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from evertill.domains import orders, payments
from evertill.domains.payments import Ending, Intent, ProviderUnavailable, RefundState, State, providers
from evertill.journeys.follow_payments import handle_events, poll_payments
from evertill.journeys.place_orders import Placed
from evertill.journeys.receive_webhooks import Received, Webhook, WebhookForged, WebhookStale, receive_webhooks
from evertill.kernel import clock, config
from evertill.outside.sandbox_provider import SandboxProvider
from tests import tables
from tests.builders import balance
from tests.kernel.waiting import until
from tests.outside.ports import deaf_port
from tests.paying import are_books_sound, clearing, intent_of, owed, placed_order, refund, start_whole, state_of
from tests.paying import settle as settle_at
from tests.sandbox.provider import Provider, Receiver, receiving

# 2.50 at 1.4 % and 20: what Sandbox keeps.
FEE = 24


@pytest.fixture(autouse=True)
def connected(sandbox: Provider, committed_db: None) -> Iterator[None]:
    """The shop, connected to Sandbox; afterwards its books are sound, and those of Sandbox."""
    with connected_to(sandbox.url, sandbox.folder):
        yield
    no_faults(sandbox)
    assert are_books_sound()


@contextmanager
def connected_to(url: str, folder: Path, *, failures_max: int = 100, timeout_ms: int = 60_000) -> Iterator[None]:
    """The shop, connected to whoever answers there; on a busy machine only who is to lose patience has little."""
    settings = dataclasses.replace(
        config.get(), provider_timeout_ms=timeout_ms, provider_failures_max=failures_max, provider_rest_s=3600
    )
    keys = folder / "sandbox" / "sandbox-keys.json"
    before = [providers.provider(name) for name in providers.names()]
    with closing(SandboxProvider(url=url, keys=keys, settings=settings)) as provider:
        payments.register(provider)
        yield
    payments.register(*before)


@contextmanager
def failing(sandbox: Provider, fault: str) -> Iterator[None]:
    """Every call fails while the block runs, for a shop that waits for no answer that is slow."""
    faults(sandbox, fault)
    with connected_to(sandbox.url, sandbox.folder, timeout_ms=500):
        yield
    no_faults(sandbox)


@pytest.fixture
def receiver(sandbox: Provider) -> Iterator[Receiver]:
    with receiving() as made:
        assert sandbox.post("/v1/webhook-endpoint", {"url": made.url}).status_code == 200
        yield made


def faults(sandbox: Provider, *names: str, ms: int = 10_000) -> None:
    asked = {"mix": dict.fromkeys(names, 1.0), "seed": 1, "ms": ms}
    assert sandbox.post("/v1/faults", asked).status_code == 200


def no_faults(sandbox: Provider) -> None:
    assert sandbox.client.delete("/v1/faults").status_code == 200


def start(order: Placed, *, method: str = "sandbox.page", now: dt.datetime | None = None) -> Intent:
    return start_whole(order, method=method, now=now or clock.now()).intent


def settle(intent: Intent) -> Intent:
    return settle_at(intent, now=clock.now())


def pay(sandbox: Provider, intent: Intent, *, card: str = "success") -> None:
    answer = sandbox.post(f"/v1/payments/{intent.provider_id}/simulate", {"card": card})
    assert answer.status_code == 200, answer.text


def in_book(sandbox: Provider, statement: str, intent: Intent) -> None:
    """Write into Sandbox's own book, so that what takes its time takes as long as the test wants."""
    with closing(sqlite3.connect(sandbox.folder / "sandbox" / "sandbox.sqlite3", timeout=60)) as book, book:
        assert book.execute(statement, (intent.provider_id,)).rowcount == 1


def soon() -> dt.datetime:
    return clock.now() + dt.timedelta(seconds=11)


def at_sandbox(sandbox: Provider, intent: Intent) -> list[dict[str, object]]:
    found: list[dict[str, object]] = sandbox.get("/v1/payments", reference=intent.number)["payments"]
    return found


def deliver(receiver: Receiver, intent: Intent, *, first: str = "", now: dt.datetime | None = None) -> list[object]:
    """Hand on to the shop what Sandbox has told about a payment; what is of the kind `first` overtakes the others."""
    came = [
        Webhook(provider="sandbox", headers={b"sandbox-signature": told.signature.encode()}, body=told.body.encode())
        for told in sorted(receiver.about(intent.provider_id), key=lambda told: told.event["type"] != first)
    ]
    return list(receive_webhooks(came, now=now or clock.now()))


class TestWays:
    @pytest.mark.parametrize(("method", "kind"), [("sandbox.page", "redirect"), ("sandbox.qr", "qr")])
    def test_lead_the_customer_on_and_end_in_a_paid_order(self, sandbox: Provider, method: str, kind: str) -> None:
        order = placed_order()
        intent = start(order, method=method)
        assert intent.next is not None
        assert (intent.next.kind, intent.next.value.startswith(sandbox.url)) == (kind, True)

        pay(sandbox, intent)

        assert settle(intent).ending is Ending.MATCHED
        assert state_of(order) is orders.State.PAID
        assert (owed(order), clearing(provider="sandbox"), balance()) == (0, 250 - FEE, (9, 0))

    def test_that_fail_leave_the_order_waiting(self, sandbox: Provider) -> None:
        order = placed_order()
        intent = start(order)

        pay(sandbox, intent, card="declined")

        failed = settle(intent)
        assert (failed.state, failed.reason) == (State.FAILED, "card_declined")
        assert state_of(order) is orders.State.PLACED

    def test_that_take_their_time_are_followed(self, sandbox: Provider) -> None:
        order = placed_order()
        intent = start(order)
        in_book(sandbox, """update payments set metadata = '{"delay_ms": "600000"}' where id = ?""", intent)
        pay(sandbox, intent, card="processing_success")
        assert settle(intent).state is State.PENDING
        in_book(sandbox, "update plans set due_at = 0 where payment = ?", intent)

        until(lambda: settle(intent).state is State.CAPTURED)

        assert state_of(order) is orders.State.PAID

    def test_that_nobody_took_are_cancelled_at_the_provider(self, sandbox: Provider) -> None:
        intent = start(placed_order())

        settle_at(intent, now=clock.now() + dt.timedelta(hours=2))

        assert intent_of(intent).state is State.CANCELLED
        assert [item["status"] for item in at_sandbox(sandbox, intent)] == ["CANCELLED"]


class TestMoneyThatIsNotAsAsked:
    @pytest.mark.parametrize(
        ("fault", "ending", "state", "returned"),
        [
            ("wrong_amount", Ending.OVERPAID, "PAID", 25),
            ("partial_capture", Ending.UNDERPAID, "PLACED", 125),
            ("wrong_currency", Ending.WRONG_CURRENCY, "PLACED", 250),
        ],
    )
    def test_goes_back_and_both_books_say_so(
        self, sandbox: Provider, fault: str, ending: Ending, state: str, returned: int
    ) -> None:
        order = placed_order()
        intent = start(order)
        faults(sandbox, fault)
        pay(sandbox, intent)

        settled = settle(intent)

        assert (settled.ending, settled.refunded, state_of(order).value) == (ending, returned, state)
        (told,) = at_sandbox(sandbox, intent)
        assert settled.captured is not None
        assert (told["captured"], told["refunded"]) == (settled.captured.amount, returned)
        assert owed(order, currency=settled.captured.currency) == 0


class TestCallsThatFail:
    @pytest.mark.parametrize("fault", ["down", "closed", "slow", "timeout_after"])
    def test_begin_one_payment_in_the_end(self, sandbox: Provider, fault: str) -> None:
        order = placed_order()
        with failing(sandbox, fault), pytest.raises(ProviderUnavailable):
            start(order)
        assert tables.count("payments_intent") == 1

        intent = start(order)

        assert intent.state is State.PENDING
        assert len(at_sandbox(sandbox, intent)) == 1

    def test_lose_no_payment_whose_answer_was_lost(self, sandbox: Provider) -> None:
        order = placed_order()
        with failing(sandbox, "timeout_after"), pytest.raises(ProviderUnavailable):
            start(order)

        poll_payments(now=soon())

        intent = start(order)
        assert intent.state is State.PENDING
        assert [item["id"] for item in at_sandbox(sandbox, intent)] == [intent.provider_id]

    def test_leave_no_payment_open_that_nobody_came_back_to(self, sandbox: Provider) -> None:
        order = placed_order()
        with failing(sandbox, "timeout_after"), pytest.raises(ProviderUnavailable):
            start(order)

        poll_payments(now=clock.now() + dt.timedelta(hours=2))

        intent = start(order)
        assert intent.state is State.CANCELLED
        assert [item["status"] for item in at_sandbox(sandbox, intent)] == ["CANCELLED"]

    def test_give_back_once_when_the_answer_was_lost(self, sandbox: Provider) -> None:
        order = placed_order()
        intent = start(order)
        pay(sandbox, intent)
        settle(intent)
        with failing(sandbox, "timeout_after"):
            assert refund(intent, 100, now=clock.now()).state is RefundState.REQUESTED

        poll_payments(now=soon())

        assert refund(intent, 100, now=clock.now()).state is RefundState.SUCCEEDED
        assert [item["refunded"] for item in at_sandbox(sandbox, intent)] == [100]
        assert clearing(provider="sandbox") == 250 - FEE - 100

    def test_end_at_once_after_some_in_a_row(self, sandbox: Provider) -> None:
        order = placed_order()
        with deaf_port() as port, connected_to(f"http://127.0.0.1:{port}", sandbox.folder, failures_max=2):
            for _ in range(2):
                with pytest.raises(ProviderUnavailable, match="does not answer"):
                    start(order)

            with pytest.raises(ProviderUnavailable, match="not called for a while"):
                start(order)


class TestWebhooks:
    def test_that_are_lost_cost_only_time(self, sandbox: Provider, receiver: Receiver) -> None:
        faults(sandbox, "webhook_lost")
        order = placed_order()
        intent = start(order)
        pay(sandbox, intent)

        poll_payments(now=soon())

        assert state_of(order) is orders.State.PAID
        assert receiver.about(intent.provider_id) == []

    @pytest.mark.parametrize(
        ("fault", "count"), [("webhook_doubled", 2), ("webhook_late", 1), ("webhook_out_of_order", 1)]
    )
    def test_that_are_bent_are_applied_once(
        self, sandbox: Provider, receiver: Receiver, fault: str, count: int
    ) -> None:
        faults(sandbox, fault, ms=300)
        order = placed_order()
        intent = start(order)
        pay(sandbox, intent)
        until(lambda: len(receiver.about(intent.provider_id)) == count)

        answers = deliver(receiver, intent)
        handle_events(now=clock.now())

        assert answers == [Received(is_repeat=place > 0) for place in range(count)]
        assert tables.count("payments_event") == 1
        assert state_of(order) is orders.State.PAID
        assert tables.count("ledger_transaction") == 3

    def test_that_are_forged_are_refused(self, sandbox: Provider, receiver: Receiver) -> None:
        faults(sandbox, "webhook_forged")
        intent = start(placed_order())
        pay(sandbox, intent, card="declined")
        until(lambda: len(receiver.about(intent.provider_id)) == 2)

        answers = deliver(receiver, intent)

        assert sum(isinstance(answer, WebhookForged) for answer in answers) == 1
        assert tables.count("payments_event") == 1
        handle_events(now=clock.now())
        assert intent_of(intent).state is State.FAILED

    @pytest.mark.parametrize("minutes", [-6, 6])
    def test_that_are_stale_are_refused(self, sandbox: Provider, receiver: Receiver, minutes: int) -> None:
        intent = start(placed_order())
        pay(sandbox, intent)
        until(lambda: receiver.about(intent.provider_id))

        answers = deliver(receiver, intent, now=clock.now() + dt.timedelta(minutes=minutes))

        assert [type(answer) for answer in answers] == [WebhookStale]
        assert tables.count("payments_event") == 0

    def test_that_come_again_later_change_nothing(self, sandbox: Provider, receiver: Receiver) -> None:
        order = placed_order()
        intent = start(order)
        pay(sandbox, intent)
        until(lambda: receiver.about(intent.provider_id))
        deliver(receiver, intent)
        handle_events(now=clock.now())
        applied = tables.rows("ledger_transaction")

        deliver(receiver, intent)
        handle_events(now=soon())

        assert tables.rows("ledger_transaction") == applied
