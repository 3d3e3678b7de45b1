"""A crowd before the doors: many buyers of one scarce good, so many at once, each asking once."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field

import uvloop

from bench.load.http import Customer, Requests, connect

_DOORS_CLOSE_AFTER_S = 300.0


@dataclass(slots=True, kw_only=True)
class Rush:
    """What the buyers were told: the numbers of the orders that were placed, and how often each refusal's code came."""

    placed: list[str] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def answers(self) -> int:
        """How many buyers have been answered."""
        return len(self.placed) + self.refusals.total()


def run(*, host: str, port: int, sku: int, buyers: int, at_once: int) -> Rush:
    """This function will send `buyers` after one good, `at_once` at a time, and collect their answers."""
    return uvloop.run(_run(host=host, port=port, sku=sku, buyers=buyers, at_once=at_once))


async def _run(*, host: str, port: int, sku: int, buyers: int, at_once: int) -> Rush:
    rush, requests, all_served = Rush(), Requests(host=host, port=port), asyncio.Event()
    left = buyers

    def come(customer: Customer) -> None:
        nonlocal left
        if left:
            left -= 1
            customer.ask(requests.for_one(sku))

    def on_answer(customer: Customer, status: int, body: bytes) -> None:
        _note(rush, status, body)
        if rush.answers == buyers:
            all_served.set()
        come(customer)

    customers = await connect(host=host, port=port, count=at_once, on_answer=on_answer)
    began = time.monotonic()
    for customer in customers:
        come(customer)
    await asyncio.wait_for(all_served.wait(), _DOORS_CLOSE_AFTER_S)
    rush.seconds = time.monotonic() - began
    for customer in customers:
        customer.close()
    return rush


def _note(rush: Rush, status: int, body: bytes) -> None:
    if status == 201:
        rush.placed.append(json.loads(body)["number"])
    elif status == 0:
        rush.refusals["BROKEN"] += 1
    else:
        rush.refusals[f"{status} {json.loads(body).get('code')}"] += 1
