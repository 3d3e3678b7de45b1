"""One run: open a shop, make the asked measurements in their order, close everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from bench import backup, browsing, machine, measures, providers, reconcile
from bench import database as db
from bench.figures import PROMISES, Finding
from bench.load import wrk
from bench.measures import Bench
from bench.plan import Plan
from bench.race import Series, Tell
from bench.shop import folder, open_shop

# In the order in which they are made.
MEASUREMENTS = (
    "memory",
    "rush",
    "rates",
    "hot",
    "pay",
    "latency",
    "webhooks",
    "hang",
    "history",
    "reconcile",
    "backup",
    "pages",
)


def run(*, plan: Plan, only: Sequence[str], parent: Path | None, tell: Tell) -> tuple[list[Finding], dict[str, Any]]:
    """This function will make the measurements named in `only`, or all, and return the figures and the machine's facts.

    Raises BenchError when one could not be made or may not be believed.
    """
    wrk.program()
    with folder(parent) as home, open_shop(home / "shop") as shop:
        facts = machine.facts(database=shop.database, folder=home)
        floor = shop.database.sibling("bench_floor")
        db.create(floor)
        for database in (shop.database, floor):
            db.stock_goods(database, count=plan.skus)
        bench = Bench(plan=plan, shop=shop, floor=floor, tell=tell)
        before = shop.roles()
        findings = _measure(bench, only=only or MEASUREMENTS)
        facts["restarted"] = sorted({role for pid, role in shop.roles().items() if pid not in before})
        for database in (shop.database, floor):
            db.audit(database)
    return findings, facts


def _measure(bench: Bench, *, only: Sequence[str]) -> list[Finding]:
    rates = cache(lambda: measures.measure_rates(bench))

    @cache
    def peak() -> Series:
        return rates()[1] if "rates" in only else measures.find_peak(bench)

    makers: dict[str, Callable[[], list[Finding]]] = {
        "memory": lambda: measures.measure_memory(bench),
        "rush": lambda: measures.measure_rush(bench),
        "rates": lambda: rates()[0],
        "hot": lambda: measures.measure_hot(bench),
        "pay": lambda: measures.measure_pay(bench),
        "latency": lambda: measures.measure_latency(bench, peak=peak().rate),
        "webhooks": lambda: providers.measure_webhooks(bench),
        "hang": lambda: providers.measure_hang(bench, peak=peak().rate),
        "history": lambda: measures.measure_history(bench, connections=peak().rounds[0]["connections"]),
        "backup": lambda: backup.measure_backups(bench, peak=peak().rate),
        "pages": lambda: browsing.measure_pages(bench, peak=peak().rate),
        "reconcile": lambda: reconcile.measure_reconcile(plan=bench.plan, shop=bench.shop, tell=bench.tell),
    }
    findings = [finding for name in MEASUREMENTS if name in only for finding in makers[name]()]
    order = [promise.name for promise in PROMISES]
    return sorted(findings, key=lambda finding: order.index(finding.promise.name))
