"""Where a data folder's PostgreSQL lives, and the keys to it."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from evertill.kernel.errors import EvertillError
from evertill.kernel.files import make_folder, write_whole

from .account import Account

CLUSTERS = Path("/var/lib/evertill/clusters")
_KEYS = "postgres.json"
_POINTER = "postgres.location"
_OWNER = "data-folder"
# Below the range from which Linux takes ports for outgoing connections (32768 on), so a kept port stays free.
_PORTS = range(20_000, 32_000)


class NoCluster(EvertillError):
    """The data folder has no database yet."""

    code = "NO_DATABASE"
    status = "unavailable"
    remedy = "Start the shop once with `evertill up` (the same --data), or name its folder with --data."


class ClusterElsewhere(EvertillError):
    """The data folder's note leads to a database of another folder."""

    code = "DATABASE_ELSEWHERE"
    status = "conflict"
    kept = "That database was not touched."
    remedy = "Use that folder with --data, or delete the note to begin an empty shop here."


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What opens the database: the port it listens on at 127.0.0.1, and the passwords of its roles.

    The shop's own role is younger than the others; where it has no password, it is not there yet.
    """

    port: int
    owner_password: str = field(repr=False)
    superuser_password: str = field(repr=False)
    shop_password: str = field(repr=False, default="")


def home_of(folder: Path) -> Path:
    """This function will return the folder in which `folder`'s PostgreSQL lives: itself, or where its note leads.

    Raises ClusterElsewhere when the note was copied from another data folder that still exists.
    """
    folder = folder.resolve()
    try:
        home = Path((folder / _POINTER).read_text(encoding="utf-8").strip())
    except FileNotFoundError:
        return folder
    with suppress(FileNotFoundError):
        said = Path((home / _OWNER).read_text(encoding="utf-8").strip())
        if said != folder and (said / _POINTER).exists():
            raise ClusterElsewhere(f"{folder / _POINTER} leads to the database of another data folder, {said}.")
    return home


def has_cluster(folder: Path) -> bool:
    """This function will say whether `folder` has a PostgreSQL's files; raises ClusterElsewhere as home_of does."""
    return (home_of(folder) / "postgres" / "PG_VERSION").exists()


def choose_home(folder: Path, *, account: Account) -> Path:
    """This function will return the home of `folder`'s PostgreSQL, settling it at the first start.

    It is `folder` itself when `account` can reach that; else a folder below /var/lib/evertill/clusters, and a note in
    `folder` says so. Folders made here can be passed by everyone and listed by their owner alone.

    Raises ClusterElsewhere as home_of does.
    """
    folder = folder.resolve()
    home = home_of(folder)
    if home == folder:
        if (folder / "postgres").exists() or account.can(folder, os.X_OK):
            return folder
        home = CLUSTERS / hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    make_folder(home, mode=0o711)
    write_whole(path=home / _OWNER, text=f"{folder}\n", mode=0o644)
    write_whole(path=folder / _POINTER, text=f"{home}\n", mode=0o644)
    return home


def note_folder(folder: Path, *, becomes: Path) -> None:
    """This function will note in the home of `folder`'s PostgreSQL that its data folder will have another name.

    Where it lives in the data folder itself there is nothing to note. Raises ClusterElsewhere as home_of does.
    """
    home = home_of(folder)
    if home != folder.resolve():
        write_whole(path=home / _OWNER, text=f"{becomes.resolve()}\n", mode=0o644)


def note_moved(folder: Path) -> None:
    """This function will note in the home of `folder`'s PostgreSQL that its data folder has the name `folder` now."""
    note = folder / _POINTER
    if note.exists():
        home = Path(note.read_text(encoding="utf-8").strip())
        write_whole(path=home / _OWNER, text=f"{folder.resolve()}\n", mode=0o644)


def read_keys(folder: Path) -> Keys:
    """This function will return the keys kept in `folder`.

    Raises NoCluster when there are none.
    """
    try:
        return Keys(**json.loads((folder / _KEYS).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise NoCluster(f"There is no database in {folder}.", folder=str(folder)) from None


def make_keys(folder: Path, *, besides: int = 0) -> Keys:
    """This function will make keys with new random passwords and a free port, and keep them in `folder`.

    It is another port than `besides`.
    """
    keys = Keys(
        port=_free_port(besides=besides),
        owner_password=secrets.token_urlsafe(24),
        superuser_password=secrets.token_urlsafe(24),
        shop_password=secrets.token_urlsafe(24),
    )
    _keep(folder, keys)
    return keys


def with_shop_password(folder: Path, keys: Keys) -> Keys:
    """This function will return `keys`, with a password for the shop's own role, kept from now on, if it had none."""
    if keys.shop_password:
        return keys
    added = replace(keys, shop_password=secrets.token_urlsafe(24))
    _keep(folder, added)
    return added


def with_free_port(folder: Path, keys: Keys) -> Keys:
    """This function will return `keys`, with another port, kept from now on, when somebody else has taken theirs."""
    return keys if _is_free(keys.port) else with_other_port(folder, keys)


def with_other_port(folder: Path, keys: Keys) -> Keys:
    """This function will return `keys` with another free port, kept from now on."""
    moved = replace(keys, port=_free_port(besides=keys.port))
    _keep(folder, moved)
    return moved


def _keep(folder: Path, keys: Keys) -> None:
    write_whole(path=folder / _KEYS, text=json.dumps(asdict(keys), indent=2) + "\n", mode=0o600)


def _free_port(*, besides: int = 0) -> int:
    for _ in range(1000):
        port = secrets.choice(_PORTS)
        if port != besides and _is_free(port):
            return port
    raise OSError(f"no free port between {_PORTS.start} and {_PORTS.stop} on 127.0.0.1")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As PostgreSQL itself does: connections of the past do not count, a listener does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
