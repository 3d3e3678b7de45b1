"""The cluster of a data folder: prepare it, run it, address it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from evertill.kernel.errors import EvertillError
from evertill.kernel.files import lock
from evertill.kernel.supervise import Program

from . import postmaster
from .account import Account, account_for
from .create import ENV, create, set_passwords
from .place import (
    Keys,
    NoCluster,
    choose_home,
    home_of,
    make_keys,
    read_keys,
    with_free_port,
    with_shop_password,
)
from .programs import programs_for, version_of
from .roles import SHOP_ROLE
from .settings import forget_standby, write_settings

# A fast shutdown writes all of shared memory to the disk, for which a slow disk takes its time; an immediate one only
# has to end, and the next start does the rest.
_FAST_SECONDS, _IMMEDIATE_SECONDS = 20.0, 40.0


class OtherVersion(EvertillError):
    """The cluster was written by another major version of PostgreSQL."""

    code = "OTHER_VERSION"
    status = "conflict"
    kept = "The data was not touched and is complete."
    remedy = (
        "Start the release of Evertill that wrote it, dump the database with pg_dump --enable-row-security, and load"
        " the dump into a new data folder of this release; or upgrade a copy of the folder with pg_upgrade."
    )


class Unreachable(EvertillError):
    """The account that owns the cluster cannot get to it."""

    code = "UNREACHABLE"
    status = "unavailable"
    kept = "The data was not touched."
    remedy = "Let that user pass through the folders above it (chmod o+x), or move the data folder to where he can."


class ClusterExists(EvertillError):
    """The folder has a database."""

    code = "DATABASE_EXISTS"
    status = "conflict"
    kept = "The data was not touched."
    remedy = "Name a new folder."


class ClusterGone(EvertillError):
    """The folder had a database, and has none any more."""

    code = "DATABASE_GONE"
    status = "unavailable"
    kept = "No empty one was made in its place, and what is left of the folder was not touched."
    remedy = (
        "If it is on a disk or a mount that is not there now, bring that back and start again. If it is lost, bring the"
        " shop back from its backups: docs/operate/restore.md. To begin an empty shop, name a new folder."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A PostgreSQL that is ready to be started. `home` holds its files (`data`) and its log."""

    home: Path
    programs: Path
    account: Account
    keys: Keys

    @property
    def data(self) -> Path:
        return self.home / "postgres"

    @property
    def log(self) -> Path:
        return self.home / "log"


def prepare(*, folder: Path, tell: Callable[[str], None]) -> Cluster:
    """This function will make `folder`'s cluster startable: created when missing, not running, on a free port.

    Works as root and as an ordinary user; `tell` gets a line for people about each thing that takes time or that they
    should know. Safe to repeat; two at once wait for each other.

    Raises ProgramsMissing, AccountMissing, CreationFailed, OtherVersion, Unreachable, StillRunning, ClusterElsewhere,
    ClusterGone, or OSError when the folder cannot be written.
    """
    folder = folder.resolve()
    with lock(folder / "postgres.lock"):
        if not home_of(folder).exists():
            raise ClusterGone(f"The database of {folder} lived in {home_of(folder)}, and that is gone.")
        account = account_for(home_of(folder) / "postgres")
        home = choose_home(folder, account=account)
        if not account.can(home, os.X_OK):
            raise Unreachable(f"The database in {home} belongs to '{account.name}', who may not enter that folder.")
        if home != folder:
            tell(f"The account '{account.name}' may not enter {folder}, so the database lives in {home}.")
        keys, lost = _keys(folder)
        cluster = Cluster(home=home, programs=programs_for(account), account=account, keys=keys)
        if (cluster.data / "PG_VERSION").exists():
            _revive(cluster, tell=tell)
            if lost:
                tell(f"The database's passwords were missing from {folder}; new ones were set.")
                set_passwords(data=cluster.data, programs=cluster.programs, account=account, keys=cluster.keys)
        elif cluster.log.exists():
            # Made when the database was there, and never before.
            raise ClusterGone(f"{folder} had a database in {cluster.data}, and that is gone.")
        else:
            tell("Making a new database.")
            create(home=home, programs=cluster.programs, account=account, keys=cluster.keys)
        cluster = replace(cluster, keys=with_free_port(folder, with_shop_password(folder, cluster.keys)))
        _make_log(cluster)
        forget_standby(cluster.data, owner=account.user)
        write_settings(data=cluster.data, port=cluster.keys.port, log=cluster.log, owner=account.user)
        return cluster


