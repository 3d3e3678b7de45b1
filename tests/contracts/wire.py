"""A wire between a site and its database, which a test can cut and mend."""

from __future__ import annotations

import contextlib
import socket
import threading
from urllib.parse import urlsplit, urlunsplit


class Wire:
    """A port of this machine that leads to another one for as long as it is whole."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._far = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._open: list[socket.socket] = []
        # What is being connected while it is cut must not come through.
        self._turn = threading.Lock()
        # Keeps the port while nobody listens on it; else it would be given to whoever connects to anywhere meanwhile.
        self._holder = socket.socket()
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._holder.bind(("127.0.0.1", 0))
        self._near = self._holder.getsockname()
        netloc = parts.netloc.rpartition("@")[0] + f"@127.0.0.1:{self._near[1]}"
        self.url = urlunsplit(parts._replace(netloc=netloc))
        self.mend()

    def __del__(self) -> None:
        self._holder.close()

    def cut(self) -> None:
        """Break every connection and take no new one."""
        with self._turn:
            # Closing alone would leave the thread in accept(), and let one more through.
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def mend(self) -> None:
        """Take connections again."""
        self._listener = socket.create_server(self._near, reuse_port=True)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                with self._turn:
                    self._join(listener, near)

    def _join(self, listener: socket.socket, near: socket.socket) -> None:
        if listener.fileno() < 0:
            near.close()
            return
        far = socket.create_connection(self._far)
        self._open += [near, far]
        for one, other in ((near, far), (far, near)):
            # What is small is sent at once too, as PostgreSQL and its clients send it.
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    @staticmethod
    def _carry(one: socket.socket, other: socket.socket) -> None:
        with one, contextlib.suppress(OSError):
            while data := one.recv(65_536):
                other.sendall(data)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)
