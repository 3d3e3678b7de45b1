"""Sandbox as the provider of a day: a process of its own, with the day's bill in its book."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError
from bench.shop import free_ports
from bench.trade.day import Row

_OPENS_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """Where it answers, and its folder."""

    url: str
    folder: Path

    @property
    def keys(self) -> Path:
        """The file with its keys."""
        return self.folder / "sandbox" / "sandbox-keys.json"


@contextmanager
def running(folder: Path) -> Iterator[Sandbox]:
    """Sandbox on a free port with its data in `folder`; raises BenchError when it does not answer."""
    (port,) = free_ports(1)
    evertill = Path(sys.executable).with_name("evertill")
    process = subprocess.Popen(
        [evertill, "sandbox-provider", f"--port={port}", f"--data={folder}"], stdout=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + _OPENS_WITHIN_S
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise BenchError("Sandbox did not start.")
            time.sleep(0.1)
        yield Sandbox(url=url, folder=folder)
    finally:
        process.terminate()
        process.wait(timeout=30)


def bill(folder: Path, rows: Iterable[Row]) -> None:
    """This function will write lines into Sandbox's own book, which is how 100,000 of them are there in a second."""
    values = [
        (
            row.date.isoformat(),
            row.kind,
            row.payment,
            row.refund,
            row.reference,
            row.amount,
            row.currency,
            int(row.at.timestamp() * 1000),
        )
        for row in rows
    ]
    with closing(sqlite3.connect(folder / "sandbox" / "sandbox.sqlite3", timeout=30)) as book, book:
        book.executemany(
            "insert into bill_lines (date, kind, payment, refund, reference, amount, currency, at)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:  # noqa: S310 — of ours.
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
