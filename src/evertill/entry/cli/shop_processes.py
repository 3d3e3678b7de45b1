"""The processes that make up a shop, and the order in which they start."""

from __future__ import annotations

import http.client
import importlib
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from evertill.kernel import clock, config, embedded
from evertill.kernel.supervise import Child

from .sockets import Address

_PROBE_SECONDS = 0.3
# What a worker that has drained may still take to end.
_AFTER_DRAIN_SECONDS = 5.0
# Any number that nothing else in the database locks; it ends with the connection.
_UPGRADE_LOCK = 0x45564552
_TURN_S = 0.2

# Stages start upwards and stop downwards: first the web workers drain, then the job worker, PostgreSQL last. The log is
# sent for as long as anybody may write.
_DATABASE, _ARCHIVE, _UPGRADE, _JOBS, _WEB = range(5)


class Cursor(Protocol):
    """What runs a statement, outside a transaction, and gives its row."""

    def execute(self, statement: str, params: list[int], /) -> object:
        """This function will run a statement."""

    def fetchone(self) -> tuple[Any, ...] | None:
        """This function will return its row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the processes run, by dotted name, so that nothing of it is imported before its time."""

    settings: str = "evertill.entry.site.settings"
    prepare: str = "evertill.entry.site.metrics:prepare_metrics"
    serve: str = "evertill.entry.site.serve:serve"
    loads: str = "evertill.entry.site.accepting:Loads"
    work: str = "evertill.entry.worker.run:run"
    archive: str = "evertill.entry.worker.archive:run"
    is_archiving: str = "evertill.entry.worker.archive:is_archiving"
    back_up: str = "evertill.entry.worker.backups:run"
    serve_metrics: str = "evertill.entry.site.metrics:serve_metrics"
    mend_indexes: str = "evertill.journeys.mend_indexes:mend_indexes"
    raise_walls: str = "evertill.journeys.raise_walls:raise_walls"
    grant_rights: str = "evertill.journeys.grant_rights:grant_rights"
    record_settings: str = "evertill.journeys.record_settings:record_settings"
    load_demo: str = "evertill.journeys.load_demo:load_demo"
    serve_sandbox: str = "evertill.sandbox.serve:serve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """Where the payment provider for trying things out answers, and its own data folder."""

    address: Address
    folder: Path


def preload(site: Site, *, folder: Path) -> None:
    """This function will import the shop into this process, so that its children start warm and share its memory.

    What must stand in the data folder before anything is imported is prepared first. It leaves no database connection
    open: a connection must never be shared between processes.
    """
    import django
    from django.db import connections

    _look_up(site.prepare)(folder)
    django.setup()
    for name in (site.serve, site.work, site.serve_metrics):
        _look_up(name)
    connections.close_all()


def children(
    *,
    site: Site,
    cluster: embedded.Cluster | None,
    listener: socket.socket,
    web: Address,
    metrics: Address,
    workers: int,
    demo: bool,
    sandbox: Sandbox | None = None,
) -> list[Child]:
    """This function will return the shop's processes; without PostgreSQL when `cluster` is None (DATABASE_URL)."""
    database = [] if cluster is None else [_database(cluster)]
    ours = None if cluster is None else config.get().data
    upgrade = Child(name="upgrade", stage=_UPGRADE, once=True, run=lambda: _upgrade(site, folder=ours, demo=demo))
    # Looked up in the child, when it starts.
    jobs = Child(name="jobs", stage=_JOBS, run=lambda: _look_up(site.work)(), stop_seconds=20.0)  # noqa: PLW0108
    reading = Child(
        name="metrics", stage=_JOBS, run=lambda: _look_up(site.serve_metrics)(metrics.port), stop_seconds=2.0
    )
    # Made here, so that all workers have it in common.
    loads = _look_up(site.loads)(workers)
    serving = [
        Child(
            name=f"web-{number}",
            stage=_WEB,
            run=partial(_serve, site, listener, loads=loads, worker=number - 1),
            ready=lambda _pid: _answers(web),
            stop_seconds=config.get().drain_s + _AFTER_DRAIN_SECONDS,
        )
        for number in range(1, workers + 1)
    ]
    beside = [] if sandbox is None else [_sandbox(site, sandbox, web=web)]
    return [*database, *_backups(site), upgrade, jobs, reading, *beside, *serving]


