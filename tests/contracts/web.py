"""A site that really runs: web workers in processes of their own behind one port, as `evertill up` starts them."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests import nursery
from tests.kernel.waiting import until
from tests.server import environment

ORDERS = "/api/v1/orders"
PRODUCTS = "/api/v1/products"
PROBLEM = "application/problem+json"

# Far more than a quiet machine needs, so that a busy one does not fail.
_PATIENCE_S = 60.0
# Every table that an order could leave something in.
_WRITTEN = ("orders_order", "orders_line", "orders_event", "stock_movement")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A running site, and what its workers have written to their logs."""

    host: str
    port: int
    said: Path
    processes: tuple[nursery.Process, ...] = ()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def client(self, **options: Any) -> httpx.Client:
        """A client without any of this machine's proxies."""
        return httpx.Client(base_url=self.url, trust_env=False, verify=False, timeout=_PATIENCE_S, **options)  # noqa: S501 — http.

    def log(self) -> str:
        return self.said.read_text(encoding="utf-8", errors="replace")

    def send(self, raw: bytes, *, half_closed: bool = False) -> bytes:
        """Every byte of the answer to bytes that no proper client would send; the connection is closed behind them."""
        with socket.create_connection((self.host, self.port), timeout=_PATIENCE_S) as connection:
            # Whoever refuses the beginning does not wait for the rest, and his answer is there to be read all the same.
            with contextlib.suppress(OSError):
                connection.sendall(raw)
                if half_closed:
                    connection.shutdown(socket.SHUT_WR)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                while part := connection.recv(65_536):
                    answer += part
            return answer


@contextmanager
def running(
    url: str, *, workers: int = 1, program: str = "tests.contracts.web_worker", **settings: str
) -> Iterator[Site]:
    """A site on the database at `url` while the block runs, with settings of `EVERTILL_…` by their lower-case names."""
    env = {
        **os.environ,
        **environment(url),
        # Tests look at pages right after a change.
        "EVERTILL_CATALOG_FRESH_S": "0",
        **{f"EVERTILL_{name.upper()}": value for name, value in settings.items()},
    }
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=2048))
        said = stack.enter_context(tempfile.NamedTemporaryFile("a", prefix="evertill-web-", suffix=".log"))
        processes = []
        for _ in range(workers):
            number = listener.fileno()
            process = nursery.begin(program, str(number), env=env, pass_fds=[number], stdout=said, stderr=said)
            processes.append(process)
            stack.callback(_stop, process)
        host, port = listener.getsockname()
        site = Site(host=host, port=port, said=Path(said.name), processes=tuple(processes))
        until(lambda: _started(processes, site) == workers, seconds=240)
        yield site


def _started(processes: list[nursery.Process], site: Site) -> int:
    assert all(process.poll() is None for process in processes), site.log()
    return site.log().count("Application startup complete")


def _stop(process: nursery.Process) -> None:
    process.terminate()
    try:
        process.wait(timeout=60)
    finally:
        process.kill()
        process.wait()


def body(**changes: Any) -> dict[str, Any]:
    """A good body for one order, with top-level fields changed; None takes a field out."""
    whole = {
        "lines": [{"sku": "TEA", "quantity": 2}],
        "currency": "GBP",
        "contact": {"email": "ada@example.com"},
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def order(
    client: httpx.Client, *, key: str = "key-1", token: str = "", path: str = ORDERS, **changes: Any
) -> httpx.Response:
    """Ask for an order, with the fields of its body changed."""
    return order_bytes(client, json.dumps(body(**changes)).encode(), key=key, token=token, path=path)


def order_bytes(
    client: httpx.Client, content: bytes, *, key: str = "key-1", token: str = "", path: str = ORDERS
) -> httpx.Response:
    """Ask for an order with a body of any bytes."""
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return client.post(path, content=content, headers=headers)


def written() -> dict[str, int]:
    """How many rows each table has that an order could leave something in."""
    from tests import tables

    return {table: tables.count(table) for table in _WRITTEN}


def orders_written() -> int:
    """How many rows of orders there are, their lines and events included."""
    return sum(count for table, count in written().items() if table.startswith("orders_"))


def problem(answer: httpx.Response) -> dict[str, Any]:
    """The problem that an answer tells, which has all that each must have."""
    assert answer.headers["content-type"] == PROBLEM, (answer.status_code, answer.text)
    told: dict[str, Any] = answer.json()
    assert told["status"] == answer.status_code
    assert told["type"] == f"urn:evertill:problem:{told['code']}"
    for sentence in ("title", "detail", "kept", "remedy"):
        assert told[sentence], f"{sentence} of {told}"
    assert "Traceback" not in answer.text
    return told


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem."""
    return answer.status_code, problem(answer)["code"]
