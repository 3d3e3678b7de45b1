"""A restore over a living shop on a database of its owner's: it opens from a folder of its own. Real processes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from evertill.kernel import embedded
from tests.kernel.waiting import open_folder, until
from tests.recovery.archives import FAST_KB_S
from tests.recovery.test_over_live import buyers, consent, has_ended, restore_over, steps, trade
from tests.recovery.test_story import order
from tests.shop import Shop


@dataclass(slots=True)
class Outside(Shop):
    """A shop on a database that is not in its folder."""

    @property
    def database_url(self) -> str:
        return self.settings["database_url"]


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    """A server of the owner's, which a shop is to have a database on; as its superuser."""
    with open_folder() as home:
        folder = home / "server"
        folder.mkdir(mode=0o711)
        with embedded.running(folder=folder, tell=lambda _line: None):
            url = embedded.superuser_url(folder)
            with psycopg.connect(url, autocommit=True) as database:
                database.execute("create role keeper login password 'keeps'")
                database.execute("create database shop owner keeper")
            yield url


@pytest.fixture
def shop(server_url: str) -> Iterator[Outside]:
    """A shop on that server, which is copied elsewhere."""
    parts = urlsplit(server_url)
    with open_folder() as home:
        (home / "copies").mkdir()
        (home / "data").mkdir(mode=0o711)
        settings = {
            "backup_target": f"file://{home / 'copies'}",
            "drill_min": "0",
            "backup_rate_kb_s": str(FAST_KB_S),
            "database_url": parts._replace(netloc=f"keeper:keeps@{parts.hostname}:{parts.port}", path="/shop").geturl(),
            "backup_database_url": server_url,
        }
        shop = Outside(folder=home / "data", settings=settings, workers=1)
        shop.start()
        try:
            shop.stock_up([("TEA", 100)])
            yield shop
        finally:
            if shop.process is not None and shop.process.poll() is None:
                shop.stop()


def bring_back(shop: Shop, *, to: Outside) -> str:
    """Copy an embedded database into a new one on a server, by the words of docs/operate/restore.md; its address."""
    with psycopg.connect(to.settings["backup_database_url"], autocommit=True) as database:
        database.execute("create database again owner keeper")
    given, dump = urlsplit(to.database_url)._replace(path="/again").geturl(), shop.folder / "shop.dump"
    with embedded.running(folder=shop.folder, tell=lambda _line: None) as url:
        run("pg_dump", "--enable-row-security", "--format=custom", f"--file={dump}", url)
    run(
        "pg_restore",
        "--no-owner",
        "--no-privileges",
        "--no-policies",
        "--single-transaction",
        f"--dbname={given}",
        dump,
    )
    return given


def run(program: str, *words: str | Path) -> None:
    done = subprocess.run([embedded.find_programs() / program, *words], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr


class TestOutside:
    def test_is_replaced_from_a_folder_of_its_own(self, shop: Outside) -> None:
        moment = trade(shop, "outside")
        number, other = consent(shop, moment, url=shop.database_url), shop.folder.parent / "other"

        unnamed = restore_over(shop, number, says="y\n")
        done = restore_over(shop, number, "--into", other, says="y\n")
        assert done.returncode == 0, done.stdout + done.stderr
        until(lambda: has_ended(shop), seconds=240)

        assert unnamed.returncode == 1
        assert "is not in that folder, but one of your own." in unnamed.stderr
        assert f"Open it: evertill up --data {other}, without DATABASE_URL" in done.stdout
        assert "outside-after@example.com" in buyers(shop.database_url)
        again = Shop(
            folder=other, port=shop.port, workers=1, settings={"backup_target": shop.settings["backup_target"]}
        )
        again.start()
        assert buyers(again.database_url) == {"outside-before@example.com"}
        assert steps(again.database_url, number)[-1] == f"It takes the other one's place from {other}."
        assert again.run("audit").returncode == 0
        again.stop()
        given = bring_back(again, to=shop)
        home = Outside(folder=other, port=shop.port, workers=1, settings={**shop.settings, "database_url": given})
        home.start()
        order(home, "outside-again@example.com")
        assert buyers(home.database_url) == {"outside-before@example.com", "outside-again@example.com"}
        assert home.run("audit").returncode == 0
        home.stop()
