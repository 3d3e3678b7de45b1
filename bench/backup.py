"""What copying the shop elsewhere costs, and how long it takes to have it back."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench import database as db
from bench import figures, history
from bench.errors import BenchError, CountsDiffer
from bench.figures import Finding
from bench.load import steady, wrk
from bench.measures import Bench, spread
from bench.resting import settle
from bench.shop import Shop, open_shop
from evertill.domains.recovery import Manifest
from evertill.domains.recovery.sealing import read_key
from evertill.journeys.read_catalogue import read_catalogue
from evertill.kernel import clock, ids
from evertill.outside.open_target import open_target

# Copies by the clock would come when they are not looked for.
_SETTINGS = {"EVERTILL_DRILL_MIN": "0", "EVERTILL_BACKUP_INCREMENTAL_MIN": "10080", "EVERTILL_BACKUP_FULL_H": "8000"}
_TIMEOUT_S = 1800
_CHANGED = 0.01
_INCREMENTALS = 3
_MINUTE_S = 60.0
# Orders are timed so often during one backup.
_EACH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    manifest: Manifest
    seconds: float


def measure_backups(bench: Bench, *, peak: float) -> list[Finding]:
    """This function will copy a shop with a history whole and in part, ask for orders meanwhile, and bring it back."""
    plan, home = bench.plan, bench.shop.folder.with_name("backed")
    copies = home.with_name("copies")
    copies.mkdir()
    settings = {**_SETTINGS, "EVERTILL_BACKUP_TARGET": f"file://{copies}"}
    with open_shop(home, settings=settings) as shop:
        db.stock_goods(shop.database, count=plan.skus)
        history.seed(shop.database, orders=plan.backup_orders, skus=plan.skus, tell=bench.tell)
        settle(shop.database, tell=bench.tell)
        _wait_for_first(copies, shop)
        full = _take(shop, copies, "--full")
        bench.tell(f"backup: full, {full.manifest.stored_bytes / 1e6:,.0f} MB in {full.seconds:.1f} s")
        parts = [_change_and_take(bench, shop, copies, step) for step in range(_INCREMENTALS)]
        slow = _measure_slowness(bench, shop, peak=peak)
        stored = _place_some(shop, skus=plan.skus)
    restored = _measure_restore(bench, home, copies, stored=stored)
    return [*_ratios(full, parts[0]), slow, restored]


def _ratios(full: _Taken, part: _Taken) -> list[Finding]:
    raw = {
        "full_bytes": full.manifest.stored_bytes,
        "full_plain_bytes": full.manifest.plain_bytes,
        "full_s": full.seconds,
        "incremental_bytes": part.manifest.stored_bytes,
        "incremental_plain_bytes": part.manifest.plain_bytes,
        "incremental_s": part.seconds,
    }
    return [
        Finding(
            promise=figures.INCREMENTAL_BYTES, value=part.manifest.stored_bytes / full.manifest.stored_bytes,
            measured=f"{part.manifest.stored_bytes / 1e6:,.1f} MB",
            floor=f"{full.manifest.stored_bytes / 1e6:,.1f} MB", raw=raw,
        ),
        Finding(
            promise=figures.INCREMENTAL_S, value=part.seconds / full.seconds,
            measured=f"{part.seconds:.1f} s", floor=f"{full.seconds:.1f} s",
        ),
    ]  # fmt: skip


def _wait_for_first(copies: Path, shop: Shop) -> None:
    """The shop takes its first backup by itself; what is measured begins behind it."""
    deadline = time.monotonic() + _TIMEOUT_S
    while not list(copies.glob("*/backups/*/manifest-*")):
        if time.monotonic() > deadline:
            raise BenchError("The shop took no backup by itself.")
        time.sleep(0.2)
    # And the drill behind it, which holds the same lock.
    while True:
        count = db.query(shop.database.url, "select count(*) from recovery_drill where occasion = 'BACKUP'")
        if count[0][0]:
            return
        if time.monotonic() > deadline:
            raise BenchError("The shop held no drill by itself.")
        time.sleep(0.2)


def _evertill(*words: str | Path, shop: Shop | None = None) -> float:
    """Run a command as an operator would, and return how long it took."""
    began = time.monotonic()
    done = subprocess.run(
        [Path(sys.executable).with_name("evertill"), *words, *([] if shop is None else [f"--data={shop.folder}"])],
        env={name: value for name, value in os.environ.items() if not name.startswith(("EVERTILL_", "DATABASE_"))},
        capture_output=True, text=True, timeout=_TIMEOUT_S, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BenchError(f"evertill {words[0]} {words[1]} failed:\n{done.stdout[-500:]}{done.stderr[-2000:]}")
    return time.monotonic() - began


def _take(shop: Shop, copies: Path, *words: str) -> _Taken:
    db.query(shop.database.admin_url, "checkpoint")
    seconds = _evertill("backup", "now", *words, shop=shop)
    key = read_key(shop.folder / "backups" / "key.txt")
    with closing(open_target(str(copies), folder=copies, timeout_s=10)) as target:
        (catalogue,) = read_catalogue(target=target, key=key)
    return _Taken(manifest=max(catalogue.manifests.values(), key=lambda one: one.stop), seconds=seconds)


def _change_and_take(bench: Bench, shop: Shop, copies: Path, step: int) -> _Taken:
    """Trade for 1 % of the history more, as a shop does: at its new end. Then take what has changed."""
    orders = bench.plan.backup_orders
    changed = max(int(orders * _CHANGED), 1)
    first = orders + step * changed + 1
    until = clock.now()
    db.query(
        shop.database.url,
        db.statement("history"),
        {
            "since": until - dt.timedelta(hours=1), "until": until, "epoch": ids.EPOCH, "total": first + changed,
            "skus": bench.plan.skus, "sku_first": db.SKU_FIRST, "first": first, "last": first + changed - 1,
        },
    )  # fmt: skip
    taken = _take(shop, copies)
    bench.tell(f"backup: incremental, {taken.manifest.stored_bytes / 1e6:,.1f} MB in {taken.seconds:.1f} s")
    if taken.manifest.parent is None:
        raise BenchError("What was asked for as an incremental backup is a full one.")
    return taken


def _measure_slowness(bench: Bench, shop: Shop, *, peak: float) -> Finding:
    """Time orders without a backup and while one runs, in turn: which comes first changes, as the shop grows."""
    each = _EACH if bench.plan.backup_pairs > 1 else 1
    taken: dict[bool, list[steady.Latencies]] = {False: [], True: []}
    for number in range(bench.plan.backup_pairs // each):
        for is_busy in (number % 2 == 1, number % 2 == 0):
            taken[is_busy] += _stretches(bench, shop, rate=peak / 2, each=each, is_busy=is_busy)
    calm, busy = [one.p99_ms for one in taken[False]], [_p99_ms(one) for one in taken[True]]
    ratios = [theirs / alone for theirs, alone in zip(busy, calm, strict=True)]
    return Finding(
        promise=figures.BACKUP_P99, value=statistics.median(ratios),
        measured=f"{spread(busy, '.1f')} ms; pairs {', '.join(f'{ratio:.2f}' for ratio in ratios)}",
        floor=f"{spread(calm, '.1f')} ms at {peak / 2:,.0f}/s",
        raw={
            "ratios": ratios,
            **{name: [asdict(one) for one in taken[is_busy]] for name, is_busy in (("calm", False), ("busy", True))},
        },
    )  # fmt: skip


def _p99_ms(taken: steady.Latencies) -> float:
    """Return what counts: where one was refused or lost, nothing is good enough."""
    return taken.p99_ms if taken.refused + taken.broken == 0 else float("inf")


def _stretches(bench: Bench, shop: Shop, *, rate: float, each: int, is_busy: bool) -> list[steady.Latencies]:
    """Time orders, `each` times; the first time the backup begins, the second time it is in its midst."""
    plan, database = bench.plan, shop.database
    # Left over, this would fall to whichever comes next.
    db.query(database.url, "vacuum (analyze)")
    db.rest(database)
    since = clock.now()
    taken: list[steady.Latencies] = []
    for number in range(each):
        if each > 1:
            # The jobs of a minute make its orders findable, which takes more of a processor than a backup does.
            time.sleep((_MINUTE_S / 2 - time.time()) % _MINUTE_S)
        if is_busy and number == 0:
            since = clock.now()
            db.query(database.url, db.statement("ask_backup"))
        elif is_busy and not _backups(shop, since=since)[1]:
            raise BenchError("The backup was over before orders were timed in its midst.")
        one = steady.run(
            host=shop.host, port=shop.port, rate=rate, connections=plan.steady_connections, skus=plan.skus,
            warm_s=plan.warm_s, measure_s=plan.steady_s,
        )  # fmt: skip
        bench.tell(f"ordering {'while a backup runs' if is_busy else 'without a backup'}: p99 {one.p99_ms:.1f} ms")
        taken.append(one)
    if is_busy:
        _wait_for_asked(shop, since=since)
    return taken


def _backups(shop: Shop, *, since: dt.datetime) -> tuple[int, int, int, int]:
    ((begun, running, broken, drills),) = db.query(shop.database.url, db.statement("backups_since"), {"since": since})
    return begun, running, broken, drills


def _wait_for_asked(shop: Shop, *, since: dt.datetime) -> None:
    """Wait for the backup, and for the drill behind it."""
    deadline = time.monotonic() + _TIMEOUT_S
    while (state := _backups(shop, since=since)) != (1, 0, 0, 1):
        if state[2] or time.monotonic() > deadline:
            raise BenchError(f"The backup that was asked for did not come to its end: {state}.")
        time.sleep(0.5)


def _place_some(shop: Shop, *, skus: int) -> int:
    """Trade for a moment, so that there is a log to replay, and return how many orders are stored then."""
    wrk.run(url=shop.url, connections=16, skus=skus, seconds=1)
    # Behind the last answer, what was answered is on its way for another moment.
    time.sleep(2.0)
    return db.count_orders(shop.database)


def _measure_restore(bench: Bench, home: Path, copies: Path, *, stored: int) -> Finding:
    into = home.with_name("restored")
    key = home / "backups" / "key.txt"
    began = time.monotonic()
    _evertill("restore", "--from", copies, "--key", key, "--into", into)
    fetched = time.monotonic() - began
    with open_shop(into) as shop:
        _order(shop)
        seconds = time.monotonic() - began
        there = db.count_orders(shop.database)
    if there != stored + 1:
        raise CountsDiffer(f"Of {stored} orders {there - 1} came back.")
    bench.tell(f"restore: {stored:,} orders in {fetched:.1f} s, the first order after {seconds:.1f} s")
    promise = replace(
        figures.RESTORE, title=figures.RESTORE.title.replace("1,000,000", f"{bench.plan.backup_orders:,}")
    )
    return Finding(
        promise=promise, value=seconds, measured=f"{seconds:.1f} s, of which {fetched:.1f} s for the restore",
        floor="–", raw={"restore_s": fetched, "orders": stored},
    )  # fmt: skip


def _order(shop: Shop) -> None:
    lines = [{"sku": f"BENCH-{db.SKU_FIRST}", "quantity": 1}]
    body = json.dumps({"lines": lines, "currency": "GBP", "contact": {"email": "buyer@example.org"}})
    with closing(http.client.HTTPConnection(shop.host, shop.port, timeout=30)) as connection:
        headers = {"Content-Type": "application/json", "Idempotency-Key": "restored"}
        connection.request("POST", "/api/v1/orders", body, headers)
        answer = connection.getresponse()
        if answer.status != 201:
            raise BenchError(f"The restored shop answered {answer.status}.")
