"""A folder as the target of backups: another disk, or what is mounted from another machine."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evertill.domains import recovery
from evertill.domains.recovery import Stored
from evertill.kernel.errors import EvertillError
from evertill.kernel.files import sync_folder
from evertill.outside.walking import HALF, Entry, walk

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
# What a disk says of a place that it cannot read, or a file system of what does not fit its checksum.
_UNREADABLE = {errno.EIO, errno.ELOOP, errno.ENXIO, errno.EBADMSG, getattr(errno, "EUCLEAN", errno.EIO)}


@contextmanager
def _passing_over(*errors: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in errors:
            raise


class FolderTarget:
    """A folder that exists. What is below it is made as it is needed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def place(self) -> str:
        """Where it is."""
        return f"file://{self._root}"

    def put(self, key: str, data: bytes) -> None:
        """This function will write beside, bring to the disk, rename, and read again."""
        path = self._root / key
        try:
            self._make_parents(path)
            self._write(path, data)
            arrived = path.read_bytes()
        except OSError as error:
            raise self._trouble(error) from error
        if arrived != data:
            raise recovery.targets.ArrivedWrong(f"{key} came back from {self.place} with other bytes.")

    def get(self, key: str) -> bytes:
        """This function will read a file."""
        try:
            return self._read_object(key)
        except (FileNotFoundError, NotADirectoryError):
            raise recovery.targets.ObjectMissing(f"{key} is not in {self.place}.", key=key) from None
        except OSError as error:
            if error.errno in _UNREADABLE and self._root.is_dir():
                # The disk has lost this one; others may be well.
                raise recovery.Damaged(f"{key} cannot be read: {error.strerror}.", key=key) from error
            raise self._trouble(error) from error

    def list(self, prefix: str, *, after: str = "") -> Iterator[Stored]:
        """This function will walk the folder in the order of keys."""
        try:
            if not self._root.is_dir():
                raise self._gone()
            yield from walk(self._read, prefix=prefix, after=after)
        except OSError as error:
            raise self._trouble(error) from error

    def delete(self, key: str) -> bool:
        """This function will unlink a file, and folders that became empty."""
        path = self._root / key
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            if error.errno in _REFUSED:
                return False
            raise self._trouble(error) from error
        with suppress(OSError):
            for folder in list(path.parents)[: key.count("/") - 1]:
                folder.rmdir()
        return True

    def close(self) -> None:
        """Nothing is open."""

    def _read_object(self, key: str) -> bytes:
        # Who can write there can put a pipe, or a link to what has no end, in the place of a file.
        descriptor = os.open(self._root / key, os.O_RDONLY | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise recovery.Damaged(f"{key} is no file.", key=key)
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(recovery.targets.OBJECT_BYTES_MAX + 1)
        if len(data) > recovery.targets.OBJECT_BYTES_MAX:
            raise recovery.targets.too_large(key)
        return data

    def _read(self, folder: str) -> Iterator[Entry]:
        with suppress(FileNotFoundError):
            for entry in os.scandir(self._root / folder):
                # A link that leads to itself is nothing, and not the end of all listing.
                with _passing_over(errno.ENOENT, errno.ELOOP):
                    said = entry.stat()
                    if stat.S_ISDIR(said.st_mode):
                        yield Entry(name=entry.name, size=None)
                    elif stat.S_ISREG(said.st_mode):
                        yield Entry(name=entry.name, size=said.st_size)

    def _make_parents(self, path: Path) -> None:
        missing = [folder for folder in path.parents if folder.is_relative_to(self._root) and not folder.exists()]
        if self._root in missing:
            raise self._gone()
        line = path.relative_to(self._root).parts[0]
        if self._root / line in missing and len(path.relative_to(self._root).parts) > 2:  # noqa: PLR2004 — line/object.
            # A mount point without its mount is a folder too, and would be filled instead.
            raise self._gone()
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            sync_folder(folder.parent)

    def _write(self, path: Path, data: bytes) -> None:
        descriptor, half = tempfile.mkstemp(prefix=HALF, dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(half).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(half).unlink()
            raise
        sync_folder(path.parent)

    def _gone(self) -> EvertillError:
        return recovery.TargetUnavailable(f"{self.place} is not there; perhaps it is not mounted.")

    def _trouble(self, error: OSError) -> EvertillError:
        said = f"{self.place}: {error.strerror or error}."
        if error.errno in _FULL:
            return recovery.targets.TargetFull(said)
        return recovery.TargetRefuses(said) if error.errno in _REFUSED else recovery.TargetUnavailable(said)
