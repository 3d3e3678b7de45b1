"""Stripe as the tests have it: localstripe, our complement in front of it, and a receiver of its events."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from evertill.journeys.receive_webhooks import Webhook
from tests.contracts.test_up import free_port
from tests.kernel.waiting import ROOT, until

KEY = "sk_test_a1B2c3D4e5F6"
SIGNING = "whsec_new"
ROLLED = "whsec_old"

_CARD = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2030, "cvc": "123"}
CARD = {"type": "card", "card": _CARD}
DECLINED = {"type": "card", "card": {**_CARD, "number": "4000000000000341"}}
SEPA_THAT_FAILS = {
    "type": "sepa_debit",
    "sepa_debit": {"iban": "DE62370400440532013001"},
    "billing_details": {"name": "Ada", "email": "ada@example.com"},
}

# On the loopback only, and without the file in /tmp in which it keeps what it has. And banks that take half a second to
# answer take longer when they are told to wait.
_LOCALSTRIPE = """
import asyncio
import sys
from types import SimpleNamespace
from aiohttp import web
from localstripe import resources, server
resources.Store.dump_to_disk = lambda store: None
answering = asyncio.Event()
answering.set()

async def sleep(seconds):
    await asyncio.sleep(seconds)
    await answering.wait()

async def banks(request):
    answering.set() if request.match_info["what"] == "answer" else answering.clear()
    return web.Response()

resources.asyncio = SimpleNamespace(sleep=sleep, ensure_future=asyncio.ensure_future)
server.app.router.add_post("/_config/banks/{what}", banks)
web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""


@dataclass(slots=True, kw_only=True)
class Stripe:
    """The running processes, and what came from them."""

    url: str
    localstripe: str
    hook: str
    client: httpx.Client
    came: list[Webhook] = field(default_factory=list)

    def act(self, *words: str, **body: Any) -> Any:
        answer = self.client.post(f"/_twin/{'/'.join(words)}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def at(self, path: str, **params: str) -> Any:
        answer = self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def banks(self, what: str) -> None:
        """Have banks `wait`, or `answer` from now on."""
        self.client.post(f"{self.localstripe}/_config/banks/{what}").raise_for_status()

    def calls(self) -> list[str]:
        return [str(call["call"]) for call in self.act("calls")]


@contextmanager
def running() -> Iterator[Stripe]:
    """Both processes and the receiver, while the block runs."""
    with receiving() as (hook, came):
        localstripe, port = free_port(), free_port()
        urls = [f"http://127.0.0.1:{localstripe}", f"http://127.0.0.1:{port}"]
        words = ["--port", str(port), "--localstripe", urls[0], "--webhook", hook]
        words += ["--signing", ROLLED, "--signing", SIGNING]
        processes = [
            subprocess.Popen([sys.executable, "-c", _LOCALSTRIPE, str(localstripe)]),
            subprocess.Popen([sys.executable, "-m", "tests.twins.stripe_twin", *words], cwd=ROOT),
        ]
        try:
            headers = {"Authorization": f"Bearer {KEY}"}
            with httpx.Client(base_url=urls[1], headers=headers, trust_env=False, timeout=60) as client:
                until(lambda: _answers(client), seconds=90)
                yield Stripe(url=urls[1], localstripe=urls[0], hook=hook, client=client, came=came)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(timeout=60)


def _answers(client: httpx.Client) -> bool:
    try:
        # The twin asks localstripe.
        return client.get("/v1/payouts").is_success
    except httpx.HTTPError:
        return False


@contextmanager
def receiving() -> Iterator[tuple[str, list[Webhook]]]:
    came: list[Webhook] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            signature = self.headers["Stripe-Signature"].encode()
            came.append(Webhook(provider="stripe", headers={b"stripe-signature": signature}, body=body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests read what came, not a log."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/hook", came
        finally:
            server.shutdown()
            thread.join()
