"""A shop on a PostgreSQL of its owner's: copied like any other, and restored as an embedded one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from evertill.domains.recovery import Kind
from evertill.journeys.archive_log import archive_log
from evertill.journeys.archive_work import Stop
from evertill.journeys.check_rights import find_missing
from evertill.journeys.restore_shop import restore_shop
from evertill.journeys.take_backup import take_backup
from evertill.kernel import clock, config, embedded
from evertill.kernel.replication import StreamBroken
from tests import server as servers
from tests.builders import make_product, place_one
from tests.kernel.waiting import open_folder, until
from tests.recovery.archives import Archive, archiving

Use = Callable[..., None]

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def archive(
    tmp_path: Path, pg_server: servers.Server, monkeypatch: pytest.MonkeyPatch, committed_db: None
) -> Iterator[Archive]:
    with archiving(tmp_path, pg_server, monkeypatch, backup_database_url=pg_server.superuser_url) as made:
        yield made


class TestOutside:
    def test_comes_back_as_an_embedded_one(self, archive: Archive) -> None:
        make_product("TEA")
        first = place_one().order.id
        plan = archive.copy_all()

        with open_folder() as home:
            restore_shop(plan=plan, opener=archive.open, key=archive.key, into=home / "again")

            with (
                embedded.running(folder=home / "again", tell=lambda _line: None) as url,
                psycopg.connect(url) as database,
            ):
                orders = database.execute("select id from orders_order").fetchall()
                role = database.execute("select current_user, current_database()").fetchone()

        assert orders == [(first,)]
        assert role == ("evertill", "evertill")


@contextmanager
def role(server: servers.Server, rights: LiteralString) -> Iterator[str]:
    """A role of the owner's with no more than these rights, by the address with which it comes in."""
    with psycopg.connect(server.superuser_url, autocommit=True) as database:
        database.execute(sql.SQL("create role keeper login password 'keeps' {}").format(sql.SQL(rights)))
        try:
            parts = urlsplit(server.superuser_url)
            yield parts._replace(netloc=f"keeper:keeps@{parts.hostname}:{parts.port}").geturl()
        finally:
            database.execute("drop role keeper")


@pytest.fixture
def let_in(archive: Archive) -> Iterator[None]:
    """The line in the owner's pg_hba.conf by which a role may come to replicate."""
    with psycopg.connect(archive.server.superuser_url, autocommit=True) as database:
        row = database.execute("show hba_file").fetchone()
        assert row is not None
        file = Path(row[0])
        before = file.read_text(encoding="utf-8")
        file.write_text(f"host replication keeper 127.0.0.1/32 scram-sha-256\n{before}", encoding="utf-8")
        database.execute("select pg_reload_conf()")
        try:
            until(lambda: database.execute("select from pg_hba_file_rules where 'keeper' = any(user_name)").rowcount)
            yield
        finally:
            file.write_text(before, encoding="utf-8")
            database.execute("select pg_reload_conf()")


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    """Has backups come in as somebody else, with these settings."""

    def change(url: str, **settings: Any) -> None:
        ours = replace(config.get(), backup_database_url=url, **settings)
        monkeypatch.setattr(config, "get", lambda: ours)

    return change


class TestRole:
    @pytest.mark.usefixtures("let_in")
    def test_that_may_replicate_and_nothing_else_is_enough(self, archive: Archive, use: Use) -> None:
        server = archive.server
        with role(server, "replication") as url:
            use(url)
            assert find_missing() == []
            archive.server = replace(server, superuser_url=url)
            with archive.running():
                full = take_backup(kind=Kind.FULL, clock=clock.now)
                incremental = take_backup(kind=Kind.INCREMENTAL, clock=clock.now)
            archive.server = server

        assert full is not None
        assert incremental is not None
        assert (incremental.kind, incremental.parent) == (Kind.INCREMENTAL, full.id)

    @pytest.mark.usefixtures("let_in")
    def test_that_may_replicate_and_not_have_orders_wait_says_so(self, archive: Archive, use: Use) -> None:
        with role(archive.server, "replication") as url:
            use(url, log_sync=1)

            assert find_missing() == [
                "Orders do not wait for the target: the role keeper may not set synchronous_standby_names."
            ]

    def test_that_is_not_let_in_is_told_which_line_is_missing(self, archive: Archive, use: Use) -> None:
        with role(archive.server, "replication") as url:
            use(url)

            (said,) = find_missing()

        assert said.startswith("No backups at all: ")
        assert said.endswith("(pg_hba.conf needs a line: host replication …)")

    @pytest.mark.usefixtures("let_in")
    def test_that_may_not_replicate_is_told_by_the_server_itself(self, archive: Archive, use: Use) -> None:
        with role(archive.server, "noreplication") as url:
            use(url)

            assert find_missing() == [
                "No backups at all: the role keeper may not replicate (alter role keeper replication)."
            ]
            with pytest.raises(StreamBroken, match="REPLICATION"):
                archive_log(url=url, target=archive.open(), clock=clock.now, stop=Stop.make())
