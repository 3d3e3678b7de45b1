"""What both signing twins stand on: a small HTTP server that is a process of its own, its keys, and its faults.

Nothing in here or in the twins comes from the shop: what both sides must agree on is written twice.
"""

from __future__ import annotations

import base64
import http.server
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BufferedIOBase
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True, kw_only=True)
class Call:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    raw_target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class Reply:
    """An answer; `is_silent` ends the connection without any."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_silent: bool = False
    # Between one byte and the next.
    drip_s: float = 0


def make_key(path: Path) -> None:
    """Two files of a new key: PATH-private.pem and PATH-public.pem."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    path.with_name(f"{path.name}-private.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    path.with_name(f"{path.name}-public.pem").write_bytes(
        key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def private_key(path: Path) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def sign(key: rsa.RSAPrivateKey, text: str) -> str:
    return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def verifies(key_file: Path, text: str, signature: str) -> bool:
    key = serialization.load_pem_public_key(key_file.read_bytes())
    assert isinstance(key, rsa.RSAPublicKey)
    try:
        key.verify(base64.b64decode(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def spoiled(signature: str) -> str:
    """The signature with one bit turned."""
    raw = bytearray(base64.b64decode(signature))
    raw[7] ^= 1
    return base64.b64encode(raw).decode()


def _write(file: BufferedIOBase, reply: Reply) -> None:
    if not reply.drip_s:
        file.write(reply.body)
        return
    # Whoever reads may have had enough.
    with suppress(ConnectionError):
        for byte in reply.body:
            file.write(bytes([byte]))
            time.sleep(reply.drip_s)


def serve(answer: Callable[[Call], Reply]) -> None:
    """Serve on a free port, told on the first line of the output, until ended."""
    lock = threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Else the body would wait until the head is known to have come, 40 ms.
        disable_nagle_algorithm = True

        def _any(self) -> None:
            split = urlsplit(self.path)
            call = Call(
                method=self.command,
                path=split.path,
                query={name: values[-1] for name, values in parse_qs(split.query, keep_blank_values=True).items()},
                raw_target=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(int(self.headers.get("Content-Length", 0))),
            )
            with lock:
                reply = answer(call)
            if reply.is_silent:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            _write(self.wfile, reply)

        def do_GET(self) -> None:
            self._any()

        def do_POST(self) -> None:
            self._any()

        def log_message(self, *_: object) -> None:
            """Tests look at the twin's book, not at a log."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever(poll_interval=0.05)


@dataclass(slots=True, kw_only=True)
class Faults:
    """Which faults strike, until they are taken back."""

    names: set[str] = field(default_factory=set)
    ms: int = 1_200

    def slow(self) -> None:
        if "slow" in self.names:
            time.sleep(self.ms / 1000)


@dataclass(slots=True, kw_only=True)
class Twin:
    """A running twin, as tests direct it."""

    url: str
    folder: Path
    client: httpx.Client

    def post(self, path: str, **facts: Any) -> Any:
        answer = self.client.post(f"/twin/{path}", json=facts)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def faults(self, *names: str) -> None:
        self.post("faults", names=names)

    def calls(self) -> list[str]:
        """What was asked of it since this was looked at last, by verb."""
        return list(self.post("calls"))

    def pay(self, number: str, **facts: Any) -> dict[str, Any]:
        return dict(self.post("pay", number=number.replace("-", ""), **facts))

    def trade(self, number: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.post("trade", number=number.replace("-", ""))
        return found


@contextmanager
def running(module: str, folder: Path) -> Iterator[Twin]:
    """A twin while the block runs."""
    process = subprocess.Popen([sys.executable, "-m", module, str(folder)], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{int(process.stdout.readline())}"
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            yield Twin(url=url, folder=folder, client=client)
    finally:
        process.terminate()
        process.wait(timeout=60)
        if process.stdout is not None:
            process.stdout.close()


def as_json(value: object) -> Reply:
    return Reply(headers={"Content-Type": "application/json"}, body=json.dumps(value).encode())
