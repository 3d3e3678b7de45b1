"""What looking costs: a page's weight and speed in a browser, its time in the server, and what orders feel of it."""

from __future__ import annotations

import http.client
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench import database as db
from bench import figures
from bench.errors import BenchError
from bench.figures import Finding
from bench.load import steady
from bench.measures import Bench, spread
from bench.shop import Shop, open_shop

HOME, CATEGORY, PRODUCT = "/en/", "/en/categories/tea", "/en/products/night-shift-oolong"
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# It visits the shop and calls nobody else; its sandbox needs rights that root in a container does not have.
_WORDS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
_PHONE = {"width": 390, "height": 844}
# Largest Contentful Paint (W3C): the last of its entries before anybody touches the page.
_PAINTED = """() => new Promise((done) => {
  let last = 0;
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) last = entry.startTime; })
    .observe({ type: "largest-contentful-paint", buffered: true });
  setTimeout(() => done(last), 600);
})"""
_VIEWS_PER_S = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One visit with an empty cache: requests, bytes over the wire, milliseconds until the largest part was painted."""

    requests: int
    bytes: int
    painted_ms: float


def measure_pages(bench: Bench, *, peak: float) -> list[Finding]:
    """This function will weigh and time pages of a demo shop, and then orders beside page views in the shop itself."""
    with open_shop(
        bench.shop.folder.with_name("browsed"), settings={"EVERTILL_CATALOG_FRESH_S": "0"}, words=("--demo",)
    ) as demo:
        visits = _visit(demo, times=bench.plan.visits)
        served = {path: _serve(demo, path, times=bench.plan.looks) for path in (HOME, CATEGORY, PRODUCT)}
    product, home = visits[PRODUCT], visits[HOME]
    slowest = max(served, key=lambda path: statistics.median(served[path]))
    painted = {path: [visit.painted_ms / 1e3 for visit in some] for path, some in visits.items()}
    last = max(painted, key=lambda path: statistics.median(painted[path]))
    weight = statistics.median(visit.bytes for visit in product) / 1e3
    requests = max(visit.requests for visit in product)
    bench.tell(f"product page: {weight:.1f} kB in {requests} requests; painted after {painted[last]} s at the latest")
    raw = {"product": [asdict(visit) for visit in product], "home": [asdict(visit) for visit in home]}
    return [
        Finding(promise=figures.PAGE_WEIGHT, value=weight, measured=f"{weight:.1f} kB", floor="–", raw=raw),
        Finding(promise=figures.PAGE_REQUESTS, value=requests, measured=str(requests), floor="–"),
        Finding(
            promise=figures.PAGE_PAINTED,
            value=statistics.median(painted[last]),
            measured=f"{spread(painted[last], '.2f')} s ({last})",
            floor="–",
        ),
        Finding(
            promise=figures.PAGE_SERVED,
            value=statistics.median(served[slowest]),
            measured=f"{statistics.median(served[slowest]):.2f} ms ({slowest})",
            floor="–",
            raw={"p50_ms": {path: statistics.median(some) for path, some in served.items()}},
        ),
        _beside(bench, peak=peak),
    ]


def _visit(shop: Shop, *, times: int) -> dict[str, list[Visit]]:
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        raise BenchError("Pages are measured by Chromium, which is not installed: sudo apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_WORDS))
        try:
            return {path: [_visit_once(browser, f"{shop.url}{path}") for _ in range(times)] for path in (HOME, PRODUCT)}
        finally:
            browser.close()


def _visit_once(browser: Browser, address: str) -> Visit:
    context = browser.new_context(viewport=_PHONE, locale="en-GB")  # type: ignore[arg-type]
    try:
        page = context.new_page()
        told = context.new_cdp_session(page)
        told.send("Network.enable")
        sizes: list[float] = []
        told.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        answer = page.goto(address, wait_until="load")
        if answer is None or answer.status != 200:
            raise BenchError(f"{address} answered {answer.status if answer else 'nothing'}.")
        painted: float = page.evaluate(_PAINTED)
        return Visit(requests=len(sizes), bytes=int(sum(sizes)), painted_ms=painted)
    finally:
        context.close()


def _serve(shop: Shop, path: str, *, times: int) -> list[float]:
    """Return the milliseconds of looks at a page, one after the other over one connection; each is made anew."""
    connection = http.client.HTTPConnection(shop.host, shop.port, timeout=10)
    taken = []
    for number in range(times + times // 5):
        began = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise BenchError(f"{path} answered {answer.status}.")
        # The first ones load templates and plans.
        if number >= times // 5:
            taken.append((time.perf_counter() - began) * 1e3)
    connection.close()
    return taken


def _beside(bench: Bench, *, peak: float) -> Finding:
    """Ask for orders at half the peak, in turn alone and beside page views; which comes first changes each round."""
    pairs = []
    for number in range(1, bench.plan.rounds + 1):
        p99 = {}
        for is_beside in (True, False) if number % 2 else (False, True):
            db.reset(bench.shop.database)
            with _viewed(bench) if is_beside else _unviewed() as views:
                one = steady.run(
                    host=bench.shop.host, port=bench.shop.port, rate=peak / 2,
                    connections=bench.plan.steady_connections, skus=bench.plan.skus,
                    warm_s=bench.plan.warm_s, measure_s=bench.plan.measure_s,
                )  # fmt: skip
            p99[is_beside] = one.p99_ms
            bench.tell(
                f"round {number}: p99 {one.p99_ms:.1f} ms {'beside page views' if is_beside else 'alone'}"
                f" {views or ''}; {one.refused + one.broken} refused or lost"
            )
        pairs.append((p99[True], p99[False]))
    ratios = [beside / alone for beside, alone in pairs]
    return Finding(
        promise=figures.PAGE_BESIDE,
        value=statistics.median(ratios),
        measured=f"{spread([beside for beside, _ in pairs], '.1f')} ms",
        floor=f"{spread([alone for _, alone in pairs], '.1f')} ms, at {peak / 2:,.0f}/s",
        raw={"pairs_ms": pairs, "views_per_s": _VIEWS_PER_S},
    )


@contextmanager
def _unviewed() -> Iterator[dict[str, Any]]:
    yield {}


@contextmanager
def _viewed(bench: Bench) -> Iterator[dict[str, Any]]:
    """Have pages looked at while the block runs; it fails when they were not."""
    seconds = bench.plan.warm_s + bench.plan.measure_s + 1
    words: Sequence[str] = (
        bench.shop.host,
        str(bench.shop.port),
        str(_VIEWS_PER_S),
        str(seconds),
        HOME,
        "/en/?q=BENCH",
    )
    process = subprocess.Popen([sys.executable, "-m", "bench.load.views", *words], stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = {}
    try:
        yield told
        said, _ = process.communicate(timeout=30)
        told.update(json.loads(said))
        if told["failed"] or not told["seen"]:
            raise BenchError(f"Page views beside orders failed: {told}.")
    finally:
        process.kill()
        process.wait()
