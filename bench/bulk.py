"""How long one thing of a bulk takes: `python -m bench.bulk [--things 1000]`, about a minute.

A shop is opened as anybody opens it; in turn some alerts are closed, some unpaid orders cancelled, some prices raised,
and some products given a text, each in one bulk, by its own job worker, with nothing else going on. The pace is that
between the first thing that was done and the last; processor time is that of all of the shop's processes, its database
among them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from decimal import Decimal
from typing import TYPE_CHECKING

from bench import database as db
from bench import processes
from bench.database import SKU_FIRST
from bench.errors import BenchError
from bench.shop import Shop, folder, open_shop

if TYPE_CHECKING:
    from evertill.journeys.bulk_item import Target
    from evertill.journeys.permitted import Asker

_OPERATIONS = ("alerts.close-many", "orders.cancel-many", "prices.change-many", "catalog.edit-many")
_WAIT_S = 600


def measure(*, things: int) -> dict[str, tuple[float, float]]:
    """This function will return for each operation what one thing takes, in ms by the clock and of processor."""
    with folder(None) as home, open_shop(home / "shop") as shop:
        db.stock_goods(shop.database, count=things)
        return {name: _run(shop, name, things) for name in _OPERATIONS}


def _run(shop: Shop, operation: str, things: int) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.bulk", "--things", str(things), "--do", operation,
         "--shop", str(shop.pid)],
        env=shop.environment(), capture_output=True, text=True, timeout=_WAIT_S, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BenchError(f"The bulk could not be done:\n{done.stderr.strip()}")
    clock_ms, processor_ms = json.loads(done.stdout)
    return clock_ms, processor_ms


def _do(operation: str, things: int, shop_pid: int) -> tuple[float, float]:
    """Make and begin one bulk in the shop of the environment, wait until it has ended, and return what one took."""
    import time  # noqa: PLC0415 — this half runs in a process of its own, whose environment is the shop's.

    import django  # noqa: PLC0415

    django.setup()
    from evertill.domains import bulk  # noqa: PLC0415
    from evertill.domains.trail import Actor, ActorKind  # noqa: PLC0415
    from evertill.journeys.bulk_item import Target  # noqa: PLC0415
    from evertill.journeys.make_bulk import confirm_bulk, make_bulk  # noqa: PLC0415
    from evertill.journeys.permitted import Asker  # noqa: PLC0415
    from evertill.kernel import clock, log  # noqa: PLC0415

    # Standard output is for the answer.
    log.set_up(process="bench")
    asker = Asker(actor=Actor(kind=ActorKind.OPERATOR, id="bench"))
    if operation == _OPERATIONS[2]:
        targets = _raise_prices(asker, things)
    elif operation == _OPERATIONS[3]:
        targets = _tell_more(things)
    else:
        subjects = _make_alerts(things) if operation == _OPERATIONS[0] else _make_orders(things)
        targets = [Target(subject=subject) for subject in subjects]
    made = make_bulk(asker=asker, operation=operation, targets=targets, why="bench", now=clock.now())
    spent_s = -processes.cpu_s([shop_pid])
    confirm_bulk(asker=asker, bulk_id=made.id, now=clock.now())
    deadline = time.monotonic() + _WAIT_S / 2
    while made.id in bulk.read_running(limit=10):
        if time.monotonic() > deadline:
            raise BenchError("The bulk did not end.")
        time.sleep(0.2)
    spent_s += processes.cpu_s([shop_pid])
    ended = [item.ended_at for item in bulk.read_items(bulk_id=made.id, state="DONE", limit=things)]
    if len(ended) != things:
        raise BenchError(f"Of {things} things {len(ended)} were done.")
    moments = sorted(moment for moment in ended if moment is not None)
    # Those that are done together have one moment, that at which they were begun.
    before_last = sum(moment < moments[-1] for moment in moments)
    return (moments[-1] - moments[0]).total_seconds() * 1000 / before_last, spent_s * 1000 / things


def _make_alerts(count: int) -> list[str]:
    from evertill.domains import incidents  # noqa: PLC0415 — as above.
    from evertill.kernel import clock, db  # noqa: PLC0415

    with db.write():
        for number in range(count):
            incidents.raise_alert(kind="BENCH", subject=str(number), detail="", now=clock.now())
    return [str(alert.id) for alert in incidents.read_open_alerts(limit=count)]


def _make_orders(count: int) -> list[str]:
    from evertill.journeys import place_orders as placing  # noqa: PLC0415 — as above.
    from evertill.kernel import clock, crypto, ids  # noqa: PLC0415

    numbers = []
    for first in range(0, count, 200):
        asked = [
            placing.PlaceOrder(
                key_digest=placing.digest_key(caller="bench", key=f"bulk-{number}".encode()),
                body_digest=crypto.fingerprint(b"bulk"),
                lines=[placing.AskedLine(sku=f"BENCH-{SKU_FIRST}", quantity=1)],
                currency="GBP",
                email="buyer@example.org",
            )
            for number in range(first, min(first + 200, count))
        ]
        for outcome in placing.place_orders(asked, now=clock.now()):
            if not isinstance(outcome, placing.Placed):
                raise BenchError(f"An order was not placed: {outcome}")
            numbers.append(ids.to_number(outcome.order.id))
    return numbers


def _raise_prices(asker: Asker, count: int) -> list[Target]:
    from evertill.journeys.reprice_many import targets_by_percent  # noqa: PLC0415 — as above.
    from evertill.kernel import clock  # noqa: PLC0415

    targets = targets_by_percent(
        asker=asker, currency="GBP", search="BENCH-", percent=Decimal(5), step=1, now=clock.now()
    )
    if len(targets) != count:
        raise BenchError(f"Of {count} prices {len(targets)} would change.")
    return targets


def _tell_more(count: int) -> list[Target]:
    from evertill.domains import catalog  # noqa: PLC0415 — as above.
    from evertill.journeys.edit_many_products import edit_of  # noqa: PLC0415

    slugs = [one.slug for one in catalog.find_homes(skus=[f"BENCH-{SKU_FIRST + n}" for n in range(count)]).values()]
    cards = catalog.editing.read_cards(slugs=slugs)
    wanted = {"text:en": "It is good for a long time, and for many a day. " * 20}
    return [
        edit_of(subject=slug, label="", slug=slug, seen=cards[slug].values, wanted=wanted) for slug in sorted(cards)
    ]


def main() -> None:
    """This function will print what one thing takes, by operation."""
    parser = argparse.ArgumentParser(prog="python -m bench.bulk", description=__doc__)
    parser.add_argument("--things", type=int, default=1000, help="things in each bulk (%(default)s)")
    parser.add_argument("--do", choices=_OPERATIONS, help=argparse.SUPPRESS)
    parser.add_argument("--shop", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.do:
        print(json.dumps(_do(asked.do, asked.things, asked.shop)))
        return
    for name, (clock_ms, processor_ms) in measure(things=asked.things).items():
        print(f"{name}: {clock_ms:.1f} ms a thing, {processor_ms:.1f} ms of processor, {asked.things} in one bulk")


if __name__ == "__main__":
    main()
