"""How long a shop takes to compare a provider's bill with its books, and whether it finds what was planted."""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import figures
from bench.errors import BenchError
from bench.figures import Finding
from bench.plan import Plan
from bench.race import Tell
from bench.shop import Shop
from bench.trade import provider
from bench.trade.day import Day, Name, make
from bench.trade.provider import Sandbox
from evertill.kernel import clock

_TIMEOUT_S = 600


def measure_reconcile(*, plan: Plan, shop: Shop, tell: Tell) -> list[Finding]:
    """This function will fill books and bill with a day, and time `evertill reconcile` from its start to its end.

    The days beside it are reconciled before, as a shop's are, so that what is made near midnight is looked for there.
    """
    date = clock.now().date() - dt.timedelta(days=10)
    seed = int(clock.now().timestamp())
    day = make(date=date, lines=plan.bill_lines, planted=plan.bill_planted, seed=seed)
    folder = shop.folder.with_name("provider")
    with provider.running(folder) as sandbox:
        provider.bill(folder, day.rows)
        _fill_books(shop, date, plan, seed)
        tell(f"reconcile: {len(day.rows):,} lines, {len(day.planted)} differences planted with seed {seed}")
        for days in (-1, 1):
            _reconcile(shop, sandbox, date + dt.timedelta(days=days))
        cpu_s = _children_cpu_s()
        told, seconds = _reconcile(shop, sandbox, date)
        told["cpu_s"] = _children_cpu_s() - cpu_s
    return _findings(plan, day, told, seconds, seed=seed, tell=tell)


def names(told: dict[str, Any]) -> list[Name]:
    """This function will return what each difference that was told is called."""
    return [(one["kind"], one["about"], one["subject"]) for one in told["differences"]]


def _findings(plan: Plan, day: Day, told: dict[str, Any], seconds: float, *, seed: int, tell: Tell) -> list[Finding]:
    found = names(told)
    right, invented = day.planted & set(found), [name for name in found if name not in day.planted]
    tell(
        f"reconcile: {told['lines']:,} lines in {seconds:.1f} s, {told['cpu_s']:.1f} s of processor;"
        f" {len(right)} of {len(day.planted)} found, {len(invented)} invented"
    )
    lines, planted = f"{plan.bill_lines:,}", plan.bill_planted
    raw = {
        "seed": seed,
        "seconds": seconds,
        "lines": told["lines"],
        "matched": told["matched"],
        "command_cpu_s": told["cpu_s"],
        "missed": sorted(day.planted - right)[:20],
        "invented": invented[:20],
    }
    exact = len(right) if not invented and len(found) == len(set(found)) else -1
    return [
        Finding(
            promise=replace(figures.RECONCILE, title=figures.RECONCILE.title.replace("100,000", lines)),
            value=seconds, measured=f"{seconds:.1f} s, {told['cpu_s']:.1f} s of processor in the command", floor="–",
            raw=raw,
        ),
        Finding(
            promise=replace(
                figures.PLANTED, title=figures.PLANTED.title.replace("500", f"{planted:,}"), must=float(planted),
                unit=f"of {planted:,}",
            ),
            value=float(exact), measured=f"{len(right)} found, {len(invented)} invented", floor="–",
        ),
    ]  # fmt: skip


def _children_cpu_s() -> float:
    """What processes that have ended used, so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _fill_books(shop: Shop, date: dt.date, plan: Plan, seed: int) -> None:
    asked = [date.isoformat(), str(plan.bill_lines), str(plan.bill_planted), str(seed)]
    environ = {**os.environ, "DATABASE_URL": shop.database.url, "EVERTILL_SECRET": "bench" * 10,
               "DJANGO_SETTINGS_MODULE": "evertill.entry.site.settings"}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "bench.trade.books", *asked],
        env=environ, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BenchError(f"The books could not be filled:\n{done.stderr[-2000:]}")


def _reconcile(shop: Shop, sandbox: Sandbox, date: dt.date) -> tuple[dict[str, Any], float]:
    """Run the command as an operator would, and return what it told and how long it took."""
    environ = {**os.environ, "EVERTILL_SANDBOX_URL": sandbox.url, "EVERTILL_SANDBOX_KEYS": str(sandbox.keys)}
    evertill = Path(sys.executable).with_name("evertill")
    words = ["reconcile", date.isoformat(), "--provider=sandbox", "--all", "--json", f"--data={shop.folder}"]
    began = time.monotonic()
    done = subprocess.run(
        [evertill, *words], env=environ, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )
    seconds = time.monotonic() - began
    if done.returncode not in (0, 1) or not done.stdout.startswith("{"):
        raise BenchError(f"The bill of {date} could not be reconciled:\n{done.stdout[-500:]}{done.stderr[-2000:]}")
    return json.loads(done.stdout), seconds
