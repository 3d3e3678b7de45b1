"""The program: one process that serves the API and the pages, and tells of what happened."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from evertill.kernel.errors import EvertillError

from . import delivery, http
from .api import Api, Hang, load_mix
from .book import ENDPOINT, Book
from .http import Answer, Receive, Scope, Send
from .keys import Keys, load
from .pages import answer_page
from .store import Store

DATABASE = "sandbox.sqlite3"
_HOST = "127.0.0.1"
_CUT = "sandbox.cut"
_LIFESPAN = "lifespan"

_log = logging.getLogger(__name__)


class Unexpected(EvertillError):
    """Something of our own went wrong."""

    code = "INTERNAL"
    status = "internal"
    kept = "What was done before this call is kept."
    remedy = "Try again with the same idempotency key; the log of the provider says more."


class _Protocol(HttpToolsProtocol):
    """Lets the application cut a connection, which ASGI has no word for and two faults need."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast("Scope", self.scope)[_CUT] = self.transport.abort


class App:
    """The ASGI application of one provider."""

    def __init__(self, *, book: Book, keys: Keys) -> None:
        self._book = book
        self._api = Api(book=book, keys=keys)
        self._secret = keys.webhook_secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == _LIFESPAN:
            await self._live(receive, send)
            return
        try:
            answer = await self._answer(scope, receive)
        except Hang as hang:
            await asyncio.sleep(hang.ms / 1000)
            cut: Callable[[], Any] = scope[_CUT]
            cut()
            # The server learns of the cut in its next turn; without it, it would call this an error.
            await asyncio.sleep(0.01)
            return
        except http.BodyTooLarge as failure:
            answer = http.problem(failure)
            await http.write(send, Answer(**_fields(answer), headers={"connection": "close"}))
            return
        except EvertillError as failure:
            answer = http.problem(failure)
        except Exception:  # noqa: BLE001 — logged whole; the caller gets no stack trace.
            _log.exception("a call failed")
            answer = http.problem(Unexpected("The provider could not do this."))
        await http.write(send, answer)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        path: str = scope["path"]
        limit = http.PLANT_BYTES_MAX if path == "/v1/bill/plant" else http.BODY_BYTES_MAX
        request = await http.read(scope, receive, limit=limit)
        if path == "/healthz":
            return http.as_json({"status": "open"})
        if path.startswith("/v1/"):
            return await self._api.answer(request)
        return answer_page(self._book, request)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        load_mix(self._book)
        task = asyncio.create_task(delivery.work(self._book, secret=self._secret))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self._book.store.close()
        await send({"type": "lifespan.shutdown.complete"})


def serve(port: int, data: Path, *, host: str = _HOST, webhook_url: str = "") -> None:
    """This function will serve on `port` with the data folder `data`, which it makes, until SIGTERM.

    `webhook_url` is where it tells of payments from now on, instead of any address that it was given before.

    Raises KeysUnreadable; ends the process when the port is taken.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = load(data)
    near = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 — read, not bound.
    book = Book(store=Store(data / DATABASE), base=f"http://{near}:{port}")
    if webhook_url:
        book.store.set(ENDPOINT, webhook_url)
    config = uvicorn.Config(
        App(book=book, keys=keys),
        loop="uvloop",
        http=_Protocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=1_000,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=1,
    )
    # Own socket, so that a start right after a stop need not wait for the last connections to be forgotten.
    listener = socket.create_server((host, port), backlog=1024)
    uvicorn.Server(config).run(sockets=[listener])


def _fields(answer: Answer) -> dict[str, Any]:
    return {"status": answer.status, "body": answer.body, "media": answer.media}
