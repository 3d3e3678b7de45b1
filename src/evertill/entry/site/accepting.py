"""Taking connections off the socket that all web workers listen on: one in each turn of the loop.

An event loop by itself takes all that wait there at once. Of customers who come together, or of a proxy's connections,
whoever wakes up first then gets most, and has a queue while the other is idle. One at a time they share them as they
come around to it, and who is busy takes fewer.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import structlog

_log = structlog.get_logger("evertill.web")

# Where no more files may be opened, connections wait in the socket's queue for so long.
_PAUSE_S = 1.0


class Accepting:
    """Takes connections until it is closed; as much of asyncio's Server as its owner needs to end one."""

    def __init__(self, listener: socket.socket, *, protocol: Callable[[], asyncio.Protocol]) -> None:
        self._listener = listener
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        self._under_way: set[asyncio.Task[object]] = set()
        listener.setblocking(False)
        self._listen()

    def close(self) -> None:
        """This function will take no more connections; those that were taken go on."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listener)

    async def wait_closed(self) -> None:
        """This function will return once the connections that were being begun have begun."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _listen(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listener, self._take)

    def _take(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            # Another worker was faster, or the customer is gone.
            return
        except OSError as error:
            _log.error("cannot take a connection", error=error.strerror, again_in_s=_PAUSE_S)
            self._loop.remove_reader(self._listener)
            self._pause = self._loop.call_later(_PAUSE_S, self._listen)
            return
        connection.setblocking(False)
        task = self._loop.create_task(self._loop.connect_accepted_socket(self._protocol, connection))
        self._under_way.add(task)
        task.add_done_callback(self._begun)

    def _begun(self, task: asyncio.Task[object]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.info("a connection ended as it began", error=str(error))
