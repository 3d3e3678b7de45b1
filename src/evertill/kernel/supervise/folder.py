"""One supervisor per data folder, and the note by which other commands find it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from evertill.kernel.errors import EvertillError
from evertill.kernel.files import write_whole

# In a folder that somebody holds, or held.
LOCK = "up.lock"
_REPLACING = "replacing.lock"
_NOTE = "run.json"
_REPLACED = "replaced-by.json"
# How long the children of a supervisor that was killed may take to follow it.
_LAST_HOLDERS_SECONDS = 10.0
# In /proc/PID/stat, behind the name of the program: the state, and when it began, which an exec does not change.
_STATE, _BORN = 0, 19


class FolderHeld(EvertillError):
    """Another supervisor works on this data folder."""

    code = "FOLDER_HELD"
    status = "conflict"
    kept = "The one that runs was not touched."
    remedy = (
        "Stop that one first, or give this one a folder and a port of its own:"
        " DATA=folder PORT=8001 with make, --data folder --port 8001 with evertill."
    )


class NotRunning(EvertillError):
    """Nothing runs on this data folder."""

    code = "NOT_RUNNING"
    status = "unavailable"
    remedy = "Start the shop with `evertill up` (the same --data), or name its folder with --data."


@contextmanager
def hold_folder(folder: Path, *, seconds: float = _LAST_HOLDERS_SECONDS) -> Iterator[None]:
    """This function will make this process the only supervisor of `folder` while the block runs, and clear its note.

    The lock is inherited by forked children on purpose: when a supervisor was killed, the next one gets in only once
    the last of its children is gone too and has let go of the port; for so many `seconds` it is waited for.

    Raises FolderHeld, naming the pid and address, when another supervisor is alive.
    """
    descriptor = _open_lock(folder / LOCK)
    try:
        _take(descriptor, folder=folder, seconds=seconds)
        try:
            yield
        finally:
            with suppress(FileNotFoundError):
                (folder / _NOTE).unlink()
    finally:
        os.close(descriptor)


class ReplacedAlready(EvertillError):
    """Somebody else puts another shop in the place of this one just now."""

    code = "REPLACED_ALREADY"
    status = "conflict"
    kept = "The other one goes on."
    remedy = "Wait until it has ended."


@contextmanager
def replacing_folder(folder: Path) -> Iterator[None]:
    """This function will have supervisors of `folder` wait while the block runs, which puts another one in its place.

    Whoever is killed meanwhile lets go of it. Raises ReplacedAlready.
    """
    descriptor = _open_lock(folder / _REPLACING)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ReplacedAlready(f"Another restore over {folder} is under way.") from None
        yield
    finally:
        os.close(descriptor)


def is_replaced(folder: Path) -> bool:
    """This function will say whether somebody puts another folder in the place of this one now."""
    descriptor = _open_lock(folder / _REPLACING)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def wait_until_replaced(folder: Path) -> None:
    """This function will return once nobody puts another folder in the place of this one any more."""
    descriptor = _open_lock(folder / _REPLACING)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


class ShopReplaced(EvertillError):
    """Another shop, in another folder, has taken the place of this one."""

    code = "SHOP_REPLACED"
    status = "conflict"
    kept = "Nothing in this folder was touched since."
    remedy = (
        "Open that one: evertill up --data, and without DATABASE_URL if this one had it. To open this one all the same,"
        f" remove {_REPLACED} from its folder."
    )


def note_replaced(folder: Path, *, by: Path, at: str) -> None:
    """This function will keep supervisors from opening `folder`, because the shop in the folder `by` is the one now."""
    write_whole(path=folder / _REPLACED, text=json.dumps({"folder": str(by), "at": at}, indent=2) + "\n", mode=0o644)


def check_not_replaced(folder: Path) -> None:
    """This function will raise ShopReplaced, with where the other one is, when another shop took this one's place."""
    try:
        said = json.loads((folder / _REPLACED).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except ValueError:
        said = {}
    by, at = said.get("folder", "another folder"), said.get("at", "some moment")
    raise ShopReplaced(f"A shop that was restored into {by} took the place of the one in {folder} at {at}.")


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _take(descriptor: int, *, folder: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note = _note(folder)
            if _alive(note.get("pid")) or time.monotonic() >= deadline:
                raise FolderHeld(_who(folder, note), **note) from None
            time.sleep(0.05)
        else:
            return


def _who(folder: Path, note: Mapping[str, Any]) -> str:
    if not note:
        return f"A shop is already starting in {folder}."
    return f"A shop already runs in {folder}: process {note.get('pid')}, {note.get('url')}."


def write_run(folder: Path, facts: Mapping[str, Any]) -> None:
    """This function will note for other commands that this process supervises `folder`: its pid, and `facts`."""
    note = {"pid": os.getpid(), **facts}
    write_whole(path=folder / _NOTE, text=json.dumps(note, indent=2) + "\n", mode=0o644)


def read_run(folder: Path) -> dict[str, Any]:
    """This function will return the note of the supervisor that works on `folder` now.

    Raises NotRunning when there is none, or when it was killed and left its note behind.
    """
    note = _note(folder)
    if not _alive(note.get("pid")):
        raise NotRunning(f"No shop runs in {folder}.", folder=str(folder))
    return note


def born(pid: int) -> str | None:
    """This function will return by what a running process is told from a later one with its pid, None when it is over.

    A process that has ended and only waits for its parent to notice is over. Where the kernel tells nothing about
    processes in /proc, one is as good as another.
    """
    if not _alive(pid):
        return None
    try:
        said = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return "" if not Path("/proc/self/stat").exists() else None
    return None if said[_STATE] in "ZX" else said[_BORN]


def _note(folder: Path) -> dict[str, Any]:
    try:
        note = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _alive(pid: object) -> bool:
    if not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
