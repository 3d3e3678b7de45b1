"""Copy the database: all of its files, or what has changed, encrypted and kept here until they have been sent.

It needs the database, so it takes no longer than reading has to; sending is a thing of its own.
"""

from __future__ import annotations

import base64
import os
import sys
import tarfile
from typing import ClassVar
from urllib.parse import unquote, urlsplit

import msgspec
import psycopg

from evertill import __version__
from evertill.domains import recovery
from evertill.domains.recovery import Backup, Kind, Manifest, Part
from evertill.journeys.backup_server import is_our_server, server_url
from evertill.journeys.backup_work import BackupWork
from evertill.kernel import embedded, priority
from evertill.kernel.config import Config
from evertill.kernel.errors import EvertillError, Status
from evertill.kernel.files import write_whole

__all__ = ["WHOLE", "DiskFull", "copy_database"]

# Bytes of the database in one object: small enough to be sent again whole when it breaks off.
_PART_BYTES = 16 << 20
# Written when everything of a backup is staged.
WHOLE = "manifest.json"


class DiskFull(EvertillError):
    """There is no room on this machine for what waits to be sent."""

    code = "BACKUP_DISK_FULL"
    status: ClassVar[Status] = "unavailable"
    kept = "The shop goes on; what was half copied was removed, the backups of before are as they were."
    remedy = "Make room in the data folder: a backup needs about a third of the database's size until it has been sent."


def copy_database(work: BackupWork, *, backup: str, parent: Backup | None) -> Manifest:
    """This function will copy the database's files, encrypted, into the folder of what waits to be sent.

    With a parent it is only what has changed since. Raises CopyFailed, and OSError where there is no room here.
    """
    began_at = work.clock()
    name = recovery.rules.backup_folder(line=work.line.id, backup=backup)
    size, version = recovery.queries.read_server()
    parts = _Parts(work, name=name, total=0 if parent else size)
    listing = b""
    url, address = server_url(work.settings), urlsplit(work.settings.database_url)
    with recovery.copying.copying(
        programs=embedded.find_programs(),
        url=url,
        label=f"evertill {backup}",
        since=work.place.listing(parent.id) if parent else None,
        rate_kb_s=work.settings.backup_rate_kb_s,
        is_fast=True,
    ) as stream:
        try:
            for number, (member, tar) in enumerate(recovery.copying.each_member(stream, seen=parts.add)):
                if number == 0:
                    _slow_down_server(url)
                if member.name == recovery.copying.LISTING:
                    content = tar.extractfile(member)
                    listing = content.read() if content else b""
        except tarfile.TarError:
            # The program's own words say why it broke off.
            listing = b""
    database = parts.end()
    reach = recovery.copying.read_range(listing)
    write_whole(path=work.place.listing(backup), text=listing.decode())
    files = work.place.pack_files(secret=_secret(work.settings), settings=_settings())
    manifest = Manifest(
        line=work.line.id,
        id=backup,
        kind=Kind.INCREMENTAL if parent else Kind.FULL,
        parent=parent.id if parent else None,
        began_at=began_at,
        ended_at=work.clock(),
        timeline=reach.timeline,
        start=reach.start,
        stop=reach.stop,
        system=work.line.system,
        segment_bytes=work.line.segment_bytes,
        server=version,
        release=__version__,
        plain_bytes=parts.plain_bytes,
        database=database,
        listing=_stage(work, f"{name}/listing", listing),
        files=_stage(work, f"{name}/files", files),
        owner=unquote(address.username or ""),
        name=unquote(address.path.lstrip("/")),
    )
    # The last thing: what is staged without it was cut off.
    write_whole(path=work.place.staged / name / WHOLE, text=msgspec.json.encode(manifest).decode())
    return manifest


def _slow_down_server(url: str) -> None:
    """Have the server's own process that reads the files stand back too, as this one does; it is not our child.

    Only an embedded server is on this machine, and ours to touch.
    """
    if not is_our_server(url):
        return
    with psycopg.connect(url, autocommit=True, application_name="evertill backup") as database:
        rows = database.execute("select pid from pg_stat_progress_basebackup").fetchall()
    for (pid,) in rows:
        priority.push_back(pid)


class _Parts:
    """A stream, cut into objects that are staged as they fill."""

    def __init__(self, work: BackupWork, *, name: str, total: int) -> None:
        self._work, self._name, self._total = work, name, total
        self._buffer = bytearray()
        self._parts: list[Part] = []
        self.plain_bytes = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        self._buffer += data
        self.plain_bytes += len(data)
        while len(self._buffer) >= _PART_BYTES:
            self._stage(bytes(self._buffer[:_PART_BYTES]))
            del self._buffer[:_PART_BYTES]
            self._work.report("Copying", self.plain_bytes, self._total)

    def end(self) -> list[Part]:
        """Stage what is left, and return all objects in order."""
        if self._buffer:
            self._stage(bytes(self._buffer))
        return self._parts

    def _stage(self, plain: bytes) -> None:
        self._parts.append(_stage(self._work, f"{self._name}/database-{len(self._parts):06d}", plain))


def _stage(work: BackupWork, name: str, plain: bytes) -> Part:
    sealed = work.key.seal(name, plain)
    path = work.place.staged / sealed.key
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(sealed.data)
        file.flush()
        # On its way to the disk, without anybody waiting: orders wait for the same disk. It is looked at again before
        # it is sent, and nobody reads it in between, so it need not take anybody's place in memory either.
        if sys.platform == "linux":
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return Part(key=sealed.key, size=len(sealed.data))


def _secret(settings: Config) -> str:
    return base64.urlsafe_b64encode(settings.secret).decode()


def _settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("EVERTILL_")}
