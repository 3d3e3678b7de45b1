"""A file on this machine that keeps failed checkouts while the database cannot.

One line of JSON for each, on disk before anybody is told that it is kept, readable by the shop's account alone. It has
a bound; what is in it goes to the database as soon as that is back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from evertill.domains.submissions.types import Failed
from evertill.kernel.errors import EvertillError
from evertill.kernel.files import lock, sync_folder, write_whole

_FILE, _LOADING = "submissions.spool", "submissions.loading"
_decoder = msgspec.json.Decoder(Failed)


class SpoolFull(EvertillError):
    """As much is spooled as may be."""

    code = "SPOOL_FULL"
    status = "unavailable"


def append(*, folder: Path, failed: Failed, bytes_max: int) -> None:
    """This function will write one to the file's end, on disk when it returns; raises SpoolFull and OSError."""
    line = msgspec.json.encode(failed) + b"\n"
    with lock(folder / f"{_FILE}.lock"):
        is_new = not (folder / _FILE).exists()
        handle = os.open(folder / _FILE, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            _append(handle, line, bytes_max=bytes_max)
        finally:
            os.close(handle)
        if is_new:
            sync_folder(folder)


def _append(handle: int, line: bytes, *, bytes_max: int) -> None:
    size = os.fstat(handle).st_size
    # What a power cut left behind is a line without an end; it was never told to be kept.
    if size and os.pread(handle, 1, size - 1) != b"\n":
        line = b"\n" + line
    if size + len(line) > bytes_max:
        raise SpoolFull("The spool is full.")
    try:
        while line:
            line = line[os.write(handle, line) :]
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, size)
        raise


@dataclass(slots=True)
class Batch:
    """What is in the file, for somebody to store. What he puts into `left` is given again the next time."""

    found: list[Failed]
    # Lines that a power cut left without an end; nobody was told that they are kept.
    unreadable: int
    left: list[Failed]


@contextmanager
def loading(*, folder: Path) -> Iterator[Batch]:
    """What is in the file, for the block to store; it goes when the block ends well, and is given again when not.

    One at a time; others wait.
    """
    if not is_used(folder=folder):
        yield Batch([], 0, [])
        return
    with lock(folder / f"{_LOADING}.lock"):
        with lock(folder / f"{_FILE}.lock"):
            _set_apart(folder / _FILE, folder / _LOADING)
        batch = _read(folder / _LOADING)
        yield batch
        if batch.left:
            text = "".join(msgspec.json.encode(failed).decode() + "\n" for failed in batch.left)
            write_whole(path=folder / _LOADING, text=text)
        else:
            (folder / _LOADING).unlink(missing_ok=True)
            sync_folder(folder)


def is_used(*, folder: Path) -> bool:
    """This function will say whether anything waits to be stored."""
    return any((folder / name).exists() for name in (_FILE, _LOADING))


def _set_apart(file: Path, apart: Path) -> None:
    if not file.exists():
        return
    if not apart.exists():
        file.rename(apart)
        return
    # Somebody died while he stored it, or some of it could not be. What a death in here leaves in both is stored once.
    with apart.open("ab") as both:
        both.write(b"\n" + file.read_bytes())
        both.flush()
        os.fsync(both.fileno())
    file.unlink()


def _read(apart: Path) -> Batch:
    batch = Batch([], 0, [])
    lines = apart.read_bytes().splitlines() if apart.exists() else []
    for line in lines:
        try:
            batch.found.append(_decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError):
            batch.unreadable += bool(line.strip())
    return batch
