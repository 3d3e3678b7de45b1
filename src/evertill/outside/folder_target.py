"""A folder as the target of backups: another disk, or what is mounted from another machine."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from evertill.domains import recovery
from evertill.domains.recovery import Stored
from evertill.kernel.errors import EvertillError
from evertill.kernel.files import sync_folder
from evertill.outside.walking import HALF, Entry, walk

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


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
            return (self._root / key).read_bytes()
        except FileNotFoundError:
            raise recovery.targets.ObjectMissing(f"{key} is not in {self.place}.", key=key) from None
        except OSError as error:
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

    def _read(self, folder: str) -> Iterator[Entry]:
        with suppress(FileNotFoundError):
            for entry in os.scandir(self._root / folder):
                with suppress(FileNotFoundError):
                    yield Entry(name=entry.name, size=None if entry.is_dir() else entry.stat().st_size)

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
