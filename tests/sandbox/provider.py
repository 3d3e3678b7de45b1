"""Sandbox as its users meet it: a process of its own, called over HTTP, telling a receiver of ours."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests import nursery
from tests.kernel.waiting import until


@dataclass(slots=True, kw_only=True)
class Provider:
    """A running provider, and a client that has its key."""

    url: str
    folder: Path
    process: nursery.Process
    client: httpx.Client
    webhook_secret: str

    def post(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, json={} if body is None else body, headers=named)

    def get(self, path: str, **params: str) -> Any:
        answer = self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def pay(self, **facts: Any) -> dict[str, Any]:
        """Begin a payment; with `card`, its customer pays at once."""
        answer = self.post("/v1/payments", wanted(**facts))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def paid(self, **facts: Any) -> dict[str, Any]:
        return self.pay(**{"card": "success", **facts})

    def payment(self, payment: str) -> dict[str, Any]:
        return dict(self.get(f"/v1/payments/{payment}"))


def wanted(*, card: str = "", fault: str = "", fault_ms: str = "", delay_ms: str = "", **facts: Any) -> dict[str, Any]:
    """The body of a new payment of £15.30."""
    asked = {"card": card, "fault": fault, "fault_ms": fault_ms, "delay_ms": delay_ms}
    return {
        "reference": f"order-{secrets.token_hex(4)}",
        "amount": 1530,
        "currency": "GBP",
        "return_url": "http://127.0.0.1:8000/back?order=1",
        "metadata": {name: value for name, value in asked.items() if value},
        **facts,
    }


@contextmanager
def running(folder: Path, *, port: int) -> Iterator[Provider]:
    """A provider on `port` while the block runs."""
    words = ["sandbox-provider", "--port", str(port), "--data", str(folder)]
    process = nursery.begin("evertill", *words, env=os.environ)
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: _answers(url), seconds=90)
        keys = json.loads((folder / "sandbox" / "sandbox-keys.json").read_text(encoding="utf-8"))
        bearer = {"Authorization": f"Bearer {keys['secret_key']}"}
        with httpx.Client(base_url=url, headers=bearer, timeout=60, trust_env=False) as client:
            yield Provider(
                url=url, folder=folder, process=process, client=client, webhook_secret=keys["webhook_secret"]
            )
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


@dataclass(slots=True, kw_only=True)
class Told:
    """One webhook as it came."""

    body: str
    signature: str

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass(slots=True, kw_only=True)
class Receiver:
    """A merchant's receiver of webhooks: keeps what comes, and can be told to refuse."""

    url: str = ""
    told: list[Told] = field(default_factory=list)
    # How often each event is answered 500 before it is accepted; events of other tests come in between.
    refuse: int = 0

    def about(self, payment: str) -> list[Told]:
        return [item for item in list(self.told) if _payment_of(item) == payment]

    def kinds(self, payment: str) -> list[str]:
        return [item.event["type"] for item in self.about(payment)]


def _payment_of(told: Told) -> str:
    return str(told.event["data"]["payment"]["id"])


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver while the block runs."""
    receiver = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            told = Told(body=body, signature=self.headers["Sandbox-Signature"])
            receiver.told.append(told)
            came = sum(other.event["id"] == told.event["id"] for other in list(receiver.told))
            self.send_response(500 if came <= receiver.refuse else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests read what came, not a log."""

    class Server(http.server.ThreadingHTTPServer):
        # As many as the provider sends at once; five by default, and the sixth would wait a second.
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def verifies(told: Told, *, secret: str, now: float | None = None) -> bool:
    """What a merchant does, written from the guide: the digest over "t.body", and no older than five minutes."""
    parts = dict(part.split("=", 1) for part in told.signature.split(","))
    digest = hmac.new(secret.encode(), f"{parts['t']}.{told.body}".encode(), hashlib.sha256).hexdigest()
    fresh = abs((now or time.time()) - int(parts["t"])) <= 300
    return fresh and hmac.compare_digest(digest, parts["v1"])
