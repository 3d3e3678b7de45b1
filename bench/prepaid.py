"""Prepaid accounts to pay from, kept by the shop's own journeys in a process that has the shop's secret.

`python -m bench.prepaid open 200` opens accounts and prints their tokens; `python -m bench.prepaid fund` puts money on
all of them, once for each state of the ledger.
"""

from __future__ import annotations

import subprocess
import sys

from bench.errors import BenchError
from bench.shop import Shop

ACCOUNTS = 200
# No run of the bench can spend so much: 10 thousand million pounds on each.
_PENCE = 10**12


def open_accounts(shop: Shop, *, count: int = ACCOUNTS) -> list[str]:
    """This function will open prepaid accounts in a running shop and return their tokens."""
    return _run(shop, "open", str(count)).split()


def fund(shop: Shop) -> None:
    """This function will put money on every prepaid account of a shop."""
    _run(shop, "fund")


def _run(shop: Shop, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bench.prepaid", *arguments],
        env=shop.environment(), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BenchError(f"The prepaid accounts could not be made:\n{done.stderr.strip()}")
    return done.stdout


def _main(verb: str, *arguments: str) -> None:
    import django  # noqa: PLC0415 — this half runs in a process of its own, whose environment is the shop's.

    django.setup()
    from django.db import connection  # noqa: PLC0415

    from evertill.domains.trail import Actor, ActorKind  # noqa: PLC0415
    from evertill.journeys import keep_balance  # noqa: PLC0415
    from evertill.journeys.permitted import Asker  # noqa: PLC0415
    from evertill.kernel import clock, ids, log  # noqa: PLC0415
    from evertill.kernel.money import Money  # noqa: PLC0415

    # Standard output is for the answer.
    log.set_up(process="bench")
    asker = Asker(actor=Actor(kind=ActorKind.OPERATOR, id="bench"))
    if verb == "open":
        for _ in range(int(arguments[0])):
            print(keep_balance.open_balance(currency="GBP", asker=asker, now=clock.now()).token)
        return
    with connection.cursor() as cursor:
        cursor.execute("select id from balances_account order by id")
        accounts = [account for (account,) in cursor.fetchall()]
    for account in accounts:
        keep_balance.top_up_balance(
            balance_id=account, amount=Money(amount=_PENCE, currency="GBP"), by="transfer",
            reference=f"bench-{ids.to_number(account)}", asker=asker, now=clock.now(),
        )  # fmt: skip


if __name__ == "__main__":
    _main(*sys.argv[1:])
