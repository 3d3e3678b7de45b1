"""What two statements cost each batch of payments from balances: `python -m bench.paid_extras`, about two minutes.

One reads from which total on orders are reviewed (`preferences.number`), one notes which codes are owed
(`fulfilment.ask_to_note_due`). The same orders are paid with and without each, in turn, by one process and its own
connection; told is the processor time of both per order, the least of some rounds, since other work only adds to it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from bench import database as db
from bench.database import SKU_FIRST
from bench.errors import BenchError
from bench.shop import folder, open_shop

_BATCHES = (1, 16, 256)
_ORDERS = {1: 512, 16: 1024, 256: 4096}
_TIMEOUT_S = 900


def _measure(rounds: int) -> None:
    """Pay orders of the shop of the environment, with and without; print what each costs."""
    import django  # noqa: PLC0415 — this half runs in a process of its own, whose environment is the shop's.

    django.setup()
    from evertill.domains import fulfilment, preferences  # noqa: PLC0415
    from evertill.kernel import db as shop_db  # noqa: PLC0415
    from evertill.kernel import log  # noqa: PLC0415
    from evertill.outside.connect import connect  # noqa: PLC0415

    log.set_up(process="bench")
    connect()
    ((pid,),) = shop_db.fetch("select pg_backend_pid()")
    purse = _purse()
    ways: dict[str, Callable[[], Any]] = {
        "as it is": lambda: _left_out(preferences, "nothing", None),
        "without the preference": lambda: _left_out(preferences, "number", lambda _name: 0),
        "without codes": lambda: _left_out(fulfilment, "ask_to_note_due", lambda **_asked: _Nothing()),
    }
    for batch in _BATCHES:
        least = dict.fromkeys(ways, float("inf"))
        for _ in range(rounds):
            for name, way in ways.items():
                with way():
                    least[name] = min(least[name], _pay(pid, purse, batch))
        for name, ms in least.items():
            print(f"batches of {batch:>3}, {name}: {ms * 1000:.0f} µs of processor an order")


class _Nothing:
    """The answer to a statement that was left out."""

    def get(self) -> None:
        """This function will return nothing."""


@contextmanager
def _left_out(module: ModuleType, name: str, instead: object) -> Iterator[None]:
    before = getattr(module, name, None)
    if before is not None:
        setattr(module, name, instead)
    try:
        yield
    finally:
        if before is not None:
            setattr(module, name, before)


def _pay(backend: int, purse: str, batch: int) -> float:
    """Place orders, and return the milliseconds of processor that paying one takes, the database's among them."""
    from evertill.journeys import pay_from_balance as paying  # noqa: PLC0415 — as above.
    from evertill.kernel import clock  # noqa: PLC0415

    asked = [
        paying.ask_to_pay(order_id=order_id, method="balance.instant", balance_token=purse, actor="bench", key=b"1")
        for order_id in _place(_ORDERS[batch])
    ]
    spent = -_spent(backend)
    for first in range(0, len(asked), batch):
        outcomes = paying.pay_from_balance([one for one in asked[first : first + batch] if one], now=clock.now())
        if not all(isinstance(one, paying.Paid) for one in outcomes):
            raise BenchError(f"An order was not paid: {outcomes[0]}")
    return (spent + _spent(backend)) * 1000 / len(asked)


def _spent(backend: int) -> float:
    """The seconds of processor that this process and its connection have used."""
    # psutil counts in hundredths of a second, which is more than a batch takes.
    nanoseconds = int(Path(f"/proc/{backend}/schedstat").read_text(encoding="ascii").split()[0])
    return time.process_time() + nanoseconds / 1e9


def _place(count: int) -> list[int]:
    from evertill.journeys import place_orders as placing  # noqa: PLC0415 — as above.
    from evertill.kernel import clock, crypto  # noqa: PLC0415

    now = clock.now()
    asked = [
        placing.PlaceOrder(
            key_digest=placing.digest_key(caller="bench", key=f"{now.timestamp()} {number}".encode()),
            body_digest=crypto.fingerprint(b"paid"),
            lines=[placing.AskedLine(sku=f"BENCH-{SKU_FIRST + number % 100}", quantity=1)],
            currency="GBP",
            email="buyer@example.org",
        )
        for number in range(count)
    ]
    placed = [
        one for first in range(0, count, 256) for one in placing.place_orders(asked[first : first + 256], now=now)
    ]
    return [one.order.id for one in placed if isinstance(one, placing.Placed)]


def _purse() -> str:
    from evertill.domains.trail import Actor, ActorKind  # noqa: PLC0415 — as above.
    from evertill.journeys import keep_balance  # noqa: PLC0415
    from evertill.journeys.permitted import Asker  # noqa: PLC0415
    from evertill.kernel import clock  # noqa: PLC0415
    from evertill.kernel.money import Money  # noqa: PLC0415

    asker = Asker(actor=Actor(kind=ActorKind.OPERATOR, id="bench"))
    opened = keep_balance.open_balance(currency="GBP", asker=asker, now=clock.now())
    keep_balance.top_up_balance(
        balance_id=opened.balance.id, amount=Money(amount=10**12, currency="GBP"), by="transfer", reference="bench",
        asker=asker, now=clock.now(),
    )  # fmt: skip
    return opened.token


def main() -> None:
    """This function will open a shop, and print what paying costs in it with and without."""
    parser = argparse.ArgumentParser(prog="python -m bench.paid_extras", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of which the least counts (%(default)s)")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        _measure(asked.rounds)
        return
    with folder(None) as home, open_shop(home / "shop") as shop:
        db.stock_goods(shop.database, count=100)
        words = [sys.executable, "-m", "bench.paid_extras", "--measure", "--rounds", str(asked.rounds)]
        done = subprocess.run(words, env=shop.environment(), timeout=_TIMEOUT_S, check=False)
    if done.returncode:
        raise BenchError("It could not be measured.")


if __name__ == "__main__":
    main()
