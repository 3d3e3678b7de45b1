"""As many orders as the shop will take: wrk, an HTTP load generator that leaves the processors to the shop."""

from __future__ import annotations

import json
import os
import resource
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.database import SKU_FIRST
from bench.errors import BenchError

_HOOK_SCRIPT = Path(__file__).parent / "webhooks.lua"
_SCRIPT = Path(__file__).parent / "orders.lua"
_PAY_SCRIPT = _SCRIPT.with_name("pay.lua")
_MARK = "BENCH "


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What wrk saw in one run. An order may have been placed for an answer that came too late to be seen."""

    placed: int
    refused: int
    broken: int
    seconds: float
    p50_ms: float
    p99_ms: float


def program() -> str:
    """This function will return where wrk is, installed from Debian's packages when it is not and we are root.

    Raises BenchError that says how to install it.
    """
    found = shutil.which("wrk")
    installer = shutil.which("apt-get")
    if found is None and installer and os.geteuid() == 0:
        print("bench: installing the load generator: apt-get install wrk", flush=True)
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run([installer, "install", "-y", "-qq", "wrk"], env=environ, stdout=subprocess.DEVNULL, check=False)
        found = shutil.which("wrk")
    if found is None:
        raise BenchError(
            "The load generator wrk is missing. Install it once (Debian, Ubuntu: sudo apt install wrk; Fedora: sudo dnf"
            " install wrk; macOS: brew install wrk) and run make bench again."
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What wrk saw of placing and paying in one run: the numbers of the orders that were paid, in their sequence.

    `generator_s` is the processor time of wrk itself, which reads every answer and so costs more than for placing.
    """

    paid: list[str]
    placed: int
    refused: int
    broken: int
    seconds: float
    generator_s: float
    p50_ms: float
    p99_ms: float


def run(*, url: str, connections: int, skus: int, seconds: int) -> Answers:
    """This function will ask for orders among `skus` goods on this many connections, each waiting for its answer."""
    return read(_run(_SCRIPT, url=url, connections=connections, skus=skus, seconds=seconds))


def run_paying(*, url: str, connections: int, skus: int, seconds: int, tokens: Sequence[str], folder: Path) -> Paid:
    """This function will place orders and pay each with the next request, from a random one of the balances.

    `folder` takes the files that wrk reads and writes. Raises BenchError when anything was refused.
    """
    purses, numbers = folder / "tokens.txt", folder / "paid.txt"
    purses.write_text("".join(f"{token}\n" for token in tokens), encoding="utf-8")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = _run(_PAY_SCRIPT, str(purses), str(numbers), url=url, connections=connections, skus=skus, seconds=seconds)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = _said(report)
    paid = numbers.read_text(encoding="utf-8").split()
    if said["refused"] or len(paid) != said["paid"]:
        raise BenchError(f"Placing and paying did not go well:\n{report}")
    return Paid(
        paid=paid,
        placed=said["placed"],
        refused=said["refused"],
        broken=said["broken"] + said["timeouts"],
        seconds=said["duration_us"] / 1e6,
        generator_s=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        p50_ms=said["p50_us"] / 1e3,
        p99_ms=said["p99_us"] / 1e3,
    )


def run_webhooks(*, url: str, path: str, file: Path, connections: int, seconds: int) -> Answers:
    """This function will tell the shop of the events in `file`, each once, and return what it was answered."""
    return read(_run(_HOOK_SCRIPT, path, str(file), url=url, connections=connections, skus=1, seconds=seconds))


def _run(script: Path, *more: str, url: str, connections: int, skus: int, seconds: int) -> str:
    # One thread makes far more requests than a shop beside it on the same machine can answer.
    done = subprocess.run(
        [
            program(), "--threads=1", f"--connections={connections}", f"--duration={seconds}s", "--timeout=10s",
            f"--script={script}", url, "--", secrets.token_hex(8), str(SKU_FIRST), str(skus),
            str(secrets.randbelow(2**31)), *more,
        ],
        capture_output=True, text=True, timeout=seconds + 60, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BenchError(f"wrk failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def read(report: str) -> Answers:
    """This function will read the line that orders.lua writes at the end of a run."""
    said = _said(report)
    return Answers(
        placed=said["answers"] - said["refused"],
        refused=said["refused"],
        broken=said["broken"] + said["timeouts"],
        seconds=said["duration_us"] / 1e6,
        p50_ms=said["p50_us"] / 1e3,
        p99_ms=said["p99_us"] / 1e3,
    )


def _said(report: str) -> dict[str, Any]:
    for line in report.splitlines():
        if line.startswith(_MARK):
            said: dict[str, Any] = json.loads(line.removeprefix(_MARK))
            return said
    raise BenchError(f"wrk did not end its run:\n{report}")
