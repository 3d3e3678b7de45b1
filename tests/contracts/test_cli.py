"""The command line's own promises: fast help, plain errors, the data folder it chooses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from evertill import __version__
from evertill.entry.cli.common import data_folder


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from evertill.entry.cli import main\ntry: main()\nfinally: print('django' in sys.modules)"
    env = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run([sys.executable, "-c", code, *words], env=env, capture_output=True, text=True, check=False)


class TestHelp:
    def test_lists_the_commands_without_loading_django(self) -> None:
        said = run("--help")

        assert said.returncode == 0
        assert "Start the shop and keep it running" in said.stdout
        assert said.stdout.splitlines()[-1] == "False"

    def test_tells_the_version(self) -> None:
        assert run("--version").stdout.splitlines()[0] == f"evertill {__version__}"


class TestErrors:
    def test_say_what_happened_what_is_safe_and_what_to_do(self, tmp_path: Path) -> None:
        said = run("database", "url", "--data", str(tmp_path))

        assert said.returncode == 1
        assert said.stderr.splitlines() == [
            f"evertill: There is no database in {tmp_path}.",
            "  Nothing was changed.",
            "  Start the shop once with `evertill up` (the same --data), or name its folder with --data.",
        ]

    def test_name_the_folder_that_cannot_be_used(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("", encoding="utf-8")

        said = run("up", "--data", str(tmp_path / "file" / "data"))

        assert said.returncode == 1
        assert f"The data folder {tmp_path / 'file' / 'data'} cannot be made: Not a directory." in said.stderr
        assert "DATA=" in said.stderr


class TestDatabaseUrl:
    def test_is_the_operators_own_when_given(self, tmp_path: Path) -> None:
        address = "postgresql://somebody@db.example/shop"

        said = run("database", "url", "--data", str(tmp_path), DATABASE_URL=address)

        assert said.stdout.splitlines()[0] == address


class TestDataFolder:
    def test_is_what_was_asked_for_before_the_environment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("EVERTILL_DATA", str(tmp_path / "environment"))

        assert data_folder(tmp_path / "asked") == tmp_path / "asked"
        assert data_folder(None) == tmp_path / "environment"

    @pytest.mark.parametrize(
        ("uid", "base", "expected"),
        [
            (0, "", "/var/lib/evertill"),
            (1000, "", "/home/someone/.local/share/evertill"),
            (1000, "/srv/share", "/srv/share/evertill"),
        ],
    )
    def test_is_the_users_own_by_default(
        self, monkeypatch: pytest.MonkeyPatch, uid: int, base: str, expected: str
    ) -> None:
        monkeypatch.delenv("EVERTILL_DATA", raising=False)
        monkeypatch.setenv("XDG_DATA_HOME", base)
        monkeypatch.setenv("HOME", "/home/someone")
        monkeypatch.setattr(os, "geteuid", lambda: uid)

        assert data_folder(None) == Path(expected)
