"""The bill that a shop compares itself with, and the ledger that an exam compares everything with."""

from __future__ import annotations

import time
from typing import Any

import psutil

from evertill.kernel import clock
from tests.sandbox.provider import Provider


def _today() -> str:
    return clock.now().strftime("%Y-%m-%d")


def _lines(provider: Provider, date: str) -> list[dict[str, Any]]:
    """Every line of a day, page by page."""
    lines: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = provider.get("/v1/bill", date=date, cursor=cursor)
        assert len(page["lines"]) <= 1000
        lines += page["lines"]
        cursor = page["next_cursor"]
        if cursor is None:
            return lines


class TestBill:
    def test_has_a_line_for_each_movement(self, provider: Provider) -> None:
        began = _today()
        paid = provider.paid()
        refund = provider.post(f"/v1/payments/{paid['id']}/refunds", {"amount": 500, "reference": "r"}).json()
        dispute = provider.post("/v1/disputes", {"payment": paid["id"], "amount": 30}).json()
        provider.post(f"/v1/disputes/{dispute['id']}/close", {"outcome": "won"})

        # Some of them may be of the day before.
        lines = [line for date in sorted({began, _today()}) for line in _lines(provider, date)]
        mine = [line for line in lines if line["payment"] == paid["id"]]

        assert [(line["kind"], line["amount"], line["currency"], line["refund"]) for line in mine] == [
            ("charge", 1530, "GBP", None),
            ("fee", -41, "GBP", None),
            ("refund", -500, "GBP", refund["id"]),
            ("dispute", -30, "GBP", dispute["id"]),
            ("dispute_won", 30, "GBP", dispute["id"]),
        ]

    def test_differs_from_the_truth_only_as_planted(self, provider: Provider) -> None:
        date, first, second = _today(), provider.paid(), provider.paid()
        while date != _today():
            date, first, second = _today(), provider.paid(), provider.paid()
        ours = {line["payment"]: line["line"] for line in _lines(provider, date) if line["kind"] == "charge"}
        strange = {"kind": "charge", "payment": "pay_strange", "reference": "x", "amount": 5, "currency": "GBP"}

        planted = provider.post(
            "/v1/bill/plant",
            {
                "date": date,
                "add": [strange],
                "change": [{"line": ours[first["id"]], "amount": 1}],
                "remove": [ours[second["id"]]],
            },
        ).json()
        charges = {line["payment"]: line["amount"] for line in _lines(provider, date) if line["kind"] == "charge"}

        assert planted == {"added": 1, "changed": 1, "removed": 1}
        assert (charges["pay_strange"], charges[first["id"]]) == (5, 1)
        assert second["id"] not in charges
        assert provider.payment(first["id"])["captured"] == 1530

    def test_of_100_000_lines_takes_ten_seconds_of_processor_at_most(self, provider: Provider) -> None:
        line = {"kind": "charge", "payment": "pay_many", "reference": "many", "amount": 1530, "currency": "GBP"}
        for _ in range(10):
            body = {"date": "2020-02-02", "add": [line] * 10_000}
            assert provider.post("/v1/bill/plant", body).json()["added"] == 10_000

        began = _used_s(provider)
        lines = _lines(provider, "2020-02-02")
        used = _used_s(provider) - began

        assert len({item["line"] for item in lines}) == 100_000
        assert used < 10 * _pace(), used


class TestLedger:
    def test_tells_everything_the_provider_believes(self, provider: Provider) -> None:
        paid = provider.paid(currency="CHF")
        refund = provider.post(f"/v1/payments/{paid['id']}/refunds", {"amount": 500, "reference": "r"}).json()

        found: dict[str, dict[str, Any]] = {}
        cursor: str | None = ""
        while cursor is not None:
            page = provider.get("/v1/ledger", cursor=cursor)
            found |= {item["id"]: item for item in page["payments"]}
            cursor = page["next_cursor"]

        mine = found[paid["id"]]
        assert (mine["status"], mine["captured"], mine["refunded"], mine["fee"]) == ("CAPTURED", 1530, 500, 41)
        assert [item["id"] for item in mine["refunds"]] == [refund["id"]]
        totals = {total["currency"]: total for total in page["totals"]}
        assert totals["CHF"] == {
            "currency": "CHF", "payments": 1, "captured": 1530, "refunded": 500, "disputed": 0, "fee": 41,
        }  # fmt: skip


def test_takes_300_payments_in_a_second_of_processor(provider: Provider) -> None:
    began = _used_s(provider)

    for _ in range(300):
        provider.paid()

    used = _used_s(provider) - began
    assert used < 1.0 * _pace(), used


def _pace() -> float:
    """How many times as long as where the limits were measured a processor takes here, at the moment; 1 at least."""
    began = time.process_time()
    sum(number * number for number in range(1_000_000))
    return max(1.0, (time.process_time() - began) / 0.06)


def _used_s(provider: Provider) -> float:
    """The processor time that Sandbox has used, which is its own whatever else the machine does."""
    used = psutil.Process(provider.process.pid).cpu_times()
    return used.user + used.system
