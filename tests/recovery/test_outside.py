"""A shop on a PostgreSQL of its owner's: copied like any other, and restored as an embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from evertill.domains.recovery import Kind
from evertill.journeys.restore_shop import plan_restore, restore_shop
from evertill.journeys.take_backup import take_backup
from evertill.kernel import clock, embedded
from tests import server as servers
from tests.builders import make_product, place_one
from tests.kernel.waiting import open_folder
from tests.recovery.archives import Archive, archiving

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
        with archive.running():
            take_backup(kind=Kind.FULL, clock=clock.now)
            archive.settle()
        plan = plan_restore(target=archive.open(), key=archive.key, at=None)

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
