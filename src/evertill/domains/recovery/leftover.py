"""The log that lies in a database's own folder, behind what was copied of it. It is read, and never written to.

A target that is away is waited for in no spool: what has not been copied is still in the database's `pg_wal`. When the
database does not open any more, these files may well be whole, and hold every order of that time.
"""

from __future__ import annotations

import re
import struct
import subprocess
from pathlib import Path

import msgspec

from evertill.domains.recovery.assembling import segment_file, segment_start
from evertill.domains.recovery.copying import environment
from evertill.domains.recovery.types import Leftover, Line
from evertill.kernel.replication import lsn_text

# The head of a file of the log (XLogLongPageHeaderData): magic, flags, timeline, position, rest of a record, padding,
# system, bytes of a file, bytes of a page.
_HEAD = struct.Struct("<HHIQI4xQII")
_LONG = 0x0002
_SEGMENT = re.compile(r"[0-9A-F]{24}")
_BLOCK = 1 << 16


def find_leftover(folder: Path, *, line: Line, timeline: int, start: int) -> Leftover:
    """This function will find the files in a database's `pg_wal` that go on from `start`, by their names and heads.

    A file is good that says it is of this system, this timeline (or one before it) and this place: those that
    PostgreSQL keeps to use again say otherwise. Whether the records in it are whole is for PostgreSQL to see.
    """
    size = line.segment_bytes
    try:
        names = sorted(path.name for path in folder.iterdir() if _is_segment(path.name, timeline=timeline))
    except OSError as error:
        return Leftover(folder=folder, start=start, segment_bytes=size, why=f"it cannot be read: {error.strerror}")
    good = {
        segment_start(name, segment_bytes=size) // size
        for name in names
        if _is_good(folder / name, line=line, timeline=timeline)
    }
    first = number = start // size
    while number in good:
        number += 1
    files = tuple(
        folder / segment_file(timeline=timeline, number=one, segment_bytes=size) for one in range(first, number)
    )
    behind = sum(one > number for one in good)
    why = f"the piece at {lsn_text(number * size)} is missing or damaged, and {behind} behind it" if behind else ""
    return Leftover(folder=folder, start=start, segment_bytes=size, files=files, why=why)


def copy_leftover(left: Leftover, *, into: Path) -> Leftover:
    """This function will put the files into a folder in which the copied log ends at `start`; return what was put.

    What both have of the file in which the copies end must be the same, or it is another history and nothing is put.
    Where the disk gives no more of a file, the rest of it is zeros, at which PostgreSQL stops reading.
    """
    for number, path in enumerate(left.files):
        data, trouble = _read(path, left.segment_bytes)
        place = into / path.name
        within = left.start % left.segment_bytes if number == 0 else 0
        if within and place.read_bytes()[:within] != data[:within]:
            why = f"its piece at {lsn_text(left.start - within)} is not the one that was copied"
            return msgspec.structs.replace(left, files=(), why=why)
        place.write_bytes(data)
        if trouble:
            why = f"{path.name} is not whole: {trouble}"
            return msgspec.structs.replace(left, files=left.files[: number + 1], why=why)
    return left


def has_commit(left: Leftover, *, timeline: int, programs: Path) -> bool:
    """This function will say whether the files have a commit behind `start`, which has to be the end of a record."""
    words: list[str | Path] = [programs / "pg_waldump", "--path", left.folder, "--timeline", str(timeline)]
    words += ["--rmgr=Transaction", "--start", lsn_text(left.start)]
    if not left.files:
        return False
    # Where the log ends is an error to it, so what counts is what it said before.
    with subprocess.Popen(
        words, env=environment(None), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101 — asked for above.
        found = any("desc: COMMIT" in line for line in process.stdout)
        process.kill()
    return found


def read_end(data: Path) -> int | None:
    """This function will return where the log of a restored database's past ends, by what PostgreSQL noted of it.

    `data` is the database's folder. None when it did not begin a timeline of its own.
    """
    histories = sorted((data / "pg_wal").glob("????????.history"))
    lines = histories[-1].read_text(encoding="utf-8").split("\n") if histories else []
    ends = [line.split("\t")[1] for line in lines if line.count("\t") >= 1]
    if not ends:
        return None
    high, low = ends[-1].split("/")
    return (int(high, 16) << 32) + int(low, 16)


def _is_segment(name: str, *, timeline: int) -> bool:
    return _SEGMENT.fullmatch(name) is not None and name.startswith(f"{timeline:08X}")


def _is_good(path: Path, *, line: Line, timeline: int) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD.size)
    except OSError:
        return False
    if len(head) < _HEAD.size:
        return False
    _magic, flags, of, position, _rest, system, segment_bytes, _page = _HEAD.unpack(head)
    return bool(
        flags & _LONG
        and of <= timeline
        and position == segment_start(path.name, segment_bytes=line.segment_bytes)
        and str(system) == line.system
        and segment_bytes == line.segment_bytes
    )


def _read(path: Path, size: int) -> tuple[bytes, str]:
    """Return the bytes of a file, filled up with zeros, and what kept us from reading all of them."""
    data, trouble = bytearray(), ""
    try:
        with path.open("rb", buffering=0) as file:
            while len(data) < size and (block := file.read(min(_BLOCK, size - len(data)))):
                data += block
    except OSError as error:
        trouble = error.strerror or type(error).__name__
    if len(data) < size and not trouble:
        trouble = f"it has {len(data)} bytes of {size}"
    return bytes(data.ljust(size, b"\0")), trouble
