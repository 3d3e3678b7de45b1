"""Reconciling with Sandbox as the process that it is: its bill page by page, and every difference that was planted."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bench.trade import books
from bench.trade import provider as bills
from bench.trade.day import make
from evertill.domains import payments, reconciliation
from evertill.domains.payments import BillKind
from evertill.journeys.reconcile_bill import BillUnavailable, reconcile_bill
from evertill.journeys.view_reconciliation import view_reconciliation
from evertill.kernel import clock, config
from evertill.outside.sandbox_provider import SandboxProvider
from tests import tables
from tests.sandbox.provider import Provider

DAY = dt.date(2026, 11, 13)
ONE_DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def connected(sandbox: Provider, committed_db: None) -> Iterator[SandboxProvider]:
    keys = sandbox.folder / "sandbox" / "sandbox-keys.json"
    # The machine may be busy.
    patient = dataclasses.replace(config.get(), provider_timeout_ms=60_000)
    with closing(SandboxProvider(url=sandbox.url, keys=keys, settings=patient)) as provider:
        payments.register(provider)
        yield provider
    payments.register()


def reconcile(date: dt.date) -> reconciliation.Run:
    return reconcile_bill(provider="sandbox", date=date, now=clock.now())


def test_finds_what_was_planted_and_invents_nothing(sandbox: Provider, request: pytest.FixtureRequest) -> None:
    seed = request.config.getoption("--seed") or 7
    day = make(date=DAY, lines=2_000, planted=60, seed=seed)
    books.fill(day)
    bills.bill(sandbox.folder, day.rows)

    for date in (DAY, DAY - ONE_DAY, DAY + ONE_DAY):
        reconcile(date)

    shown = view_reconciliation(provider="sandbox", date=DAY, limit=1_000).shown
    found = [(one.difference.kind, one.difference.subject.about, one.difference.subject.name) for one in shown]
    assert sorted(found) == sorted(day.planted), f"--seed {seed}"
    for date in (DAY - ONE_DAY, DAY + ONE_DAY):
        report = view_reconciliation(provider="sandbox", date=date, limit=1)
        assert (report.open, report.run.pending) == ({}, 0)
        assert report.run.lines > 0


class TestBill:
    def test_is_read_line_by_line(self, sandbox: Provider, connected: SandboxProvider) -> None:
        began = clock.now()
        paid = sandbox.paid()
        refund = sandbox.post(f"/v1/payments/{paid['id']}/refunds", {"amount": 500, "reference": "r"}).json()
        dispute = sandbox.post("/v1/disputes", {"payment": paid["id"], "amount": 30}).json()
        sandbox.post(f"/v1/disputes/{dispute['id']}/close", {"outcome": "won"})

        # Some of them may be of the day before.
        days = sorted({began.date(), clock.now().date()})
        lines = [one for date in days for one in connected.list(date=date) if one.provider_id == paid["id"]]

        assert [(one.kind, one.amount.amount, one.amount.currency, one.part_id) for one in lines] == [
            (BillKind.CAPTURE, 1530, "GBP", ""),
            (BillKind.FEE, -41, "GBP", ""),
            (BillKind.REFUND, -500, "GBP", refund["id"]),
            (BillKind.DISPUTE, -30, "GBP", dispute["id"]),
            (BillKind.DISPUTE_WON, 30, "GBP", dispute["id"]),
        ]
        assert {one.reference for one in lines} == {paid["reference"]}
        assert all(abs(one.at - began) < dt.timedelta(minutes=5) for one in lines)

    def test_of_a_day_without_trade_is_empty(self, connected: SandboxProvider) -> None:
        assert list(connected.list(date=dt.date(2020, 1, 1))) == []

    def test_that_is_not_to_be_had_leaves_nothing_behind(self, sandbox: Provider, tmp_path: Path) -> None:
        assert sandbox.post("/v1/faults", {"mix": {"down": 1.0}, "seed": 1}).status_code == 200
        try:
            with pytest.raises(BillUnavailable):
                reconcile(DAY)
        finally:
            sandbox.client.delete("/v1/faults")

        assert tables.count("reconciliation_line") == 0
