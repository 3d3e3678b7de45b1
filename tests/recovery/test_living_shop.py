"""A living shop whose database is broken in one way or another: it is told, and nothing new is made of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from evertill.journeys.living_shop import Living, NodesOpen, NoLivingShop, find_living, open_living, wait_for_nodes
from evertill.kernel import embedded
from evertill.kernel.files import make_folder
from evertill.kernel.supervise import hold_folder, write_run
from tests.kernel.waiting import alive, open_folder, until


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A data folder with a database in it, and nothing in that."""
    with open_folder() as home:
        folder = home / "data"
        make_folder(folder, mode=0o711)
        embedded.prepare(folder=folder, tell=_say_nothing)
        yield folder


@pytest.fixture
def folder(made: Path) -> Iterator[Path]:
    """The same, which is whole again afterwards."""
    kept = made.with_name("kept")
    made.rename(kept)
    shutil.copytree(kept, made)
    owner = (kept / "postgres").stat()
    for path in (made / "postgres", *(made / "postgres").rglob("*"), made / "log"):
        shutil.chown(path, owner.st_uid, owner.st_gid)
    yield made
    shutil.rmtree(made)
    kept.rename(made)


def trouble_of(folder: Path, *, given: str = "") -> str:
    with ExitStack() as server:
        living = find_living(folder=folder, given=given)
        return open_living(living, server=server, tell=_say_nothing)


def _say_nothing(_line: str) -> None:
    """What is told on the way is of no interest here."""


class TestIsWaitedFor:
    def test_until_the_process_that_was_found_has_ended(self, tmp_path: Path) -> None:
        (tmp_path / "secret.key").touch()
        process = subprocess.Popen(["/bin/sleep", "60"])
        (tmp_path / "run.json").write_text(json.dumps({"pid": process.pid}), encoding="utf-8")
        living = find_living(folder=tmp_path, given="")

        before = living.is_waited_for
        process.kill()
        # It has ended, and its parent has not noticed.
        until(lambda: not alive(process.pid))
        after = living.is_waited_for
        process.wait()

        assert (before, after, living.is_waited_for) == (True, False, False)


class TestOpenLiving:
    def test_names_a_control_file_that_is_damaged(self, folder: Path) -> None:
        with (folder / "postgres" / "global" / "pg_control").open("r+b") as file:
            file.write(bytes(64))

        assert "database files are incompatible with server" in trouble_of(folder)

    def test_names_files_that_are_gone_and_makes_no_new_database(self, folder: Path) -> None:
        (folder / "postgres").rename(folder / "elsewhere")

        assert trouble_of(folder) == f"the files of the database of {folder} are not there"
        assert not (folder / "postgres").exists()

    def test_names_a_version_that_is_none(self, folder: Path) -> None:
        (folder / "postgres" / "PG_VERSION").write_bytes(b"\0\0\0")

        assert "invalid literal for int()" in trouble_of(folder)

    def test_names_a_table_that_cannot_be_read(self, folder: Path) -> None:
        assert 'relation "recovery_consent" does not exist' in trouble_of(folder)

    def test_of_its_owners_names_one_that_does_not_answer(self, folder: Path) -> None:
        assert "refused" in trouble_of(folder, given="postgresql://shop@127.0.0.1:1/shop")


def said_of_nodes(living: Living) -> str:
    """What is said of nodes that still work; nothing where none do."""
    try:
        wait_for_nodes(living, seconds=0)
    except NodesOpen as error:
        return error.detail
    return ""


class TestNodes:
    def test_that_go_on_with_a_database_of_its_owners_are_waited_for(self, folder: Path) -> None:
        with embedded.running(folder=folder, tell=_say_nothing) as url:
            living = Living(folder=folder, given=url, is_running=False)
            with psycopg.connect(url):
                # Whoever looked whether the server is there may still be on his way out.
                until(lambda: said_of_nodes(living) == "1 other sessions of the shop are open in its database.")

            wait_for_nodes(living)
            # Its own database has no nodes but those that the folder's lock keeps out.
            with psycopg.connect(url):
                wait_for_nodes(Living(folder=folder, given="", is_running=False), seconds=0)


class TestFindLiving:
    def test_refuses_a_folder_without_a_shop(self, tmp_path: Path) -> None:
        with pytest.raises(NoLivingShop, match="There is no living shop in"):
            find_living(folder=tmp_path, given="")

    @pytest.mark.parametrize(
        ("database", "given", "said"),
        [
            ("external", "", "was started with DATABASE_URL, and this command was not"),
            ("127.0.0.1:1", "postgresql://shop@127.0.0.1:1/shop", "has a database of its own"),
        ],
    )
    def test_refuses_to_take_another_database_for_that_of_the_shop(
        self, tmp_path: Path, database: str, given: str, said: str
    ) -> None:
        (tmp_path / "secret.key").touch()
        with hold_folder(tmp_path):
            write_run(tmp_path, {"database": database})

            with pytest.raises(NoLivingShop, match=said):
                find_living(folder=tmp_path, given=given)
