"""Taking connections off the socket that all web workers listen on, so that they share them.

An event loop by itself takes all that wait there at once. Of customers who come together, or of a proxy's connections,
whoever wakes up first then gets most, and has a queue while another is idle. So a worker takes one at a time, and
leaves it for a moment to others who have fewer.
"""

from __future__ import annotations

import asyncio
import mmap
import socket
from collections.abc import Callable

import structlog

__all__ = ["Accepting", "Loads"]

_log = structlog.get_logger("evertill.web")

# Where no more files may be opened, connections wait in the socket's queue for so long.
_PAUSE_S = 1.0
# Who has fewer connections and is idle takes one within this time; who is busy, or down, leaves it.
_LEAVE_S = 0.001
_BYTES = 4


class Loads:
    """How many connections each worker has, in memory that all have in common who are forked from its maker.

    Each worker writes its own number and reads those of the others; of one that is down the last one stands.
    """

    def __init__(self, workers: int) -> None:
        self._counts = memoryview(mmap.mmap(-1, workers * _BYTES)).cast("I")

    def note(self, worker: int, count: int) -> None:
        """This function will write down how many a worker has, counted from 0."""
        self._counts[worker] = count

    def is_least(self, worker: int) -> bool:
        """This function will say whether nobody has fewer than a worker."""
        return self._counts[worker] <= min(self._counts)


class Accepting:
    """Takes connections until it is closed; as much of asyncio's Server as its owner needs to end one.

    `count` tells how many there are by now of those that were taken.
    """

    def __init__(
        self,
        listener: socket.socket,
        *,
        protocol: Callable[[], asyncio.Protocol],
        count: Callable[[], int],
        loads: Loads,
        worker: int,
    ) -> None:
        self._listener = listener
        self._protocol = protocol
        self._count = count
        self._loads = loads
        self._worker = worker
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        self._under_way: set[asyncio.Task[object]] = set()
        listener.setblocking(False)
        self._loop.add_reader(listener, self._look)

    def close(self) -> None:
        """This function will take no more connections; those that were taken go on."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listener)

    async def wait_closed(self) -> None:
        """This function will return once the connections that were being begun have begun."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def note(self) -> None:
        """This function will let the other workers know how many connections this one has."""
        self._loads.note(self._worker, self._count() + len(self._under_way))

    def _look(self) -> None:
        self.note()
        if self._loads.is_least(self._worker):
            self._take()
        else:
            self._wait(_LEAVE_S)

    def _wait(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._pause = self._loop.call_later(seconds, self._return)

    def _return(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listener, self._look)
        self._take()

    def _take(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            # Another worker was faster, or the customer is gone.
            return
        except OSError as error:
            _log.error("cannot take a connection", error=error.strerror, again_in_s=_PAUSE_S)
            self._wait(_PAUSE_S)
            return
        connection.setblocking(False)
        task = self._loop.create_task(self._loop.connect_accepted_socket(self._protocol, connection))
        self._under_way.add(task)
        task.add_done_callback(self._begun)

    def _begun(self, task: asyncio.Task[object]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.info("a connection ended as it began", error=str(error))
