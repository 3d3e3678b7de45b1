"""Bodies that pages are sent: all of a form is waited for before a thread is taken, and nobody is waited for for ever.

Pages run in a few threads. Read there, a form that is begun and never ended keeps its thread, and a handful of clients
who do so would keep the pages from everybody. So a form is gathered here first, which costs its bytes alone. What is
longer than any form may be is read by its page as it comes: that is a table, of somebody whom the page has let in.
"""

from __future__ import annotations

import asyncio
from typing import Any

# So much of a body is in the server's hands anyway, whether anybody asks for it or not.
_SMALL_BYTES = 64 << 10
_LATE = """The form did not arrive in time. Nothing was changed; send it again.
表单未能及时送达。没有任何改动，请重新发送。
"""
_MANY = """Too many long forms arrive at this moment. Nothing was changed; try again.
此刻正在送来的长表单太多。没有任何改动，请再试一次。
"""


class ClientGone(OSError):
    """Whoever sends a body has gone, or has paused for too long, before all of it was there."""


class Bodies:
    """An ASGI application around that of the pages.

    A body of up to `bytes_max` bytes is gathered within `wait_s` seconds, long ones up to `all_bytes_max` at a time;
    of what is longer, each part is waited for as long.
    """

    def __init__(self, pages: Any, *, bytes_max: int, all_bytes_max: int, wait_s: float) -> None:
        self._pages = pages
        self._bytes_max = bytes_max
        self._all_bytes_max = self._left = all_bytes_max
        self._wait_s = wait_s

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        length = _length(scope)
        if not length:
            # Nothing comes; what has no stated length is read by no page.
            await self._pages(scope, receive, send)
        elif length > self._bytes_max:
            await self._pages(scope, _Patient(receive, wait_s=self._wait_s), send)
        else:
            await self._gather(scope, receive, send, length=length)

    async def _gather(self, scope: Any, receive: Any, send: Any, *, length: int) -> None:
        held = min(length, self._all_bytes_max) if length > _SMALL_BYTES else 0
        if held > self._left:
            await _answer(send, 503, _MANY)
            return
        self._left -= held
        try:
            async with asyncio.timeout(self._wait_s):
                body = await _all_of(receive)
        except TimeoutError:
            await _answer(send, 408, _LATE)
        except ClientGone:
            # Nobody is there to be answered.
            return
        else:
            await self._pages(scope, _given(body, receive), send)
        finally:
            self._left += held


class _Patient:
    """Receives as the server does; raises ClientGone where nothing comes for too long, or nothing more will."""

    def __init__(self, receive: Any, *, wait_s: float) -> None:
        self._receive = receive
        self._wait_s = wait_s

    async def __call__(self) -> Any:
        try:
            async with asyncio.timeout(self._wait_s):
                return _there(await self._receive())
        except TimeoutError:
            raise ClientGone("The body is not sent on.") from None


async def _all_of(receive: Any) -> bytes:
    parts = []
    more = True
    while more:
        message = _there(await receive())
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _there(message: Any) -> Any:
    # The pages' server would take the end of a connection for the end of a body, and half of it for all.
    if message["type"] == "http.disconnect":
        raise ClientGone("Whoever sent the body has gone.")
    return message


def _given(body: bytes, receive: Any) -> Any:
    """Receive a body that is there, and then what the server says."""
    given = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def take() -> Any:
        message = next(given, None)
        return message if message is not None else await receive()

    return take


def _length(scope: Any) -> int:
    told = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(told) if told.isdigit() else 0


async def _answer(send: Any, status: int, text: str) -> None:
    body = text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"retry-after", b"5"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
