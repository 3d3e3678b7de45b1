"""The line between a visitor and the shop, which can be cut on either side of a request."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from dataclasses import dataclass, field
from enum import Enum, auto


class Cut(Enum):
    """Where a request is lost."""

    # It never reaches the shop.
    BEFORE = auto()
    # It reaches the shop, which does what it says; the answer is lost.
    AFTER = auto()


@dataclass(slots=True, kw_only=True)
class Line:
    """A port of this machine that leads to the shop's, and loses one kind of request when it is told to.

    It is lost however often it is sent until the line is mended: browsers try again by themselves when a connection
    breaks that they had used before.
    """

    port_there: int
    lost: int = 0
    _request: re.Pattern[bytes] = re.compile(rb"")
    _cut: Cut | None = None
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _open: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def start(self) -> None:
        """Let everything through."""
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, method: str, path: str, cut: Cut) -> None:
        """Lose every request of a method and a path, which is a pattern without the prefix of a language."""
        self._request = re.compile(rf"{method} (/(?:en|zh-hans)(?:-[a-z]{{3}})?)?{path}[ ?]".encode())
        self._cut, self.lost = cut, 0

    def mend(self) -> None:
        """Let everything through again."""
        self._cut = None

    def close(self) -> None:
        """Let nothing through any more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        far = socket.create_connection(("127.0.0.1", self.port_there))
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open += [near, far]
        # Set once the answer that comes next is to be lost.
        losing = threading.Event()
        threading.Thread(target=self._bring_back, args=(far, near, losing), daemon=True).start()
        with contextlib.suppress(OSError):
            while data := near.recv(65_536):
                if self._cut and self._request.match(data):
                    self.lost += 1
                    if self._cut is Cut.BEFORE:
                        break
                    losing.set()
                far.sendall(data)
        _hang_up(near, far)

    @staticmethod
    def _bring_back(far: socket.socket, near: socket.socket, losing: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := far.recv(65_536):
                if losing.is_set():
                    break
                near.sendall(data)
        _hang_up(near, far)


def _hang_up(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
