"""What recovery keeps on this machine, below the shop's data folder. All but the key can be made again."""

from __future__ import annotations

import datetime as dt
import fnmatch
import io
import os
import secrets
import shutil
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import msgspec

from evertill.domains.recovery.sealing import PLAIN_BYTES_MAX, Damaged, Key, new_key, read_key, write_key
from evertill.domains.recovery.types import Archive, Line
from evertill.kernel.errors import EvertillError, Status
from evertill.kernel.files import lock, write_whole

# Beside the database and what can be made again: nothing of these is copied.
_LEFT_OUT = (
    "postgres", "postgres/*", "postgres.new-*", "postgres.location", "postgres-start.log", "log", "log/*", "backups",
    "backups/*", "metrics", "metrics/*", "run.json", "*.lock", "*.turn", "*.db", "*.db-*", "*.sqlite*", "*.log",
    "settings-of-the-backup.env", "journal-anchors.json",
)  # fmt: skip
# What a restored folder has of the settings of then; its own backup has those of its own time.
_SETTINGS = "settings-of-the-backup.env"
_FILES_BYTES_MAX = PLAIN_BYTES_MAX // 2


class FilesTooLarge(EvertillError):
    """What is in the data folder beside the database is too much."""

    code = "BACKUP_FILES_TOO_LARGE"
    status: ClassVar[Status] = "too_large"
    kept = "The shop goes on; the backups of before are as they were."
    remedy = "Move large files that are not the shop's out of the data folder."


class FileUnreadable(EvertillError):
    """A file in the data folder cannot be read."""

    code = "BACKUP_FILE_UNREADABLE"
    status: ClassVar[Status] = "unavailable"
    kept = "The shop goes on; the backups of before are as they were."
    remedy = "Let the shop's user read it, or move it out of the data folder; if the disk is damaged, look after that."


