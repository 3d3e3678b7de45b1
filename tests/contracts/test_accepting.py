"""Connections that come together are shared out among the web workers, whoever wakes up first."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import cast

import pytest
import uvloop

from evertill.entry.site import accepting
from evertill.entry.site.accepting import Accepting

_CUSTOMERS = 40


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=_CUSTOMERS) as opened:
        yield opened


class Taken(asyncio.Protocol):
    """Greets whoever comes with the name of the worker that took him."""

    def __init__(self, name: str) -> None:
        self._name = name

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        writing = cast("asyncio.WriteTransport", transport)
        writing.write(self._name.encode())
        writing.close()


Come = Callable[[], socket.socket]


@pytest.fixture
def come(listener: socket.socket) -> Iterator[Come]:
    """Customers, who stay until all is over: the loop still knows their numbers."""
    with ExitStack() as customers:
        yield lambda: customers.enter_context(socket.create_connection(listener.getsockname(), timeout=10))


async def greeting(customer: socket.socket) -> str:
    customer.setblocking(False)
    async with asyncio.timeout(30):
        return (await asyncio.get_running_loop().sock_recv(customer, 100)).decode()


def test_two_workers_take_turns(listener: socket.socket, come: Come) -> None:
    async def serve() -> list[str]:
        customers = [come() for _ in range(_CUSTOMERS)]
        # As two processes would have it: one queue, looked at by each of them.
        with listener.dup() as other:
            workers = [
                Accepting(listener, protocol=lambda: Taken("a")),
                Accepting(other, protocol=lambda: Taken("b")),
            ]
            said = [await greeting(customer) for customer in customers]
            for worker in workers:
                worker.close()
        return said

    said = uvloop.run(serve())

    assert (said.count("a"), said.count("b")) == (_CUSTOMERS // 2, _CUSTOMERS // 2)


def test_takes_nobody_once_it_is_closed(listener: socket.socket, come: Come) -> None:
    async def serve() -> str:
        first = Accepting(listener, protocol=lambda: Taken("first"))
        first.close()
        customer = come()
        with listener.dup() as other:
            second = Accepting(other, protocol=lambda: Taken("second"))
            said = await greeting(customer)
            second.close()
        return said

    assert uvloop.run(serve()) == "second"


class Full(socket.socket):
    """A listening socket of a process that may open no more files, for its first call."""

    calls = 0

    def accept(self) -> tuple[socket.socket, object]:
        self.calls += 1
        if self.calls == 1:
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


def test_waits_where_no_more_files_may_be_opened(
    listener: socket.socket, come: Come, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "_PAUSE_S", 0.01)
    customer = come()

    async def serve() -> tuple[str, int]:
        with Full(fileno=listener.dup().detach()) as full:
            worker = Accepting(full, protocol=lambda: Taken("later"))
            said = await greeting(customer)
            worker.close()
            return said, full.calls

    assert uvloop.run(serve()) == ("later", 2)
