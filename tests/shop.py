"""A real shop in processes of its own, to be asked anything and to be killed in parts."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg

from evertill.entry.cli.up import sandbox_of
from evertill.kernel import embedded
from evertill.kernel.files import make_folder
from tests import server as servers
from tests.contracts import command
from tests.contracts.test_up import clean_environment, free_port
from tests.kernel.waiting import until
from tests.server import SECRET

# What dies again and again rests for up to 30 s before it is started anew, and starts slowly on a busy machine.
READY_SECONDS = 240.0
_EVERTILL = Path(sys.executable).with_name("evertill")


@dataclass(slots=True, kw_only=True)
class Shop:
    """One data folder and whatever runs on it at the moment."""

    folder: Path
    port: int = field(default_factory=free_port)
    workers: int = 2
    demo: bool = False
    sandbox: bool = False
    # Of `EVERTILL_…`, by their lower-case names.
    settings: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.log")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and return once it takes orders."""
        words = ["up", "--port", str(self.port), "--data", str(self.folder), "--workers", str(self.workers)]
        words += ["--demo"] if self.demo else []
        words += ["--sandbox"] if self.sandbox else []
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [_EVERTILL, *words], env=self.environment(), stdout=output, stderr=subprocess.STDOUT
            )
        self.wait_ready()

    def wait_ready(self) -> None:
        """Return once it takes orders again."""
        until(self.is_ready, seconds=READY_SECONDS)

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text(encoding="utf-8")[-4000:]
        try:
            return self.get("/readyz")[0] == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False

    def is_whole(self) -> bool:
        """Whether every process runs, and the job worker does more than only exist."""
        note = json.loads((self.folder / "run.json").read_text(encoding="utf-8"))
        wanted = {"postgresql", "jobs", "metrics", *(f"web-{n}" for n in range(1, self.workers + 1))}
        wanted |= {"sandbox"} if self.sandbox else set()
        if wanted - note["children"].keys() or not all(map(_runs, note["children"].values())):
            return False
        with suppress(psycopg.OperationalError), psycopg.connect(self.database_url) as database:
            alive = database.execute(
                "select 1 from procrastinate_workers where last_heartbeat > now() - interval '10 seconds'"
            )
            return alive.rowcount > 0
        return False

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def stop(self) -> None:
        """Stop it as Ctrl-C would, and make sure that it ended well."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(timeout=120) == 0, self.log.read_text(encoding="utf-8")[-4000:]
        self.process = None

    def kill(self) -> None:
        """Kill its supervisor, as a power cut would; everything under it has to go with it."""
        assert self.process is not None
        root = psutil.Process(self.process.pid)
        family = [root, *root.children(recursive=True)]
        self.process.kill()
        self.process.wait()
        self.process = None
        # As processes and not as numbers, which a busy machine soon gives to others. PostgreSQL shuts down in good
        # order, for which it has as long as the supervisor gives it.
        deadline = time.monotonic() + READY_SECONDS
        while living := [_tell(one) for one in family if _lives(one)]:
            assert time.monotonic() < deadline, f"still there: {living}"
            time.sleep(0.01)

    def kill_child(self, name: str) -> bool:
        """Kill one of its processes, or one of the database's own when the name is `backend`; say whether it lived."""
        assert self.process is not None
        with suppress(OSError, ValueError, KeyError, psutil.Error):
            note = json.loads((self.folder / "run.json").read_text(encoding="utf-8"))
            child = psutil.Process(note["children"]["postgresql" if name == "backend" else name])
            if child.ppid() != self.process.pid:
                # The number belongs to somebody else's process by now.
                return False
            victims = [child]
            if name == "backend":
                victims = [own for own in child.children() if "127.0.0.1" in " ".join(own.cmdline())]
            for victim in victims[:1]:
                victim.send_signal(signal.SIGKILL)
                return True
        return False

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of evertill's on it."""
        return command.run(self.environment(), *words, "--data", self.folder, seconds=600)

    def stock_up(self, goods: Sequence[tuple[str, int]]) -> None:
        """Put SKUs on sale at 1 GBP, with so many pieces each, through the front door."""
        file = self.folder.with_name(f"{self.folder.name}.csv")
        rows = "".join(f"{sku},Title of {sku},1.00,GBP,{pieces}\n" for sku, pieces in goods)
        file.write_text(f"sku,title,price,currency,stock\n{rows}", encoding="utf-8")
        ended = self.run("import", "products", str(file))
        assert ended.returncode == 0, ended.stdout + ended.stderr

    @property
    def database_url(self) -> str:
        return embedded.url(self.folder)

    @property
    def sandbox_port(self) -> int:
        return sandbox_of(self.folder, self.port).address.port

    def environment(self) -> dict[str, str]:
        """What every process of the shop, and every command beside it, is started with."""
        # The secret is known, so that a test can say which digest stands for a key.
        # Nothing expires during an exam, however long it takes, unless it is about that.
        ours = {"EVERTILL_SECRET": SECRET, "EVERTILL_RESERVATION_S": "864000"}
        return clean_environment() | ours | {f"EVERTILL_{name.upper()}": value for name, value in self.settings.items()}


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _tell(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return f"{process.pid} {process.status()} {' '.join(process.cmdline())[:80]}"
    return f"{process.pid}"


def _runs(pid: int) -> bool:
    with suppress(psutil.Error):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


@contextmanager
def shop_in(
    folder: Path, *, demo: bool = False, sandbox: bool = False, settings: Mapping[str, str] | None = None
) -> Iterator[Shop]:
    """A shop, not yet started, that is gone when the block ends, however it ends."""
    make_folder(folder, mode=0o711)
    servers.furnish(folder)
    shop = Shop(folder=folder, demo=demo, sandbox=sandbox, settings=settings or {})
    try:
        yield shop
    finally:
        if (process := shop.process) is not None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=60)
            if process.poll() is None:
                shop.kill()
