"""Chromium with a virtual authenticator, as a process of its own that makes and uses passkeys on demand.

`python -m tests.browser.key_holder` says the address of its page on its first line, and then answers each line of its
input, `{"make": options}` or `{"use": options}`, by a line: what the page's own script would send to the shop.
`{"forget": {}}` empties it. It is a process because what drives the browser and Django's database do not go together
in one.
"""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.kernel.waiting import ROOT

_MAKE = """async (options) => JSON.stringify((await navigator.credentials.create(
    {publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options)})).toJSON())"""
_USE = """async (options) => JSON.stringify((await navigator.credentials.get(
    {publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options)})).toJSON())"""


@dataclass(slots=True, kw_only=True)
class KeyHolder:
    """A running browser."""

    url: str
    process: subprocess.Popen[str]

    def make(self, options: str) -> str:
        return self._ask("make", options)

    def use(self, options: str) -> str:
        return self._ask("use", options)

    def forget(self) -> None:
        self._ask("forget", "{}")

    def _ask(self, what: str, options: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({what: json.loads(options)}) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@contextmanager
def running() -> Iterator[KeyHolder]:
    """A browser while the block runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.browser.key_holder"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield KeyHolder(url=process.stdout.readline().strip(), process=process)
    finally:
        # Its input ends, and so does it.
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>keys</title>")

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


def _hold() -> None:
    from tests.browser import chromium, device

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://localhost:{server.server_address[1]}"
    with chromium.running() as browser:
        page = browser.new_page()
        devtools, authenticator = device.give(page)
        page.goto(url)
        print(url, flush=True)
        for line in sys.stdin:
            ((what, asked),) = json.loads(line).items()
            if what == "forget":
                devtools.send("WebAuthn.clearCredentials", authenticator)
                print(flush=True)
            else:
                print(page.evaluate(_MAKE if what == "make" else _USE, asked), flush=True)


if __name__ == "__main__":
    _hold()
