"""How quickly the desk's first page knows what a shop with a million orders looks like: `python -m bench.today URL`.

On a database that `python -m bench.million URL` has filled, in this process: what the page asks for is all that it
waits for. Whoever looks may see every figure.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

MS_MAX = 200.0
ROUNDS = 100
_SHOWN_MS = 1.0


def main() -> int:
    """This function will look at the day, say how long each statement took, and return 1 beyond what p95 may be."""
    parser = argparse.ArgumentParser(prog="python -m bench.today", description=__doc__)
    parser.add_argument("url", help="address of the database, as the role that owns its tables")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="looks (%(default)s)")
    asked = parser.parse_args()
    os.environ |= {
        "DATABASE_URL": asked.url,
        "EVERTILL_SECRET": "bench" * 10,
        "DJANGO_SETTINGS_MODULE": "evertill.entry.site.settings",
    }
    import django  # noqa: PLC0415 — only now are there settings.

    django.setup()
    return int(measure(rounds=asked.rounds) > MS_MAX)


def measure(*, rounds: int) -> float:
    """This function will look at the last day that has orders, as late as it goes; returns the p95 in ms."""
    from evertill.domains.trail import Actor, ActorKind  # noqa: PLC0415 — as above.
    from evertill.journeys.look_at_today import look_at_today  # noqa: PLC0415
    from evertill.journeys.permitted import Asker  # noqa: PLC0415
    from evertill.kernel import db  # noqa: PLC0415

    ((last,),) = db.fetch("select max(placed_at) from orders_order")
    now = last + dt.timedelta(minutes=1)
    asker = Asker(actor=Actor(kind=ActorKind.OPERATOR, id="bench"))
    today = look_at_today(asker=asker, now=now)
    print(f"{today.day}: {today.sold.orders:,} orders today, {today.week_ago.orders:,} a week ago by this time")
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        look_at_today(asker=asker, now=now)
        took.append(1000 * (time.perf_counter() - began))
    p95 = statistics.quantiles(took, n=20)[-1]
    print(f"today: n={rounds}  p50 {statistics.median(took):.1f}  p95 {p95:.1f}  max {max(took):.1f} ms")
    for name, ms in _by_statement(lambda: look_at_today(asker=asker, now=now), rounds=rounds):
        print(f"    {ms:8.2f} ms  {name}")
    return p95


def _by_statement(look: Callable[[], Any], *, rounds: int) -> list[tuple[str, float]]:
    """Return the statements that take a while, each with its median in ms, the longest first."""
    from evertill.kernel import db  # noqa: PLC0415

    spent: dict[str, list[float]] = defaultdict(list)
    whole = db.fetch

    def timed(statement: Any, *args: Any, **named: Any) -> list[Any]:  # noqa: ANN401
        began = time.perf_counter()
        rows = whole(statement, *args, **named)
        spent[" ".join(statement.split())[:90]].append(1000 * (time.perf_counter() - began))
        return rows

    db.fetch = timed
    try:
        for _ in range(rounds):
            look()
    finally:
        db.fetch = whole
    each = [(name, statistics.median(ms)) for name, ms in spent.items()]
    return sorted((one for one in each if one[1] >= _SHOWN_MS), key=lambda one: -one[1])


if __name__ == "__main__":
    raise SystemExit(main())
