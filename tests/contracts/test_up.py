"""`evertill up` as a newcomer meets it: real processes, a real database, a shop of almost nothing."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import cycle
from pathlib import Path

import psutil
import psycopg
import pytest

from tests import server as servers
from tests.kernel.waiting import ORDINARY, ROOT, kill, open_folder, ordinary_python, until

# Far more than a quiet machine needs, so that a busy one does not fail.
READY_SECONDS = 240.0
_ENDED_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A shop in processes of its own, started as `make shop` would."""

    folder: Path
    port: int
    process: subprocess.Popen[str]
    said: Path

    def output(self) -> str:
        return self.said.read_text(encoding="utf-8")

    def is_open(self) -> bool:
        assert self.process.poll() is None, self.output()
        return "Stop it with Ctrl-C." in self.output()

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def note(self) -> dict[str, object]:
        return dict(json.loads((self.folder / "run.json").read_text(encoding="utf-8")))

    def pids(self) -> dict[str, int]:
        children = self.note()["children"]
        assert isinstance(children, dict)
        return children

    def family(self) -> list[psutil.Process]:
        """Its processes, and not their numbers, which a busy machine soon gives to others."""
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]


@dataclass(slots=True, kw_only=True)
class Opener:
    """Starts shops and, at the end, makes sure that none is left."""

    shops: list[Shop] = field(default_factory=list)

    def __call__(self, folder: Path, *, port: int | None = None, ordinary: bool = False, database: str = "") -> Shop:
        argv, env, user = [sys.executable], clean_environment(), None
        if ordinary:
            (argv, env), user = ordinary_python(), ORDINARY
        if database:
            env["DATABASE_URL"] = database
        port = port or free_port()
        said = folder.with_name(f"{folder.name}-{secrets.token_hex(4)}.said")
        with said.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                [*argv, "-m", "tests.contracts.fake_shop", str(folder), str(port), "2"],
                cwd=ROOT,
                env=env,
                user=user,
                group=user,
                extra_groups=[] if ordinary else None,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                # As strict as administrators set it.
                umask=0o077,
            )
        shop = Shop(folder=folder, port=port, process=process, said=said)
        self.shops.append(shop)
        return shop

    def opened(self, folder: Path, *, ordinary: bool = False, database: str = "") -> Shop:
        shop = self(folder, ordinary=ordinary, database=database)
        until(shop.is_open, seconds=READY_SECONDS)
        return shop

    def close(self) -> None:
        for shop in self.shops:
            shop.process.terminate()
        for shop in self.shops:
            shop.process.wait(timeout=_ENDED_SECONDS)
            shop.said.unlink(missing_ok=True)


def clean_environment() -> dict[str, str]:
    """This process's environment without what other tests' shops have set, and away from the machine's own shop.

    A command that is told of no data folder finds one in which nothing is, where it would else read the notes of
    whoever's shop is on this machine.
    """
    # What whoever began the tests told make is not for those that tests begin.
    ours = ("EVERTILL_", "DATABASE_URL", "DJANGO_", "PROMETHEUS_", "MAKE", "MFLAGS")
    rest = {name: value for name, value in os.environ.items() if not name.startswith(ours) and name != "ARGS"}
    return rest | {"EVERTILL_DATA": str(servers.data_folder() / "nothing-here")}


# Below those that outgoing connections take, and below those of embedded databases.
_PORTS = range(10_000, 18_800)
# Each of this many workers of a session has ports of its own. It divides the way to the neighbours.
_WORKERS = 8


def free_port() -> int:
    """A port whose neighbours for metrics and Sandbox are free too, and which nobody else is given for a long time.

    Seconds go by until it is taken, and it is free again whenever a test has closed what listened on it.
    """
    return next(port for port in _ports() if all(map(_is_free, (port, port + 1000, port + 1200))))


@cache
def _ports() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
    ours = _PORTS[worker::_WORKERS]
    first = secrets.randbelow(len(ours))
    return cycle((*ours[first:], *ours[:first]))


def _is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


