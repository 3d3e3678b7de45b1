"""Every measurement that `make bench` makes, from the shop as it stands open to a figure and its floor."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from bench import database as db
from bench import figures, history, pgbench, prepaid, processes
from bench.database import Database
from bench.errors import BenchError, CountsDiffer
from bench.figures import Finding
from bench.load import rush, steady, wrk
from bench.pgbench import Floor, Script
from bench.plan import Plan
from bench.race import Contestant, Driven, Series, Tell, race, settled_count
from bench.shop import Shop, open_shop

_MB = 1e6
# The good of the rush, beside those of all other measurements.
_SCARCE_SKU = 9000
# A floor whose plan reads whole tables would be too easy to beat.
_SCANS_PER_ORDER_MAX = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What every measurement works with: an open shop with goods, and beside its database the floors' own, alike."""

    plan: Plan
    shop: Shop
    floor: Database
    tell: Tell


def measure_memory(bench: Bench) -> list[Finding]:
    """This function will weigh the shop before its first order and while it takes as many as it can.

    It comes first: later measurements leave pages in memory that are the bench's doing, not the shop's.
    """
    time.sleep(bench.plan.settle_s)
    idle = processes.pss_bytes([bench.shop.pid]) / _MB
    weights: list[float] = []
    stop = threading.Event()

    def weigh() -> None:
        while not stop.wait(0.5):
            weights.append(processes.pss_bytes([bench.shop.pid]) / _MB)

    watcher = threading.Thread(target=weigh)
    watcher.start()
    try:
        answers = wrk.run(
            url=bench.shop.url,
            connections=max(bench.plan.connections),
            skus=bench.plan.skus,
            seconds=bench.plan.warm_s + bench.plan.measure_s,
        )
    finally:
        stop.set()
        watcher.join()
    counted = settled_count(bench.shop.database)
    if counted < answers.placed:
        raise CountsDiffer(f"Under load {answers.placed} orders were acknowledged, {counted} are there.")
    loaded = max(weights)
    bench.tell(f"memory: {idle:,.0f} MB idle, {loaded:,.0f} MB under {answers.placed / answers.seconds:,.0f} orders/s")
    by_process = processes.pss_by_name(bench.shop.pid, names=bench.shop.roles())
    raw = {"orders": counted, "samples_mb": weights, "by_process_mb": by_process}
    return [
        Finding(promise=figures.IDLE, value=idle, measured=f"{idle:,.0f} MB", floor="–"),
        Finding(promise=figures.LOADED, value=loaded, measured=f"{loaded:,.0f} MB", floor="–", raw=raw),
    ]


def measure_rush(bench: Bench) -> list[Finding]:
    """This function will let a crowd loose on one scarce good, and compare what it was told with what is stored."""
    plan, database = bench.plan, bench.shop.database
    db.stock_goods(database, first=_SCARCE_SKU, count=1, pieces=plan.rush_stock)
    told = rush.run(
        host=bench.shop.host, port=bench.shop.port, sku=_SCARCE_SKU, buyers=plan.buyers, at_once=plan.buyers_at_once
    )
    stored = db.sales_of(database, sku=f"BENCH-{_SCARCE_SKU}")
    sold_out = told.refusals["409 SOLD_OUT"]
    if len(set(told.placed)) != stored["orders"]:
        raise CountsDiffer(
            f"{len(told.placed)} buyers were told that they got one, {stored['orders']} orders are there."
        )
    exact = stored["pieces"] == stored["reserved"] == plan.rush_stock and sold_out == plan.buyers - plan.rush_stock
    oversold = max(stored["pieces"] - plan.rush_stock, 0)
    bench.tell(
        f"rush: {plan.buyers:,} buyers in {told.seconds:.1f} s: {stored['pieces']:,} sold, {sold_out:,} sold out"
    )
    return [
        Finding(
            # The smaller modes have a smaller stock; all of it sold and all others refused is what counts.
            promise=replace(figures.RUSH, must=float(plan.rush_stock), unit=f"of {plan.rush_stock:,}"),
            value=stored["pieces"] if exact else -1.0,
            measured=f"{stored['pieces']:,} sold, {oversold} oversold, {sold_out:,} SOLD_OUT",
            floor="–",
            raw={
                "stored": stored,
                "placed": len(told.placed),
                "refusals": dict(told.refusals),
                "seconds": told.seconds,
            },
        )
    ]


