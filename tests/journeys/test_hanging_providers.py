"""A provider that does not answer costs itself its turn, and the other providers nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from evertill.domains import payments
from evertill.domains.payments import Intent, ProviderUnavailable, State, Truth
from evertill.entry.worker import jobs
from evertill.journeys import follow_payments
from evertill.journeys.follow_payments import handle_events_of, poll_payments, poll_provider
from evertill.journeys.receive_webhooks import receive_webhooks
from evertill.kernel import clock, config, lines
from tests.builders import ask, make_product, place_one
from tests.kernel.waiting import until
from tests.paying import intent_of, start, webhook
from tests.threads import meanwhile
from tests.twin import Twin


@dataclass(slots=True, kw_only=True)
class Stuck(Twin):
    """Answers nothing for a while, or until it is let go, and then that it is down."""

    let_go: threading.Event = field(default_factory=threading.Event)
    # None is until it is let go. What passes meanwhile stands on a watch of its own, whatever the machine does.
    hangs_s: float | None = None
    passed_s: float = 0.0
    is_stuck: bool = False

    def fetch(self, *, intent: Intent) -> Truth | None:
        self.calls.append("fetch")
        if not self.is_stuck:
            return self.payments.get(intent.number)
        if self.hangs_s is None:
            assert self.let_go.wait(300)
        else:
            self.passed_s += self.hangs_s
        raise ProviderUnavailable("No answer.")


@pytest.fixture
def stuck(committed_db: None) -> Iterator[Stuck]:
    """Two providers, of whom the first in the order of names does not answer."""
    provider = Stuck(name="a-stuck-one")
    payments.register(provider, Twin())
    make_product("TEA", pieces=100)
    yield provider
    provider.let_go.set()
    payments.register()


@pytest.fixture
def twin(stuck: Stuck) -> Twin:
    provider = payments.provider("twin")
    assert isinstance(provider, Twin)
    return provider


def begun(method: str, count: int) -> list[Intent]:
    now = clock.now()
    orders = [place_one(ask(f"{method} {number}"), now=now) for number in range(count)]
    return [start(order, method=method, now=now) for order in orders]


def soon() -> dt.datetime:
    return clock.now() + dt.timedelta(seconds=11)


class TestATurn:
    @pytest.fixture(autouse=True)
    def little_patience(self, stuck: Stuck, monkeypatch: pytest.MonkeyPatch) -> None:
        limits = dataclasses.replace(config.get(), follow_patience_ms=100)
        monkeypatch.setattr(config, "get", lambda: limits)
        monkeypatch.setattr(follow_payments, "monotonic", lambda: stuck.passed_s)

    def test_ends_when_the_provider_makes_everybody_wait(self, stuck: Stuck) -> None:
        begun("a-stuck-one.page", 5)
        stuck.is_stuck, stuck.hangs_s, stuck.calls = True, 0.06, []

        polled = poll_provider(provider=stuck.name, now=soon())

        assert (polled, stuck.calls) == (0, ["fetch", "fetch"])

    def test_takes_nothing_from_the_turns_of_others(self, stuck: Stuck, twin: Twin) -> None:
        begun("a-stuck-one.page", 3)
        (intent,) = begun("twin.page", 1)
        stuck.is_stuck, stuck.hangs_s = True, 0.12
        twin.pay(intent)

        poll_payments(now=soon())

        assert intent_of(intent).state is State.CAPTURED

    def test_ends_for_webhooks_too(self, stuck: Stuck) -> None:
        intents = begun("a-stuck-one.page", 4)
        came = [webhook(intent, event=f"evt_{n}", provider=stuck.name) for n, intent in enumerate(intents)]
        receive_webhooks(came, now=clock.now())
        stuck.is_stuck, stuck.hangs_s, stuck.calls = True, 0.12, []

        handled = handle_events_of(provider=stuck.name, now=soon())

        assert (handled, stuck.calls) == (0, ["fetch"])


class TestAJob:
    def test_follows_the_others_while_one_hangs(
        self, stuck: Stuck, twin: Twin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun("a-stuck-one.page", 2)
        intents = begun("twin.page", 5)
        for intent in intents:
            twin.pay(intent)
        stuck.is_stuck = True
        moment = soon()
        monkeypatch.setattr(clock, "now", lambda: moment)
        context: Any = SimpleNamespace(should_abort=lambda: False)

        with meanwhile(lambda: jobs.poll_payments.func(context, 0)) as job:
            try:
                until(lambda: all(intent_of(intent).state is State.CAPTURED for intent in intents))
                assert not job.done()
            finally:
                stuck.let_go.set()


class TestALine:
    def test_that_is_full_of_waiting_leaves_the_others_free(self, db: None) -> None:
        let_go = threading.Event()
        limits = config.get()
        held = [lines.submit("stuck", let_go.wait) for _ in range(limits.pay_threads + limits.pay_queue_max)]
        try:
            assert lines.submit("free", lambda: "served").result(timeout=60) == "served"
            with pytest.raises(lines.LineFull):
                lines.submit("stuck", let_go.wait)
        finally:
            let_go.set()
        assert all(future.result(timeout=60) for future in held)
        until(lambda: lines.submit("stuck", let_go.wait).result(timeout=60))