def settle(*, folder: Path) -> Cluster:
    """This function will return the cluster that `folder` is to have, whose files somebody else brings.

    Keys that came along are those of the shop of which it is a copy, and of everybody who reads its old backups. It
    gets keys of its own, which `set_passwords` makes good. It gets a port of its own too: on the same one, which is
    free while that shop's server is down, that shop would find this database.

    Raises ClusterExists when it has one, AccountMissing, Unreachable, or OSError.
    """
    folder = folder.resolve()
    with lock(folder / "postgres.lock"):
        account = account_for(home_of(folder) / "postgres")
        home = choose_home(folder, account=account)
        if (home / "postgres").exists():
            raise ClusterExists(f"There is a database in {home} already.")
        if not account.can(home, os.X_OK):
            raise Unreachable(f"The database in {home} belongs to '{account.name}', who may not enter that folder.")
        keys, are_new = _keys(folder)
        if not are_new:
            keys = make_keys(folder, besides=keys.port)
        return Cluster(home=home, programs=programs_for(account), account=account, keys=keys)


def command(cluster: Cluster) -> Program:
    """This function will return the program that serves `cluster` in the foreground until it gets a signal.

    SIGINT is a fast shutdown, SIGQUIT an immediate one (the next start recovers); both keep every commit.
    """
    return Program(
        argv=[str(cluster.programs / "postgres"), "-D", str(cluster.data)],
        env=ENV,
        user=cluster.account.user,
        output=cluster.home / "postgres-start.log",
    )


def is_ready(cluster: Cluster, *, pid: int) -> bool:
    """This function will say whether the server with this `pid` accepts connections to `cluster`."""
    return postmaster.is_ready(data=cluster.data, pid=pid)


def url(folder: Path) -> str:
    """This function will return the address of `folder`'s database, as its owner, who is not a superuser.

    Raises NoCluster when there is none.
    """
    keys = read_keys(folder)
    return f"postgresql://evertill:{keys.owner_password}@127.0.0.1:{keys.port}/evertill"


def shop_url(folder: Path) -> str:
    """This function will return the address of `folder`'s database as the shop's own role, which owns nothing.

    Until a start has made that role, it is the owner's. Raises NoCluster when there is none.
    """
    keys = read_keys(folder)
    if not keys.shop_password:
        return url(folder)
    return f"postgresql://{SHOP_ROLE}:{keys.shop_password}@127.0.0.1:{keys.port}/evertill"


def superuser_url(folder: Path) -> str:
    """This function will return the address for what only a superuser can do: replication, backups, test databases.

    Raises NoCluster when there is none.
    """
    keys = read_keys(folder)
    return f"postgresql://postgres:{keys.superuser_password}@127.0.0.1:{keys.port}/postgres"


def _keys(folder: Path) -> tuple[Keys, bool]:
    """The keys, and whether they had to be made."""
    try:
        return read_keys(folder), False
    except NoCluster:
        return make_keys(folder), True


def _revive(cluster: Cluster, *, tell: Callable[[str], None]) -> None:
    written = int((cluster.data / "PG_VERSION").read_text(encoding="utf-8").strip())
    brought = version_of(cluster.programs)
    if written != brought:
        raise OtherVersion(
            f"The data in {cluster.data} was written by PostgreSQL {written}, and this release brings {brought}."
        )
    if postmaster.stop_leftover(data=cluster.data, fast_s=_FAST_SECONDS, immediate_s=_IMMEDIATE_SECONDS):
        tell("A PostgreSQL that a killed start had left running was stopped.")


def _make_log(cluster: Cluster) -> None:
    if not cluster.log.exists():
        cluster.log.mkdir(mode=0o750)
        if cluster.account.user is not None:
            os.chown(cluster.log, *cluster.account.user)
