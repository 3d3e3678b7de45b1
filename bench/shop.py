"""The shop under measurement: `evertill up` as anybody starts it, with its default settings, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.database import Database
from bench.errors import BenchError
from evertill.kernel import embedded
from evertill.kernel.embedded.place import home_of
from evertill.kernel.supervise import read_run

_OPENS_WITHIN_S = 120.0
_CLOSES_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A shop that is open: where it answers, where its orders are, and the ancestor of all its processes."""

    host: str
    port: int
    database: Database
    pid: int
    folder: Path

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.host}:{self.port}"

    def environment(self) -> dict[str, str]:
        """This function will return the environment of a process that is to act as a part of the shop."""
        secret = (self.folder / "secret.key").read_text(encoding="utf-8").strip()
        return {
            **_environment(self.database),
            "EVERTILL_SECRET": secret,
            "DJANGO_SETTINGS_MODULE": "evertill.entry.site.settings",
        }

    def roles(self) -> dict[int, str]:
        """This function will return what each of its supervised processes does, by process id."""
        return {pid: role for role, pid in read_run(self.folder)["children"].items()} | {self.pid: "supervisor"}


@contextmanager
def folder(parent: Path | None) -> Iterator[Path]:
    """A folder for the data of one run, removed afterwards; by default below /var/tmp, which is on a disk."""
    default = Path("/var/tmp")  # noqa: S108 — mkdtemp makes a new folder in it.
    if parent is None and default.is_dir():
        parent = default
    made = Path(tempfile.mkdtemp(prefix="evertill-bench-", dir=parent))
    # PostgreSQL, which refuses to run as root, has to pass through it under another account.
    made.chmod(0o711)
    try:
        yield made
    finally:
        # Where PostgreSQL's account could not enter this folder, a database of its shops lives elsewhere.
        for data in made.iterdir():
            if data.is_dir():
                shutil.rmtree(home_of(data), ignore_errors=True)
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def open_shop(
    data: Path,
    *,
    database: Database | None = None,
    settings: Mapping[str, str] | None = None,
    words: Sequence[str] = (),
) -> Iterator[Shop]:
    """A shop on a free port with its data in `data`, with a PostgreSQL of its own or on a running `database`.

    `settings` are variables of the environment; without them it runs with its defaults. `words` are more options.

    Raises BenchError with the shop's own words when it does not open.
    """
    port, metrics_port = free_ports(2)
    log = data.with_name(f"{data.name}.log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                Path(sys.executable).with_name("evertill"), "up", f"--port={port}", f"--metrics-port={metrics_port}",
                f"--data={data}", *words,
            ],
            env={**_environment(database), **(settings or {})},
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            _wait_until_open(process, port=port, log=log)
            yield Shop(
                host="127.0.0.1", port=port, pid=process.pid, folder=data, database=database or _database_of(data)
            )
        finally:
            _close(process)


def _environment(database: Database | None) -> dict[str, str]:
    # The shop's defaults are measured, whatever is set where the bench is started.
    environ = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL" and not name.startswith(("EVERTILL_", "DJANGO_", "PG"))
    }
    if database is not None:
        environ["DATABASE_URL"] = database.url
    return environ


def _database_of(data: Path) -> Database:
    return Database(url=embedded.url(data), admin_url=embedded.superuser_url(data))


def _wait_until_open(process: subprocess.Popen[bytes], *, port: int, log: Path) -> None:
    deadline = time.monotonic() + _OPENS_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise BenchError(f"The shop did not open:\n{log.read_text(encoding='utf-8', errors='replace')[-3000:]}")


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    # Not SIGINT: whoever starts the bench in the background of a script has it ignored from the first moment on.
    process.terminate()
    try:
        process.wait(_CLOSES_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise BenchError(f"The shop (process {process.pid}) did not close in time and was killed.") from None


def free_ports(count: int) -> list[int]:
    """This function will return ports of this machine that nobody listens on."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [holder.getsockname()[1] for holder in held]
    for holder in held:
        holder.close()
    return ports
