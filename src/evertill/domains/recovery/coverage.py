"""Whether an incremental backup holds every block that the log says was changed since the backup on which it builds.

PostgreSQL knows what has changed from its own summaries of the log. A summary that leaves something out makes a backup
that restores without complaint, to pages of an older day. The log itself tells the same once more.
"""

from __future__ import annotations

import re
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec

from evertill.domains.recovery.copying import ProgramFailed, environment
from evertill.domains.recovery.sealing import Damaged
from evertill.kernel.replication import lsn_text, read_lsn

# A block reference as pg_waldump writes it: tablespace/database/relation, the fork where it is not the main one, block.
_BLOCK = re.compile(rb"rel (\d+)/(\d+)/(\d+) (?:fork (\w+) )?blk (\d+)")
_PLACE = re.compile(rb"lsn: ([0-9A-F]+/[0-9A-F]+)")
_MAGIC = 0xD3AE1F0D
_HEAD = struct.Struct("<III")
# PostgreSQL's own sizes: blocks in a file of a relation, the default tablespace and that of what all databases share.
_FILE_BLOCKS = 131_072
_DEFAULT, _GLOBAL = b"1663", b"1664"
# Free space is never summarised; such files are always copied whole.
_WHOLE_FORKS = (b"fsm",)


class _Held(msgspec.Struct, frozen=True, kw_only=True):
    """The blocks in an incremental file. Its relation has `length`; what was changed behind that is cut off since."""

    blocks: frozenset[int]
    length: int


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the log, in a folder of its files.

    They are there up to `readable`: to know where the last record ends, the one behind it has to be read.
    """

    folder: Path
    timeline: int
    start: int
    end: int
    readable: int


def find_uncovered(*, backup: Path, log: Stretch, programs: Path) -> list[str]:
    """This function will name blocks that a stretch of the log changes and an unpacked incremental backup leaves out.

    Raises ProgramFailed when the log cannot be read, and Damaged when a file of the backup cannot.
    """
    missing: list[str] = []
    held: dict[Path, _Held | None] = {}
    for path, block in sorted(_changed(log, programs=programs)):
        file = backup / path
        if file not in held:
            held[file] = _blocks_in(file)
        found = held[file]
        if found is not None and block < found.length and block not in found.blocks:
            missing.append(f"{path} block {block}")
    return missing


def _changed(log: Stretch, *, programs: Path) -> Iterator[tuple[str, int]]:
    words: list[str | Path] = [programs / "pg_waldump", "--path", log.folder, "--timeline", str(log.timeline)]
    words += ["--start", lsn_text(log.start), "--end", lsn_text(log.readable)]
    seen: set[tuple[bytes, bytes, bytes, bytes, int]] = set()
    with subprocess.Popen(words, env=environment(None), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 — asked for above.
        assert process.stderr is not None  # noqa: S101 — as above.
        for line in process.stdout:
            place = _PLACE.search(line)
            if place is None or read_lsn(place[1].decode()) >= log.end:
                continue
            for space, database, relation, fork, block in _BLOCK.findall(line):
                if fork not in _WHOLE_FORKS:
                    seen.add((space, database, relation, fork, int(block)))
        said = process.stderr.read().decode("utf-8", "replace").strip()
    if process.returncode:
        raise ProgramFailed(f"pg_waldump: {said[-300:]}")
    for space, database, relation, fork, block in seen:
        name = relation.decode() + (f"_{fork.decode()}" if fork and fork != b"main" else "")
        number, within = divmod(block, _FILE_BLOCKS)
        name += f".{number}" if number else ""
        if space == _DEFAULT:
            yield f"base/{database.decode()}/{name}", within
        elif space == _GLOBAL:
            yield f"global/{name}", within


def _blocks_in(file: Path) -> _Held | None:
    """Return what an incremental file holds; None when the file is whole, or not there at all."""
    incremental = file.with_name(f"INCREMENTAL.{file.name}")
    if not incremental.exists():
        return None
    with incremental.open("rb") as opened:
        head = opened.read(_HEAD.size)
        if len(head) < _HEAD.size:
            raise Damaged(f"{incremental.name} of an incremental backup is too short.")
        magic, count, length = _HEAD.unpack(head)
        numbers = opened.read(4 * count)
    if magic != _MAGIC or len(numbers) != 4 * count:
        raise Damaged(f"{incremental.name} of an incremental backup does not begin as one.")
    return _Held(blocks=frozenset(struct.unpack(f"<{count}I", numbers)), length=length)