def measure_rates(bench: Bench) -> tuple[list[Finding], Series]:
    """This function will race the shop against both floors on many goods, and return the best of the shop's series."""
    plan = bench.plan
    floors = [Floor(script=script, clients=clients, skus=plan.skus) for script in Script for clients in plan.clients]
    series = race(
        [*_lanes(bench.shop, plan, skus=plan.skus), *(_floor(bench, floor) for floor in floors)],
        rounds=plan.rounds, warm_s=plan.warm_s, measure_s=plan.measure_s, tell=bench.tell,
    )  # fmt: skip
    lane = _best(series, "shop")
    steps = _fair(_best(series, f"pgbench {Script.STEPS}"))
    whole = _fair(_best(series, f"pgbench {Script.STATEMENT}"))
    raw = {name: asdict(one) for name, one in series.items()}
    cpu = Finding(
        promise=figures.CPU, value=lane.cpu, measured=f"{spread(lane.cpu_ms, '.3f')} ms", floor="–",
        raw={"cpu_ms": lane.cpu_ms},
    )  # fmt: skip
    return [_ratio(figures.STEPS, lane, steps, raw), _ratio(figures.STATEMENT, lane, whole, {}), cpu], lane


def measure_pay(bench: Bench) -> list[Finding]:
    """This function will race placing and paying over HTTP against pgbench, which only places, statement by statement.

    Each payment comes from one of many prepaid accounts, in a call of its own; each that was acknowledged is looked up.
    """
    plan = bench.plan
    tokens = prepaid.open_accounts(bench.shop)
    floors = [Floor(script=Script.STEPS, clients=clients, skus=plan.skus) for clients in plan.clients]
    series = race(
        [
            *(_paying(bench, tokens, connections=connections) for connections in plan.connections),
            *(_floor(bench, floor) for floor in floors),
        ],
        rounds=plan.rounds, warm_s=plan.warm_s, measure_s=plan.measure_s, tell=bench.tell,
    )  # fmt: skip
    raw = {name: asdict(one) for name, one in series.items()}
    lane = _best(series, "shop")
    cpu = Finding(
        promise=figures.PAY_CPU, value=lane.cpu, measured=f"{spread(lane.cpu_ms, '.3f')} ms", floor="–",
        raw={"cpu_ms": lane.cpu_ms},
    )  # fmt: skip
    return [_ratio(figures.PAY, lane, _fair(_best(series, f"pgbench {Script.STEPS}")), raw), cpu]


def _paying(bench: Bench, tokens: Sequence[str], *, connections: int) -> Contestant:
    shop = bench.shop

    def prepare(database: Database) -> None:
        db.reset(database)
        prepaid.fund(shop)

    def drive(seconds: int) -> Driven:
        answers = wrk.run_paying(
            url=shop.url, connections=connections, skus=bench.plan.skus, seconds=seconds, tokens=tokens,
            folder=shop.folder.parent,
        )  # fmt: skip
        notes = asdict(answers)
        numbers = notes.pop("paid")
        return Driven(
            orders=len(numbers),
            seconds=answers.seconds,
            unseen_max=connections + answers.broken,
            numbers=numbers,
            notes={"connections": connections, **notes},
        )

    return Contestant(
        name=f"shop, placing and paying, {connections} connections",
        database=shop.database,
        drive=drive,
        prepare=prepare,
        server=(shop.pid,),
        count=db.count_paid,
        check=lambda driven: db.check_paid(shop.database, numbers=driven.numbers),
    )


def find_peak(bench: Bench) -> Series:
    """This function will return the best of the shop's series on many goods, without any floor beside it."""
    plan = bench.plan
    series = race(
        _lanes(bench.shop, plan, skus=plan.skus),
        rounds=1, warm_s=plan.warm_s, measure_s=plan.measure_s, tell=bench.tell,
    )  # fmt: skip
    return _best(series, "shop")


def measure_hot(bench: Bench) -> list[Finding]:
    """This function will race the shop against pgbench on one single good that everybody wants."""
    plan = bench.plan
    floor = Floor(script=Script.STEPS, clients=plan.hot_clients, skus=1)
    series = race(
        [*_lanes(bench.shop, plan, skus=1), _floor(bench, floor)],
        rounds=plan.rounds, warm_s=plan.warm_s, measure_s=plan.measure_s, tell=bench.tell,
    )  # fmt: skip
    raw = {name: asdict(one) for name, one in series.items()}
    return [_ratio(figures.HOT, _best(series, "shop"), _fair(series[floor.name]), raw)]


