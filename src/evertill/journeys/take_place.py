"""Take the place: the step by which a restored shop is the shop, and the living one of before lies aside, as it was.

Two folders exchange their names in one step of the file system. Where that cannot be, the restored shop stays in a
folder of its own, and a note keeps the other one from being opened.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from evertill.journeys.living_shop import Living
from evertill.journeys.restore_shop import FolderTaken
from evertill.kernel import embedded
from evertill.kernel.errors import EvertillError, Status
from evertill.kernel.files import exchange, is_mount
from evertill.kernel.supervise import note_replaced

__all__ = ["CannotExchange", "check_place", "exchange_folders", "leave_folder"]


class CannotExchange(EvertillError):
    """Another folder cannot take the place of this one in one step."""

    code = "RESTORE_CANNOT_EXCHANGE"
    status: ClassVar[Status] = "conflict"
    kept = "Nothing was restored, and the living shop was not touched."
    remedy = (
        "Name a folder for the restored shop beside it: the same command with --into FOLDER, which may be on the same"
        " disk. The shop is then opened from there, and this one is kept from opening."
    )


def check_place(living: Living, into: Path | None) -> None:
    """This function will see that a restored shop can take the living one's place: by exchange, or from `into`.

    Raises CannotExchange and FolderTaken.
    """
    if into is None:
        _check_exchange(living)
    elif into.exists() and any(into.iterdir()):
        raise FolderTaken(f"There is something in {into} already.")


def _check_exchange(living: Living) -> None:
    """Try what will be done, with two folders beside."""
    folder = living.folder
    if living.given:
        raise CannotExchange(f"The database of the shop in {folder} is not in that folder, but one of your own.")
    if folder.stat().st_uid != os.geteuid():
        raise CannotExchange(f"{folder} belongs to another user than the one who gives this command.")
    if is_mount(folder):
        raise CannotExchange(f"{folder} is a mount of its own, and no other folder can take its name.")
    try:
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as tried:
            one, other = Path(tried) / "one", Path(tried) / "other"
            one.mkdir()
            other.mkdir()
            exchange(one, other)
    except OSError as error:
        raise CannotExchange(f"Folders beside {folder} cannot be exchanged: {error.strerror}.") from error


def exchange_folders(folder: Path, other: Path, *, old: Path, tell: Callable[[str], None]) -> Path:
    """This function will give each folder the other's name, and then `other` the name `old`; return where that lies.

    Before and after the one step, either is a whole shop that opens. Raises CannotExchange.
    """
    embedded.note_folder(other, becomes=folder)
    os.sync()
    try:
        exchange(folder, other)
    except OSError as error:
        raise CannotExchange(f"{folder} cannot be exchanged: {error.strerror}.") from error
    tell("Exchanged.")
    # From here on everything is for tidiness.
    with suppress(OSError):
        other.rename(old)
        embedded.note_moved(old)
    return old


def leave_folder(folder: Path, other: Path, *, now: dt.datetime) -> None:
    """This function will keep a folder from being opened. Before it that is the shop, and after it the other one."""
    os.sync()
    note_replaced(folder, by=other, at=f"{now:%Y-%m-%d %H:%M:%S} UTC")