class Place:
    """The folder `backups` of a data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.root = data / "backups"

    @property
    def key(self) -> Path:
        """The file of the key."""
        return self.root / "key.txt"

    @property
    def staged(self) -> Path:
        """What is encrypted and waits to be sent, by the keys that it will have."""
        return self.root / "staged"

    @property
    def drills(self) -> Path:
        """Where restores are tried."""
        return self.root / "drills"

    def listing(self, backup: str) -> Path:
        """This function will return the file of PostgreSQL's own manifest of a backup; the next one builds on it."""
        return self.root / "listings" / backup

    def make(self) -> None:
        """This function will make the folders, for nobody else to enter."""
        for folder in (self.root, self.staged, self.root / "listings"):
            folder.mkdir(mode=0o700, exist_ok=True)

    def ensure_key(self, *, make: Callable[[], Key] = new_key) -> Key:
        """This function will return the key, made at the first time; raises KeyUnreadable."""
        self.make()
        with lock(self.root / "key.lock"):
            if not self.key.exists():
                write_key(self.key, make())
            return read_key(self.key)

    def read_line(self) -> Line | None:
        """This function will return the line of this data folder; None when it has none yet."""
        try:
            return msgspec.json.decode((self.root / "line.json").read_bytes(), type=Line)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError:
            # Half a file cannot be, so somebody changed it. A line of its own can always be begun.
            return None

    def begin_line(
        self, *, system: str, segment_bytes: int, now: dt.datetime, token: Callable[[int], str] = secrets.token_hex
    ) -> Line:
        """This function will begin a new line, and keep it."""
        self.make()
        line = Line(id=token(8), system=system, segment_bytes=segment_bytes, began_at=now)
        write_whole(path=self.root / "line.json", text=msgspec.json.encode(line).decode() + "\n")
        self.note_log_begin(None)
        return line

    def note_log_begin(self, lsn: int | None) -> None:
        """This function will keep from where on the log at the target has no gap."""
        write_whole(path=self.root / "log.json", text=msgspec.json.encode(lsn).decode() + "\n")

    def read_log_begin(self) -> int | None:
        """This function will return from where on the log at the target has no gap; None when it has not begun."""
        try:
            return msgspec.json.decode((self.root / "log.json").read_bytes(), type=int | None)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def note_archive(self, state: Archive) -> None:
        """This function will keep how the sending of the log stands, for whoever watches it."""
        write_whole(path=self.root / "archive.json", text=msgspec.json.encode(state).decode() + "\n")

    def read_archive(self) -> Archive | None:
        """This function will return how the sending of the log stood when something last changed."""
        try:
            return msgspec.json.decode((self.root / "archive.json").read_bytes(), type=Archive)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def note_verified(self, now: dt.datetime) -> None:
        """This function will keep when everything at the target was read."""
        write_whole(path=self.root / "verified.json", text=msgspec.json.encode(now).decode() + "\n")

    def read_verified(self) -> dt.datetime | None:
        """This function will return when everything at the target was last read; None when it never was."""
        try:
            return msgspec.json.decode((self.root / "verified.json").read_bytes(), type=dt.datetime)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def consent(self, number: str) -> Path:
        """This function will return the file of a consent to restore over this shop; no copy of the shop has it."""
        return self.root / "consents" / f"{number}.json"

    def pack_files(self, *, secret: str, settings: Mapping[str, str]) -> bytes:
        """This function will return everything in the data folder that a rebuild needs, as a tar file.

        That is not the database, nor what can be made again. The shop's secret and the settings are in it also when
        they come from the environment. Raises FilesTooLarge and FileUnreadable.
        """
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for path, name in self._files():
                # A file that vanishes meanwhile was not meant to stay.
                with suppress(FileNotFoundError):
                    said = path.stat()
                    # Before it is read: what somebody has left here may be larger than the machine's memory.
                    if packed.tell() + said.st_size > _FILES_BYTES_MAX:
                        raise FilesTooLarge(
                            f"The files in {self.data} are more than {_FILES_BYTES_MAX >> 20} MiB; one is {name}."
                        )
                    _add(tar, name, _read(path), mode=said.st_mode & 0o777)
            if not (self.data / "secret.key").exists():
                _add(tar, "secret.key", f"{secret}\n".encode(), mode=0o600)
            lines = "".join(f"{name}={value}\n" for name, value in sorted(settings.items()))
            _add(tar, _SETTINGS, lines.encode(), mode=0o600)
        return packed.getvalue()

    def _files(self) -> Iterator[tuple[Path, str]]:
        for folder, folders, names in os.walk(self.data):
            if Path(folder) == self.data:
                folders[:] = sorted(name for name in folders if not _is_left_out(name))
            for name in sorted(names):
                path = Path(folder) / name
                relative = str(path.relative_to(self.data))
                if path.is_file() and not _is_left_out(relative):
                    yield path, relative

    def clear_staged(self, folder: str) -> None:
        """This function will remove what waits to be sent below a key."""
        shutil.rmtree(self.staged / folder, ignore_errors=True)


def unpack_files(data: bytes, *, into: Path) -> None:
    """This function will write what `pack_files` packed into a folder; raises Damaged.

    What that never packs is passed over: it could say where the database lives, and so what is removed with it.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            for member in tar:
                _unpack(tar, member, into=into)
    except tarfile.TarError as error:
        raise Damaged(f"The files of the backup cannot be unpacked: {error}.") from error


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, *, into: Path) -> None:
    path = safe_path(member, into=into)
    name = str(path.relative_to(into))
    if name != _SETTINGS and (_is_left_out(name) or _is_left_out(name.partition("/")[0])):
        return
    content = tar.extractfile(member)
    if content is None:
        raise Damaged(f"Among the files is something else: {member.name[:200]}.")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, member.mode & 0o777)
    with os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(content, file)
        # Its own rights, whatever the umask takes away.
        os.fchmod(file.fileno(), member.mode & 0o777)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise FileUnreadable(f"{path} cannot be read: {error.strerror}.") from error


def safe_path(member: tarfile.TarInfo, *, into: Path) -> Path:
    """This function will return where a member of a tar file belongs; raises Damaged when that is outside `into`."""
    path = Path(os.path.normpath(into / member.name))
    if not path.is_relative_to(into) or (member.isdev() or member.islnk() or member.issym()):
        raise Damaged(f"A file of the backup has a place that cannot be: {member.name[:200]}.")
    return path


def _is_left_out(name: str) -> bool:
    return any(fnmatch.fnmatch(name, left) for left in _LEFT_OUT)


def _add(tar: tarfile.TarFile, name: str, data: bytes, *, mode: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), mode
    tar.addfile(member, io.BytesIO(data))
