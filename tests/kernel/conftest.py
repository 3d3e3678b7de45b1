"""Folders in which PostgreSQL can live, whoever runs the tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from evertill.kernel import embedded

from .waiting import open_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that the account PostgreSQL runs under can pass; pytest's own folders are closed to it."""
    with open_folder() as made:
        yield made


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    """A data folder with a database, made once, because making one writes everything through to the disk."""
    with open_folder() as made:
        embedded.prepare(folder=made, tell=lambda _line: None)
        yield made


@pytest.fixture
def made(template: Path, folder: Path) -> Path:
    """A data folder of one's own with a database in it."""
    subprocess.run(["/bin/cp", "-a", f"{template}/.", str(folder)], check=True)
    return folder
