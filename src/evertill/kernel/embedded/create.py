"""Making a new cluster: beside its place, complete with roles and database, and only then moved into it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from evertill.kernel.errors import EvertillError
from evertill.kernel.files import sync_folder, write_whole
from evertill.kernel.supervise import die_with_parent

from .account import Account
from .place import Keys
from .settings import ACCESS, INCLUDES, write_settings

ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_LIMIT_SECONDS = 300
# How long what a killed start had begun may still write: a process that initdb started ends when nobody speaks to it.
_LEFTOVER_SECONDS, _POLL_SECONDS = 30.0, 0.02

# Single-user mode takes one statement a line, and needs neither a port nor a password to begin with.
_ROLES = """\
alter role postgres password '{keys.superuser_password}'
create role evertill login nosuperuser nocreatedb nocreaterole password '{keys.owner_password}'
create database evertill owner evertill
"""
_PASSWORDS = """\
alter role postgres password '{keys.superuser_password}'
alter role evertill password '{keys.owner_password}'
do $$ begin if exists (select from pg_roles where rolname = 'evertill_shop') then alter role evertill_shop password '{keys.shop_password}'; end if; end $$
"""  # noqa: E501 — as above.


# What a cluster that was made elsewhere has to be told once, so that it is like one of ours. {owner} is the role that
# owns the shop there, {database} its database; both are renamed. Whatever had our names is put aside.
_ADOPTION = """\
do $$ begin if not exists (select from pg_roles where rolname = 'postgres') then create role postgres; end if; end $$
alter role postgres superuser login password '{keys.superuser_password}'
do $$ begin if {owner} not in ('evertill', 'postgres') and exists (select from pg_roles where rolname = 'evertill') then alter role evertill rename to evertill_before; end if; end $$
do $$ begin if {owner} not in ('evertill', 'postgres') then execute format('alter role %I rename to evertill', {owner}); end if; end $$
do $$ begin if {owner} = 'postgres' then create role evertill; grant postgres to evertill; end if; end $$
alter role evertill login password '{keys.owner_password}'
do $$ begin if {database} <> 'evertill' and exists (select from pg_database where datname = 'evertill') then alter database evertill rename to evertill_before; end if; end $$
do $$ begin if {database} <> 'evertill' then execute format('alter database %I rename to evertill', {database}); end if; end $$
"""  # noqa: E501 — single-user mode takes one statement a line.


class CreationFailed(EvertillError):
    """PostgreSQL could not make its files."""

    code = "CREATION_FAILED"
    status = "unavailable"
    kept = "Nothing half-made was left behind."
    remedy = "Correct what PostgreSQL complains about and start again."


def create(*, home: Path, programs: Path, account: Account, keys: Keys) -> None:
    """This function will make the cluster `home`/postgres, with checksums, in UTF-8, and a database for its owner.

    The roles are `postgres`, the superuser, and `evertill`, who owns the database of that name and has no powers;
    `keys` become their passwords. The caller holds the folder's lock. A start killed half-way leaves only a
    `postgres.new-…` folder, which the next one removes.

    Raises CreationFailed with PostgreSQL's own words, and OSError when `home` cannot be written.
    """
    for leftover in home.glob("postgres.new-*"):
        _remove(leftover)
    fresh = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=home))
    try:
        if account.user is not None:
            os.chown(fresh, *account.user)
        _fill(fresh, home=home, programs=programs, account=account, keys=keys)
        fresh.rename(home / "postgres")
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    sync_folder(home)


def _remove(leftover: Path) -> None:
    deadline = time.monotonic() + _LEFTOVER_SECONDS
    while leftover.exists():
        try:
            shutil.rmtree(leftover)
        except OSError:
            # Something came or went while it was being emptied.
            if time.monotonic() >= deadline:
                raise
            time.sleep(_POLL_SECONDS)


def set_passwords(*, data: Path, programs: Path, account: Account, keys: Keys) -> None:
    """This function will give the roles of the stopped cluster `data` the passwords in `keys`.

    Raises CreationFailed with PostgreSQL's own words.
    """
    _single_user(_PASSWORDS.format(keys=keys), data=data, programs=programs, account=account)


def dress(*, data: Path, owner: tuple[int, int] | None) -> None:
    """This function will give a stopped cluster that was made elsewhere our configuration instead of its own.

    Its own names files and libraries of another machine; it is kept as `*.before`.
    """
    for name, text in (("postgresql.conf", INCLUDES), ("pg_hba.conf", ACCESS), ("pg_ident.conf", "")):
        path = data / name
        if path.exists():
            path.replace(path.with_name(f"{name}.before"))
        write_whole(path=path, text=text, owner=owner)


def adopt(*, data: Path, programs: Path, account: Account, keys: Keys, owner: str, database: str) -> None:
    """This function will give the stopped cluster `data`, made elsewhere, the roles and the database that ours have.

    Raises CreationFailed with PostgreSQL's own words.
    """
    statements = _ADOPTION.format(keys=keys, owner=_literal(owner), database=_literal(database))
    _single_user(statements, data=data, programs=programs, account=account)


def _literal(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def _fill(fresh: Path, *, home: Path, programs: Path, account: Account, keys: Keys) -> None:
    locale = ["--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    # Until the real rules are written below, nobody gets in at all.
    rules = ["--username=postgres", "--auth=reject", "--data-checksums"]
    initdb = [str(programs / "initdb"), "--pgdata", str(fresh)]
    _run([*initdb, *locale, *rules, "--no-sync", "--no-instructions"], account=account)
    conf = fresh / "postgresql.conf"
    write_whole(path=conf, text=conf.read_text(encoding="utf-8") + INCLUDES, owner=account.user)
    write_whole(path=fresh / "pg_hba.conf", text=ACCESS, owner=account.user)
    write_settings(data=fresh, port=keys.port, log=home / "log", owner=account.user)
    _single_user(_ROLES.format(keys=keys), data=fresh, programs=programs, account=account)
    _run([*initdb, "--sync-only"], account=account)


def _single_user(statements: str, *, data: Path, programs: Path, account: Account) -> None:
    server = [str(programs / "postgres"), "--single", "-D", str(data)]
    # The log goes to our pipe, so that a failure can be told.
    _run(
        [*server, "-c", "exit_on_error=on", "-c", "logging_collector=off", "postgres"], account=account, said=statements
    )


def _run(argv: Sequence[str], *, account: Account, said: str = "") -> None:
    """Run a program to its end as `account`; it is killed with us, so that a killed start leaves nothing running."""
    other = account.user is not None
    done = subprocess.run(
        argv,
        input=said,
        env=ENV,
        cwd="/",
        check=False,
        capture_output=True,
        text=True,
        timeout=_LIMIT_SECONDS,
        umask=0o077,
        # Run after the change of user, which would clear the order.
        preexec_fn=partial(die_with_parent, sent=signal.SIGKILL, parent=os.getpid()),
        user=account.uid if other else None,
        group=account.gid if other else None,
        extra_groups=[] if other else None,
    )
    if done.returncode != 0:
        words = [line for line in (done.stderr + done.stdout).splitlines() if "backend>" not in line]
        raise CreationFailed(f"{Path(argv[0]).name} failed: {' / '.join(words[-3:])}")
