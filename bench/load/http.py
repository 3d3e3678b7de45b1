"""A customer that costs next to nothing: bytes out, status and body back, over a connection that stays open."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import cast

from bench.database import SKU_FIRST

_BODY = '{{"lines":[{{"sku":"BENCH-{sku}","quantity":1}}],"currency":"GBP","contact":{{"email":"buyer@example.org"}}}}'
_LENGTH = b"content-length:"

# Status (0 when the connection broke before the answer was whole), and body.
OnAnswer = Callable[["Customer", int, bytes], None]


class Requests:
    """Requests for one piece each, every one under a key of its own."""

    def __init__(self, *, host: str, port: int) -> None:
        self._head = (
            f"POST /api/v1/orders HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
            f"Idempotency-Key: {secrets.token_hex(8)}-"
        ).encode()
        self._tails: dict[int, bytes] = {}
        self._count = 0

    def for_one(self, sku: int = SKU_FIRST) -> bytes:
        """This function will return the next request: one piece of BENCH-<sku>."""
        self._count += 1
        tail = self._tails.get(sku)
        if tail is None:
            body = _BODY.format(sku=sku)
            tail = self._tails[sku] = f"\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        return b"%b%d%b" % (self._head, self._count, tail)


class Customer(asyncio.Protocol):
    """One connection with at most one request under way."""

    def __init__(self, on_answer: OnAnswer) -> None:
        self._on_answer = on_answer
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._asking = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is one in all but its base class.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._asking:
            self._answer(0, str(error or "closed").encode())

    def ask(self, request: bytes) -> None:
        """This function will send a request; its answer comes to `on_answer`, as a broken one if the line is dead."""
        self._asking = True
        if self._transport is None:
            asyncio.get_running_loop().call_soon(self._answer, 0, b"closed")
            return
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer = buffer = self._buffer + data if self._buffer else data
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = buffer[:end].lower()
        at = head.find(_LENGTH)
        length = int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        whole = end + 4 + length
        if len(buffer) < whole:
            return
        self._buffer = buffer[whole:]
        self._answer(int(head[9:12]), buffer[end + 4 : whole])

    def close(self) -> None:
        """This function will hang up."""
        if self._transport is not None:
            self._transport.close()

    def _answer(self, status: int, body: bytes) -> None:
        self._asking = False
        self._on_answer(self, status, body)


async def connect(*, host: str, port: int, count: int, on_answer: OnAnswer) -> list[Customer]:
    """This function will open `count` connections, one after the other so that no backlog overflows."""
    loop = asyncio.get_running_loop()
    return [(await loop.create_connection(lambda: Customer(on_answer), host, port))[1] for _ in range(count)]
