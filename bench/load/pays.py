"""Customers who begin payments at a constant rate, whatever becomes of them."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from bench.load.http import Customer, connect

_CONNECTIONS = 256
_BODY = b'{"method":"sandbox.page"}'


@contextmanager
def paying(*, host: str, port: int, orders: Sequence[dict[str, Any]], rate: float) -> Iterator[Counter[str]]:
    """Pay calls for `orders`, in turn and each under a new key, `rate` a second while the block runs.

    Gives the counts of what they were answered, by code, and of those that could not be sent because all waited.
    """
    answers: Counter[str] = Counter()
    enough = threading.Event()

    def run() -> None:
        asyncio.run(_pay(host=host, port=port, orders=orders, rate=rate, answers=answers, enough=enough))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield answers
    finally:
        enough.set()
        thread.join()


async def _pay(
    *,
    host: str,
    port: int,
    orders: Sequence[dict[str, Any]],
    rate: float,
    answers: Counter[str],
    enough: threading.Event,
) -> None:
    idle: list[Customer] = []

    def on_answer(customer: Customer, status: int, body: bytes) -> None:
        answers["201" if status == 201 else json.loads(body)["code"] if status else "BROKEN"] += 1
        idle.append(customer)

    idle += await connect(host=host, port=port, count=_CONNECTIONS, on_answer=on_answer)
    everybody = list(idle)
    mark, count = secrets.token_hex(8), 0
    while not enough.is_set():
        order = orders[count % len(orders)]
        if idle:
            idle.pop().ask(_request(host, port, order, key=f"{mark}-{count}"))
        else:
            answers["NOT SENT"] += 1
        count += 1
        await asyncio.sleep(1 / rate)
    for customer in everybody:
        customer.close()


def _request(host: str, port: int, order: dict[str, Any], *, key: str) -> bytes:
    head = (
        f"POST /api/v1/orders/{order['number']}/payments HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Content-Type: application/json\r\nIdempotency-Key: {key}\r\n"
        f"Authorization: Bearer {order['access_token']}\r\nContent-Length: {len(_BODY)}\r\n\r\n"
    )
    return head.encode() + _BODY
