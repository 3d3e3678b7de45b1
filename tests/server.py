"""The PostgreSQL that the tests run on: one server a session, one database a worker, cloned from a migrated template.

The controller of a session starts the server and makes the template; workers only clone. Nothing needs a lock then.
"""

from __future__ import annotations

import atexit
import base64
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from evertill.kernel import embedded
from evertill.kernel.embedded.place import home_of

# A shop's secret is random; a test's is known, so that what derives from it can be written down.
SECRET = base64.urlsafe_b64encode(bytes(range(32))).decode()

# The server dies with the session anyway, so it need not wait for a disk. Killing it loses nothing all the same,
# because the kernel still has what it wrote.
_FAST = (
    "fsync = off\nfull_page_writes = off\nsynchronous_commit = local\nmax_connections = 200\nautovacuum = off\n"
    # Two workers may take backups at once, while the server has not let go of connections that ended.
    "max_wal_senders = 40\nmax_replication_slots = 40\n"
)


_RAISE_WALLS = (
    "import django; django.setup(); from django.db import connection;"
    " from evertill.journeys.raise_walls import raise_walls;"
    " assert raise_walls(shop_role=connection.settings_dict['USER'])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server for tests: as its superuser, as the role that owns a shop, and the name of the migrated template.

    `shop` is the data folder of a shop that has just been made; "" when the server is somebody else's.
    """

    superuser_url: str
    owner_url: str
    template: str
    shop: str = ""

    def database_url(self, name: str) -> str:
        """The address of one database, as the role that a shop has: it is no superuser."""
        return with_database(self.owner_url, name)

    def as_facts(self) -> dict[str, str]:
        """What a worker of xdist is told, since only plain values travel to it."""
        return asdict(self)


@contextmanager
def session_server() -> Iterator[Server]:
    """A server with a migrated template while the block runs: a fresh one, or that of EVERTILL_TEST_SERVER."""
    with ExitStack() as stack:
        given = os.environ.get("EVERTILL_TEST_SERVER")
        if given:
            server = Server(superuser_url=given, owner_url=given, template=f"evertill_test_{os.getpid()}_template")
            stack.callback(_drop, server, server.template)
            _create(server, server.template)
            _run("-m", "django", "migrate", "--verbosity", "0", url=server.database_url(server.template))
        else:
            folder = stack.enter_context(_folder())
            with _embedded(folder) as owner_url:
                _run("-m", "django", "migrate", "--verbosity", "0", url=owner_url)
            shop = stack.enter_context(_shop_of(folder))
            owner_url = stack.enter_context(_embedded(folder))
            server = Server(
                superuser_url=embedded.superuser_url(folder), owner_url=owner_url, template="evertill", shop=shop
            )
        with psycopg.connect(server.superuser_url, autocommit=True) as connection:
            owner = urlsplit(server.owner_url).username or ""
            embedded.make_visitor_role(connection, played_by=owner)
            # Most tests work as the owner where a shop works as its own role, which bypasses policies.
            connection.execute(sql.SQL("alter role {} bypassrls").format(sql.Identifier(owner)))
            # And may empty tables without what triggers would look up for each row, and be the last to give up where
            # others still write (tests/tables.py).
            connection.execute(
                sql.SQL("grant set on parameter session_replication_role, deadlock_timeout to {}").format(
                    sql.Identifier(owner)
                )
            )
        _run("-c", _RAISE_WALLS, url=server.database_url(server.template))
        yield server


def remember(server: Server) -> None:
    """This function will note which server this process's tests run on."""
    _remembered[:] = [server]


def furnish(folder: Path) -> None:
    """This function will put a database with all tables into an empty data folder, as a shop's first start would.

    Making it takes longer than most of what tests do with a shop. Its passwords are those of the session's server.
    """
    for server in _remembered:
        if server.shop and not any(folder.iterdir()):
            _copy(Path(server.shop), folder)


_remembered: list[Server] = []


@contextmanager
def cloned(server: Server, name: str) -> Iterator[str]:
    """A database of one's own while the block runs, by its address."""
    _create(server, name, template=server.template)
    try:
        yield server.database_url(name)
    finally:
        _drop(server, name)


def with_database(url: str, name: str) -> str:
    """The same server and role, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="evertill-test-"))
    # As root the server runs under an account of its own, which has to pass through.
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(home_of(folder), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _shop_of(folder: Path) -> Iterator[str]:
    """A copy of a data folder whose server stands still; none when its database lives elsewhere."""
    if home_of(folder) != folder:
        yield ""
        return
    with _folder() as shop:
        _copy(folder, shop)
        # A shop waits for the disk.
        (shop / "postgres" / "custom.conf").unlink()
        yield str(shop)


def _copy(folder: Path, into: Path) -> None:
    subprocess.run(["/bin/cp", "-a", f"{folder}/.", str(into)], check=True, timeout=120)


@contextmanager
def _embedded(folder: Path) -> Iterator[str]:
    cluster = embedded.prepare(folder=folder, tell=_say_nothing)
    (cluster.data / "custom.conf").write_text(_FAST, encoding="utf-8")
    (cluster.data / "custom.conf").chmod(0o644)
    with embedded.running(folder=folder, tell=_say_nothing) as url:
        yield url


def _run(*words: str, url: str) -> None:
    # In a process of its own: this one may become a worker, whose Django belongs to another database.
    subprocess.run([sys.executable, *words], env=os.environ | environment(url), check=True, timeout=120)


@cache
def data_folder() -> Path:
    """This process's folder for what a node of a shop keeps beside its database; it goes when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="evertill-test-data-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def environment(url: str) -> dict[str, str]:
    """The variables by which Evertill finds a database of these tests, and is as patient as tests have to be.

    A customer is told that the shop is busy after seconds; on a machine that stands still for some, tests go on.
    """
    return {
        "DATABASE_URL": url,
        "EVERTILL_LOCK_TIMEOUT_MS": "60000",
        "EVERTILL_STATEMENT_TIMEOUT_MS": "120000",
        # A code that is only under way when its asker goes on is none that he can put in.
        "EVERTILL_CODE_WAIT_MS": "30000",
        "EVERTILL_SECRET": SECRET,
        "EVERTILL_DATA": str(data_folder()),
        "DJANGO_SETTINGS_MODULE": "evertill.entry.site.settings",
    }


def _create(server: Server, name: str, *, template: str = "template0") -> None:
    owner = urlsplit(server.owner_url).username or ""
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template {} owner {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template), sql.Identifier(owner)
            )
        )


def _drop(server: Server, name: str) -> None:
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _say_nothing(_line: str) -> None:
    """What the server tells people is of no interest here; what goes wrong raises."""
