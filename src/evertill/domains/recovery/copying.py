"""PostgreSQL's own programs, which do the copying: a base backup as a stream, and what belongs to one.

They are run as whoever we are; only the server itself cannot be root.
"""

from __future__ import annotations

import os
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from evertill.domains.recovery.sealing import Damaged
from evertill.kernel.errors import EvertillError
from evertill.kernel.replication import read_lsn

LISTING = "backup_manifest"
_BLOCK = 1 << 20
_WORDS = 600


class CopyFailed(EvertillError):
    """PostgreSQL could not copy its files."""

    code = "BACKUP_COPY_FAILED"
    status = "unavailable"
    kept = "The shop goes on; the backups of before are as they were."
    remedy = "Do what PostgreSQL's words say; the next backup tries anew."


class ProgramFailed(EvertillError):
    """One of PostgreSQL's programs found something wrong, or could not do its work."""

    code = "PG_PROGRAM_FAILED"
    status = "conflict"
    kept = "The copies are as they were."
    remedy = "Take another backup, or restore from another one."


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be replayed of the log for a copy to be whole, and which database system it is of."""

    timeline: int
    start: int
    stop: int
    system: str


class _Wal(msgspec.Struct, frozen=True, rename={"timeline": "Timeline", "start": "Start-LSN", "end": "End-LSN"}):
    timeline: int
    start: str
    end: str


class _Listing(msgspec.Struct, frozen=True, rename={"wal": "WAL-Ranges", "system": "System-Identifier"}):
    wal: list[_Wal]
    system: int = 0


def read_range(listing: bytes) -> Range:
    """This function will read from PostgreSQL's manifest of a backup what has to be replayed; raises Damaged."""
    try:
        said = msgspec.json.decode(listing, type=_Listing)
        last = said.wal[-1]
        return Range(
            timeline=last.timeline, start=read_lsn(last.start), stop=read_lsn(last.end), system=str(said.system)
        )
    except (msgspec.DecodeError, IndexError, ValueError) as error:
        raise Damaged(f"PostgreSQL's manifest of the backup cannot be read: {error}.") from error


@contextmanager
def copying(
    *, programs: Path, url: str, label: str, since: Path | None, rate_kb_s: int, is_fast: bool
) -> Iterator[BinaryIO]:
    """This function will copy the database's files as they are, as one tar stream, while the shop works on.

    With `since`, PostgreSQL's manifest of an earlier backup, it is only what has changed. The log is not in it. At the
    end of the block the stream must have been read to its end. Raises CopyFailed with PostgreSQL's own words.
    """
    words = ["--pgdata=-", "--format=tar", "--wal-method=none", "--no-password", "--manifest-checksums=CRC32C"]
    words += [f"--label={label}", f"--checkpoint={'fast' if is_fast else 'spread'}", f"--max-rate={rate_kb_s}"]
    words += [] if since is None else [f"--incremental={since}"]
    with subprocess.Popen(
        [programs / "pg_basebackup", *words],
        env=environment(url),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None  # noqa: S101 — asked for above.
        assert process.stderr is not None  # noqa: S101 — as above.
        try:
            yield process.stdout  # type: ignore[misc]
        except BaseException:
            process.kill()
            raise
        said = process.stderr.read().decode("utf-8", "replace")
    if process.returncode:
        raise CopyFailed(f"The database could not be copied: {_last_words(said)}.")


def each_member(
    stream: BinaryIO, *, seen: Callable[[bytes], None]
) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    """This function will give the members of a tar stream one by one, and every byte of the stream to `seen`."""
    tee = _Tee(stream, seen)
    with tarfile.open(fileobj=cast("BinaryIO", tee), mode="r|", bufsize=_BLOCK) as tar:
        for member in tar:
            yield member, tar
    # Padding behind the end.
    while tee.read(_BLOCK):
        pass


class _Tee:
    def __init__(self, stream: BinaryIO, seen: Callable[[bytes], None]) -> None:
        self._stream, self._seen = stream, seen

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        if data:
            self._seen(data)
        return data


def run(words: Sequence[str | Path], *, url: str | None = None) -> str:
    """This function will run one of PostgreSQL's programs to its end and return what it said; raises ProgramFailed."""
    done = subprocess.run(
        words,
        env=environment(url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise ProgramFailed(f"{Path(words[0]).name}: {_last_words(done.stderr + done.stdout)}")
    return done.stdout


def environment(url: str | None) -> dict[str, str]:
    """This function will return the variables by which PostgreSQL's programs find a server, the password among them.

    On a command line everybody could read it.
    """
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}
    if url is not None:
        parts = urlsplit(url)
        env |= {
            "PGHOST": unquote(parts.hostname or ""),
            "PGPORT": str(parts.port or 5432),
            "PGUSER": unquote(parts.username or ""),
            "PGPASSWORD": unquote(parts.password or ""),
            "PGDATABASE": unquote(parts.path.lstrip("/")),
            **{f"PG{name.upper()}": value for name, value in parse_qsl(parts.query) if name.startswith("ssl")},
        }
    return env


def _last_words(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return " / ".join(lines[-3:])[-_WORDS:]
