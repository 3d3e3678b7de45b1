"""Pages that everybody may keep are kept here first: rendered once, compressed once, given to many.

It does what a proxy in front would do, by the same words of the page (`Cache-Control: public, max-age=…`), so that a
shop without a proxy stands a rush of people who look, and orders go on beside it. A page that does not say so passes
through untouched. While a page is being made, whoever else asks for it waits for that one. When the shop cannot make it
(the database is away), an older one is given for as long as the page said it may be (`stale-if-error`).
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from evertill.entry.site.kept import Headers, Kept, give, keep

_Key = tuple[str, bytes, bytes, bytes]

# A page, or an address, beyond this is not worth keeping.
_PAGE_BYTES_MAX = 2 << 20
_ADDRESS_BYTES_MAX = 2048
# Fast enough to be done for each page, and nearly as small as the most.
_LEVEL = 6
_FAILED = 500
_AGE = re.compile(rb"(max-age|stale-if-error)=(\d{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    kept: Kept
    made_at: float
    fresh_s: int
    on_error_s: int


class SharedPages:
    """An ASGI application around that of the pages; it keeps up to `bytes_max` bytes."""

    def __init__(self, pages: Any, *, bytes_max: int) -> None:
        self._pages = pages
        self._bytes_max = bytes_max
        self._bytes = 0
        self._known: OrderedDict[_Key, _Page] = OrderedDict()
        self._under_way: dict[_Key, asyncio.Event] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        key = _key(scope)
        if key is None:
            await self._pages(scope, receive, send)
            return
        if key not in self._known:
            # Most likely a page of one visitor's own, for which nobody else waits.
            await self._make(key, scope, receive, send)
            return
        if key in self._under_way:
            await self._under_way[key].wait()
        page = self._known.get(key)
        if page is not None and _age(page) < page.fresh_s:
            self._known.move_to_end(key)
            await give(page.kept, scope=scope, send=send, age_s=int(_age(page)))
        else:
            await self._make_for_all(key, scope, receive, send)

    async def _make_for_all(self, key: _Key, scope: Any, receive: Any, send: Any) -> None:
        made = self._under_way.setdefault(key, asyncio.Event())
        try:
            await self._make(key, scope, receive, send)
        finally:
            self._under_way.pop(key, None)
            made.set()

    async def _make(self, key: _Key, scope: Any, receive: Any, send: Any) -> None:
        answer = _Answer(send)
        # A page is made whole, also for whoever asks for its head alone.
        await self._pages({**scope, "method": "GET"}, receive, answer.take)
        old = self._known.get(key)
        if answer.status >= _FAILED and old is not None and _age(old) < old.fresh_s + old.on_error_s:
            await give(old.kept, scope=scope, send=send, age_s=int(_age(old)))
        elif answer.is_shared:
            kept = await asyncio.to_thread(keep, headers=answer.headers, body=bytes(answer.body), level=_LEVEL)
            self._remember(key, kept, ages=answer.ages)
            await give(kept, scope=scope, send=send)
        else:
            await answer.pass_on()

    def _remember(self, key: _Key, kept: Kept, *, ages: dict[bytes, int]) -> None:
        fresh_s = ages.get(b"max-age", 0)
        if not fresh_s or kept.size > self._bytes_max:
            return
        self._forget(key)
        now = asyncio.get_running_loop().time()
        on_error_s = ages.get(b"stale-if-error", 0)
        self._known[key] = _Page(kept=kept, made_at=now, fresh_s=fresh_s, on_error_s=on_error_s)
        self._bytes += kept.size
        while self._bytes > self._bytes_max:
            self._forget(next(iter(self._known)))

    def _forget(self, key: _Key) -> None:
        page = self._known.pop(key, None)
        if page is not None:
            self._bytes -= page.kept.size


class _Answer:
    """What the pages answer: held back while it may be kept or had better not be given, else passed on as it comes."""

    def __init__(self, send: Any) -> None:
        self._send = send
        self._start: Any = None
        self._is_held = True
        self._is_over = False
        self.status = 0
        self.headers: Headers = ()
        self.ages: dict[bytes, int] = {}
        self.is_shared = False
        self.body = bytearray()

    async def take(self, message: Any) -> None:
        """This function will take one message of the answer."""
        if message["type"] == "http.response.start":
            self._start = message
            self.status = message["status"]
            self.headers = tuple((name.lower(), value) for name, value in message.get("headers", ()))
            self._weigh()
            if not self._is_held:
                await self._send(message)
        elif not self._is_held:
            await self._send(message)
        else:
            self.body += message.get("body", b"")
            self._is_over = not message.get("more_body", False)
            if len(self.body) > _PAGE_BYTES_MAX:
                self.is_shared = False
                await self.pass_on()

    def _weigh(self) -> None:
        named = dict(self.headers)
        said = named.get(b"cache-control", b"")
        is_public = b"public" in [word.strip() for word in said.split(b",")]
        # A page that sets a cookie is somebody's own, whatever it says.
        self.is_shared = self.status == 200 and is_public and b"set-cookie" not in named  # noqa: PLR2004
        self.ages = {name: int(value) for name, value in _AGE.findall(said)}
        self._is_held = self.is_shared or self.status >= _FAILED

    async def pass_on(self) -> None:
        """This function will send what was held back, and from then on all that comes."""
        if not self._is_held:
            return
        self._is_held = False
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": bytes(self.body), "more_body": not self._is_over})


def _key(scope: Any) -> _Key | None:
    """Return by what an answer is found again, None for what nobody may keep."""
    if scope["method"] not in ("GET", "HEAD"):
        return None
    host = b",".join([value for name, value in scope["headers"] if name == b"host"])
    path, query = scope.get("raw_path") or scope["path"].encode(), scope["query_string"]
    if len(host) + len(path) + len(query) > _ADDRESS_BYTES_MAX:
        return None
    return scope["scheme"], host, path, query


def _age(page: _Page) -> float:
    return asyncio.get_running_loop().time() - page.made_at