def _serve(site: Site, listener: socket.socket, *, loads: object, worker: int) -> None:
    # Looked up in the child, when it starts.
    _look_up(site.serve)(listener, loads=loads, worker=worker)


def _backups(site: Site) -> list[Child]:
    """What copies the shop elsewhere; nothing when there is no elsewhere."""
    if not config.get().backup_target:
        return []
    return [
        Child(
            name="archive",
            stage=_ARCHIVE,
            run=lambda: _look_up(site.archive)(),  # noqa: PLW0108 — looked up in the child, when it starts.
            ready=lambda pid: bool(_look_up(site.is_archiving)(pid)),
            ready_seconds=60.0,
            stop_seconds=10.0,
        ),
        Child(
            name="backups",
            stage=_JOBS,
            run=lambda: _look_up(site.back_up)(),  # noqa: PLW0108 — as above.
            stop_seconds=10.0,
        ),
    ]


def _sandbox(site: Site, sandbox: Sandbox, *, web: Address) -> Child:
    # Nobody waits for it: a shop opens without its payment providers, this one like any other. It learns where to tell
    # of payments as it starts, whichever of the two is there first.
    hook = f"{web.url}/api/v1/webhooks/sandbox"
    return Child(
        name="sandbox",
        stage=_JOBS,
        run=lambda: _look_up(site.serve_sandbox)(sandbox.address.port, sandbox.folder, webhook_url=hook),
        stop_seconds=3.0,
    )


def _database(cluster: embedded.Cluster) -> Child:
    return Child(
        name="postgresql",
        stage=_DATABASE,
        run=embedded.command(cluster),
        ready=lambda pid: embedded.is_ready(cluster, pid=pid),
        # PostgreSQL's words: SIGINT is its fast shutdown, SIGQUIT its immediate one. Both keep every commit.
        stop_signal=signal.SIGINT,
        stop_seconds=60.0,
        hurry_signal=signal.SIGQUIT,
        orphan_signal=signal.SIGINT,
    )


def _upgrade(site: Site, *, folder: Path | None, demo: bool) -> None:
    """Bring the database up to this release. Runs in a child, so that the supervisor never has a connection.

    It works as the role that owns the tables; afterwards the role that the shop works as has the rights that it needs.
    `folder` has the embedded cluster, if that is the shop's.
    """
    from django.core.management import call_command
    from django.db import connection

    shop_role = connection.settings_dict["USER"]
    owner_url = config.get().owner_database_url
    if folder is not None:
        owner_url = embedded.url(folder)
        embedded.make_shop_roles(embedded.superuser_url(folder), password=connection.settings_dict["PASSWORD"])
    if owner_url:
        connection.settings_dict |= _who(owner_url)
    with connection.cursor() as cursor:
        # A step over a large table may take longer than any request, and two nodes may start in the same moment.
        cursor.execute("set statement_timeout = 0")
        wait_for_turn(cursor)
    _look_up(site.mend_indexes)()
    call_command("migrate", interactive=False, verbosity=0)
    if connection.settings_dict["USER"] != shop_role:
        _look_up(site.grant_rights)(role=shop_role)
    _look_up(site.raise_walls)(shop_role=shop_role)
    _look_up(site.record_settings)(now=clock.now())
    if demo:
        _look_up(site.load_demo)(now=clock.now())


def wait_for_turn(cursor: Cursor) -> None:
    """This function will return once no other node brings the database up to a release; until then none begins.

    It looks again and again instead of waiting in the database: a statement that waits keeps its view of the data, and
    an index that is built concurrently waits for everybody's old view. The two would wait for each other.
    """
    while True:
        cursor.execute("select pg_try_advisory_lock(%s)", [_UPGRADE_LOCK])
        if cursor.fetchone() == (True,):
            return
        time.sleep(_TURN_S)


def _who(url: str) -> dict[str, str]:
    """The part of Django's settings that says as whom to connect."""
    parts = urlsplit(url)
    return {"USER": unquote(parts.username or ""), "PASSWORD": unquote(parts.password or "")}


def _answers(web: Address) -> bool:
    connection = http.client.HTTPConnection(web.near, web.port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _look_up(dotted: str) -> Callable[..., Any]:
    module, name = dotted.split(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found
