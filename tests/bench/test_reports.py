"""What the load generators say is read exactly, and anything but a clean run is refused."""

from __future__ import annotations

import pytest

from bench import pgbench
from bench.errors import BenchError
from bench.load import wrk

_PGBENCH = """\
pgbench (18.6)
transaction type: steps.sql
scaling factor: 1
query mode: prepared
number of clients: 32
number of threads: 2
maximum number of tries: 1
duration: 10 s
number of transactions actually processed: 76001
number of failed transactions: 0 (0.000%)
latency average = 4.208 ms
initial connection time = 31.255 ms
tps = 7604.250000 (without initial connection time)
"""
_WRK = """\
Running 10s test @ http://127.0.0.1:8000
  1 threads and 64 connections
  151003 requests in 10.05s, 93.61MB read
BENCH {"answers":151003,"refused":3,"broken":1,"timeouts":1,"duration_us":10050000,"p50_us":4100,"p99_us":9050}
"""


class TestPgbench:
    def test_counts_transactions_and_the_seconds_without_connecting(self) -> None:
        orders, seconds = pgbench.read(_PGBENCH)

        assert orders == 76001
        assert seconds == pytest.approx(76001 / 7604.25)

    def test_refuses_a_run_in_which_a_transaction_failed(self) -> None:
        with pytest.raises(BenchError):
            pgbench.read(_PGBENCH.replace("failed transactions: 0", "failed transactions: 1"))

    def test_refuses_a_report_without_a_rate(self) -> None:
        with pytest.raises(BenchError):
            pgbench.read(_PGBENCH.replace("tps = ", "tps: "))


class TestWrk:
    def test_counts_only_orders_that_were_placed(self) -> None:
        answers = wrk.read(_WRK)

        assert answers == wrk.Answers(placed=151000, refused=3, broken=2, seconds=10.05, p50_ms=4.1, p99_ms=9.05)

    def test_refuses_a_run_that_did_not_end(self) -> None:
        with pytest.raises(BenchError):
            wrk.read("Running 10s test @ http://127.0.0.1:8000\n")