def cli(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-c", "from evertill.entry.cli import main; main()", *words, "--data", str(folder)]
    return subprocess.run(argv, env=clean_environment(), cwd="/", check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def opener() -> Iterator[Opener]:
    made = Opener()
    yield made
    made.close()


@pytest.fixture(scope="module")
def shop(opener: Opener) -> Iterator[Shop]:
    """One open shop for the tests that leave it open."""
    with open_folder() as folder:
        opened = opener.opened(folder / "data")
        yield opened
        opened.process.terminate()
        opened.process.wait(timeout=_ENDED_SECONDS)


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as made:
        yield made / "data"


class TestOpening:
    def test_ends_by_telling_the_address_and_an_order_to_copy(self, shop: Shop) -> None:
        lines = shop.output().splitlines()

        assert f"The shop is open: http://localhost:{shop.port}" in lines
        curl = next(line for line in lines if "curl" in line)
        assert curl.strip().startswith(f"curl -s http://127.0.0.1:{shop.port}/api/v1/orders -H ")
        assert '"sku":"TEA-001"' in curl
        # Two rows: Django's own and the one that the demo has added.
        assert shop.get("/database") == (200, "2")

    def test_tells_each_worker_how_many_connections_the_others_have(self, shop: Shop) -> None:
        found: set[tuple[int, str]] = set()

        def both_have_answered() -> bool:
            found.add(shop.get("/least"))
            return len(found) == 2

        until(both_have_answered)

        # The second of them has fewer than the first, and both know.
        assert found == {(200, "True"), (200, "False")}

    def test_keeps_its_secrets_from_others(self, shop: Shop) -> None:
        modes = {name: (shop.folder / name).stat().st_mode & 0o777 for name in ("secret.key", "postgres.json")}

        assert modes == {"secret.key": 0o600, "postgres.json": 0o600}

    def test_tells_the_address_of_its_database(self, shop: Shop) -> None:
        said = cli("database", "url", folder=shop.folder)

        assert (said.returncode, said.stderr) == (0, "")
        with psycopg.connect(said.stdout.strip()) as connection:
            row = connection.execute("select current_user, count(*) from django_content_type").fetchone()
        assert row == ("evertill", 2)

    def test_refuses_a_second_start_in_the_same_folder_and_says_who_is_there(self, shop: Shop, opener: Opener) -> None:
        second = opener(shop.folder)

        assert second.process.wait(timeout=_ENDED_SECONDS) == 1

        assert f"process {shop.process.pid}, http://127.0.0.1:{shop.port}" in second.output()
        assert "DATA=" in second.output()
        assert "Traceback" not in second.output()
        assert shop.get("/healthz")[0] == 200

    def test_refuses_a_taken_port_and_names_the_way_out(self, shop: Shop, folder: Path, opener: Opener) -> None:
        second = opener(folder, port=shop.port)

        assert second.process.wait(timeout=_ENDED_SECONDS) == 1

        assert f"Cannot listen on 127.0.0.1 port {shop.port}: Address already in use." in second.output()
        assert "PORT=8001" in second.output()

    def test_runs_beside_another_shop_and_for_an_ordinary_user(self, shop: Shop, opener: Opener) -> None:
        with open_folder() as theirs:
            if os.geteuid() == 0:
                os.chown(theirs, ORDINARY, ORDINARY)
            second = opener.opened(theirs / "data", ordinary=os.geteuid() == 0)

            assert second.get("/database") == (200, "2")
            assert shop.get("/database") == (200, "2")

            second.process.terminate()
            assert second.process.wait(timeout=_ENDED_SECONDS) == 0

    def test_uses_the_operators_database_when_given(self, shop: Shop, folder: Path, opener: Opener) -> None:
        second = opener.opened(folder, database=cli("database", "url", folder=shop.folder).stdout.strip())

        assert second.get("/database") == (200, "2")
        assert second.note()["database"] == "external"
        assert sorted(second.pids()) == ["jobs", "metrics", "web-1", "web-2"]
        assert not (folder / "postgres").exists()
        kill(second.process.pid, signal.SIGTERM)
        assert second.process.wait(timeout=_ENDED_SECONDS) == 0


def _has_another(shop: Shop, name: str, pid: int) -> bool:
    return shop.pids().get(name, pid) != pid


class TestStayingOpen:
    def test_do_not_die_of_a_client_who_hangs_up(self, shop: Shop) -> None:
        status = Path(f"/proc/{shop.pids()['web-1']}/status").read_text(encoding="ascii")
        ignored = int(next(line.split()[1] for line in status.splitlines() if line.startswith("SigIgn:")), 16)

        assert ignored >> (signal.SIGPIPE - 1) & 1

    def test_has_a_killed_worker_back_at_once(self, shop: Shop) -> None:
        before = shop.pids()

        for name in ("web-1", "web-2"):
            kill(before[name], signal.SIGKILL)
            # A supervisor that nothing wakes looks again after a minute, which is longer than this waits.
            until(partial(_has_another, shop, name, before[name]))

        # It waits for nothing before that, as it does where one keeps ending.
        told = [line for line in shop.output().splitlines() if "SIGKILL" in line]
        assert told == [f"{name} ended with SIGKILL; starting it again." for name in ("web-1", "web-2")]
        assert shop.get("/healthz")[0] == 200
        assert {name for name, pid in shop.pids().items() if pid != before[name]} == {"web-1", "web-2"}

    def test_keeps_its_workers_through_the_death_of_the_database(self, shop: Shop) -> None:
        before = shop.pids()

        kill(before["postgresql"], signal.SIGKILL)
        until(lambda: shop.pids().get("postgresql", before["postgresql"]) != before["postgresql"])
        until(lambda: shop.get("/database") == (200, "2"), seconds=60)

        changed = {name for name, pid in shop.pids().items() if pid != before[name]}
        assert changed == {"postgresql"}


class TestClosing:
    def test_finishes_accepted_requests_and_leaves_nothing_however_it_ends(self, folder: Path, opener: Opener) -> None:
        first = opener.opened(folder)
        family = first.family()
        assert len(family) > len(first.pids()) > 4

        with ThreadPoolExecutor() as pool:
            slow = pool.submit(first.get, "/slow")
            until(lambda: _accepted(first))
            kill(first.process.pid, signal.SIGTERM)
            assert slow.result() == (200, "slow but whole")
        assert first.process.wait(timeout=_ENDED_SECONDS) == 0
        assert [one for one in family if lives(one)] == []
        assert not (folder / "run.json").exists()

        second = opener.opened(folder)
        family = second.family()
        kill(second.process.pid, signal.SIGKILL)
        second.process.wait()
        # And the next start needs no help, even while the last of the killed one is still on its way out.
        third = opener.opened(folder)
        until(lambda: not any(map(lives, family)))
        assert third.get("/database") == (200, "2")

        kill(third.process.pid, signal.SIGINT)
        assert third.process.wait(timeout=_ENDED_SECONDS) == 0


def lives(process: psutil.Process) -> bool:
    """Whether a process runs; a zombie that nobody has waited for does not."""
    with contextlib.suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _accepted(shop: Shop) -> bool:
    """Whether a worker has taken the one open connection off the queue."""
    holders = [psutil.Process(pid) for name, pid in shop.pids().items() if name.startswith("web")]
    return any(
        one.status == psutil.CONN_ESTABLISHED and one.laddr.port == shop.port
        for holder in holders
        for one in holder.net_connections(kind="tcp")
    )
