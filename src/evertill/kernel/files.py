"""Files that are either whole or absent, and locks that end with their holder."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# What the kernel says of this process's mounts (proc(5)): the fifth word is where, with some characters in octal.
_MOUNTS = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")
# renameat2(2): relative to the working directory, and both names are exchanged.
_HERE, _EXCHANGE = -100, 2


def write_whole(*, path: Path, text: str, mode: int = 0o600, owner: tuple[int, int] | None = None) -> None:
    """This function will put `text` at `path` in one step, so that a crash leaves the old file or the new one.

    `mode` holds from the first byte on. `owner` is (uid, gid), for the superuser who writes for somebody else. The
    temporary file is made exclusively and renamed, so a link planted in a shared folder is replaced, never followed.

    Raises OSError when the folder cannot be written.
    """
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            if owner is not None:
                os.fchown(file.fileno(), *owner)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
    sync_folder(path.parent)


def make_folder(folder: Path, *, mode: int) -> None:
    """This function will make a folder, and those above it, where they are missing: with `mode` whatever the umask is.

    A strict umask would else lock out an account for which the folder is meant. Those that are there stay as they are.

    Raises OSError when it cannot be made.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        # Somebody else may make it in this moment.
        with suppress(FileExistsError):
            one.mkdir(mode=mode)
            one.chmod(mode)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


def sync_folder(folder: Path) -> None:
    """This function will make the names in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def exchange(one: Path, other: Path) -> None:
    """This function will give each of two files or folders the other's name, in one step that nothing can cut in two.

    Raises OSError where the file system or the machine cannot (Linux can), and for what is a mount of its own.
    """
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(one))
    for folder in {one.parent, other.parent}:
        sync_folder(folder)


def is_mount(path: Path, *, mounts: Path = _MOUNTS) -> bool:
    """This function will say whether something is mounted at `path`, which must be absolute and resolved.

    Also what is mounted from the same file system, as containers do, which looks like any other folder.
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return path.is_mount()
    places = (line.split(" ")[4] for line in lines)
    return str(path) in {_OCTAL.sub(lambda found: chr(int(found[1], 8)), place) for place in places}


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """This function will hold the lock file `path` for as long as the block runs, waiting for another holder to end.

    The kernel lets go of the lock when the holder dies, so a lock is never stale.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
