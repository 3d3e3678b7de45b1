"""One web worker: serves the site on a socket that its parent opened."""

from __future__ import annotations

import socket

import uvicorn

from evertill.entry.site.asgi import Site
from evertill.kernel import config, log


def serve(sock: socket.socket) -> None:
    """This function will serve until SIGTERM, then finish the requests under way and return."""
    log.set_up(process="web")
    server = uvicorn.Server(
        uvicorn.Config(
            Site(),
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            backlog=2048,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=config.get().drain_s,
            h11_max_incomplete_event_size=65536,
        )
    )
    server.run(sockets=[sock])