def measure_latency(bench: Bench, *, peak: float) -> list[Finding]:
    """This function will ask at half the peak rate, come what may, and return how long answers took."""
    plan = bench.plan
    taken = []
    for number in range(1, plan.rounds + 1):
        db.reset(bench.shop.database)
        one = steady.run(
            host=bench.shop.host, port=bench.shop.port, rate=peak / 2, connections=plan.steady_connections,
            skus=plan.skus, warm_s=plan.warm_s, measure_s=plan.steady_s,
        )  # fmt: skip
        counted = settled_count(bench.shop.database)
        if not one.placed <= counted <= one.placed + one.broken:
            raise CountsDiffer(f"{one.placed} orders were acknowledged at a steady rate, {counted} are there.")
        bench.tell(
            f"round {number} of {plan.rounds}: {one.rate:,.0f} orders/s: p50 {one.p50_ms:.1f}, p99 {one.p99_ms:.1f},"
            f" worst {one.max_ms:.1f} ms; {one.refused + one.broken} refused or lost"
        )
        taken.append(one)
    p99s = [one.p99_ms if one.refused + one.broken == 0 else float("inf") for one in taken]
    return [
        Finding(
            promise=figures.P99, value=statistics.median(p99s), measured=f"{spread(p99s, '.1f')} ms",
            floor=f"at {peak / 2:,.0f}/s", raw={"rounds": [asdict(one) for one in taken]},
        )
    ]  # fmt: skip


def measure_history(bench: Bench, *, connections: int) -> list[Finding]:
    """This function will race two shops on one server: one without orders, one with years of trade behind it."""
    plan = bench.plan
    stored = bench.shop.database.sibling("bench_history")
    db.create(stored)
    db.stock_goods(stored, count=plan.skus)
    history.seed(stored, orders=plan.history_orders, skus=plan.skus, tell=bench.tell)
    with open_shop(bench.shop.folder.with_name("history"), database=stored) as other:
        series = race(
            [
                _lane(bench.shop, "shop, empty", connections=connections, skus=plan.skus),
                replace(_lane(other, "shop, full", connections=connections, skus=plan.skus), prepare=db.rest),
            ],
            rounds=plan.rounds, warm_s=plan.warm_s, measure_s=plan.measure_s, tell=bench.tell,
        )  # fmt: skip
    db.audit(stored)
    raw = {name: asdict(one) for name, one in series.items()}
    promise = replace(figures.HISTORY, title=figures.HISTORY.title.replace("5,000,000", f"{plan.history_orders:,}"))
    return [_ratio(promise, series["shop, full"], series["shop, empty"], raw)]


def _lanes(shop: Shop, plan: Plan, *, skus: int) -> list[Contestant]:
    return [
        _lane(shop, f"shop, {connections} connections", connections=connections, skus=skus)
        for connections in plan.connections
    ]


def _lane(shop: Shop, name: str, *, connections: int, skus: int) -> Contestant:
    def drive(seconds: int) -> Driven:
        answers = wrk.run(url=shop.url, connections=connections, skus=skus, seconds=seconds)
        return Driven(
            orders=answers.placed,
            seconds=answers.seconds,
            unseen_max=connections + answers.broken,
            notes={"connections": connections, **asdict(answers)},
        )

    return Contestant(name=name, database=shop.database, drive=drive, server=(shop.pid,))


def _floor(bench: Bench, floor: Floor) -> Contestant:
    def drive(seconds: int) -> Driven:
        orders, taken = pgbench.run(floor, bench.floor, seconds=seconds)
        return Driven(orders=orders, seconds=taken)

    return Contestant(name=floor.name, database=bench.floor, drive=drive)


def _best(series: Mapping[str, Series], family: str) -> Series:
    return max((one for name, one in series.items() if name.startswith(family)), key=lambda one: one.rate)


def _fair(floor: Series) -> Series:
    for one in floor.rounds:
        for table, scans in one["table_scans_per_order"].items():
            if scans > _SCANS_PER_ORDER_MAX:
                raise BenchError(f"{floor.name} read all of {table} {scans:.2f} times per order, so it is no floor.")
    return floor


def _ratio(promise: figures.Promise, shop: Series, floor: Series, raw: dict[str, Any]) -> Finding:
    return Finding(
        promise=promise,
        value=shop.rate / floor.rate,
        measured=f"{spread(shop.rates, ',.0f')}/s ({shop.name})",
        floor=f"{spread(floor.rates, ',.0f')}/s ({floor.name})",
        raw={"series": raw} if raw else {},
    )


def spread(values: Sequence[float], form: str) -> str:
    """This function will write the median and, where there is more than one value, the least and the most."""
    middle = format(statistics.median(values), form)
    return middle if len(values) == 1 else f"{middle} [{format(min(values), form)}–{format(max(values), form)}]"
