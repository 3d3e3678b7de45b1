"""How quickly staff find an order among a million: mixed searches, by a seed, in this process on a filled database.

`python -m bench.searching URL` after `python -m bench.million URL`; and then, with `--alike`, by what customers and
orders have in common after they were made alike, most of it beside a currency that none has: so that nothing fits.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import psycopg

from bench.database import query, statement

SEED = 20261126
ROUNDS = 40

# Searches by a seed, so many of each kind: what kind each is, and what is searched.
Samples = Callable[[random.Random, int], list[tuple[str, dict[str, Any]]]]


def main() -> None:
    """This function will make the orders findable, search them by a seed, and print how long each kind took."""
    parser = argparse.ArgumentParser(prog="python -m bench.searching", description=__doc__)
    parser.add_argument("url", help="address of the database, as the role that owns its tables")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="searches of each kind (%(default)s)")
    parser.add_argument("--alike", action="store_true", help="make customers and orders alike, and search by that")
    asked = parser.parse_args()
    os.environ |= {
        "DATABASE_URL": asked.url,
        "EVERTILL_SECRET": "bench" * 10,
        "DJANGO_SETTINGS_MODULE": "evertill.entry.site.settings",
    }
    import django  # noqa: PLC0415 — only now are there settings.

    django.setup()
    _make_findable()
    if asked.alike:
        _make_alike(asked.url)
    measure(draw=random.Random(asked.seed), rounds=asked.rounds, samples=_alike if asked.alike else _samples)


def measure(*, draw: random.Random, rounds: int, samples: Samples) -> None:
    """This function will time searches and print p50, p95 and the worst of each kind, and of all."""
    from evertill.journeys.search_orders import Search, find  # noqa: PLC0415 — as above.
    from evertill.kernel import clock  # noqa: PLC0415

    now = clock.now()
    asked = samples(draw, rounds)
    took: dict[str, list[float]] = defaultdict(list)
    for kind, search in draw.sample(asked, len(asked)):
        start = time.monotonic()
        page = find(search=Search(**search), behind=None, limit=50, now=now)
        took[kind].append(1000 * (time.monotonic() - start))
        if kind in _MUST_FIND and not page.orders:
            raise SystemExit(f"{kind} {search} found nothing")
    for kind in sorted(took):
        _tell(kind, took[kind])
    _tell("ALL", [one for some in took.values() for one in some])


def _make_findable() -> None:
    from evertill.domains import orders  # noqa: PLC0415 — as above.
    from evertill.kernel import clock, db  # noqa: PLC0415

    now = clock.now()
    began = time.monotonic()
    made = 0
    while count := orders.make_findable(now=now, limit=5_000):
        made += count
    if made:
        print(f"{made:,} orders made findable in {time.monotonic() - began:.0f} s")
        for table in ("orders_found", "accounts_account"):
            with db.raw().cursor() as cursor:
                cursor.execute(f"vacuum analyze {table}")


def _make_alike(url: str) -> None:
    """Make customers and orders alike, unless they are."""
    if query(url, "select id from accounts_account where id = 1"):
        return
    began = time.monotonic()
    with psycopg.connect(url, autocommit=True, application_name="bench") as connection:
        connection.execute("set maintenance_work_mem = '256MB'")
        connection.execute(statement("alike"))
        connection.execute("vacuum (analyze) orders_order, orders_found, accounts_account")
    print(f"made alike in {time.monotonic() - began:.0f} s")


def _tell(kind: str, took: list[float]) -> None:
    p95 = statistics.quantiles(took, n=20)[-1] if len(took) > 1 else took[0]
    print(f"{kind:28} n={len(took):4}  p50 {statistics.median(took):7.1f}  p95 {p95:7.1f}  max {max(took):7.1f} ms")


_MUST_FIND = (
    "number",
    "number's beginning",
    "e-mail",
    "part of an e-mail",
    "phone tail",
    "amount",
    "payment",
    "name",
    "shared name",
    "shared amount",
    "one big customer",
)


def _samples(draw: random.Random, rounds: int) -> list[tuple[str, dict[str, Any]]]:
    from evertill.domains.orders import SearchFilters, State  # noqa: PLC0415
    from evertill.kernel import db, ids  # noqa: PLC0415

    rows = db.fetch(
        "select id, email, phone, total, currency, placed_at, account_id"
        " from orders_order tablesample system (0.5) repeatable (1)"
    )
    refs = [
        ref for (ref,) in db.fetch("select provider_id from payments_intent tablesample system (0.2) repeatable (1)")
    ]
    names = [name for (name,) in db.fetch("select display_name from accounts_account order by id limit 2000")]

    def one() -> Any:  # noqa: ANN401
        return draw.choice(rows)

    def with_phone() -> str:
        return str(next(row for row in iter(one, None) if row[2])[2])

    def part(text: str) -> str:
        begin = draw.randrange(max(len(text) - 6, 1))
        return text[begin : begin + draw.randint(4, 8)]

    def long_ago() -> dt.datetime:
        moment: dt.datetime = one()[5]
        return moment

    makers: dict[str, Callable[[], dict[str, Any]]] = {
        "number": lambda: {"text": ids.to_number(one()[0]).lower()},
        "number's beginning": lambda: {"text": ids.to_number(one()[0])[: draw.randint(4, 11)]},
        "e-mail": lambda: {"text": one()[1].upper()},
        "part of an e-mail": lambda: {"text": part(one()[1])},
        "a host": lambda: {"text": one()[1].split("@")[1]},
        "phone tail": lambda: {"text": with_phone()[-draw.randint(4, 7) :]},
        "amount": lambda: {"text": f"{one()[3] / 100:.2f}"},
        "amount with sign": lambda: {"text": f"€{one()[3] / 100:.2f}"},
        "payment": lambda: {"text": draw.choice(refs)},
        "name": lambda: {"text": draw.choice(names)},
        "family name": lambda: {"text": draw.choice(names).split()[1]},
        "name and amount": lambda: {"text": f"{draw.choice(names).split()[0]} {one()[3] / 100:.2f}"},
        "e-mail part and day": lambda: {"text": f"{one()[1][:6]} {long_ago():%Y-%m-%d}"},
        "nothing at all": lambda: {"text": "zzyzx"},
        "a day": lambda: {"text": f"{long_ago():%Y-%m-%d}"},
        "state and span": lambda: {
            "filters": SearchFilters(
                states=(draw.choice(list(State)),), since=(day := long_ago()), until=day + dt.timedelta(days=7)
            )
        },
        "state": lambda: {"filters": SearchFilters(states=(draw.choice(list(State)),))},
        "amount span, currency": lambda: {
            "filters": SearchFilters(total_min=(low := one()[3]), total_max=low + 10, currency="CNY")
        },
        "method": lambda: {"method": draw.choice(("stripe", "alipay.qr", "wechat", "sandbox"))},
    }
    return [(kind, make()) for kind, make in makers.items() for _ in range(rounds)]


def _alike(_draw: random.Random, rounds: int) -> list[tuple[str, dict[str, Any]]]:
    from evertill.domains.orders import SearchFilters  # noqa: PLC0415
    from evertill.kernel import db  # noqa: PLC0415

    nobody = SearchFilters(currency="XXX")
    ((customer,),) = db.fetch(
        "select address from accounts_address"
        " where kind = 'EMAIL' and account_id = (select max(id) from accounts_account)"
    )
    kinds: dict[str, dict[str, Any]] = {
        "shared name": {"text": "customer"},
        "shared name, nothing fits": {"text": "customer", "filters": nobody},
        "shared name and part of another": {"text": "customer ann", "filters": nobody},
        "shared part of hosts, nothing fits": {"text": "example.", "filters": nobody},
        "host of the oldest": {"text": "once.example"},
        "host of the oldest, nothing fits": {"text": "once.example", "filters": nobody},
        "shared signs, together in none": {"text": "example.once"},
        "shared digits, nothing fits": {"text": "+4917", "filters": nobody},
        "shared amount": {"text": "49.99"},
        "shared amount, nothing fits": {"text": "49.99", "filters": nobody},
        "all amounts, nothing fits": {"filters": SearchFilters(total_min=0, total_max=10**7, currency="XXX")},
        "one big customer": {"text": customer},
        "one big customer, nothing fits": {"text": customer, "filters": nobody},
        "nothing fits": {"filters": nobody},
        "a method that none has": {"method": "none"},
    }
    return [(kind, search) for kind, search in kinds.items() for _ in range(rounds)]


if __name__ == "__main__":
    main()
