"""The ports a shop answers on."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from evertill.kernel.errors import EvertillError

# As many connections as may wait for a worker, which is also what a restarted worker finds waiting.
_BACKLOG = 2048
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 — read, not bound.


class PortTaken(EvertillError):
    """The shop cannot listen where it was asked to."""

    code = "PORT_TAKEN"
    status = "conflict"
    remedy = "Stop what listens there, or choose another port: PORT=8001 with make, --port 8001 with evertill."


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A host and a port to listen on."""

    host: str
    port: int

    @property
    def near(self) -> str:
        """The host under which this machine itself reaches it."""
        return _EVERYWHERE.get(self.host, self.host)

    @property
    def url(self) -> str:
        return f"http://[{self.near}]:{self.port}" if ":" in self.near else f"http://{self.near}:{self.port}"

    @property
    def url_for_people(self) -> str:
        """Where people find it: this machine by its name, because browsers keep no passkeys for numbers."""
        return f"http://localhost:{self.port}" if self.near in ("127.0.0.1", "::1") else self.url


def listen(address: Address) -> socket.socket:
    """This function will return a listening socket, so that from here on nobody else can take the port.

    Connections wait in its queue while there is no worker to answer them.

    Raises PortTaken when the port is in use, reserved for root, or the host is none of this machine's.
    """
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(_BACKLOG)
    except OSError as cause:
        raise PortTaken(f"Cannot listen on {address.host} port {address.port}: {cause.strerror}.") from cause
    return listener


def check_free(address: Address, *, option: str) -> None:
    """This function will raise PortTaken, naming `option`, when `address` cannot be listened on now."""
    try:
        listen(address).close()
    except PortTaken as taken:
        raise PortTaken(f"{taken.detail} This one is set by {option}.") from taken
