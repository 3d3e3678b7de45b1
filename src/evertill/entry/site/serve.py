"""One web worker: serves the site on a socket that its parent opened."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from typing import Any

import uvicorn

from evertill.entry.site.accepting import Accepting, Loads
from evertill.entry.site.asgi import Site
from evertill.entry.site.protocol import JoiningProtocol
from evertill.kernel import config, log
from evertill.outside.connect import connect


class _Server(uvicorn.Server):
    """A server that ends streams first when it is to stop, since it waits for every request to end by itself."""

    def __init__(self, site: Site, *, loads: Loads, worker: int, **options: Any) -> None:
        super().__init__(uvicorn.Config(site, **options))
        self._site = site
        self._loads = loads
        self._worker = worker
        self._accepting: list[Accepting] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """This function will begin to take connections as its superclass would, yet shared with the other workers."""
        await super().startup(sockets=[])
        self._accepting = [
            Accepting(
                sock,
                protocol=self._begin,
                count=lambda: len(self.server_state.connections),
                loads=self._loads,
                worker=self._worker,
            )
            for sock in sockets or []
        ]
        self.servers += self._accepting  # type: ignore[arg-type]

    def _begin(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state, _loop=None
        )

    async def on_tick(self, counter: int) -> bool:
        """This function will do what is done ten times a second; others learn of connections that have ended."""
        for one in self._accepting:
            one.note()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """This function will let the requests under way end, and then return."""
        self._site.drain()
        await super().shutdown(sockets)


def serve(sock: socket.socket, *, loads: Loads | None = None, worker: int = 0) -> None:
    """This function will serve until SIGTERM, then finish the requests under way and return.

    `loads` are those of all workers on this socket, of which this one is the `worker`th, counted from 0; by default
    it is alone.
    """
    log.set_up(process="web")
    connect()
    # What is loaded now stays for good, and what comes and goes with requests is freed by its reference counts: the
    # collector need not look at either every few hundred objects.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    # The thread that talks to the database must not wait 5 ms for its turn after each answer.
    sys.setswitchinterval(0.0005)
    server = _Server(
        Site(),
        loads=loads or Loads(1),
        worker=worker,
        loop="uvloop",
        http=JoiningProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        # Only proxies of the shop's own are believed what they say of the customer's address; by default nobody.
        proxy_headers=bool(config.get().proxies),
        forwarded_allow_ips=list(config.get().proxies),
        backlog=2048,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=config.get().drain_s,
        h11_max_incomplete_event_size=65536,
    )
    server.run(sockets=[sock])
