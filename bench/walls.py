"""What the second wall costs whoever reads: `python -m bench.walls`.

Two shops on one machine, one whose database shows customers their own rows alone (decision 0024), and one without: its
tables have no row-level security, and its role cannot become the visitor, so it reads as a shop before the walls did.
Both are asked in turn for the same kind of order, over the API and as its page, on one connection each, a few requests
at a time, so that whatever else the machine does comes to both. How long an answer takes depends on that all the same;
the processor time, which is told with it, hardly does.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import psycopg

from bench import database as db
from bench.database import SKU_FIRST
from bench.errors import BenchError
from bench.processes import cpu_s
from bench.shop import Shop, folder, open_shop
from evertill.journeys.see_own import ROLE
from evertill.kernel.embedded import SHOP_ROLE

ORDERS = 200
P95_MORE_MAX = 0.10
_WARM = 300
_SKUS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody who reads orders of one shop, over a connection that stays open, and how long each took, in ms."""

    line: http.client.HTTPConnection
    paths: Sequence[str]
    took: list[float] = field(default_factory=list)

    def read(self, count: int) -> None:
        """This function will read so many orders, one after the other; raises BenchError for one that is not shown."""
        for number in range(count):
            began = time.perf_counter()
            self.line.request("GET", self.paths[(len(self.took) + number) % len(self.paths)])
            answer = self.line.getresponse()
            answer.read()
            if answer.status != http.client.OK:
                raise BenchError(f"An order was answered with {answer.status}.")
            self.took.append((time.perf_counter() - began) * 1000)


def take_walls_away(shop: Shop) -> None:
    """This function will make a shop's database show everything to everybody who may read it, as before the walls."""
    with psycopg.connect(shop.database.admin_url, autocommit=True) as connection:
        walled = connection.execute("select oid::regclass::text from pg_class where relrowsecurity").fetchall()
        for (table,) in walled:
            for part in ("no force row level security", "disable row level security"):
                connection.execute(f"alter table {table} {part}".encode())
        connection.execute(f"revoke {ROLE} from {SHOP_ROLE}".encode())


def measure(
    *, asks: int, rounds: int, at_once: int, tell: Callable[[str], None]
) -> dict[str, tuple[list[float], list[float]]]:
    """This function will return, for the API and for the page, how long each reading took with the wall and without."""
    found: dict[str, tuple[list[float], list[float]]] = {}
    with folder(None) as home, ExitStack() as stack:
        shops = [stack.enter_context(open_shop(home / name)) for name in ("walled", "open")]
        # Before anybody reads: a process asks once whether it can become the visitor.
        take_walls_away(shops[1])
        orders = [_place(shop) for shop in shops]
        for kind in ("api", "page"):
            walled, bare = (_reader(shop, kind, placed) for shop, placed in zip(shops, orders, strict=True))
            for reader in (walled, bare):
                reader.read(_WARM)
                reader.took.clear()
            before = [cpu_s([shop.pid]) for shop in shops]
            for turn in range(rounds):
                for _ in range(asks // at_once):
                    for reader in (walled, bare) if turn % 2 else (bare, walled):
                        reader.read(at_once)
            found[kind] = walled.took, bare.took
            tell(told(kind, walled.took, bare.took))
            one, other = (
                (cpu_s([shop.pid]) - used) * 1000 / len(bare.took) for shop, used in zip(shops, before, strict=True)
            )
            tell(f"{kind}: processor time of the shop: {one:.3f} / {other:.3f} ms a reading ({more(one, other):+.1%})")
    return found


def told(kind: str, walled: Sequence[float], bare: Sequence[float]) -> str:
    """This function will say what both took, and how much more the walled one."""
    parts = []
    for percent in (50, 95, 99):
        one, other = _percentile(walled, percent), _percentile(bare, percent)
        parts.append(f"p{percent} {one:.2f} / {other:.2f} ms ({more(one, other):+.1%})")
    return f"{kind}: with the wall / without: {', '.join(parts)}; {len(walled):,} readings each"


def more(one: float, other: float) -> float:
    """This function will return by which part of the second the first is longer."""
    return one / other - 1


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


def _place(shop: Shop) -> list[tuple[str, str]]:
    """Place orders, and return their numbers and tokens."""
    db.stock_goods(shop.database, count=_SKUS)
    line = http.client.HTTPConnection(shop.host, shop.port)
    placed = []
    for number in range(ORDERS):
        lines = [{"sku": f"BENCH-{SKU_FIRST + (number + at) % _SKUS}", "quantity": 1 + at} for at in range(3)]
        body = json.dumps({"lines": lines, "currency": "GBP", "contact": {"email": "buyer@example.org"}})
        head = {"Content-Type": "application/json", "Idempotency-Key": f"walls-{number}"}
        line.request("POST", "/api/v1/orders", body, head)
        answer = line.getresponse()
        said = json.loads(answer.read())
        if answer.status != http.client.CREATED:
            raise BenchError(f"An order was answered with {answer.status}: {said}")
        placed.append((said["number"], said["access_token"]))
    with psycopg.connect(shop.database.admin_url, autocommit=True) as connection:
        connection.execute("vacuum (analyze)")
    return placed


def _reader(shop: Shop, kind: str, placed: Sequence[tuple[str, str]]) -> Reader:
    form = "/api/v1/orders/{}?access_token={}" if kind == "api" else "/en/orders/{}?access_token={}"
    return Reader(line=http.client.HTTPConnection(shop.host, shop.port), paths=[form.format(*one) for one in placed])


def main() -> int:
    """This function will measure, and return 1 when the wall costs more than is allowed at the 95th percentile."""
    parser = argparse.ArgumentParser(prog="python -m bench.walls", description=__doc__)
    parser.add_argument("--asks", type=int, default=500, help="readings of each shop in a round (%(default)s)")
    parser.add_argument("--rounds", type=int, default=16, help="rounds (%(default)s)")
    parser.add_argument("--at-once", type=int, default=20, help="readings before it is the other's turn (%(default)s)")
    asked = parser.parse_args()
    found = measure(asks=asked.asks, rounds=asked.rounds, at_once=asked.at_once, tell=print)
    return int(any(more(_percentile(a, 95), _percentile(b, 95)) > P95_MORE_MAX for a, b in found.values()))


if __name__ == "__main__":
    raise SystemExit(main())
