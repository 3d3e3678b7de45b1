"""What a payment can become, what may be asked of it, and that nobody gets back more than was taken."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evertill.sandbox import rules
from evertill.sandbox.cards import CARDS
from evertill.sandbox.types import State
from tests.contracts.test_up import free_port
from tests.kernel.waiting import until
from tests.sandbox.provider import Provider, running, wanted


class TestPaying:
    def test_begins_by_asking_for_the_customer(self, provider: Provider) -> None:
        page, code = provider.pay(), provider.pay(method="qr")

        assert (page["status"], page["captured"], page["fee"]) == ("REQUIRES_ACTION", 0, 0)
        assert page["next"] == {"kind": "redirect", "url": f"{provider.url}/pay/{page['id']}"}
        assert code["next"] == {"kind": "qr", "text": f"{provider.url}/qr/{code['id']}"}

    @pytest.mark.parametrize(
        ("card", "status", "captured", "currency", "reason"),
        [
            ("success", "CAPTURED", 1530, "GBP", None),
            ("4242 4242 4242 4242", "CAPTURED", 1530, "GBP", None),
            ("declined", "FAILED", 0, "GBP", "card_declined"),
            ("insufficient_funds", "FAILED", 0, "GBP", "insufficient_funds"),
            ("challenge", "REQUIRES_ACTION", 0, "GBP", None),
            ("processing_success", "PROCESSING", 0, "GBP", None),
            ("partial", "CAPTURED", 765, "GBP", None),
            ("wrong_amount", "CAPTURED", 1683, "GBP", None),
            ("wrong_currency", "CAPTURED", 1530, "USD", None),
        ],
    )
    def test_ends_as_the_card_says(
        self, provider: Provider, card: str, status: str, captured: int, currency: str, reason: str | None
    ) -> None:
        paid = provider.pay(card=card)

        assert (paid["status"], paid["captured"], paid["captured_currency"]) == (status, captured, currency)
        assert paid["reason"] == reason
        assert (paid["amount"], paid["currency"]) == (1530, "GBP")

    @pytest.mark.parametrize(("card", "status"), [("processing_success", "CAPTURED"), ("processing_failure", "FAILED")])
    def test_processing_ends_by_itself(self, provider: Provider, card: str, status: str) -> None:
        paid = provider.pay(card=card, delay_ms="50")

        until(lambda: provider.payment(paid["id"])["status"] == status)

        moves = [move["status"] for move in provider.payment(paid["id"])["history"]]
        assert moves == ["REQUIRES_ACTION", "PROCESSING", status]

    def test_of_an_unknown_card_is_refused_and_begins_nothing(self, provider: Provider) -> None:
        asked = wanted(card="4111111111111111")

        answer = provider.post("/v1/payments", asked)

        assert (answer.status_code, answer.json()["code"]) == (422, "UNKNOWN_CARD")
        assert provider.get("/v1/payments", reference=asked["reference"]) == {"payments": []}

    def test_is_found_by_its_reference(self, provider: Provider) -> None:
        first = provider.pay()
        second = provider.pay(reference=first["reference"])

        found = provider.get("/v1/payments", reference=first["reference"])["payments"]

        assert {item["id"] for item in found} == {first["id"], second["id"]}


class TestManualCapture:
    def test_takes_what_was_authorised_or_a_part(self, provider: Provider) -> None:
        whole, part = (provider.paid(capture="manual") for _ in range(2))
        assert (whole["status"], whole["authorized"], whole["captured"]) == ("AUTHORIZED", 1530, 0)

        provider.post(f"/v1/payments/{whole['id']}/capture")
        provider.post(f"/v1/payments/{part['id']}/capture", {"amount": 1000})

        assert provider.payment(whole["id"])["captured"] == 1530
        assert (provider.payment(part["id"])["status"], provider.payment(part["id"])["captured"]) == ("CAPTURED", 1000)

    def test_never_takes_more_nor_twice(self, provider: Provider) -> None:
        paid = provider.paid(capture="manual")

        more = provider.post(f"/v1/payments/{paid['id']}/capture", {"amount": 1531})
        once = provider.post(f"/v1/payments/{paid['id']}/capture", {"amount": 1530})
        twice = provider.post(f"/v1/payments/{paid['id']}/capture", {"amount": 1530})

        assert [(a.status_code, a.json().get("code")) for a in (more, once, twice)] == [
            (409, "TOO_MUCH"),
            (200, None),
            (409, "NOT_ALLOWED_NOW"),
        ]


class TestCancelling:
    @pytest.mark.parametrize("facts", [{}, {"card": "success", "capture": "manual"}])
    def test_ends_what_was_not_captured_and_is_safe_to_repeat(self, provider: Provider, facts: dict[str, str]) -> None:
        paid = provider.pay(**facts)

        first, second = (provider.post(f"/v1/payments/{paid['id']}/cancel") for _ in range(2))

        assert (first.status_code, first.json()["status"]) == (200, "CANCELLED")
        assert second.json() == first.json()

    def test_refuses_what_was_captured(self, provider: Provider) -> None:
        paid = provider.paid()

        answer = provider.post(f"/v1/payments/{paid['id']}/cancel")

        assert (answer.status_code, answer.json()["code"]) == (409, "NOT_ALLOWED_NOW")
        assert provider.payment(paid["id"]) == paid


class TestRefunds:
    def test_give_back_in_parts(self, provider: Provider) -> None:
        paid = provider.paid()

        refund = provider.post(f"/v1/payments/{paid['id']}/refunds", {"amount": 500, "reference": "r1"}).json()

        assert (refund["status"], refund["amount"], refund["currency"]) == ("SUCCEEDED", 500, "GBP")
        assert provider.get(f"/v1/refunds/{refund['id']}") == refund
        assert (provider.payment(paid["id"])["status"], provider.payment(paid["id"])["refunded"]) == ("CAPTURED", 500)

    def test_never_exceed_what_was_captured_also_fifty_at_once(self, provider: Provider) -> None:
        paid = provider.paid(amount=1000)

        def refund(number: int) -> int:
            asked = {"amount": 70, "reference": f"r{number}"}
            return provider.post(f"/v1/payments/{paid['id']}/refunds", asked).status_code

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(refund, range(50)))

        assert (answers.count(201), answers.count(409)) == (14, 36)
        assert provider.payment(paid["id"])["refunded"] == 980


class TestIdempotency:
    def test_gives_the_first_answer_again(self, provider: Provider) -> None:
        asked = wanted(card="success")

        first, second = (provider.post("/v1/payments", asked, Idempotency_Key=asked["reference"]) for _ in range(2))

        assert (second.status_code, second.json()) == (201, first.json())
        assert len(provider.get("/v1/payments", reference=asked["reference"])["payments"]) == 1

    def test_counts_fifty_equal_refunds_as_one(self, provider: Provider) -> None:
        paid = provider.paid(amount=1000)
        path, asked = f"/v1/payments/{paid['id']}/refunds", {"amount": 10, "reference": "r"}

        with ThreadPoolExecutor(50) as pool:
            answers = list(
                pool.map(lambda _: provider.post(path, asked, Idempotency_Key="one").json()["id"], range(50))
            )

        assert len(set(answers)) == 1
        assert provider.payment(paid["id"])["refunded"] == 10

    def test_refuses_a_key_with_another_body(self, provider: Provider) -> None:
        asked = wanted()
        provider.post("/v1/payments", asked, Idempotency_Key=asked["reference"])

        answer = provider.post("/v1/payments", {**asked, "amount": 1}, Idempotency_Key=asked["reference"])

        assert (answer.status_code, answer.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


class TestDisputes:
    @pytest.mark.parametrize(("outcome", "disputed"), [("won", 0), ("lost", 1030)])
    def test_take_the_rest_until_somebody_has_won(self, provider: Provider, outcome: str, disputed: int) -> None:
        paid = provider.paid()
        provider.post(f"/v1/payments/{paid['id']}/refunds", {"amount": 500, "reference": "r"})

        dispute = provider.post("/v1/disputes", {"payment": paid["id"]}).json()
        refused = provider.post(f"/v1/payments/{paid['id']}/refunds", {"amount": 1, "reference": "s"})
        ended = provider.post(f"/v1/disputes/{dispute['id']}/close", {"outcome": outcome})
        again = provider.post(f"/v1/disputes/{dispute['id']}/close", {"outcome": outcome})

        assert (dispute["status"], dispute["amount"]) == ("OPEN", 1030)
        assert refused.json()["code"] == "TOO_MUCH"
        assert (ended.json()["status"], again.status_code) == (outcome.upper(), 409)
        assert provider.get(f"/v1/disputes/{dispute['id']}")["status"] == outcome.upper()
        assert provider.payment(paid["id"])["disputed"] == disputed

    def test_follow_a_card_of_theirs(self, provider: Provider) -> None:
        paid = provider.paid(card="disputed", fault_ms="50")

        until(lambda: provider.payment(paid["id"])["disputed"] == 1530)


class TestRestart:
    def test_after_a_kill_keeps_keys_payments_and_plans(self, tmp_path: Path) -> None:
        port = free_port()
        with running(tmp_path, port=port) as first:
            paid = first.paid()
            slow = first.pay(card="processing_success", delay_ms="1")
            first.process.kill()
            first.process.wait()

        with running(tmp_path, port=port) as second:
            assert second.payment(paid["id"]) == paid
            assert second.webhook_secret == first.webhook_secret
            until(lambda: second.payment(slow["id"])["status"] == "CAPTURED")
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "sandbox").iterdir()}
        assert set(modes.values()) == {0o600}, modes


class TestRules:
    def test_final_states_stay(self) -> None:
        final = {state for state, after in rules.MOVES.items() if not after}

        assert final == {State.CAPTURED, State.FAILED, State.CANCELLED}

    @pytest.mark.parametrize(("captured", "fee"), [(1, 1), (20, 20), (1530, 41), (10_000, 160)])
    def test_fee_is_never_more_than_what_was_taken(self, captured: int, fee: int) -> None:
        assert rules.fee(captured) == fee

    @pytest.mark.parametrize("number", sorted(CARDS))
    def test_cards_have_their_check_digit(self, number: str) -> None:
        doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]

        assert sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
