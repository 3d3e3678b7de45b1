"""The living shop, over which another one is restored: whether its database can be asked, closing it, opening it.

Its database is that of its data folder, or one of the operator's own. On the night on which a shop has to be restored
the database may be what is broken: then it cannot be asked, and that is an answer too.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psycopg

from evertill.domains import orders, recovery
from evertill.kernel import embedded
from evertill.kernel.errors import EvertillError, Status
from evertill.kernel.supervise import CLOSE_FOR_A_WHILE, FolderHeld, NotRunning, born, hold_folder, read_run

__all__ = [
    "Living",
    "NoLivingShop",
    "NodesOpen",
    "close_living",
    "find_living",
    "find_trouble",
    "open_living",
    "wait_for_nodes",
]

# Long enough for the slowest shop to finish what it has accepted.
_CLOSE_S = 180.0
_START_S = 120.0
_CONNECT_S = 10
_LOOK_S = 0.1
# What a data folder has of a shop, whatever else is broken in it.
_MARKS = ("postgres.json", "secret.key", "backups")


class NoLivingShop(EvertillError):
    """There is no shop in the place of which another one could be put, or it is not known where its database is."""

    code = "RESTORE_NO_LIVING_SHOP"
    status: ClassVar[Status] = "conflict"
    kept = "Nothing was restored."
    remedy = (
        "Name its data folder with --data, and give this command DATABASE_URL exactly when the shop has it. Where no"
        " shop is, nothing is in the way: evertill restore --into."
    )


class NodesOpen(EvertillError):
    """Other nodes of the shop go on with its database."""

    code = "RESTORE_NODES_OPEN"
    status: ClassVar[Status] = "conflict"
    kept = "The living shop is as it was. What was restored lies beside it, and can be looked at or removed."
    remedy = "Stop every other node of the shop first, then give the same command again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Living:
    """The shop of a data folder. `given` is the address of a database of the operator's own, "" where it has none.

    `pid` is the process that supervised it when it was found, and `born` tells that one from a later one.
    """

    folder: Path
    given: str
    is_running: bool
    pid: int = 0
    born: str | None = None

    @property
    def address(self) -> str:
        """Where its database is; raises NoCluster when the folder does not say so any more."""
        return self.given or embedded.url(self.folder)

    @property
    def is_waited_for(self) -> bool:
        """Whether the process that was found running, and was closed for a while, is still there to open it again."""
        return self.is_running and self.born is not None and born(self.pid) == self.born


def find_living(*, folder: Path, given: str) -> Living:
    """This function will find the living shop of a data folder; `given` is the DATABASE_URL that this process has.

    Raises NoLivingShop.
    """
    if not any((folder / name).exists() for name in _MARKS):
        raise NoLivingShop(f"There is no living shop in {folder}.")
    try:
        note = read_run(folder)
    except NotRunning:
        return Living(folder=folder, given=given, is_running=False)
    is_outside = note.get("database") == "external"
    if is_outside and not given:
        raise NoLivingShop(f"The shop in {folder} was started with DATABASE_URL, and this command was not.")
    if given and not is_outside:
        raise NoLivingShop(f"The shop in {folder} has a database of its own, and this command has DATABASE_URL.")
    pid = int(note["pid"])
    return Living(folder=folder, given=given, is_running=True, pid=pid, born=born(pid))


def find_trouble(living: Living) -> str:
    """This function will return why the living database cannot be asked for consents and orders, "" when it can."""
    try:
        with psycopg.connect(living.address, connect_timeout=_CONNECT_S) as database:
            recovery.queries.look_at_consents(database)
            # To its end: a damaged page is noticed when it is read.
            deque(orders.stream_standing(database), maxlen=0)
    except psycopg.Error as error:
        return " / ".join(str(error).strip().splitlines()[:2]) or type(error).__name__
    except EvertillError as error:
        return error.detail
    return ""


def open_living(living: Living, *, server: ExitStack, tell: Callable[[str], None]) -> str:
    """This function will open the living database while nothing else does; return why it cannot be asked, or "".

    It stays open until `server` is closed. One that was given is open by itself, or not. No new one is ever made.
    """
    if not living.given:
        try:
            if not embedded.has_cluster(living.folder):
                return f"the files of the database of {living.folder} are not there"
            server.enter_context(embedded.running(folder=living.folder, seconds=_START_S, tell=tell))
        except EvertillError as error:
            return error.detail
        except (OSError, ValueError) as error:
            # Files that are half there can be anything.
            return str(error)
    return find_trouble(living)


def close_living(living: Living, *, closed: ExitStack) -> None:
    """This function will have the shop finish what it accepted, and keep everybody from opening it until `closed`.

    It opens again by itself once that is over, also where this process is killed meanwhile. Raises FolderHeld when it
    does not end.
    """
    with suppress(NotRunning, ProcessLookupError):
        os.kill(int(read_run(living.folder)["pid"]), CLOSE_FOR_A_WHILE)
    deadline = time.monotonic() + _CLOSE_S
    while True:
        try:
            closed.enter_context(hold_folder(living.folder))
        except FolderHeld:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_LOOK_S)
        else:
            break


def wait_for_nodes(living: Living, *, seconds: float = 30.0) -> None:
    """This function will return once no other node works on a database of the operator's own; raises NodesOpen."""
    deadline = time.monotonic() + seconds
    while living.given and (others := _others(living)):
        if time.monotonic() >= deadline:
            raise NodesOpen(f"{others} other sessions of the shop are open in its database.")
        time.sleep(_LOOK_S)


def _others(living: Living) -> int:
    # Who cannot be reached has no nodes that could write.
    with suppress(psycopg.Error), psycopg.connect(living.address, connect_timeout=_CONNECT_S) as database:
        return recovery.queries.count_others(database)
    return 0
