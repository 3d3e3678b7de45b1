"""Webhooks: signed, told until somebody listens, and bent by every fault that webhooks have."""

from __future__ import annotations

import time

import pytest

from evertill.sandbox.delivery import wait_ms
from tests.kernel.waiting import until
from tests.sandbox.provider import Provider, Receiver, Told, verifies


class TestWebhooks:
    def test_tell_the_truth_and_sign_it(self, provider: Provider, receiver: Receiver) -> None:
        paid = provider.paid()

        until(lambda: receiver.about(paid["id"]))

        (told,) = receiver.about(paid["id"])
        assert verifies(told, secret=provider.webhook_secret)
        assert (told.event["type"], told.event["data"]["payment"]) == ("payment.captured", paid)

    def test_do_not_verify_when_bent_stale_or_foreign(self, provider: Provider, receiver: Receiver) -> None:
        paid = provider.paid()
        until(lambda: receiver.about(paid["id"]))
        (told,) = receiver.about(paid["id"])
        bent = Told(body=told.body.replace("1530", "9530"), signature=told.signature)

        assert not verifies(bent, secret=provider.webhook_secret)
        assert not verifies(told, secret=provider.webhook_secret, now=time.time() + 400)
        assert not verifies(told, secret="whsec_of_somebody_else")

    def test_come_again_until_they_are_accepted(self, provider: Provider, receiver: Receiver) -> None:
        receiver.refuse = 2

        paid = provider.paid()
        until(lambda: len(receiver.about(paid["id"])) == 3)

        assert len({told.event["id"] for told in receiver.about(paid["id"])}) == 1
        (event,) = until(lambda: _done(provider, paid["id"]))
        assert event["deliveries"] == [{"status": "DONE", "attempts": 3, "forged": 0}]
        receiver.refuse = 0

    def test_wait_longer_each_time(self) -> None:
        assert [wait_ms(number) for number in (1, 2, 3, 10, 1000)] == [500, 1000, 2000, 256_000, 300_000]

    def test_tell_of_refunds_and_disputes(self, provider: Provider, receiver: Receiver) -> None:
        paid = provider.paid()
        provider.post(f"/v1/payments/{paid['id']}/refunds", {"amount": 30, "reference": "r"})
        dispute = provider.post("/v1/disputes", {"payment": paid["id"]}).json()
        provider.post(f"/v1/disputes/{dispute['id']}/close", {"outcome": "lost"})

        until(lambda: len(receiver.kinds(paid["id"])) == 4)

        kinds = ["dispute.lost", "dispute.opened", "payment.captured", "refund.succeeded"]
        assert sorted(receiver.kinds(paid["id"])) == kinds


class TestFaults:
    def test_lost_is_never_told(self, provider: Provider, receiver: Receiver) -> None:
        paid = provider.paid(fault="webhook_lost")
        other = provider.paid()

        until(lambda: receiver.about(other["id"]))

        assert receiver.about(paid["id"]) == []
        (event,) = provider.get(f"/v1/payments/{paid['id']}/events")["events"]
        assert (event["faults"], event["deliveries"]) == ("webhook_lost", [])

    def test_doubled_comes_twice_under_one_id(self, provider: Provider, receiver: Receiver) -> None:
        paid = provider.paid(fault="webhook_doubled")

        until(lambda: len(receiver.about(paid["id"])) == 2)

        assert len({told.body for told in receiver.about(paid["id"])}) == 1

    def test_late_comes_when_it_said(self, provider: Provider, receiver: Receiver) -> None:
        began = time.monotonic()
        paid = provider.paid(fault="webhook_late", fault_ms="700")

        until(lambda: receiver.about(paid["id"]))

        assert time.monotonic() - began >= 0.7

    def test_out_of_order_is_overtaken(self, mix: Provider, receiver: Receiver) -> None:
        held, let_go = (
            mix.pay(card="success", capture="manual", fault="webhook_out_of_order", fault_ms=ms)
            for ms in ("600000", "700")
        )
        for first in (held, let_go):
            mix.post(f"/v1/payments/{first['id']}/capture")

        # Each is told in the end; that the first one comes behind is seen where it takes its time.
        until(lambda: receiver.kinds(held["id"]))
        until(lambda: len(receiver.kinds(let_go["id"])) == 2)
        assert receiver.kinds(held["id"]) == ["payment.captured"]
        assert sorted(receiver.kinds(let_go["id"])) == ["payment.authorized", "payment.captured"]

    def test_forged_comes_beside_the_true_one_and_does_not_verify(self, provider: Provider, receiver: Receiver) -> None:
        paid = provider.pay(card="declined", fault="webhook_forged")

        until(lambda: len(receiver.about(paid["id"])) == 2)

        by_truth = {verifies(told, secret=provider.webhook_secret): told for told in receiver.about(paid["id"])}
        assert by_truth[True].event["type"] == "payment.failed"
        assert by_truth[False].event["type"] == "payment.captured"


def _done(provider: Provider, payment: str) -> list[dict[str, object]]:
    events: list[dict[str, object]] = provider.get(f"/v1/payments/{payment}/events")["events"]
    return events if '"DUE"' not in str(events).replace("'", '"') else []


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/x", "http://", "javascript:alert(1)", "http://x/ y", "http://[", "//x/y/z/a"]
)
def test_an_endpoint_is_a_web_address(provider: Provider, url: str) -> None:
    assert provider.post("/v1/webhook-endpoint", {"url": url}).status_code in {400, 422}
