"""While a restored database is made, nobody is let in: neither who has its old keys, nor who has its new ones."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from evertill.journeys.restore_shop import restore_shop
from evertill.kernel import embedded
from tests import server as servers
from tests.kernel.waiting import open_folder
from tests.recovery.archives import Archive, archiving
from tests.recovery.test_over_live import addresses

pytestmark = pytest.mark.usefixtures("committed_db")

_STRANGER = "postgresql://stranger:guessed@127.0.0.1:1/evertill"
_SOCKETS = ("/tmp", "/run/postgresql")  # noqa: S108 — where others have theirs.


@pytest.fixture
def archive(
    tmp_path: Path, pg_server: servers.Server, monkeypatch: pytest.MonkeyPatch, committed_db: None
) -> Iterator[Archive]:
    """A shop's server and its copies, with the keys in them."""
    with archiving(tmp_path, pg_server, monkeypatch, backup_database_url=pg_server.superuser_url) as made:
        shutil.copy(Path(pg_server.shop) / "postgres.json", made.data)
        yield made


def at_port(url: str, port: int) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}").geturl()


def answers(url: str) -> list[str]:
    """What a server says to who comes over TCP, for the log, and by the sockets where others have theirs; "" for in."""
    said = []
    ways: list[dict[str, str]] = [{}, {"replication": "true", "dbname": ""}, *({"host": path} for path in _SOCKETS)]
    for way in ways:
        try:
            psycopg.connect(url, connect_timeout=60, **way).close()  # type: ignore[arg-type]
        except psycopg.OperationalError as error:
            said.append(str(error))
        else:
            said.append("")
    return said


class TestRestore:
    def test_lets_nobody_in_until_the_new_keys_are_the_keys(
        self, archive: Archive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plan = archive.copy_all()
        replaying: list[str] = []
        open_to_all: list[list[str]] = []
        stop = embedded.stop

        with open_folder() as home:
            into = home / "again"

            def everybody() -> list[str]:
                port = urlsplit(embedded.url(into)).port
                assert port is not None
                return [at_port(url, port) for url in (*addresses(archive.data), *addresses(into), _STRANGER)]

            def look(step: str, _done: int, _all: int) -> None:
                if step == "Replaying the log":
                    replaying.extend(answer for url in everybody() for answer in answers(url))

            def stop_after_a_look(*, pid: int, seconds: float = 30.0) -> None:
                # It has replayed all, is a database like any other, and takes connections.
                open_to_all.extend(answers(url) for url in everybody())
                stop(pid=pid, seconds=seconds)

            with monkeypatch.context() as patch:
                patch.setattr(embedded, "stop", stop_after_a_look)
                restore_shop(plan=plan, opener=archive.open, key=archive.key, into=into, report=look)

            with embedded.running(folder=into, tell=lambda _line: None):
                let_in = [answers(url)[0] == "" for url in everybody()]

        assert replaying
        assert "" not in replaying
        assert len(open_to_all) == 7
        for tcp, log, *sockets in open_to_all:
            assert "pg_hba.conf rejects connection for host" in tcp
            assert "pg_hba.conf rejects replication connection for host" in log
            assert all("No such file or directory" in one for one in sockets)
        # The old ones are good for nothing, and those that were made for this folder are; the shop's own role, which
        # this server does not have, is made when a shop opens.
        assert let_in == [False, False, False, True, False, True, False]
