"""Connections that come together are shared out among the web workers, whoever wakes up first."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import cast

import pytest
import uvloop

from evertill.entry.site import accepting
from evertill.entry.site.accepting import Accepting, Loads

_CUSTOMERS = 40


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=_CUSTOMERS) as opened:
        yield opened


class Taken(asyncio.Protocol):
    """Greets whoever comes with the name of the worker that took him, who counts him as there from then on."""

    def __init__(self, name: str, taken: list[str]) -> None:
        self._name = name
        self._taken = taken

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._taken.append(self._name)
        writing = cast("asyncio.WriteTransport", transport)
        writing.write(self._name.encode())
        writing.close()


Come = Callable[[], socket.socket]


@pytest.fixture
def come(listener: socket.socket) -> Iterator[Come]:
    """Customers, who stay until all is over: the loop still knows their numbers."""
    with ExitStack() as customers:
        yield lambda: customers.enter_context(socket.create_connection(listener.getsockname(), timeout=60))


async def greeting(customer: socket.socket) -> str:
    customer.setblocking(False)
    async with asyncio.timeout(30):
        return (await asyncio.get_running_loop().sock_recv(customer, 100)).decode()


def accept(
    listener: socket.socket, name: str, *, loads: Loads | None = None, worker: int = 0, count: int = 0
) -> Accepting:
    """A worker that has so many connections besides."""
    taken: list[str] = []
    return Accepting(
        listener,
        protocol=lambda: Taken(name, taken),
        count=lambda: count + len(taken),
        loads=loads or Loads(1),
        worker=worker,
    )


async def be_taken(listener: socket.socket, come: Come, *, counts: tuple[int, int]) -> Counter[str]:
    """Have two workers, who have so many connections besides, take all who come: from one queue, as processes."""
    loads = Loads(2)
    customers = [come() for _ in range(_CUSTOMERS)]
    with listener.dup() as other:
        workers = [
            accept(one, name, loads=loads, worker=number, count=count)
            for number, (one, name, count) in enumerate(zip((listener, other), "ab", counts, strict=True))
        ]
        for worker in workers:
            worker.note()
        said = [await greeting(customer) for customer in customers]
        for worker in workers:
            worker.close()
    return Counter(said)


def test_workers_who_have_as_many_share(listener: socket.socket, come: Come, monkeypatch: pytest.MonkeyPatch) -> None:
    # So that whoever has fewer comes to it on a busy machine too.
    monkeypatch.setattr(accepting, "_LEAVE_S", 0.05)

    taken = uvloop.run(be_taken(listener, come, counts=(3, 3)))

    assert min(taken["a"], taken["b"]) >= _CUSTOMERS // 4


@pytest.mark.parametrize(("counts", "who"), [((100, 3), "b"), ((0, 100), "a")])
def test_who_has_fewer_takes(
    listener: socket.socket, come: Come, counts: tuple[int, int], who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "_LEAVE_S", 60.0)

    assert uvloop.run(be_taken(listener, come, counts=counts)) == {who: _CUSTOMERS}


def test_nobody_waits_for_one_with_fewer_that_is_down(listener: socket.socket, come: Come) -> None:
    async def serve() -> list[str]:
        loads = Loads(2)
        loads.note(1, 0)
        worker = accept(listener, "a", loads=loads, worker=0, count=100)
        said = [await greeting(come()) for _ in range(3)]
        worker.close()
        return said

    assert uvloop.run(serve()) == ["a", "a", "a"]


def test_takes_nobody_once_it_is_closed(listener: socket.socket, come: Come) -> None:
    async def serve() -> str:
        accept(listener, "first").close()
        customer = come()
        with listener.dup() as other:
            second = accept(other, "second")
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
            worker = accept(full, "later")
            said = await greeting(customer)
            worker.close()
            return said, full.calls

    assert uvloop.run(serve()) == ("later", 2)
