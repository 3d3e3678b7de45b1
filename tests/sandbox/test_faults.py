"""Faults of calls and of money: each strikes as asked, and none makes the book untrue."""

from __future__ import annotations

import time
from collections import Counter

import httpx
import pytest

from evertill.sandbox.faults import ALL, Draw, Mix
from tests.kernel.waiting import until
from tests.sandbox.provider import Provider, wanted


class TestOfOnePayment:
    def test_slow_answers_late(self, provider: Provider) -> None:
        began = time.monotonic()

        provider.paid(fault="slow", fault_ms="400")

        assert time.monotonic() - began >= 0.4

    def test_down_refuses_once_and_does_nothing(self, provider: Provider) -> None:
        asked = wanted(card="success", fault="down")

        first, second = (provider.post("/v1/payments", asked, Idempotency_Key=asked["reference"]) for _ in range(2))

        assert (first.status_code, first.headers["retry-after"], first.json()["code"]) == (503, "1", "DOWN")
        assert (second.status_code, second.json()["status"]) == (201, "CAPTURED")
        assert len(provider.get("/v1/payments", reference=asked["reference"])["payments"]) == 1

    def test_closed_ends_the_connection_and_does_nothing(self, provider: Provider) -> None:
        asked = wanted(card="success", fault="closed")

        with pytest.raises(httpx.TransportError):
            provider.post("/v1/payments", asked)

        assert provider.get("/v1/payments", reference=asked["reference"])["payments"] == []

    def test_timeout_after_charges_and_the_retry_gets_the_same_payment(self, provider: Provider) -> None:
        asked = wanted(card="success", fault="timeout_after", fault_ms="300")

        with pytest.raises(httpx.TransportError):
            provider.post("/v1/payments", asked, Idempotency_Key=asked["reference"])
        (charged,) = provider.get("/v1/payments", reference=asked["reference"])["payments"]
        again = provider.post("/v1/payments", asked, Idempotency_Key=asked["reference"])

        assert charged["status"] == "CAPTURED"
        assert again.json() == charged

    def test_timeout_after_a_refund_gives_it_once(self, provider: Provider) -> None:
        begun = self._begun(provider)
        path, asked = f"/v1/payments/{begun}/refunds", {"amount": 100, "reference": "r"}

        with pytest.raises(httpx.TransportError):
            provider.post(path, asked, Idempotency_Key="refund")
        again = provider.post(path, asked, Idempotency_Key="refund")

        assert (again.status_code, provider.payment(begun)["refunded"]) == (201, 100)

    def _begun(self, provider: Provider) -> str:
        """A paid payment whose own fault has not struck its refunds yet."""
        asked = wanted(card="success", fault="timeout_after", fault_ms="50")
        with pytest.raises(httpx.TransportError):
            provider.post("/v1/payments", asked)
        return str(provider.get("/v1/payments", reference=asked["reference"])["payments"][0]["id"])

    @pytest.mark.parametrize(
        ("fault", "captured", "currency"),
        [("wrong_amount", 1683, "GBP"), ("wrong_currency", 1530, "USD"), ("partial_capture", 765, "GBP")],
    )
    def test_money_is_bent(self, provider: Provider, fault: str, captured: int, currency: str) -> None:
        paid = provider.paid(fault=fault)

        assert (paid["captured"], paid["captured_currency"]) == (captured, currency)

    def test_dispute_comes_later(self, provider: Provider) -> None:
        paid = provider.paid(fault="dispute_later", fault_ms="100")

        assert paid["disputed"] == 0
        until(lambda: provider.payment(paid["id"])["disputed"] == 1530)

    def test_unknown_is_refused(self, provider: Provider) -> None:
        answer = provider.post("/v1/payments", wanted(fault="meteor"))

        assert (answer.status_code, answer.json()["code"]) == (422, "UNKNOWN_FAULT")


class TestMix:
    def test_strikes_every_call_until_it_is_taken_back(self, mix: Provider) -> None:
        assert mix.post("/v1/faults", {"mix": {"down": 1.0}}).json()["faults"]["probability"] == {"down": 1.0}

        struck = [mix.post("/v1/payments", wanted()).status_code for _ in range(3)]
        mix.client.delete("/v1/faults")

        assert struck == [503, 503, 503]
        assert mix.get("/v1/faults")["faults"] is None
        assert mix.paid()["status"] == "CAPTURED"

    def test_strikes_about_as_often_as_asked_and_the_same_with_the_same_seed(self) -> None:
        def run(seed: int) -> list[tuple[str, ...]]:
            draw = Draw()
            draw.mix = Mix(probability=dict.fromkeys(ALL, 0.2), seed=seed, ms=None)
            return [tuple(draw.strikes(ALL, subject=f"s{n}", own=frozenset())) for n in range(2000)]

        counts = Counter(name for struck in run(7) for name in struck)

        assert run(7) == run(7) != run(8)
        assert set(counts) == set(ALL)
        assert all(320 <= count <= 480 for count in counts.values()), counts

    def test_does_not_strike_a_retry_for_ever(self) -> None:
        draw = Draw()
        draw.mix = Mix(probability={"down": 0.5}, seed=1, ms=None)

        tries = [bool(draw.strikes(["down"], subject="one", own=frozenset())) for _ in range(40)]

        assert 10 <= sum(tries) <= 30

    @pytest.mark.parametrize("body", [{"mix": {"meteor": 1}}, {"mix": {"down": 2}}, {"mix": {}}, {"mix": {"slow": -1}}])
    def test_refuses_what_is_no_fault_or_no_probability(self, provider: Provider, body: object) -> None:
        assert provider.post("/v1/faults", body).status_code in {400, 422}
        assert provider.get("/v1/faults")["faults"] is None
